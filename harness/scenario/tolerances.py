"""How far two backends' answers may be apart, by precision and by kind of output, where a scenario doesn't say.

The factors are those of the tools of the field: LiteRT's check of GPU numerics allows a largest difference of 1e-4 in
single precision, its accuracy debugger one of 5e-3 in half precision; of integers two steps are allowed. Weights in
int8 with activations in float (`dynamic`) are rounded differently by each backend: 2e-2. A quantised model that a GPU
computes in floats is held against integers: 5e-2.

A mask and an image end in a steep sigmoid, so that along edges a coarser rounding is a large difference, and says
little; of a field hardly a place is read, and those that aren't differ most (PoseNet's offsets in half floats: 2 pixels at
most, 0.23 where they are read). Of these the mean difference counts wherever the largest can't be as in single precision.
There a field's largest may be 1e-3: of BlazePose's mask, with logits of 1,600, the CPU's own kernels are 8e-4 apart with
and without XNNPACK.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.models.tasks.base import Kind
from harness.scenario.schema import AgreementRule, Backend

_SINGLE, _HALF, _DYNAMIC, _INTEGERS = 1e-4, 5e-3, 2e-2, 5e-2
_SINGLE_FIELD = 1e-3
_STEPS = 2
_QUANTISED: Final = frozenset({"int8", "int16x8"})
_UNIT_RANGE: Final = frozenset({Kind.SCORES, Kind.MASKS, Kind.IMAGES})  # from 0 to 1; all other kinds are unbounded
_DENSE: Final = frozenset({Kind.MASKS, Kind.IMAGES, Kind.FIELDS})
_RANKED: Final = frozenset({Kind.SCORES, Kind.LOGITS})
_CLASSES_DIFFER = {True: 0.02, False: 0.01}  # share of places that near ties may turn, in half and in single precision


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is allowed of one output, and by what.

    Largest or mean difference in its unit, steps, share of different values.
    """

    basis: str
    max_abs: float | None = None
    steps: int | None = None
    differing: float | None = None
    mean_abs: float | None = None
    same_top: bool = False


def tolerance_of(
    rule: AgreementRule, kind: Kind, variant: str, options: Backend, *, quantised: bool, largest: float
) -> Tolerance:
    """What a rule allows of an output of this kind whose reference has `largest` as its largest absolute value.

    The rule's own limits come first. Otherwise the precision's factor is allowed of outputs in the range of 0 to 1, and
    that factor times `largest`, or 1 if that is more, of others; quantised outputs on the CPU may differ by steps.
    """
    same_top = kind in _RANKED if rule.same_top is None else rule.same_top
    if rule.max_abs is not None or rule.max_steps is not None:
        return Tolerance("the scenario", rule.max_abs, rule.max_steps, same_top=same_top)
    gpu = options.delegate == "gpu"
    half = gpu and options.precision_loss
    if kind is Kind.CLASSES:
        return Tolerance("classes", differing=_CLASSES_DIFFER[half or variant not in ("fp32", "fp16")])
    if variant in _QUANTISED and quantised and not gpu:
        return Tolerance(f"{variant} {kind}", steps=_STEPS, same_top=same_top)
    factor = _factor(variant, gpu=gpu, half=half)
    scale = 1.0 if kind in _UNIT_RANGE else max(1.0, largest)
    words = f"{variant} {kind}{' in half floats' if half else ''}{f' up to {largest:.3g}' if scale != 1.0 else ''}"
    if kind in _DENSE and factor > _SINGLE:
        return Tolerance(f"{words}, in the mean", mean_abs=factor * scale, same_top=same_top)
    if kind is Kind.FIELDS:
        factor = _SINGLE_FIELD
    return Tolerance(words, factor * scale, same_top=same_top)


def _factor(variant: str, *, gpu: bool, half: bool) -> float:
    if variant in _QUANTISED:
        return _INTEGERS if gpu else _DYNAMIC
    if variant == "dynamic":
        return _DYNAMIC
    return _HALF if half else _SINGLE
