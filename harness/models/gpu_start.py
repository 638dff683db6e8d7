"""Whether GpuDelegate 2.16.1 starts on the nodes that it took: it may take all of them, and then refuse the whole model.

Over OpenCL each operator has a kernel, of which some can't be built for some shapes; over OpenGL ES many have none.
Source of the facts: the delegate's own refusals ("TfLiteGpuDelegate Init: …") on the corpus, which holds the reasons to
them; the shaders that there are, in tensorflow/lite/delegates/gpu/gl/kernels/registry.cc. A reason that isn't known here
is not foreseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Final, Literal

from harness.models.gpu_rules import COMPARISONS
from harness.models.gpu_support import Prediction, predict_graph, with_constants
from harness.models.options import Node, NodeGraph, Operand, read_nodes

Api = Literal["opencl", "opengl"]
APIS: Final[tuple[Api, ...]] = ("opencl", "opengl")

_NO_SHADER: Final = frozenset(
    {*COMPARISONS, "CAST", "CUMSUM", "GATHER", "ONE_HOT", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SELECT"}
    | {"SELECT_V2", "SIGN", "SPLIT", "SPLIT_V", "SUM", "TRANSPOSE", "UNPACK"}
)
_NO_KERNEL: Final = frozenset({"FLOOR", "FLOOR_DIV", "FLOOR_MOD"})
_ARITHMETIC: Final = frozenset(
    {"DIV", "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE", "SUB"}
)
SPREADING: Final = _ARITHMETIC | {"ADD", "MUL"}
"""Operators of two operands, of which one may be spread over the other."""
_PADDINGS: Final = frozenset({"MIRROR_PAD", "PAD", "PADV2"})
_RESIZES: Final = frozenset({"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"})


def start_refusals(path: Path) -> Mapping[Api, str]:
    """For each API why the delegate refuses to start on a `.tflite` file, or nothing where nothing is known.

    Raises:
        ModelError: as `harness.models.inspect.inspect`.
    """
    graph = read_nodes(path)
    prediction = predict_graph(graph)
    return {api: start_refusal(graph, prediction, api) for api in APIS}


def start_refusal(graph: NodeGraph, prediction: Prediction, api: Api) -> str:
    """Why the delegate refuses to start on the nodes that it is predicted to take, or nothing where nothing is known."""
    taken = taken_nodes(graph, prediction)
    over = _over_opencl if api == "opencl" else _over_opengl
    for node in taken:
        if reason := _either_way(node) or over(node):
            return f"{node.name} {node.operation.index}: {reason}"
    return _batches(graph, taken) if api == "opengl" else ""


def taken_nodes(graph: NodeGraph, prediction: Prediction) -> tuple[Node, ...]:
    """The nodes that the delegate computes, as it sees them: what comes of constants alone is constant."""
    taken = []
    fixed: set[int] = set()
    for node in graph.nodes:
        seen = with_constants(node, fixed)
        if not seen.runtime:  # unpacked weights: half floats, sparse ones
            fixed |= {operand.number for operand in node.outputs}
        elif node.operation.index in prediction.taken:
            taken.append(seen)
    return tuple(taken)


def bhwc(operand: Operand) -> tuple[int, int, int, int]:
    """A shape as the delegate sees it: the first side is the batch, the last has the channels, whatever they mean."""
    batch, *rest = operand.shape or (1,)
    height, width, channels = (*[1] * (3 - len(rest)), *rest)
    return batch, height, width, channels


def _batch(operand: Operand) -> int:
    return bhwc(operand)[0]


def _either_way(node: Node) -> str:
    if node.name == "GATHER" and node.inputs[0].constant:
        return "gathers from a constant table (ReadNonConstantTensor)"
    fixed = [operand for operand in node.inputs if operand.constant]
    if node.name == "BATCH_MATMUL" and any(operand.rank > 2 for operand in fixed):
        return "a constant factor of more than two dimensions (Not supported batched mat mul case)"
    if node.name in SPREADING and any(operand.rank == 4 and _batch(operand) != 1 for operand in fixed):
        return "a constant with a batch (Batch size is not equal to 1)"
    if node.name == "PRELU" and fixed and (fixed[0].rank == 2 or (fixed[0].rank == 4 and _batch(fixed[0]) != 1)):
        return "slopes of two dimensions, or with a batch (Expected a 3D tensor of shape HxWxC)"
    if any(not operand.shape for operand in node.outputs):
        return "an output without dimensions (bad input dims size)"
    return ""


def _over_opencl(node: Node) -> str:
    if node.name in _NO_KERNEL:
        return "no kernel (No selector)"
    source, result = node.inputs[0], node.outputs[0]
    if node.name == "CUMSUM" and source.rank == 4 and _batch(source) == 1 and node.inputs[1].values in ((0,), (-4,)):
        return "a sum along the batch, and the kernel doesn't compile"
    if node.name == "MIRROR_PAD" and _batch(source) != 1:
        return "the first side is taken for a batch, and the kernel doesn't compile"
    if node.name == "FULLY_CONNECTED" and _batch(source) != _batch(result):
        return "rows are no batch of the input's (Unrecognized Write selector)"
    return _pair_over_opencl(node) if len(node.inputs) == 2 else ""


def _pair_over_opencl(node: Node) -> str:
    if node.name in {"ADD", "MUL"} and len(node.runtime) == 2:
        first, second = node.inputs
        if _batch(node.outputs[0]) == 1 and _batch(second) != 1 and prod(first.shape) >= prod(second.shape):
            return "the second input's first side is taken for a batch, and the kernel doesn't compile"
    if node.name in SPREADING | {"PRELU"} and len(node.runtime) == 1:
        (source,) = node.runtime
        (fixed,) = (operand for operand in node.inputs if operand.constant)
        more = fixed.rank > source.rank or (node.name == "PRELU" and fixed.rank == 3)
        plain = _batch(fixed) == 1 or node.name == "PRELU"
        if _batch(source) != 1 and more and plain and prod(fixed.shape[:-1]) > 1:
            return "a constant of more dimensions than the input (Unrecognized Read selector)"
    return ""


def _over_opengl(node: Node) -> str:
    if node.name in _NO_SHADER:
        return "no shader (No shader implementation)"
    for names, rule in _SHADERS:
        if node.name in names:
            return rule(node)
    return ""


def _product(node: Node) -> str:
    return "no shader for two computed factors" if len(node.runtime) == 2 else ""


def _convolution(node: Node) -> str:
    source, weights = node.inputs[0], node.inputs[1]
    if source.rank != 4 or weights.rank != 4 or source.shape[3] == weights.shape[3]:
        return ""
    if weights.shape[3] == 1 and source.shape[3] == weights.shape[0]:
        return ""  # a depthwise one
    alone = weights.shape[1] == weights.shape[2] == 1 and weights.shape[3] % 4 == 0
    return "" if alone else "groups of channels (Convolution does not support more than 1 group)"


def _mean(node: Node) -> str:
    source, axes = node.inputs[0], node.inputs[1].values
    over = {axis % source.rank for axis in axes} if source.rank else set()
    return "" if source.rank == 4 and over == {1, 2} else "a mean over other dimensions than height and width"


def _padding(node: Node) -> str:
    return "paddings of three dimensions (Padding for BATCH is not supported)" if node.inputs[1].shape == (3, 2) else ""


def _resize(node: Node) -> str:
    before, after = node.inputs[0].shape, node.outputs[0].shape
    smaller = any(now < then for then, now in zip(before[1:3], after[1:3], strict=True))
    return "makes it smaller (Downsampling is currently not supported)" if smaller else ""


def _sum(node: Node) -> str:
    shapes = [bhwc(operand) for operand in node.runtime]
    if len(set(shapes)) < 2 or _is_spread(*sorted(shapes, key=prod)):
        return ""
    return "two inputs of different shapes (Shapes are not equal)"


def _arithmetic(node: Node) -> str:
    if any(operand.constant and prod(operand.shape[:-1]) > 1 for operand in node.inputs):
        return "a constant that is neither a number nor one a channel (Couldn't read scalar of const vector data)"
    shapes = [bhwc(operand) for operand in node.runtime]
    if len(set(shapes)) < 2 or _is_spread(shapes[1], shapes[0]):
        return ""
    return "two inputs of different shapes: it ends the app"


def _is_spread(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Whether the one has the other's channels only, spread over height and width."""
    return small[1:3] == (1, 1) and (small[0], small[3]) == (large[0], large[3])


