"""Object detection with the boxes already chosen: an image in; locations, categories, scores and their number out."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from harness.models.families.base import Family, Given
from harness.models.families.parts import ImageInput, Labelled, Scored
from harness.models.inspect import TfliteFile
from harness.models.metadata.values import (
    Box,
    BoxKind,
    Content,
    Coordinates,
    Description,
    FileKind,
    TensorDescription,
    TensorGroup,
)

_OPERATOR = "TFLite_Detection_PostProcess"
# The names by which the Task Library's ObjectDetector finds the outputs, in the order of TensorFlow's own operator.
_NAMES = {"locations": "location", "categories": "category", "scores": "score", "number": "number of detections"}
_WORDS = {
    "locations": ("location", "box"),
    "categories": ("categor", "class"),
    "scores": ("score", "prob"),
    "number": ("num", "count"),
}
_KINDS = {"boundaries": BoxKind.BOUNDARIES, "upper_left": BoxKind.UPPER_LEFT, "center": BoxKind.CENTER}
_OBJECTS = (2, 2)  # dimension 0 is the batch and 1 the objects, so what is behind describes one of them


class ObjectDetection(Family, Labelled, Scored):
    """`tensors` says which output is which where neither TensorFlow's operator nor the names do.

    `index` has the places of left, top, right and bottom in a box; 1, 0, 3, 2 is TensorFlow's own order.
    """

    title: ClassVar[str] = "image in; boxes, categories, scores and their number out"

    family: Literal["object_detection"]
    input: ImageInput
    index: tuple[int, ...] = (1, 0, 3, 2)
    box: Literal["boundaries", "upper_left", "center"] = "boundaries"
    coordinates: Literal["ratio", "pixel"] = "ratio"
    tensors: dict[Literal["locations", "categories", "scores", "number"], str] = Field(default={})

    def describe(self, given: Given) -> Description:
        """One input, four outputs in any order, three of them a group."""
        given.expect(self.family, inputs=1, outputs=4)
        units, files = self.score_parts(given)
        labels = self.label_files(given, FileKind.VALUE_LABELS)
        box = Box(tuple(self.index), _KINDS[self.box], Coordinates[self.coordinates.upper()])
        said = {
            "locations": TensorDescription(
                _NAMES["locations"], "Box of each object.", Content.BOUNDING_BOX, box=box, content_range=_OBJECTS
            ),
            "categories": TensorDescription(
                _NAMES["categories"],
                "Class of each object: a line of the label file.",
                Content.FEATURE,
                files=labels,
                content_range=_OBJECTS,
            ),
            "scores": TensorDescription(
                _NAMES["scores"],
                "Score of each object.",
                Content.FEATURE,
                files=files,
                units=units,
                content_range=_OBJECTS,
            ),
            "number": TensorDescription(_NAMES["number"], "How many objects there are.", Content.FEATURE),
        }
        group = TensorGroup("detection_result", tuple(_NAMES[role] for role in ("locations", "categories", "scores")))
        outputs = [said[role] for role in self._roles(given)]
        return self.described(given, [self.input.describe(given.inputs[0])], outputs, output_groups=(group,))

    def _roles(self, given: Given) -> tuple[str, ...]:
        of_operator = operator_roles(given.model)
        if of_operator and not self.tensors:
            return of_operator
        return given.roles("outputs", _WORDS, {str(role): name for role, name in self.tensors.items()})


def operator_roles(model: TfliteFile) -> tuple[str, ...] | None:
    """What each output is, in the model's order, where TensorFlow's operator gives them; None where it doesn't."""
    graph = model.main
    for operation in graph.operations:
        if operation.name == _OPERATOR and set(operation.outputs) == set(graph.outputs):
            by_number = dict(zip(operation.outputs, _NAMES, strict=False))
            return tuple(by_number[number] for number in graph.outputs)
    return None
