"""Multiply-adds from operators and shapes: each formula on numbers small enough to count by hand."""

from __future__ import annotations

import pytest

from harness.models.cost import multiply_adds
from harness.models.inspect import Operation, Subgraph, TensorInfo
from harness.models.unsupported import Refusal, read_refusal


def counted(name: str, *shapes: tuple[int, ...], custom: bool = False) -> int:
    """The multiply-adds of one operation; the last shape is its output's."""
    tensors = tuple(TensorInfo(str(number), "float32", shape) for number, shape in enumerate(shapes))
    inputs = tuple(range(len(shapes) - 1))
    operation = Operation(0, name, 1, inputs, (len(shapes) - 1,), custom=custom)
    return multiply_adds(operation, Subgraph("", tensors, (0,), (len(shapes) - 1,), (operation,)))


@pytest.mark.parametrize(
    ("name", "shapes", "expected"),
    [
        ("CONV_2D", ((1, 5, 5, 3), (4, 3, 3, 3), (1, 3, 3, 4)), 9 * 4 * 27),
        ("CONV_2D", ((1, 5, 5, 4), (8, 3, 3, 2), (1, 3, 3, 8)), 9 * 8 * 18),  # two groups
        ("DEPTHWISE_CONV_2D", ((1, 5, 5, 3), (1, 3, 3, 6), (1, 3, 3, 6)), 9 * 6 * 9),
        ("FULLY_CONNECTED", ((2, 7), (5, 7), (2, 5)), 2 * 5 * 7),
        ("TRANSPOSE_CONV", ((4,), (2, 3, 3, 6), (1, 4, 4, 6), (1, 8, 8, 2)), 16 * 6 * 9 * 2),
        ("BATCH_MATMUL", ((2, 3, 4), (2, 4, 5), (2, 3, 5)), 2 * 3 * 5 * 4),
        ("BATCH_MATMUL", ((2, 4, 3), (2, 4, 5), (2, 3, 5)), 2 * 3 * 5 * 4),  # the left one turned
        ("CONV_3D", ((1, 4, 4, 4, 2), (3, 3, 3, 2, 5), (1, 2, 2, 2, 5)), 8 * 5 * 54),
        ("ADD", ((1, 4), (1, 4), (1, 4)), 0),
        ("CONV_2D", ((1, 5, 5, 3),), 0),
    ],
)
def test_each_formula(name: str, shapes: tuple[tuple[int, ...], ...], expected: int) -> None:
    """Outputs times what each of them sums."""
    assert counted(name, *shapes) == expected


def test_a_custom_operator_is_never_taken_for_a_builtin() -> None:
    """A custom operator may be called as it likes."""
    assert counted("CONV_2D", (1, 5, 5, 3), (4, 3, 3, 3), (1, 3, 3, 4), custom=True) == 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("x\nTF Select ops: Qr, StringLower\nDetails:", Refusal(select=("Qr", "StringLower"))),
        ("Custom ops: A\nTF Select ops: B\n", Refusal(select=("B",), custom=("A",))),
        ("error: 'tf.Foo' op is neither a custom op nor a flex op", Refusal(custom=("Foo",))),
        ("Quantization not yet supported for op: 'CUSTOM'", Refusal(unquantised=("CUSTOM",))),
        ("out of memory", Refusal()),
    ],
)
def test_operators_out_of_the_converters_prose(said: str, expected: Refusal) -> None:
    """By what would help; an error about something else names none."""
    assert read_refusal(said) == expected
    assert bool(read_refusal(said)) == (expected != Refusal())
