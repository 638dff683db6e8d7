"""What GpuDelegate asks of each operator's operands and options: TensorFlow Lite 2.16.1's rules, told anew.

Source of the facts: `CheckGpuDelegateCompatibility` in tensorflow/lite/tools/versioning/gpu_compatibility.cc, and the
`IsSupported` of the parsers in tensorflow/lite/delegates/gpu/common/model_builder.cc; each rule names its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from harness.models.options import Node, NodeGraph, Operand

Rule = Callable[[Node, NodeGraph], str]
"""Says why a node doesn't fit, or nothing when it does."""

COMPARISONS: Final = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")
_ONE_ARGUMENT = (
    *("ABS", "COS", "ELU", "EXP", "FLOOR", "GELU", "LOG", "LOGISTIC", "NEG"),
    *("RSQRT", "SIGN", "SIN", "SQRT", "SQUARE", "TANH"),
)
_TWO_ARGUMENTS = ("DIV", "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE", "SUB")
ELEMENTWISE: Final = (*_ONE_ARGUMENT, *_TWO_ARGUMENTS, *COMPARISONS, "ADD", "ADD_N")
_FLOATS = ("float32", "float16")
_NO_ACTIVATION_ABOVE = 4  # NONE RELU RELU_N1_TO_1 RELU6 TANH, then SIGN_BIT


def _shape(operand: Operand) -> str:
    return "×".join(map(str, operand.shape)) or "scalar"


def _anything(_node: Node, _graph: NodeGraph) -> str:
    return ""


def _counts(node: Node, runtime: int, *, constants: int | None = None, outputs: int = 1) -> str:
    """`CheckInputsOutputs` and `CheckInputsConstsOutputs`."""
    found = len(node.runtime)
    if found != runtime:
        return f"{found} inputs are computed, {runtime} should be (CheckInputsOutputs)"
    fixed = len(node.inputs) - found
    if constants is not None and fixed != constants:
        return f"{fixed} inputs are constant, {constants} should be (CheckInputsConstsOutputs)"
    if len(node.outputs) != outputs:
        return f"{len(node.outputs)} outputs, {outputs} should be (CheckInputsOutputs)"
    return ""


def _activation(node: Node) -> str:
    """`IsActivationSupported`."""
    if node.option("activation") > _NO_ACTIVATION_ABOVE:
        return f"fused activation {node.option('activation'):.0f} isn't known (IsActivationSupported)"
    return ""


def _one_computed(node: Node, _graph: NodeGraph) -> str:
    return _counts(node, 1)


def _one_argument(node: Node, _graph: NodeGraph) -> str:
    return _counts(node, 1, constants=0)


def _two_arguments(node: Node, _graph: NodeGraph) -> str:
    if _counts(node, 2, constants=0) and _counts(node, 1, constants=1):
        return "needs two operands, one of them computed (CheckInputsConstsOutputs)"
    return _activation(node)


def _comparison(node: Node, graph: NodeGraph) -> str:
    """`ElementwiseOperationParser::IsSupported`: the truth value has to be used once, by a cast or choice of floats."""
    number = node.outputs[0].number
    users = [user for user in graph.nodes if any(operand.number == number for operand in user.inputs)]
    if len(users) != 1:
        return f"its truth values have {len(users)} users in the graph, 1 is needed (ElementwiseOperationParser)"
    user = users[0]
    if user.name not in ("CAST", "SELECT", "SELECT_V2") or user.outputs[0].dtype not in _FLOATS:
        return f"its truth values go to {user.name}, not to a cast or choice of floats (ElementwiseOperationParser)"
    return ""


def _add(node: Node, _graph: NodeGraph) -> str:
    if len(node.inputs) != 2:
        return f"{len(node.inputs)} inputs, 2 should be"
    return ""  # 2.16.1 takes every broadcast, those that it computes wrongly too: see the corpus


def _add_n(node: Node, _graph: NodeGraph) -> str:
    return "" if len(node.inputs) == 2 else f"{len(node.inputs)} inputs, 2 should be"


def _mul(node: Node, _graph: NodeGraph) -> str:
    if len(node.inputs) != 2:
        return f"{len(node.inputs)} inputs, 2 should be"
    first, second = node.inputs
    if first.rank != second.rank:
        return _activation(node)
    pairs = list(zip(first.shape, second.shape, strict=True))
    if any(one < other for one, other in pairs) and any(one > other for one, other in pairs):
        return f"neither of {_shape(first)} and {_shape(second)} is the larger in every dimension"
    return _activation(node)


def _batch_matmul(node: Node, _graph: NodeGraph) -> str:
    return "" if (len(node.inputs), len(node.outputs)) == (2, 1) else "needs two inputs and one output"


