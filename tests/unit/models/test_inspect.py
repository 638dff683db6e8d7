"""Reading `.tflite` files that may be anything: what is in a good one, and what is said of a bad one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import ModelError
from harness.models import DescribedModel
from harness.models.inspect import inspect
from harness.models.metadata import associated_file, read_back
from harness.models.operators import OPERATORS, TENSOR_TYPES
from harness.models.quiet import silenced, tensorflow


def refusal(path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        inspect(path)
    return caught.value


def test_a_model_is_read_as_tensorflow_reads_it(tiny: dict[str, DescribedModel]) -> None:
    """Names, types, shapes, scales and operators agree with TensorFlow's own interpreter."""
    with silenced():
        interpreter = tensorflow().lite.Interpreter(
            model_path=str(tiny["int8"].path),
            experimental_op_resolver_type=tensorflow().lite.experimental.OpResolverType.BUILTIN_REF,
        )
        details = interpreter.get_tensor_details()
        operators = [operator["op_name"] for operator in interpreter._get_ops_details()]
    graph = inspect(tiny["int8"].path).main
    for tensor, expected in zip(graph.tensors, details, strict=True):
        assert tensor.name == expected["name"]
        assert tensor.dtype == expected["dtype"].__name__
        assert list(tensor.shape) == list(expected["shape"])
        scales = expected["quantization_parameters"]["scales"]
        assert tensor.scale == (scales[0] if len(scales) else 0.0)
        assert tensor.channels == (len(scales) if len(scales) > 1 else 0)
    assert [operation.name for operation in graph.operations] == operators


def test_names_of_operators_and_types_are_tensorflows() -> None:
    """The tables say what the schema of the installed TensorFlow says."""
    with silenced():
        tensorflow()
        from tensorflow.lite.python import schema_py_generated as schema
    numbers = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    assert [numbers[index] for index in range(len(numbers))] == list(OPERATORS)
    kinds = {value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
    assert [kinds[index].lower() for index in range(len(kinds))] == list(TENSOR_TYPES)


def test_operators_are_counted(tiny: dict[str, DescribedModel]) -> None:
    """The count is of the main graph, the most frequent first."""
    counts = inspect(tiny["fp32"].path).operator_counts()
    assert counts == {"CONV_2D": 1, "FULLY_CONNECTED": 1, "MEAN": 1, "SOFTMAX": 1}


@pytest.mark.parametrize(
    ("content", "code", "why"),
    [
        (b"", "model.truncated", "no model is that short"),
        (b"\x1c\x00\x00\x00TFL", "model.truncated", "no model is that short"),
        (b"\xff\xff\x00\x00TFL3", "model.truncated", "its root should stand at byte 65,535"),
        (b"PK\x03\x04" + bytes(40), "model.not_tflite", "a zip archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "model.not_tflite", "an HDF5 file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "model.not_tflite", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "model.not_tflite", "an HTML page"),
        (b"\x08\x07\x12\x07pytorch", "model.not_tflite", "a protocol buffer"),
        (b"some text of some length", "model.not_tflite", "are b' tex' and not b'TFL3'"),
        (b"\x08\x00\x00\x00TFL3" + b"\xff" * 40, "model.corrupt", "it ends there"),
    ],
)
def test_what_is_no_model(tmp_path: Path, content: bytes, code: str, why: str) -> None:
    """The file is named, what it looks like is guessed, and there is something to do."""
    path = tmp_path / "x.tflite"
    path.write_bytes(content)
    error = refusal(path)
    assert error.code == code
    assert str(path) in error.what
    assert why in error.why
    assert error.hint


def test_a_folder_or_nothing_at_all(tmp_path: Path) -> None:
    """The system's own reason is kept."""
    assert refusal(tmp_path / "none.tflite").why == "No such file or directory"
    assert refusal(tmp_path).code == "model.unreadable"


def test_a_model_cut_anywhere_is_refused(tiny: dict[str, DescribedModel], tmp_path: Path) -> None:
    """Whatever is left of a model without its end is told as damaged, except where only associated files were lost."""
    content = tiny["fp32"].path.read_bytes()
    end = content.index(b"PK\x03\x04")
    path = tmp_path / "cut.tflite"
    refused = [length for length in range(0, end, 8) if _code(path, content[:length]) in ("truncated", "corrupt")]
    # The last bytes of a flatbuffer may belong to what an inspection doesn't look at.
    assert set(range(0, end - 64, 8)) <= set(refused)


def _code(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    try:
        inspect(path)
    except ModelError as error:
        return error.code.removeprefix("model.")
    return ""


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_model_is_read_or_refused(
    tiny: dict[str, DescribedModel], tmp_path: Path, data: st.DataObject
) -> None:
    """Flipped bytes bring no exception but ModelError, from the graph, the metadata or the associated files."""
    content = bytearray(tiny["int8"].path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.sampled_from([0, 1, 2, 4, 0x7F, 0x80, 0xFF]))
    path = tmp_path / "x.tflite"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    with suppress(ModelError):
        read_back(inspect(path))
    with suppress(ModelError):
        associated_file(path, "labels.txt")


def test_lists_that_overlap_cost_no_memory(tmp_path: Path) -> None:
    """A small file that names one tensor 25 million times over is told, not unrolled."""
    import flatbuffers  # type: ignore[import-untyped]

    count = 5_000
    builder = flatbuffers.Builder()

    def table(slots: dict[int, int], fields: int) -> int:
        builder.StartObject(fields)
        for slot, target in slots.items():
            builder.PrependUOffsetTRelativeSlot(slot, target, 0)
        return int(builder.EndObject())

    def vector(target: int, times: int) -> int:
        builder.StartVector(4, times, 4)
        for _ in range(times):
            builder.PrependUOffsetTRelative(target)
        return int(builder.EndVector())

    graph = table({0: vector(table({}, 8), count)}, 5)
    model = table({2: vector(graph, count), 4: vector(table({}, 1), 1)}, 8)
    builder.Finish(model, b"TFL3")
    path = tmp_path / "x.tflite"
    path.write_bytes(builder.Output())
    assert path.stat().st_size < 50_000
    assert refusal(path).why == "its lists overlap"
