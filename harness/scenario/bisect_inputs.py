"""What a bisection is asked, from words: a model of the catalogue or a file, backends by name, photos or raw tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from harness.errors import UsageError
from harness.models.catalog import load_card, model_ids
from harness.models.describe import describe_variants
from harness.models.inspect import TensorInfo, inspect
from harness.models.samples import sample
from harness.results.agreement import Array
from harness.scenario.bisect import Question
from harness.scenario.inputs import Tensors, prepared_of
from harness.scenario.schema import Backend
from harness.strict_yaml import did_you_mean

NamedBackend = tuple[str, Backend]
_NPY = "npy"
_PHOTO = "chelsea"


def backend(name: str, *, precision_loss: bool = True) -> NamedBackend:
    """A backend by name: `cpu`, `cpu-plain` (without XNNPACK), `gpu` (either API), `gpu-opencl`, `gpu-opengl`.

    Raises UsageError `bisect.backend` with the nearest name.
    """
    known = {
        "cpu": Backend(delegate="cpu"),
        "cpu-plain": Backend(delegate="cpu", xnnpack=False),
        "gpu": Backend(delegate="gpu", precision_loss=precision_loss),
        "gpu-opencl": Backend(delegate="gpu", api="opencl", precision_loss=precision_loss),
        "gpu-opengl": Backend(delegate="gpu", api="opengl", precision_loss=precision_loss),
    }
    if name not in known:
        raise UsageError("bisect.backend", f"no backend '{name}'{did_you_mean(name, tuple(known))}")
    return name, known[name]


def question(
    model: str,
    *,
    variant: str = "fp32",
    reference: NamedBackend,
    suspect: NamedBackend,
    photos: Sequence[str] = (),
    npy: Sequence[Path] = (),
    tolerance: float | None = None,
    say: Callable[[str], None] = lambda _message: None,
) -> Question:
    """A question about a model of the catalogue, fed photos, or about any `.tflite`, fed the tensors in `npy`.

    Raises:
        UsageError: `bisect.backends` for two of one name, `bisect.input` for inputs that don't fit, and as the
            catalogue's own readers do.
        ModelError: as `harness.models.describe.describe_variants` and `harness.models.inspect.inspect`.
    """
    if reference[0] == suspect[0]:
        raise UsageError("bisect.backends", f"reference and suspect are both {suspect[0]}")
    if photos and npy:
        raise UsageError("bisect.input", "give photos or .npy files, not both")
    if Path(model).suffix == ".tflite" or (model not in model_ids() and Path(model).is_file()):
        name, path = model, Path(model)
        if not npy:
            hint = "give --input-npy FILE once for each: " + ", ".join(map(str, inspect(path).main.input_tensors))
            raise UsageError("bisect.input", f"{path} has no card that says how photos become its input", hint=hint)
    else:
        (described,) = describe_variants(load_card(model), [variant], say=say)
        name, path = described.id, described.path
        if not npy:
            chosen = [sample(each, say=say) for each in photos or (_PHOTO,)]
            return Question(name, path, prepared_of(described, chosen, say).tensors, reference, suspect, tolerance)
    tensors = read_tensors(npy, inspect(path).main.input_tensors)
    return Question(name, path, tensors, reference, suspect, tolerance)


def read_tensors(files: Sequence[Path], wanted: Sequence[TensorInfo]) -> Tensors:
    """One `.npy` file for each input of a model, in its order. Raises UsageError `bisect.input` for what doesn't fit."""
    if len(files) != len(wanted):
        takes = ", ".join(map(str, wanted))
        raise UsageError("bisect.input", f"{len(files)} .npy files given; the model takes {len(wanted)}: {takes}")
    return {_NPY: tuple(_read(file, tensor) for file, tensor in zip(files, wanted, strict=True))}


def _read(file: Path, wanted: TensorInfo) -> Array:
    try:
        tensor = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UsageError("bisect.input", f"{file} can't be read as a .npy file", why=str(error)) from error
    if not isinstance(tensor, np.ndarray) or str(tensor.dtype) != wanted.dtype or not _fits(tensor.shape, wanted.shape):
        what = f"{file} holds {getattr(tensor, 'dtype', 'several')} {getattr(tensor, 'shape', 'arrays')}"
        raise UsageError("bisect.input", f"{what}; the model takes {wanted}")
    return tensor


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(side in (given, -1) for given, side in zip(shape, wanted, strict=True))
