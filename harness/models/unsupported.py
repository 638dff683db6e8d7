"""What TensorFlow's converter refused, out of its prose: the operators, and what can be done about each kind."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.errors import ModelError

_SELECT = re.compile(r"^TF Select ops: (.+)$", re.M)
_CUSTOM = re.compile(r"^Custom ops: (.+)$", re.M)
_SINGLE = re.compile(r"'tf\.(\w+)' op is neither a custom op nor a flex op")
_UNQUANTISED = re.compile(r"Quantization (?:to 16x8-bit )?not yet supported for op: '(\w+)'")


@dataclass(frozen=True)
class Refusal:
    """Operators that the converter has no form for, by what would help: select ops, a custom kernel, floats."""

    select: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    unquantised: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.select or self.custom or self.unquantised)


def read_refusal(said: str) -> Refusal:
    """The operators that the converter's error names; none when it failed over something else."""
    select, custom = _listed(_SELECT, said), _listed(_CUSTOM, said)
    if not select and not custom:
        custom = tuple(sorted(set(_SINGLE.findall(said))))
    return Refusal(select, custom, tuple(sorted(set(_UNQUANTISED.findall(said)))))


def refusal_error(what: str, variant: str, refusal: Refusal) -> ModelError:
    """An error that names the operators and the remedies, the likeliest first: ModelError `convert.unsupported_ops`."""
    why, hints = [], []
    if refusal.select:
        why.append(f"TensorFlow Lite has no operator for {', '.join(refusal.select)}; TensorFlow's own kernels do")
        hints.append(
            "convert with --select-ops, for an app that carries tensorflow-lite-select-tf-ops (they run on the CPU)"
        )
    if refusal.custom:
        why.append(f"neither TensorFlow Lite nor its select ops have {', '.join(refusal.custom)}")
    if refusal.unquantised:
        why.append(f"{variant} has no integer form of {', '.join(refusal.unquantised)}")
        hints.append("take another precision: fp16 or dynamic")
    names = refusal.select + refusal.custom + refusal.unquantised
    hints.append("or build that layer from other operators, or leave it out of the model and do it in the app")
    return ModelError(
        "convert.unsupported_ops",
        f"{what} can't be converted for {', '.join(dict.fromkeys(names))}",
        why="\n".join(why),
        hint="; ".join(hints),
    )


def _listed(pattern: re.Pattern[str], said: str) -> tuple[str, ...]:
    return tuple(sorted({name.strip() for line in pattern.findall(said) for name in line.split(",")}))
