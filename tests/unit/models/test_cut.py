"""Cut models: they run in the stock interpreter, and give what the whole model has in its middle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import ModelError, UsageError
from harness.models import DescribedModel
from harness.models.cut import cut
from harness.models.flatbuffer import Table
from harness.models.graph import computed_inputs, dataflow
from harness.models.inspect import TfliteFile, inspect, open_model
from harness.models.quiet import silenced, tensorflow

Tensors = dict[int, NDArray[np.generic]]


def interpret(model: Path, tensors: tuple[int, ...] = ()) -> tuple[list[NDArray[np.generic]], Tensors]:
    """What the stock interpreter answers to random input: outputs, and tensors in the middle by number.

    Its plain kernels run: with XNNPACK in front there would be no tensors in the middle to compare with.
    """
    with silenced():
        lite = tensorflow().lite
        interpreter = lite.Interpreter(
            model_path=str(model),
            num_threads=1,
            experimental_preserve_all_tensors=bool(tensors),
            experimental_op_resolver_type=lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
        for details in interpreter.get_input_details():
            numbers = np.random.default_rng(5).uniform(-1, 1, details["shape"])
            scaled = numbers if details["dtype"] == np.float32 else 100 * numbers
            interpreter.set_tensor(details["index"], scaled.astype(details["dtype"]))
        interpreter.invoke()
        outputs = [interpreter.get_tensor(details["index"]) for details in interpreter.get_output_details()]
        return outputs, {tensor: interpreter.get_tensor(tensor) for tensor in tensors}


def computed(model: TfliteFile) -> tuple[int, ...]:
    """Every tensor that an operator of the main graph computes."""
    return tuple(tensor for operation in model.main.operations for tensor in operation.outputs)


@pytest.mark.parametrize("variant", ["fp32", "int8"])
def test_every_cut_gives_what_the_whole_model_has_there(
    efficientnet: dict[str, DescribedModel], variant: str, tmp_path: Path
) -> None:
    """Cut at each tensor of a real model, the stock interpreter answers bit by bit what it has in the whole one."""
    path = efficientnet[variant].path
    tensors = computed(inspect(path))
    assert len(tensors) > 50
    _, expected = interpret(path, tensors)
    for tensor in tensors:
        (got,), _ = interpret(cut(path, [tensor], tmp_path / "cut.tflite"))
        np.testing.assert_array_equal(got, expected[tensor], err_msg=str(inspect(path).main.tensors[tensor]))


def test_a_cut_leaves_out_what_it_does_not_need(efficientnet: dict[str, DescribedModel], tmp_path: Path) -> None:
    """Later operators, their constants, metadata and signatures are gone; inputs and quantisation are as they were."""
    whole = inspect(efficientnet["int8"].path)
    operation = whole.main.operations[10]
    short = inspect(cut(whole.path, operation.outputs, tmp_path / "cut.tflite"))
    assert [kept.name for kept in short.main.operations] == [kept.name for kept in whole.main.operations[:11]]
    assert short.size < whole.size / 10
    assert short.metadata == {}
    assert short.signatures == ()
    assert short.associated_files == ()
    assert short.main.input_tensors == whole.main.input_tensors
    assert short.main.output_tensors == (whole.main.tensors[operation.outputs[0]],)


def test_several_outputs_keep_their_order(efficientnet: dict[str, DescribedModel], tmp_path: Path) -> None:
    """The outputs are the tensors asked for, in the order asked for."""
    main = inspect(efficientnet["fp32"].path).main
    tensors = [main.operations[12].outputs[0], main.operations[3].outputs[0]]
    short = inspect(cut(efficientnet["fp32"].path, tensors, tmp_path / "cut.tflite"))
    assert short.main.output_tensors == tuple(main.tensors[tensor] for tensor in tensors)


def test_constants_stand_where_kernels_may_map_them(efficientnet: dict[str, DescribedModel], tmp_path: Path) -> None:
    """Every constant begins at a multiple of 16 bytes, as the schema asks for."""
    path = cut(efficientnet["fp32"].path, computed(inspect(efficientnet["fp32"].path))[-1:], tmp_path / "cut.tflite")
    data = path.read_bytes()
    starts = [start for buffer in open_model(data, path).tables(4) if (start := data_start(buffer)) is not None]
    assert len(starts) > 50
    assert {start % 16 for start in starts} == {0}


def data_start(buffer: Table) -> int | None:
    """The byte where a buffer's data begins, behind its length."""
    at = buffer.target(0)
    return None if at is None else at + 4


@pytest.mark.parametrize("tensor", [-1, 0, 10_000])
def test_only_computed_tensors_can_be_outputs(
    efficientnet: dict[str, DescribedModel], tensor: int, tmp_path: Path
) -> None:
    """The model's input, or a number that no tensor has, is refused."""
    with pytest.raises(UsageError) as caught:
        cut(efficientnet["fp32"].path, [tensor], tmp_path / "cut.tflite")
    assert caught.value.code == "cut.tensor"
    assert not (tmp_path / "cut.tflite").exists()


def test_a_damaged_model_is_refused(efficientnet: dict[str, DescribedModel], tmp_path: Path) -> None:
    """A file that is cut short is named as such."""
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(efficientnet["fp32"].path.read_bytes()[:5000])
    with pytest.raises(ModelError) as caught:
        cut(broken, [5], tmp_path / "cut.tflite")
    assert caught.value.code.startswith("model.")


def test_dataflow_of_a_real_model(efficientnet: dict[str, DescribedModel]) -> None:
    """Every operator of EfficientNet depends on the photo; its last one depends on all others; an ADD reads two."""
    main = inspect(efficientnet["fp32"].path).main
    flow = dataflow(main)
    assert list(flow.sources) == list(range(len(main.operations)))
    (last,) = flow.ends
    assert flow.ancestors([last]) == set(flow.sources) - {last}
    add = next(operation for operation in main.operations if operation.name == "ADD")
    assert len(flow.sources[add.index]) == 2
    assert set(computed_inputs(main, add)) == set(add.inputs)


def test_constants_are_no_part_of_the_flow(efficientnet: dict[str, DescribedModel]) -> None:
    """The DEQUANTIZE of fp16 weights depend on no input: they are left out."""
    main = inspect(efficientnet["fp16"].path).main
    flow = dataflow(main)
    dequantizers = {operation.index for operation in main.operations if operation.name == "DEQUANTIZE"}
    assert len(dequantizers) > 50
    assert not dequantizers & set(flow.sources)