def _cast(node: Node, graph: NodeGraph) -> str:
    """`CastOperationParser::IsSupported` and the pairs of types that `CheckGpuDelegateCompatibility` lists."""
    source, target = node.inputs[0].dtype, node.outputs[0].dtype
    if source == "bool" and target in _FLOATS:
        number, result = node.inputs[0].number, node.outputs[0].number
        makers = [maker for maker in graph.nodes if any(out.number == number for out in maker.outputs)]
        users = sum(operand.number == number for user in graph.nodes for operand in user.inputs)
        if len(makers) != 1 or users != 1:
            return "its truth values are made or used elsewhere too (CastOperationParser)"
        if sum(operand.number == result for user in graph.nodes for operand in user.inputs) != 1:
            return "a cast from truth values needs exactly one user in the graph (CastOperationParser)"
        if makers[0].name in COMPARISONS:
            return ""
    numbers = ("float32", "int32")
    if (
        (source == "bool" and target in _FLOATS)
        or (source in _FLOATS and target == "bool")
        or (source in numbers and target in numbers)
    ):
        return _counts(node, 1)
    return f"no cast from {source} to {target}"


def _convolution(node: Node, _graph: NodeGraph) -> str:
    """`CheckConvoultionInputOutput` (so spelt), `CheckStridesAndDilation`."""
    if len(node.runtime) > 2:
        return f"{len(node.runtime)} inputs are computed, 2 are the most (CheckConvoultionInputOutput)"
    if len(node.outputs) != 1:
        return f"{len(node.outputs)} outputs, 1 should be (CheckConvoultionInputOutput)"
    if node.options is None:
        return "it has no options"
    if min(node.option("stride_w"), node.option("stride_h")) <= 0:
        return "a stride isn't positive (CheckStrides)"
    if node.name != "TRANSPOSE_CONV" and min(node.option("dilation_w"), node.option("dilation_h")) <= 0:
        return "a dilation isn't positive (CheckDilation)"
    return "" if node.name == "TRANSPOSE_CONV" else _activation(node)


def _depthwise(node: Node, graph: NodeGraph) -> str:
    """`CheckDepthwiseConvGpuDelegateCompatibility`."""
    if reason := _convolution(node, graph):
        return reason
    source, weights, result = node.inputs[0], node.inputs[1], node.outputs[0]
    for operand in (source, weights, result):
        if operand.rank != 4:
            return f"{operand.tensor} has {operand.rank} dimensions, 4 are needed"
    multiplier, channels = node.option("depth_multiplier"), source.shape[3]
    if source.shape[0] != result.shape[0]:
        return "input and output have different batches"
    if weights.shape[3] != result.shape[3] or result.shape[3] != channels * multiplier:
        return "input, weights and output have channels that don't fit"
    if multiplier != 1 and channels != 1:
        return f"depth multiplier {multiplier:.0f} with {channels} channels: one of them has to be 1"
    return ""


def _pooling(node: Node, _graph: NodeGraph) -> str:
    """`CheckPooling2DGpuDelegateCompatibility`."""
    if reason := _counts(node, 1):
        return reason
    if min(node.option(name) for name in ("filter_w", "filter_h", "stride_w", "stride_h")) <= 0:
        return "a kernel's side or a stride isn't positive (CheckKernelsAndStrides)"
    return _activation(node)


def _block(node: Node, _graph: NodeGraph) -> str:
    if node.option("block_size") <= 1:
        return "block size 1 does nothing"
    return _counts(node, 1)


def _dequantize(node: Node, _graph: NodeGraph) -> str:
    if (len(node.inputs), len(node.outputs)) != (1, 1):
        return "needs one input and one output"
    return "16-bit integers aren't dequantised" if node.inputs[0].dtype == "int16" else ""


def _fully_connected(node: Node, _graph: NodeGraph) -> str:
    if node.option("weights_format"):
        return "its weights are shuffled"
    if len(node.runtime) > 2:
        return f"{len(node.runtime)} inputs are computed, 2 are the most"
    if node.inputs[0].constant:
        return "its input is constant"
    if node.option("keep_num_dims") and node.inputs[0].rank != node.outputs[0].rank:
        return "it should keep its dimensions, and its output has others"
    return ""


def _gather(node: Node, _graph: NodeGraph) -> str:
    if _counts(node, 2, constants=0) and _counts(node, 1, constants=1):
        return "needs a computed input and indices"
    if node.inputs[0].dtype == "int32":
        return "gathers integers"
    if node.inputs[1].rank != 1:
        return f"indices have {node.inputs[1].rank} dimensions, 1 is needed"
    return "" if node.inputs[1].dtype == "int32" else f"indices are {node.inputs[1].dtype}, not int32"


def _lstm(node: Node, _graph: NodeGraph) -> str:
    if node.option("kernel"):
        if reason := _counts(node, 3, constants=2, outputs=4):
            return reason
        if node.option("cell_clip") or node.option("proj_clip"):
            return "clips"
        return "" if node.option("activation") == 4 else "its activation isn't tanh"
    return "" if len(node.outputs) == 1 else f"{len(node.outputs)} outputs, 1 should be"


def _reduce(node: Node, _graph: NodeGraph) -> str:
    """`CheckAxesAreInt32Const`."""
    if reason := _counts(node, 1):
        return reason
    axes = node.inputs[1]
    return "" if axes.constant and axes.dtype == "int32" else "its axes aren't constant int32 (CheckAxesAreInt32Const)"


