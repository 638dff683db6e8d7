"""Object detection: a photo in, the objects in it out; scored by COCO's mean average precision."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harness.errors import ModelError
from harness.models.average_precision import Annotation, Detection, average_precision
from harness.models.boxes import Boxes, Numbers, boxes_around, keep_best
from harness.models.entry import Entry
from harness.models.families.base import Family
from harness.models.families.general import General
from harness.models.families.object_detection import ObjectDetection as Described
from harness.models.families.object_detection import operator_roles
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.labels import LABELS
from harness.models.outlined import outlined
from harness.models.photos import read_photo
from harness.models.samples import Sample
from harness.models.tasks.base import About, Answered, Array, Given, Kind, Resources, Score, real
from harness.models.tasks.forms import LabelledTask, PhotoTask
from harness.models.tasks.parts import ImageInput
from harness.models.tensors import dequantise

if TYPE_CHECKING:
    from PIL import Image

_AT_MOST = 100  # objects in a photo: as many as COCO's score looks at
_LEAST = 0.05  # of a score that counts in COCO's, whose curves need what is under a card's threshold
_WORDS = 5
_LABELS = "give the label file of the classes that it was trained on"
Share = Annotated[float, Field(gt=0, le=1)]
Role = Literal["locations", "categories", "scores", "number"]


@dataclass(frozen=True)
class Objects:
    """What a model finds in a photo, the surest first, how sure is sure enough, and all labels that it knows."""

    found: tuple[Detection, ...]
    threshold: float
    labels: tuple[str, ...]

    @property
    def sure(self) -> tuple[Detection, ...]:
        """The answer proper: what it is sure enough of."""
        return tuple(one for one in self.found if one.score >= self.threshold)


@dataclass(frozen=True)
class Raw:
    """Boxes in the model's pixels, their scores, and the numbers of their classes, the surest first."""

    boxes: Boxes
    scores: Numbers
    classes: NDArray[np.intp]


class Output(Entry, ABC):
    """What comes out. Objects of at least `threshold` are answers; the score looks at others, too."""

    threshold: Share

    @abstractmethod
    def described(self, about: About, image: ImageInput, model: TfliteFile) -> Family:
        """As `Task.described`. Raises ModelError `task.output` for a model of another form."""

    @abstractmethod
    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """As `Task.kinds`."""

    @abstractmethod
    def raw(self, outputs: Sequence[Array], tensors: Sequence[TensorInfo], image: ImageInput, classes: int) -> Raw:
        """All objects that may count, of so many classes. Raises ModelError `task.output`."""

    def meant(self, outputs: Sequence[Array], tensors: Sequence[TensorInfo]) -> tuple[Array, ...]:  # noqa: ARG002
        """As `Task.meant`."""
        return tuple(outputs)


@dataclass(frozen=True)
class Grid:
    """The places of a grid's two outputs, and the side of its cells in the model's pixels."""

    scores: int
    distances: int
    stride: int
    columns: int


