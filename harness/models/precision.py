"""Which variant a `.tflite` file is, read off its tensors."""

from __future__ import annotations

from harness.models.catalog import Variant
from harness.models.inspect import TfliteFile


def precision_of(model: TfliteFile) -> Variant:
    """The variant that fits what the main graph computes with.

    Activations in int16 make int16x8, in int8 or uint8 int8, also behind float inputs. Otherwise activations are
    floats, and the weights tell: int8 makes dynamic, halves make fp16, floats fp32. An activation is what an operation
    gives; weights are what none gives and no caller puts in.
    """
    graph = model.main
    produced = {number for operation in graph.operations for number in operation.outputs if number >= 0}
    activations = {graph.tensors[number].dtype for number in produced if graph.tensors[number].quantised}
    if "int16" in activations:
        return Variant.INT16X8
    if activations & {"int8", "uint8"}:
        return Variant.INT8
    weights = [tensor for number, tensor in enumerate(graph.tensors) if number not in produced | set(graph.inputs)]
    kinds = {tensor.dtype for tensor in weights if tensor.quantised or tensor.dtype == "float16"}
    if kinds & {"int8", "uint8", "int4"}:
        return Variant.DYNAMIC
    return Variant.FP16 if "float16" in kinds else Variant.FP32
