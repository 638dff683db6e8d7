"""The entries of the must-catch corpus: what is drawn, why, and what became of it on each backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.models.drawings import (
    Drawing,
    alone,
    around_the_cpu,
    beside_the_cpu,
    blocks,
    choice,
    computed,
    constant,
    convolved,
    deconvolved,
    dense,
    gathered,
    half_weights,
    joined,
    looked_up,
    matmul,
    pad_then_relu,
    padded,
    pooled,
    prelu,
    reduced,
    reshaped,
    resized,
    sliced,
    split,
    stacked,
    strided,
    summed_up,
    tiled,
    transposed,
    truth_as_output,
    unstacked,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A drawing, what is special about it, and its fates on OpenCL and on OpenGL, and on WebGPU."""

    about: str
    draw: Drawing
    fates: tuple[str, str] = ("right", "right")
    webgpu: str = "right"


ENTRIES: Final[Mapping[str, Entry]] = {
    "relu-rank4": Entry("control", alone("RELU", 1, 4, 5, 6)),
    "relu-rank3": Entry("control of rank 3", alone("RELU", 1, 5, 6)),
    "relu-rank2": Entry("control of rank 2", alone("RELU", 1, 6)),
    "relu-rank1": Entry("rank 1", alone("RELU", 6), ("right", "refused")),
    "relu-batch2": Entry("two in a batch", alone("RELU", 2, 4, 5, 6), ("right", "refused")),
    "relu-rank3-batch2": Entry("two in a batch of rank 3", alone("RELU", 2, 5, 6), ("right", "refused")),
    "relu-rank5": Entry("five dimensions", alone("RELU", 1, 2, 3, 4, 5), ("cpu", "cpu"), webgpu="cpu"),
    "tanh": Entry("control", alone("TANH", 1, 4, 5, 6)),
    "logistic": Entry("control", alone("LOGISTIC", 1, 4, 5, 6)),
    "exp": Entry("control", alone("EXP", 1, 4, 5, 6)),
    "square": Entry("control", alone("SQUARE", 1, 4, 5, 6)),
    "abs": Entry("control", alone("ABS", 1, 4, 5, 6)),
    "neg": Entry("control", alone("NEG", 1, 4, 5, 6)),
    "floor": Entry("control", alone("FLOOR", 1, 4, 5, 6), ("refused", "right")),
    "cos": Entry("control", alone("COS", 1, 4, 5, 6)),
    "elu": Entry("control", alone("ELU", 1, 4, 5, 6)),
    "hard-swish": Entry("control", alone("HARD_SWISH", 1, 4, 5, 6)),
    "relu-n1-to-1": Entry("a lower bound that isn't zero", alone("RELU_N1_TO_1", 1, 4, 5, 6)),
    "leaky-relu": Entry("control", alone("LEAKY_RELU", 1, 4, 5, 6, alpha=0.2)),
    "sign": Entry("a later operator", alone("SIGN", 1, 4, 5, 6), ("right", "refused")),
    "gelu": Entry("a later operator", alone("GELU", 1, 4, 5, 6)),
    "round": Entry("an operator that the delegate lacks", alone("ROUND", 1, 4, 5, 6), ("cpu", "cpu")),
    "prelu-channels": Entry("a slope for each channel", prelu((1, 4, 5, 6), 6)),
    "prelu-1-1-c": Entry("a slope for each channel, of rank 3", prelu((1, 4, 5, 6), 1, 1, 6)),
    "add-rank4": Entry("control", computed("ADD", (1, 4, 5, 6), (1, 4, 5, 6))),
    "add-rank4-relu": Entry("control, with an activation", computed("ADD", (1, 4, 5, 6), (1, 4, 5, 6), activation=1)),
    "add-channels": Entry("broadcast over all but channels", constant("ADD", (1, 4, 5, 6), (6,))),
    "add-scalar": Entry("broadcast of one number", constant("ADD", (1, 4, 5, 6), (1,))),
    "add-rank4-rank3": Entry("constant of one rank less", constant("ADD", (1, 4, 5, 6), (4, 5, 6))),
    "add-rank4-rank4-constant": Entry("constant of the same shape", constant("ADD", (1, 4, 5, 6), (1, 4, 5, 6))),
    "add-rank4-rank2": Entry("constant of rank 2", constant("ADD", (1, 4, 5, 6), (5, 6))),
    "add-rank4-b-c": Entry("constant of a batch and channels", constant("ADD", (1, 4, 5, 6), (1, 6))),
    "add-constant-larger": Entry(
        "the constant is the larger operand", constant("ADD", (1, 1, 1, 6), (1, 4, 5, 6)), ("wrong", "wrong")
    ),
    "add-constant-row-and-column": Entry(
        "each is the smaller in one dimension, one is constant",
        constant("ADD", (1, 4, 1, 6), (1, 1, 5, 6)),
        ("wrong", "wrong"),
    ),
    "add-batch-constant": Entry(
        "a constant with a batch of two",
        constant("ADD", (1, 4, 5, 6), (2, 4, 5, 6)),
        ("refused", "refused"),
        webgpu="wrong",
    ),
    "add-batch2-constant": Entry(
        "a batch of two, and a constant of one", constant("ADD", (2, 4, 5, 6), (1, 4, 5, 6)), ("right", "refused")
    ),
    "add-rank3-constant": Entry("constant of the same rank 3", constant("ADD", (1, 5, 6), (1, 5, 6))),
    "add-rank3-rank2": Entry("constant of rank 2 on rank 3", constant("ADD", (1, 5, 6), (5, 6))),
    "add-rank3-rank1": Entry("constant of rank 1 on rank 3", constant("ADD", (1, 5, 6), (6,))),
    "add-rank2-rank3": Entry(
        "rank 2 and a constant of rank 3", constant("ADD", (5, 6), (4, 5, 6)), ("wrong", "refused"), webgpu="wrong"
    ),
    "add-rank2-rank3-thin": Entry(
        "rank 2 and a constant of rank 3, its first side 1",
        constant("ADD", (5, 6), (1, 5, 6)),
        ("refused", "refused"),
        webgpu="wrong",
    ),
    "add-rank2-rank2": Entry("constant of the same rank 2", constant("ADD", (1, 6), (1, 6))),
    "add-rank2-batch": Entry(
        "constant of rank 2 with a batch", constant("ADD", (5, 6), (5, 6)), ("wrong", "refused"), webgpu="wrong"
    ),
    "add-rank2-rank1": Entry("constant of rank 1 on rank 2", constant("ADD", (5, 6), (6,)), ("right", "refused")),
    "add-rank1-rank1": Entry(
        "constant of rank 1 on rank 1", constant("ADD", (6,), (6,)), ("wrong", "refused"), webgpu="wrong"
    ),
    "add-rank1-rank2": Entry(
        "rank 1 and a constant of rank 2", constant("ADD", (6,), (5, 6)), ("wrong", "refused"), webgpu="wrong"
    ),
    "add-rank1-rank3": Entry(
        "rank 1 and a constant of rank 3", constant("ADD", (6,), (4, 5, 6)), ("wrong", "refused"), webgpu="wrong"
    ),
    "add-row-and-column": Entry(
        "each is the smaller in one dimension", computed("ADD", (1, 4, 1, 6), (1, 1, 5, 6)), ("wrong", "refused")
    ),
    "add-computed-rank3": Entry(
        "two inputs of ranks 4 and 3", computed("ADD", (1, 4, 5, 6), (4, 5, 6)), ("refused", "refused")
    ),
    "add-computed-column": Entry(
        "an input broadcast over the width", computed("ADD", (1, 4, 5, 6), (1, 4, 1, 6)), ("right", "refused")
    ),
    "add-computed-small-first": Entry("the smaller operand first", computed("ADD", (1, 1, 1, 6), (1, 4, 5, 6))),
    "add-computed-column-first": Entry(
        "the smaller operand first, a column", computed("ADD", (1, 4, 1, 1), (1, 4, 5, 6)), ("wrong", "refused")
    ),
    "add-computed-one-channel": Entry(
        "an input of one channel", computed("ADD", (1, 4, 5, 6), (1, 4, 5, 1)), ("right", "refused")
    ),
    "add-computed-batch": Entry(
        "an input broadcast over a batch", computed("ADD", (2, 4, 5, 6), (1, 4, 5, 6)), ("right", "refused")
    ),
    "add-computed-rank3-rank2": Entry(
        "two inputs of ranks 3 and 2", computed("ADD", (1, 5, 6), (5, 6)), ("refused", "refused")
    ),
    "add-computed-batch-rank3": Entry(
        "a batch of two and rank 3", computed("ADD", (2, 4, 5, 6), (4, 5, 6)), ("wrong", "refused")
    ),
    "mul-computed-rank3-rank2": Entry(
        "two inputs of ranks 3 and 2", computed("MUL", (1, 5, 6), (5, 6)), ("refused", "refused")
    ),
    "mul-scalar": Entry("control", constant("MUL", (1, 4, 5, 6), (1,))),
    "mul-gate": Entry("control: squeeze and excitation", computed("MUL", (1, 4, 5, 6), (1, 1, 1, 6))),
    "mul-outer": Entry(
        "each is the smaller in one dimension", computed("MUL", (1, 4, 1, 6), (1, 1, 5, 6)), ("cpu", "cpu")
    ),
    "mul-rank3-column": Entry("a constant column on rank 3", constant("MUL", (1, 5, 6), (1, 5, 1))),
    "mul-rank3-channels": Entry(
        "one number a channel on rank 3", constant("MUL", (4, 5, 6), (6,)), ("right", "refused")
    ),
    "mul-rank3-rank4": Entry(
        "the same as a constant of rank 4: MoveNet's first",
        constant("MUL", (4, 5, 6), (1, 1, 1, 6)),
        ("wrong", "refused"),
        webgpu="wrong",
    ),
    "mul-rank2-rank3": Entry(
        "rank 2 and a constant of rank 3", constant("MUL", (5, 6), (4, 5, 6)), ("wrong", "refused"), webgpu="wrong"
    ),
    "sub-constant": Entry("control", constant("SUB", (1, 4, 5, 6), (6,))),
    "sub-from-constant": Entry("the constant first", constant("SUB", (1, 4, 5, 6), (6,), swapped=True)),
    "sub-rank2-rank3": Entry(
        "rank 2 and a constant of rank 3", constant("SUB", (5, 6), (4, 5, 6)), ("wrong", "refused"), webgpu="wrong"
    ),
    "sub-rank4-rank2": Entry("constant of rank 2", constant("SUB", (1, 4, 5, 6), (5, 6)), ("right", "refused")),
    "sub-computed-small-first": Entry(
        "the smaller operand first", computed("SUB", (1, 1, 1, 6), (1, 4, 5, 6)), ("right", "crashed")
    ),
    "div-rank4-rank3": Entry(
        "constant of one rank less", constant("DIV", (1, 4, 5, 6), (4, 5, 6)), ("right", "refused")
    ),
    "div-by-input": Entry("control", computed("DIV", (1, 4, 5, 6), (1, 4, 5, 6))),
    "maximum-rank3": Entry(
        "constant of the same rank 3", constant("MAXIMUM", (1, 5, 6), (1, 5, 6)), ("right", "refused")
    ),
    "minimum-scalar": Entry("control", constant("MINIMUM", (1, 4, 5, 6), (1,))),
    "squared-difference-rank3": Entry(
        "two inputs of rank 3", computed("SQUARED_DIFFERENCE", (1, 5, 6), (1, 5, 1)), ("right", "crashed")
    ),
    "floor-mod": Entry("control", constant("FLOOR_MOD", (1, 4, 5, 6), (1,)), ("refused", "right")),
    "pad-rank4": Entry("control", padded("PAD", (1, 4, 5, 6), (0, 0), (1, 2), (2, 1), (0, 0))),
    "pad-rank4-channels": Entry("more channels", padded("PAD", (1, 4, 5, 6), (0, 0), (0, 0), (0, 0), (1, 2))),
    "pad-batch": Entry(
        "another image before and two behind",
        padded("PAD", (1, 4, 5, 6), (1, 2), (0, 0), (0, 0), (0, 0)),
        ("right", "refused"),
        webgpu="wrong",
    ),
    "pad-rank3": Entry("paddings of rank 3", padded("PAD", (1, 5, 6), (0, 0), (1, 2), (0, 0)), ("right", "refused")),
    "pad-rank3-channels": Entry(
        "more channels of rank 3", padded("PAD", (1, 5, 6), (0, 0), (0, 0), (1, 2)), ("right", "refused")
    ),
    "pad-rank3-hwc": Entry(
        "rank 3 meant as an image",
        padded("PAD", (4, 5, 6), (1, 1), (1, 1), (0, 0)),
        ("wrong", "refused"),
        webgpu="wrong",
    ),
    "pad-rank2": Entry("paddings of rank 2", padded("PAD", (5, 6), (0, 0), (1, 2)), ("cpu", "cpu"), webgpu="cpu"),
    "padv2": Entry(
        "padding with a number",
        padded("PADV2", (1, 4, 5, 6), (0, 0), (1, 2), (2, 1), (0, 0), fill=1.5),
        ("right", "wrong"),
    ),
    "mirror-pad": Entry("reflection", padded("MIRROR_PAD", (1, 4, 5, 6), (0, 0), (1, 2), (2, 1), (0, 0))),
    "mirror-pad-rank3": Entry(
        "reflection of rank 3", padded("MIRROR_PAD", (1, 5, 6), (0, 0), (1, 2), (0, 0)), ("right", "refused")
    ),
    "mirror-pad-rank3-hwc": Entry(
        "reflection of rank 3 meant as an image",
        padded("MIRROR_PAD", (4, 5, 6), (0, 0), (1, 2), (0, 0)),
        ("refused", "refused"),
        webgpu="wrong",
    ),
    "pad-rank3-relu": Entry("paddings of rank 3, then another operator", pad_then_relu, ("right", "refused")),
    "concat-channels": Entry("control", joined(3, (1, 4, 5, 6), (1, 4, 5, 2))),
    "concat-height": Entry("control", joined(1, (1, 4, 5, 6), (1, 2, 5, 6))),
    "concat-batch": Entry("a batch of two", joined(0, (1, 4, 5, 6), (1, 4, 5, 6)), ("right", "refused")),
    "concat-rank3-middle": Entry("rank 3, middle axis", joined(1, (1, 5, 6), (1, 3, 6))),
    "concat-rank2-rows": Entry("rank 2, first axis", joined(0, (5, 6), (3, 6)), ("right", "refused")),
    "mean-height-width": Entry("control", reduced("MEAN", (1, 4, 5, 6), 1, 2, keep=True)),
    "mean-to-rank2": Entry("control without kept dimensions", reduced("MEAN", (1, 4, 5, 6), 1, 2)),
    "mean-height": Entry("one axis, its dimension dropped", reduced("MEAN", (1, 4, 5, 6), 1), ("right", "refused")),
    "mean-channels": Entry("over channels, dropped", reduced("MEAN", (1, 4, 5, 6), 3), ("wrong", "refused")),
    "mean-rank3": Entry("rank 3, middle axis, dropped", reduced("MEAN", (1, 5, 6), 1), ("right", "refused")),
    "sum-height": Entry("one axis, its dimension dropped", reduced("SUM", (1, 4, 5, 6), 1), ("right", "refused")),
    "reduce-max-channels": Entry(
        "over channels, kept", reduced("REDUCE_MAX", (1, 4, 5, 6), 3, keep=True), ("right", "refused")
    ),
    "softmax-rank2": Entry("control", alone("SOFTMAX", 1, 6, beta=1)),
    "softmax-rank4": Entry("control", alone("SOFTMAX", 1, 4, 5, 6, beta=1)),
    "softmax-rank1": Entry("rank 1", alone("SOFTMAX", 6, beta=1), ("wrong", "refused"), webgpu="wrong"),
    "softmax-beta2": Entry("a beta of 2", alone("SOFTMAX", 1, 6, beta=2), ("cpu", "cpu"), webgpu="cpu"),
    "transpose-rank4": Entry("to channels first", transposed((1, 4, 5, 6), 0, 3, 1, 2), ("right", "refused")),
    "transpose-rank3": Entry("rank 3", transposed((1, 5, 6), 0, 2, 1), ("right", "refused")),
    "transpose-rank3-batch": Entry("rank 3, batch too", transposed((4, 5, 6), 2, 0, 1), ("right", "refused")),
    "transpose-rank2": Entry("rank 2", transposed((5, 6), 1, 0), ("right", "refused")),
    "reshape-rank2-rank4": Entry("more dimensions", reshaped((1, 120), 1, 4, 5, 6)),
    "reshape-rank4-rank3": Entry("fewer dimensions", reshaped((1, 4, 5, 6), 1, 20, 6)),
    "reshape-rank4-rank1": Entry("one dimension", reshaped((1, 4, 5, 6), 120), ("right", "refused")),
    "slice-rank4": Entry("control", sliced((1, 4, 5, 6), (0, 1, 2, 0), (1, 2, 3, 6))),
    "slice-rank3": Entry("rank 3", sliced((1, 5, 6), (0, 1, 0), (1, 3, 6))),
    "slice-rank2": Entry("rank 2", sliced((5, 6), (1, 0), (3, 6)), ("cpu", "cpu")),
    "strided-slice-rank4": Entry("control", strided((1, 4, 5, 6), (0, 1, 0, 0), (1, 4, 5, 6), (1, 2, 2, 1))),
    "strided-slice-rank3": Entry("rank 3", strided((1, 5, 6), (0, 1, 0), (1, 5, 6), (1, 2, 1))),
    "split-channels": Entry("control", split((1, 4, 5, 6), 3, 2), ("right", "refused")),
    "split-rank3": Entry("rank 3, middle axis", split((1, 6, 4), 1, 2), ("right", "refused")),
    "pack-rank3": Entry("a new axis in front", stacked((4, 5, 6), 0, 2), ("right", "refused")),
    "pack-last": Entry("a new axis behind", stacked((1, 4, 5), 3, 2)),
    "unpack-last": Entry("the last axis apart", unstacked((1, 4, 5, 2), 3), ("right", "refused")),
    "tile-rank4": Entry("repeated in height and channels", tiled((1, 4, 5, 6), 1, 2, 1, 2)),
    "tile-rank3": Entry("repeated, rank 3", tiled((1, 5, 6), 1, 2, 1)),
    "gather-channels": Entry("constant indices, last axis", gathered((1, 4, 5, 6), 3, 4, 0, 2), ("right", "refused")),
    "gather-rows": Entry("constant indices, rank 2, first axis", gathered((5, 6), 0, 4, 0, 2), ("right", "refused")),
    "gather-computed": Entry("computed indices", gathered((5, 6), 0), ("right", "refused")),
    "gather-table": Entry("computed indices into a constant table: word vectors", looked_up, ("refused", "refused")),
    "cumsum-rank4": Entry("running sum over the width", summed_up((1, 4, 5, 6), 2), ("right", "refused")),
    "cumsum-rank3": Entry("running sum, rank 3, middle axis", summed_up((2, 5, 6), 1), ("right", "refused")),
    "cumsum-rank2": Entry("running sum, rank 2, last axis", summed_up((5, 6), 1), ("right", "refused")),
    "cumsum-rank2-rows": Entry(
        "running sum, rank 2, first axis", summed_up((5, 6), 0), ("wrong", "refused"), webgpu="wrong"
    ),
    "cumsum-batch": Entry(
        "running sum over a batch of one", summed_up((1, 4, 5, 6), 0), ("refused", "refused"), webgpu="wrong"
    ),
    "batch-matmul-rank4": Entry("two inputs", matmul((1, 2, 4, 5), (1, 2, 5, 6)), ("right", "refused")),
    "batch-matmul-rank3": Entry("two inputs of rank 3", matmul((2, 4, 5), (2, 5, 6)), ("right", "refused")),
    "batch-matmul-constant": Entry("a constant of rank 2", matmul((1, 4, 5), (5, 6), fixed=True)),
    "batch-matmul-constant-rank2": Entry(
        "rank 2 and a constant of rank 2", matmul((4, 5), (5, 6), fixed=True), ("right", "refused")
    ),
    "batch-matmul-constant-adjoint": Entry(
        "rank 2, the constant transposed",
        matmul((4, 5), (6, 5), fixed=True, adj_y=1),
        ("wrong", "refused"),
        webgpu="wrong",
    ),
    "batch-matmul-constant-turned": Entry(
        "rank 2, the input transposed",
        matmul((5, 4), (5, 6), fixed=True, adj_x=1),
        ("wrong", "refused"),
        webgpu="wrong",
    ),
    "batch-matmul-adjoint": Entry(
        "the second one transposed, square", matmul((1, 2, 5, 5), (1, 2, 5, 5), adj_y=1), ("wrong", "refused")
    ),
    "batch-matmul-adjoint-oblong": Entry(
        "the second one transposed", matmul((1, 2, 4, 5), (1, 2, 6, 5), adj_y=1), ("wrong", "refused")
    ),
    "batch-matmul-adjoint-first": Entry(
        "the first one transposed", matmul((1, 2, 5, 4), (1, 2, 5, 6), adj_x=1), ("wrong", "refused")
    ),
    "dense-rank2": Entry("control", dense((1, 6), 5)),
    "dense-batch": Entry("a batch of four", dense((4, 6), 5), ("right", "refused")),
    "dense-rank4": Entry("rank 4, flattened", dense((1, 4, 5, 6), 5), ("refused", "refused")),
    "dense-rank3-kept": Entry("rank 3, kept", dense((1, 5, 6), 4, keep=True)),
    "conv": Entry("control", convolved("CONV_2D", (1, 6, 6, 4), (8, 3, 3, 4), 8, dilation_w=1, dilation_h=1)),
    "conv-dilated": Entry("dilated", convolved("CONV_2D", (1, 8, 8, 4), (8, 3, 3, 4), 8, dilation_w=2, dilation_h=2)),
    "conv-batch2": Entry("two in a batch", convolved("CONV_2D", (2, 6, 6, 4), (8, 3, 3, 4), 8), ("right", "refused")),
    "conv-groups": Entry(
        "two groups of channels",
        convolved("CONV_2D", (1, 6, 6, 4), (8, 3, 3, 2), 8),
        ("right", "refused"),
        webgpu="wrong",
    ),
    "conv-groups-4": Entry(
        "two groups of four channels each", convolved("CONV_2D", (1, 6, 6, 8), (8, 3, 3, 4), 8), ("right", "refused")
    ),
    "conv-groups-pointwise": Entry(
        "two groups, one pixel", convolved("CONV_2D", (1, 6, 6, 32), (32, 1, 1, 16), 32), ("right", "wrong")
    ),
    "conv-nanodet": Entry(
        "the first of NanoDet's with 64 channels", convolved("CONV_2D", (1, 52, 52, 64), (64, 3, 3, 64), 64)
    ),
    "depthwise": Entry(
        "control", convolved("DEPTHWISE_CONV_2D", (1, 6, 6, 4), (1, 3, 3, 4), 4, stride=2, depth_multiplier=1)
    ),
    "depthwise-batch2": Entry(
        "two in a batch",
        convolved("DEPTHWISE_CONV_2D", (2, 6, 6, 4), (1, 3, 3, 4), 4, depth_multiplier=1),
        ("right", "wrong"),
    ),
    "depthwise-multiplier": Entry(
        "two outputs of one channel", convolved("DEPTHWISE_CONV_2D", (1, 6, 6, 1), (1, 3, 3, 2), 2, depth_multiplier=2)
    ),
    "depthwise-multiplier-2": Entry(
        "two outputs of each channel",
        convolved("DEPTHWISE_CONV_2D", (1, 6, 6, 2), (1, 3, 3, 4), 4, depth_multiplier=2),
        ("cpu", "cpu"),
    ),
    "transpose-conv": Entry("twice the size", deconvolved),
    "average-pool": Entry("edges counted", pooled("AVERAGE_POOL_2D", (1, 5, 5, 4), 3, 2)),
    "average-pool-batch2": Entry("two in a batch", pooled("AVERAGE_POOL_2D", (2, 5, 5, 4), 3, 2), ("right", "wrong")),
    "max-pool": Entry("control", pooled("MAX_POOL_2D", (1, 5, 5, 4), 3, 2)),
    "max-pool-batch2": Entry("two in a batch", pooled("MAX_POOL_2D", (2, 5, 5, 4), 3, 2), ("right", "wrong")),
    "resize-bilinear": Entry("control", resized("RESIZE_BILINEAR", (1, 4, 4, 3), 7, 9)),
    "resize-bilinear-corners": Entry(
        "aligned corners", resized("RESIZE_BILINEAR", (1, 4, 4, 3), 7, 9, align_corners=1)
    ),
    "resize-bilinear-centres": Entry(
        "half-pixel centres", resized("RESIZE_BILINEAR", (1, 4, 4, 3), 7, 9, half_pixel_centers=1)
    ),
    "resize-bilinear-batch2": Entry(
        "two in a batch", resized("RESIZE_BILINEAR", (2, 4, 4, 3), 7, 9), ("right", "refused")
    ),
    "resize-nearest": Entry("control", resized("RESIZE_NEAREST_NEIGHBOR", (1, 4, 4, 3), 7, 9)),
    "resize-nearest-corners": Entry(
        "aligned corners", resized("RESIZE_NEAREST_NEIGHBOR", (1, 4, 4, 3), 7, 9, align_corners=1)
    ),
    "resize-nearest-centres": Entry(
        "half-pixel centres", resized("RESIZE_NEAREST_NEIGHBOR", (1, 4, 4, 3), 7, 9, half_pixel_centers=1)
    ),
    "depth-to-space": Entry("control", blocks("DEPTH_TO_SPACE", (1, 4, 5, 8), 1, 8, 10, 2)),
    "space-to-depth": Entry("control", blocks("SPACE_TO_DEPTH", (1, 4, 6, 2), 1, 2, 3, 8)),
    "greater-select": Entry("two operators with truth values between", choice, ("wrong", "refused")),
    "greater-cast": Entry("truth values that end in a cast", truth_as_output, ("right", "refused")),
    "half-weights": Entry("half floats unpacked between two operators", half_weights),
    "around-the-cpu": Entry("two partitions of 1 and 2 nodes", around_the_cpu),
    "beside-the-cpu": Entry("the CPU's node beside the others", beside_the_cpu),
}
