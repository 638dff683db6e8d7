"""The must-catch corpus: models of a node or two, some of which a GPU path computes wrongly without any error.

Each says what TensorFlow Lite 2.16.1's GpuDelegate makes of it over OpenCL and OpenGL, as seen on the virtual Pixel without
loss of precision (a phone's drivers may do otherwise), and what LiteRT's WebGPU accelerator makes of it on the host.
Whoever judges GPU results has to flag every wrong one, and none of those that are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from harness.fetch.store import cached, key_of
from harness.models import corpus_cases
from harness.models.graph_writer import NewModel, NewTensor, to_bytes
from harness.models.sketch import Sketch

OPENCL: Final = "gpu-opencl"
OPENGL: Final = "gpu-opengl"
WEBGPU: Final = "webgpu"
BACKENDS: Final = (OPENCL, OPENGL, WEBGPU)
"""GpuDelegate's two ways on a device, and LiteRT's accelerator on the host."""


class Fate(StrEnum):
    """What a backend makes of a model."""

    RIGHT = "right"
    WRONG = "wrong"
    """It answers, says nothing, and the answer isn't the CPU's."""
    REFUSED = "refused"
    """It says that it can't."""
    CRASHED = "crashed"
    """It takes the whole app with it; on the host, the process that ran it."""
    HUNG = "hung"
    """It doesn't come back."""
    CPU = "cpu"
    """No node was taken: the CPU's answer."""


@dataclass(frozen=True)
class Case:
    """A model of the corpus; `fates` by backend."""

    name: str
    about: str
    model: NewModel
    fates: Mapping[str, Fate]

    @property
    def must_catch(self) -> bool:
        """Whether some backend computes it wrongly and says nothing."""
        return Fate.WRONG in self.fates.values()

    def write(self) -> Path:
        """Its `.tflite` file, in the cache."""
        content = to_bytes(self.model)

        def make(target: Path) -> None:
            target.mkdir()
            (target / f"{self.name}.tflite").write_bytes(content)

        return cached("corpus", key_of(content, self.name), make) / f"{self.name}.tflite"

    def inputs(self) -> tuple[npt.NDArray[Any], ...]:
        """Its inputs, from a fixed seed: float32, -2 to 2, none within 0.1 of zero; int32, 2, 1, 0 (there are indices)."""
        numbers = np.random.default_rng(7)
        tensors = {tensor.name: tensor for tensor in self.model.tensors}

        def made(tensor: NewTensor) -> npt.NDArray[Any]:
            if tensor.dtype == "int32":
                return np.arange(tensor.shape[0], dtype=np.int32)[::-1].copy()
            signs = numbers.choice([-1.0, 1.0], tensor.shape)
            values: npt.NDArray[Any] = (numbers.uniform(0.1, 2.0, tensor.shape) * signs).astype(np.float32)
            return values

        return tuple(made(tensors[name]) for name in self.model.inputs)


def corpus() -> tuple[Case, ...]:
    """All cases, in a fixed order."""
    cases = []
    for name, entry in corpus_cases.ENTRIES.items():
        sketch = Sketch()
        entry.draw(sketch)
        fates = {backend: Fate(fate) for backend, fate in zip(BACKENDS, (*entry.fates, entry.webgpu), strict=True)}
        cases.append(Case(name, entry.about, sketch.model(name), fates))
    return tuple(cases)