_SHADERS: Final[Sequence[tuple[frozenset[str], Callable[[Node], str]]]] = (
    (frozenset({"BATCH_MATMUL"}), _product),
    (frozenset({"CONV_2D"}), _convolution),
    (frozenset({"MEAN"}), _mean),
    (_PADDINGS, _padding),
    (_RESIZES, _resize),
    (frozenset({"ADD", "MUL"}), _sum),
    (_ARITHMETIC, _arithmetic),
)


def _batches(graph: NodeGraph, taken: Sequence[Node]) -> str:
    """OpenGL wants one batch for all, and of other batches than 1 only what needs no conversion: four channels."""
    made = {operand.number for node in taken for operand in node.outputs}
    used = {operand.number for node in taken for operand in node.inputs}
    outside = [node for node in graph.nodes if all(node.operation.index != each.operation.index for each in taken)]
    wanted = {operand.number for node in outside for operand in node.inputs} | set(graph.outputs)
    runtime = {operand.number: operand for node in taken for operand in (*node.runtime, *node.outputs)}
    batches = {_batch(operand) for operand in runtime.values()}
    if len(batches) > 1:
        return f"first sides of {', '.join(map(str, sorted(batches)))}, taken for batches (Batch size mismatch)"
    borders = [
        operand for number, operand in runtime.items() if number not in made or number in wanted or number not in used
    ]
    if batches - {1} and any((operand.shape or (1,))[-1] != 4 for operand in borders):
        return f"a first side of {batches.pop()}, taken for a batch (Batch size != 1 is not supported)"
    return ""