def _one_hot(node: Node, _graph: NodeGraph) -> str:
    """`CheckOneHotGpuDelegateCompatibility`."""
    indices, on, off = node.inputs[0], *node.inputs[2:4]
    if indices.dtype != "int32" or any(not value.constant or value.dtype != "float32" for value in (on, off)):
        return "indices have to be int32, both values constant float32"
    if node.option("axis") not in (-1, indices.shape[-1] if indices.shape else -1):
        return "its axis isn't the last"
    for place, side in enumerate(indices.shape[:-1]):
        if side != 1 and not (indices.rank == 4 and place == 0):
            return f"indices have {side} entries in dimension {place}, 1 is needed"
    return ""


def _select(node: Node, _graph: NodeGraph) -> str:
    """`CheckSelectV2GpuDelegateCompatibility`."""
    if (len(node.inputs), len(node.outputs)) != (3, 1):
        return "needs three inputs and one output"
    condition, *branches = node.inputs
    if condition.dtype not in (*_FLOATS, "bool") or any(branch.dtype not in _FLOATS for branch in branches):
        return "the condition has to be bool or float, both branches float"
    for branch in branches:
        if branch.shape and branch.shape != node.outputs[0].shape and (branch.rank > 1 or branch.shape[0] > 1):
            return f"a branch of {_shape(branch)} is neither a scalar nor of the output's shape"
        if branch.constant and branch.rank == 2:
            return "a branch is a constant of two dimensions"
    return ""


def _slice(node: Node, _graph: NodeGraph) -> str:
    least = 4 if node.name == "STRIDED_SLICE" else 3
    for mask in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask"):
        if node.option(mask):
            return f"has a {mask}"
    if len(node.inputs) < least:
        return f"{len(node.inputs)} inputs, {least} should be"
    if node.inputs[0].rank not in (3, 4):
        return f"its input has {node.inputs[0].rank} dimensions, 3 or 4 are needed"
    return ""


def _softmax(node: Node, _graph: NodeGraph) -> str:
    return "" if node.option("beta") == 1 else f"beta is {node.option('beta'):g}, 1 is needed"


def _resize(node: Node, _graph: NodeGraph) -> str:
    if node.name == "RESIZE_BILINEAR" and node.option("align_corners") and node.option("half_pixel_centers"):
        return "aligned corners and half-pixel centres exclude each other"
    return _counts(node, 1)


def _pad(node: Node, _graph: NodeGraph) -> str:
    if node.option("mode"):
        return "mirrors symmetrically; only reflection is known"
    if reason := _counts(node, 1):
        return reason
    if len(node.inputs) < 2:
        return "has no paddings"
    if node.inputs[1].shape not in ((3, 2), (4, 2)):
        return f"paddings are {_shape(node.inputs[1])}, 4×2 or 3×2 is needed"
    return ""


def _cumsum(node: Node, _graph: NodeGraph) -> str:
    """`CheckCumsumGpuDelegateCompatibility`."""
    if len(node.inputs) != 2:
        return "needs two inputs"
    source, axis = node.inputs
    if source.dtype not in _FLOATS or node.outputs[0].dtype != source.dtype:
        return "sums of floats only"
    return "" if axis.constant and axis.dtype == "int32" else "its axis isn't constant int32"


def _densify(node: Node, _graph: NodeGraph) -> str:
    return _counts(node, 0)


RULES: Final[Mapping[str, Rule]] = {
    "ADD": _add,
    "ADD_N": _add_n,
    "AVERAGE_POOL_2D": _pooling,
    "BATCH_MATMUL": _batch_matmul,
    "CAST": _cast,
    "CONCATENATION": _anything,
    "CONV_2D": _convolution,
    "CUMSUM": _cumsum,
    "DENSIFY": _densify,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEPTH_TO_SPACE": _block,
    "DEQUANTIZE": _dequantize,
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _gather,
    "HARD_SWISH": _one_computed,
    "LSTM": _lstm,
    "MAX_POOL_2D": _pooling,
    "MEAN": _reduce,
    "MIRROR_PAD": _pad,
    "MUL": _mul,
    "ONE_HOT": _one_hot,
    "PACK": _anything,
    "PAD": _pad,
    "PADV2": _pad,
    "PRELU": _anything,
    "QUANTIZE": _one_computed,
    "RESHAPE": _one_computed,
    "RESIZE_BILINEAR": _resize,
    "RESIZE_NEAREST_NEIGHBOR": _resize,
    "SELECT": _select,
    "SELECT_V2": _select,
    "SLICE": _slice,
    "SOFTMAX": _softmax,
    "SPACE_TO_DEPTH": _block,
    "SPLIT": _anything,
    "SPLIT_V": _anything,
    "STRIDED_SLICE": _slice,
    "TILE": _one_computed,
    "TRANSPOSE": _one_computed,
    "TRANSPOSE_CONV": _convolution,
    "UNPACK": _anything,
    **dict.fromkeys(COMPARISONS, _comparison),
    **dict.fromkeys(("RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU"), _anything),
    **dict.fromkeys(("SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), _reduce),
    **dict.fromkeys(_ONE_ARGUMENT, _one_argument),
    **dict.fromkeys(_TWO_ARGUMENTS, _two_arguments),
}