class Nanodet(Output):
    """For each cell of some grids a score a class, and how far the sides of its box are, in so many `bins` a side.

    The outputs may come in any order: a grid's two are as long, and the distances' last axis is 4 · `bins`. Of boxes of
    one class that share more than `overlap`, the surest is kept.
    """

    form: Literal["nanodet"]
    bins: Annotated[int, Field(ge=2, le=256)]
    overlap: Share

    def described(self, about: About, image: ImageInput, model: TfliteFile) -> Family:
        """In general words: the Task Library has none for it."""
        labels = {"file": LABELS, "kind": "axis_labels", "description": "Names of the classes, one a line."}
        outputs: dict[int, dict[str, Any]] = {}
        groups = []
        for grid in self._grids(model.main.output_tensors, image):
            pixels, names = grid.stride, (f"scores_{grid.stride}", f"distances_{grid.stride}")
            outputs[grid.scores] = {
                "name": names[0],
                "description": f"Score of each class in each cell of {pixels} × {pixels} pixels, row by row.",
                "files": [labels],
                "minimum": [0],
                "maximum": [1],
            }
            outputs[grid.distances] = {
                "name": names[1],
                "description": f"From a cell's centre to the left, top, right and bottom of its box: for each the logits "
                f"of 0 to {self.bins - 1} times {pixels} pixels.",
            }
            groups.append({"name": f"grid_{pixels}", "tensors": names})
        parts = [{**outputs[index], "content": {"kind": "feature"}} for index in sorted(outputs)]
        said = {"family": "general", "inputs": [_general(image)], "outputs": parts, "output_groups": groups}
        return General.model_validate({**about.keys, **said})

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """Scores of cells have no order that two backends must share."""
        return tuple(Kind.BOXES if self._is_distances(tensor) else Kind.HEATMAPS for tensor in outputs)

    def raw(self, outputs: Sequence[Array], tensors: Sequence[TensorInfo], image: ImageInput, classes: int) -> Raw:
        """Of the cells that may count those that no better one covers."""
        numbers = [dequantise(output, tensor)[0] for output, tensor in zip(outputs, tensors, strict=True)]
        parts = []
        for grid in self._grids(tensors, image):
            scores = real(numbers[grid.scores])
            if scores.shape[1] != classes:
                what = f"output {tensors[grid.scores]} doesn't have one number for each of {classes} labels"
                raise ModelError("task.output", what, hint=_LABELS)
            cells, which = np.nonzero(scores >= _LEAST)
            boxes = boxes_around(numbers[grid.distances][cells], cells, grid.columns, grid.stride)
            parts.append((boxes, scores[cells, which], which))
        boxes, sure, which = (np.concatenate(part) for part in zip(*parts, strict=True))
        kept = keep_best(boxes, sure, which, overlap=self.overlap, most=_AT_MOST)
        return Raw(boxes[kept], sure[kept], which[kept])

    def _is_distances(self, tensor: TensorInfo) -> bool:
        return tensor.shape[-1:] == (4 * self.bins,)

    def _grids(self, tensors: Sequence[TensorInfo], image: ImageInput) -> list[Grid]:
        """The grids, in the order of their scores."""
        places: dict[int, dict[bool, int]] = {}
        for index, tensor in enumerate(tensors):
            batch, cells, _ = tensor.shape if len(tensor.shape) == 3 else (0, 0, 0)
            pair = places.setdefault(cells, {})
            if batch != 1 or cells < 1 or self._is_distances(tensor) in pair:
                what = f"output {tensor} is neither a grid's scores nor its distances"
                raise ModelError("task.output", what, hint=f"distances are 1 × cells × {4 * self.bins}")
            pair[self._is_distances(tensor)] = index
        grids = []
        for cells, pair in places.items():
            stride = max(1, round((image.width * image.height / cells) ** 0.5))
            columns, rows = -(-image.width // stride), -(-image.height // stride)
            if len(pair) != 2 or columns * rows != cells:
                one = tensors[min(pair.values())]
                what = f"output {one} is half of no grid of a {image.width} × {image.height} image"
                raise ModelError("task.output", what, hint="a grid has scores and distances, one row of each a cell")
            grids.append(Grid(pair[False], pair[True], stride, columns))
        return grids


class Ssd(Output):
    """The boxes that are left: TFLite_Detection_PostProcess's four outputs, which come in the given `order`.

    A box has top, left, bottom and right, as shares of the image.
    """

    form: Literal["ssd"]
    order: tuple[Role, Role, Role, Role] = ("locations", "categories", "scores", "number")

    def described(self, about: About, image: ImageInput, model: TfliteFile) -> Family:
        """In the Task Library's form."""
        outputs = model.main.output_tensors
        self._most(outputs)
        roles = operator_roles(model)
        if roles and roles != self.order:
            what = f"the operator's outputs are {', '.join(roles)}, and the card's order is {', '.join(self.order)}"
            raise ModelError("task.output", what, hint="say what the operator says")
        tensors = {} if roles else {role: tensor.name for role, tensor in zip(self.order, outputs, strict=True)}
        said = {"family": "object_detection", "input": image.described, "labels": LABELS, "threshold": self.threshold}
        return Described.model_validate({**about.keys, **said, "tensors": tensors})

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:  # noqa: ARG002
        """Each as its name says; a number of objects is right or wrong, as a class is."""
        kinds = {"locations": Kind.BOXES, "scores": Kind.SCORES}
        return tuple(kinds.get(role, Kind.CLASSES) for role in self.order)

    def raw(self, outputs: Sequence[Array], tensors: Sequence[TensorInfo], image: ImageInput, classes: int) -> Raw:
        """What the operator kept."""
        there = self._there(outputs, tensors, _LEAST)
        numbers = dict(zip(self.order, map(dequantise, outputs, tensors), strict=True))
        boxes = numbers["locations"][0, there][:, [1, 0, 3, 2]] * [image.width, image.height, image.width, image.height]
        which = numbers["categories"][0, there]
        if wrong := [number for number in which if not 0 <= number < classes]:
            what = f"an object is of class {wrong[0]:g}, and there are {classes} labels"
            raise ModelError("task.output", what, hint=_LABELS)
        return Raw(boxes, numbers["scores"][0, there], which.astype(np.intp))

    def meant(self, outputs: Sequence[Array], tensors: Sequence[TensorInfo]) -> tuple[Array, ...]:
        """The objects of at least the threshold: behind their number stands what was in memory before."""
        there = self._there(outputs, tensors, self.threshold)
        given = zip(self.order, outputs, strict=True)
        return tuple(output if role == "number" else output[:, there] for role, output in given)

    def _there(self, outputs: Sequence[Array], tensors: Sequence[TensorInfo], least: float) -> NDArray[np.bool_]:
        """Which of the places hold an object of at least this score."""
        most = self._most(tensors)
        scores, number = (
            real(dequantise(outputs[place], tensors[place])).reshape(-1)
            for place in (self.order.index("scores"), self.order.index("number"))
        )
        return (np.arange(most) < number) & (scores >= least)

    def _most(self, tensors: Sequence[TensorInfo]) -> int:
        """How many objects there may be. Raises ModelError `task.output`."""
        shapes = {role: tensor.shape for role, tensor in zip(self.order, tensors, strict=False)}
        most = shapes.get("scores", (0,))[-1]
        wanted = {"locations": (1, most, 4), "categories": (1, most), "scores": (1, most), "number": (1,)}
        if len(tensors) != len(self.order) or shapes != wanted:
            what = f"outputs {', '.join(map(str, tensors))} aren't {', '.join(self.order)}"
            raise ModelError("task.output", what, hint="say in the card's `order` which comes when")
        return most


class ObjectDetection(PhotoTask, LabelledTask):
    """One image goes in. A truth is the objects that are there."""

    title: ClassVar[str] = "image in, objects out: label, box and score"
    truth_type: ClassVar[Any] = tuple[Annotation, ...]

    family: Literal["object_detection"]
    output: Annotated[Nanodet | Ssd, Field(discriminator="form")]

    def described(self, about: About, model: TfliteFile) -> Family:
        """As the form has it."""
        return self.output.described(about, self.input, model)

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """As the form has it."""
        return self.output.kinds(outputs)

    def meant(self, outputs: Sequence[Array], tensors: Sequence[TensorInfo]) -> tuple[Array, ...]:
        """As the form has it."""
        return self.output.meant(outputs, tensors)

    def examples(
        self,
        sample: Sample,
        inputs: Sequence[TensorInfo],
        resources: Resources,  # noqa: ARG002
    ) -> Iterator[tuple[Given, ...]]:
        """A photo as it is, and mirrored."""
        from PIL import ImageOps

        photo = read_photo(self.photo(sample))
        for view in (photo, ImageOps.mirror(photo)):
            yield (self.input.tensor(view, inputs[0]),)

    def decode(
        self, sample: Sample, outputs: Sequence[Array], tensors: Sequence[TensorInfo], resources: Resources
    ) -> Objects:
        """What is found, in the photo's pixels, the surest first."""
        labels = resources.labels()
        raw = self.output.raw(outputs, tensors, self.input, len(labels))
        photo = read_photo(self.photo(sample))
        fitted = self.input.fitted(photo)
        found = []
        for (left, top, right, bottom), score, number in zip(raw.boxes, raw.scores, raw.classes, strict=True):
            corners = (*fitted.to_photo(left, top), *fitted.to_photo(right, bottom))
            box = np.clip(corners, 0, (photo.width, photo.height) * 2).tolist()
            if box[0] < box[2] and box[1] < box[3]:
                found.append(Detection(labels[number], float(score), tuple(box)))
        return Objects(tuple(sorted(found, key=lambda one: -one.score)), self.output.threshold, labels)

    def score(self, answered: Sequence[Answered]) -> tuple[Score, ...]:
        """COCO's mean average precision, over the classes that the model knows."""
        photos = [
            (each.answer.found, [one for one in each.truth if one.label in each.answer.labels]) for each in answered
        ]
        precision = average_precision(photos)
        if precision is None:
            return ()
        count = len(photos)
        return Score("mAP@0.5", precision.at_half, count), Score("mAP@[.5:.95]", precision.mean, count)

    def words(self, answer: Any) -> str:
        """The five surest."""
        return ", ".join(f"{one.label} {one.score:.2f}" for one in answer.sure[:_WORDS]) or "nothing"

    def draw(self, sample: Sample, answer: Any) -> Image.Image:
        """The photo with a box around each object, its label and score above."""
        return outlined(read_photo(self.photo(sample)), answer.sure)


def _general(image: ImageInput) -> dict[str, Any]:
    """The input; the metadata knows images as red, green and blue, channels last. What others are stands in words."""
    if (image.layout, image.channels) == ("nhwc", "rgb"):
        return {
            **image.described.model_dump(include={"name", "description", "mean", "std"}),
            "content": {"kind": "image"},
        }
    axes = "batch, channels, height, width" if image.layout == "nchw" else "batch, height, width, channels"
    numbers = f"(byte - mean) / std, mean {_listed(image.mean)}, std {_listed(image.std)}"
    text = f"{image.description} Its axes are {axes}; its channels {image.channels.upper()}, {numbers}."
    return {"name": image.name, "description": text, "content": {"kind": "feature"}}


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
