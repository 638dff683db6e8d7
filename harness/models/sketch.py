"""Models of a node or two, drawn by hand: what the corpus of `harness corpus` is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from harness.models.graph_writer import NewModel, NewNode, NewTensor

Shape = tuple[int, ...]
_SEED: Final = 20240516
_VERSIONS: Final = {"FULLY_CONNECTED": 5, "RESIZE_BILINEAR": 3, "RESIZE_NEAREST_NEIGHBOR": 3}
_DTYPES: Final = {"GREATER": "bool"}


class Sketch:
    """A model being drawn: tensors get their names by their order, constants their values from a fixed seed."""

    def __init__(self) -> None:
        self._tensors: list[NewTensor] = []
        self._nodes: list[NewNode] = []
        self._inputs: list[str] = []
        self._numbers = np.random.default_rng(_SEED)

    def input(self, *shape: int) -> str:
        """A float input of the model."""
        name = self._add("in", shape)
        self._inputs.append(name)
        return name

    def choices(self, count: int) -> str:
        """An int32 input of the model: indices."""
        name = self._add("choices", (count,), "int32")
        self._inputs.append(name)
        return name

    def weights(self, *shape: int) -> str:
        """A float constant, all its numbers different and none near zero: 0.5 to 2 with either sign."""
        values = self._numbers.uniform(0.5, 2.0, shape) * self._numbers.choice([-1.0, 1.0], shape)
        return self._add("weights", shape, values=values.astype(np.float32))

    def half_weights(self, *shape: int) -> str:
        """A constant of half floats, 0.5 to 2."""
        values = self._numbers.uniform(0.5, 2.0, shape).astype(np.float16)
        return self._add("half", shape, "float16", values)

    def value(self, number: float) -> str:
        """A float scalar."""
        return self._add("value", (), values=np.array(number, np.float32))

    def indices(self, values: Any) -> str:
        """An int32 constant."""
        array = np.array(values, np.int32)
        return self._add("indices", array.shape, "int32", array)

    def shape(self, name: str) -> Shape:
        """The shape of a tensor drawn so far."""
        return next(tensor.shape for tensor in self._tensors if tensor.name == name)

    def node(self, operator: str, inputs: Sequence[str], *outputs: Shape, **options: float) -> str:
        """A node with outputs of these shapes; returns the name of the first of them."""
        dtype = _DTYPES.get(operator, "float32")
        names = tuple(self._add("out", shape, dtype) for shape in outputs)
        self._nodes.append(NewNode(operator, tuple(inputs), names, options, _VERSIONS.get(operator, 1)))
        return names[0]

    def pair(self, operator: str, first: str, second: str, **options: float) -> str:
        """A node of two operands that broadcasts as NumPy does."""
        shape = np.broadcast_shapes(self.shape(first), self.shape(second))
        return self.node(operator, (first, second), shape, **options)

    def model(self, description: str, *outputs: str) -> NewModel:
        """The model; without `outputs`, the last node's are its own."""
        last = outputs or self._nodes[-1].outputs
        return NewModel(description, tuple(self._tensors), tuple(self._nodes), tuple(self._inputs), tuple(last))

    def _add(self, kind: str, shape: Shape, dtype: str = "float32", values: npt.NDArray[Any] | None = None) -> str:
        name = f"{kind}{len(self._tensors)}"
        self._tensors.append(NewTensor(name, shape, dtype, values))
        return name
