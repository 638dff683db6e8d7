"""One node of an ONNX graph, as the function that stands for its operator sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from harness.models.onnx_value import Unsupported, Value, plain_value

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class Call:
    """A node and what goes into it; an input that it leaves out is None."""

    node: onnx.NodeProto
    opset: int
    inputs: tuple[Value | NDArray[Any] | None, ...]
    made_by: tuple[str, ...]

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute of the node, text as str."""
        import onnx

        for each in self.node.attribute:
            if each.name == name:
                found = onnx.helper.get_attribute_value(each)
                return found.decode() if isinstance(found, bytes) else found
        return default

    def has(self, place: int) -> bool:
        """Whether it has that input."""
        return place < len(self.inputs) and self.inputs[place] is not None

    def operand(self, place: int) -> Value | NDArray[Any]:
        """An input, whatever it is."""
        found = self.inputs[place] if place < len(self.inputs) else None
        if found is None:
            raise Unsupported(f"it has no input {place}")
        return found

    def value(self, place: int = 0) -> Value:
        """An input as a value of TensorFlow's."""
        found = self.operand(place)
        return found if isinstance(found, Value) else plain_value(found)

    def constant(self, place: int) -> NDArray[Any]:
        """An input that doesn't depend on the model's own."""
        found = self.operand(place)
        if isinstance(found, Value):
            raise Unsupported(f"its input '{self.node.input[place]}' isn't constant")
        return found

    def numbers(self, place: int, name: str) -> list[int] | None:
        """Integers that newer opsets take as an input and older ones as an attribute; None where there are none."""
        if self.has(place):
            return [int(number) for number in self.constant(place).reshape(-1)]
        found = self.attribute(name)
        return None if found is None else [int(number) for number in found]
