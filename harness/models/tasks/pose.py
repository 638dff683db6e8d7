"""Pose: a photo of one person in, COCO's seventeen key points out; scored by how near they are to those set by hand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from harness.errors import ModelError
from harness.models.coco_person import BONES, SIGMAS, Point
from harness.models.entry import Entry, Line, Place, Word
from harness.models.families.pose import Pose as Family
from harness.models.families.pose import PoseOutput
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.photos import Fitted, read_photo, views
from harness.models.samples import Sample
from harness.models.tasks.base import About, Answered, Array, Given, Kind, Resources, Score, Task
from harness.models.tasks.parts import ImageInput
from harness.models.tensors import dequantise, quantise

if TYPE_CHECKING:
    from PIL import Image

Floats = NDArray[np.float64]

_NAMES = "keypoints.txt"
_SURE = 0.3  # of points that are less sure no picture is made, nor a word
_NEAR = 0.1
_OUTLINE = 0.53
_GRID_RANK = 4
_LONGEST_SIDE = 640
_EDGE, _MIDDLE = (0, 0, 0), (255, 255, 255)
_SIDES = {"left": (255, 150, 0), "right": (0, 190, 255)}


@dataclass(frozen=True)
class KeyPoint:
    """Where a key point is, in the photo's pixels, and how sure the model is of it, from 0 to 1."""

    name: Point
    x: float
    y: float
    score: float


class Person(Entry):
    """The truth of a photo: where those key points of its person are that can be seen, in pixels.

    `square` (left, top, side) is what a detector cuts out for a model that wants the whole person and no more; it may
    reach beyond the photo.
    """

    points: Annotated[dict[Point, tuple[float, float]], Field(min_length=2)]
    square: tuple[int, int, Annotated[int, Field(gt=0, le=8192)]] | None = None


class Described(Entry):
    """An output in words."""

    name: Word
    description: Line


class Other(Described):
    """An output that nothing is read from here."""

    tensor: Line


class Form(Described):
    """How an output, or two, give the key points."""

    @abstractmethod
    def shapes(self, points: int, image: ImageInput) -> tuple[tuple[int, ...], ...]:
        """The shape of each output that is read, the first of them the one that is named."""

    @abstractmethod
    def read(self, outputs: Sequence[Floats], image: ImageInput) -> Floats:
        """(points, 3): x and y in the input's pixels, and a score from 0 to 1."""


class Heatmaps(Form):
    """A grid of logits a point, 1 × rows × columns × points, and offsets in pixels, of all points in y, then in x.

    A point is where its logit is highest: `stride` pixels a cell, and the offset of that cell for that point added
    (Papandreou et al., "PersonLab", 2018, with one person).
    """

    form: Literal["heatmaps"]
    stride: Annotated[int, Field(gt=0)]
    offsets: Described

    def shapes(self, points: int, image: ImageInput) -> tuple[tuple[int, ...], ...]:
        """The heat maps and the offsets."""
        grid = (image.height - 1) // self.stride + 1, (image.width - 1) // self.stride + 1
        return (1, *grid, points), (1, *grid, 2 * points)

    def read(self, outputs: Sequence[Floats], image: ImageInput) -> Floats:  # noqa: ARG002
        """The likeliest cell of each map; equal ones, the first."""
        maps, offsets = outputs[0][0], outputs[1][0]
        points = np.arange(maps.shape[-1])
        rows, columns = np.unravel_index(maps.reshape(-1, points.size).argmax(axis=0), maps.shape[:2])
        y = rows * self.stride + offsets[rows, columns, points]
        x = columns * self.stride + offsets[rows, columns, points + points.size]
        return np.stack([x, y, _sigmoid(maps[rows, columns, points])], axis=-1)


class Flat(Form):
    """All numbers of all points in one row, `values` a point: x and y in pixels come first, a logit is at `score`."""

    form: Literal["flat"]
    values: Annotated[int, Field(ge=3)]
    score: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _score_among_values(self) -> Self:
        if self.score >= self.values:
            raise ValueError(f"score is at {self.score}, and the last of {self.values} values is at {self.values - 1}")
        return self

    def shapes(self, points: int, image: ImageInput) -> tuple[tuple[int, ...], ...]:  # noqa: ARG002
        """The row."""
        return ((1, points * self.values),)

    def read(self, outputs: Sequence[Floats], image: ImageInput) -> Floats:  # noqa: ARG002
        """Three numbers of each point."""
        points = outputs[0].reshape(-1, self.values)
        return np.stack([points[:, 0], points[:, 1], _sigmoid(points[:, self.score])], axis=-1)


class KeyPoints(Form):
    """1 × 1 × points × 3: y and x as shares of the input's height and width, and a score."""

    form: Literal["keypoints"]

    def shapes(self, points: int, image: ImageInput) -> tuple[tuple[int, ...], ...]:  # noqa: ARG002
        """The one output."""
        return ((1, 1, points, 3),)

    def read(self, outputs: Sequence[Floats], image: ImageInput) -> Floats:
        """As they are, in pixels."""
        y, x, score = outputs[0].reshape(-1, 3).T
        return np.stack([x * image.width, y * image.height, score], axis=-1)


class Pose(Task):
    """One photo goes in, key points come out; `keypoints` names all that the model has, COCO's among them.

    With `frame: person` the model takes the square of the photo that its truth names, and the whole photo where none
    is named.
    """

    title: ClassVar[str] = "photo of one person in, its key points out"
    truth_type: ClassVar[Any] = Person

    family: Literal["pose"]
    input: ImageInput
    frame: Literal["photo", "person"] = "photo"
    output: Annotated[Heatmaps | Flat | KeyPoints, Field(discriminator="form")]
    others: tuple[Other, ...] = ()
    keypoints: tuple[Word, ...]

    @model_validator(mode="after")
    def _cocos_points_once(self) -> Self:
        if missing := [point.value for point in Point if point.value not in self.keypoints]:
            raise ValueError(f"keypoints lacks {', '.join(missing)}")
        if len(set(self.keypoints)) != len(self.keypoints):
            raise ValueError("keypoints names one of them twice")
        return self

    def files(self, place: Place) -> Mapping[str, bytes]:  # noqa: ARG002
        """The names of the key points."""
        return {_NAMES: "".join(f"{name}\n" for name in self.keypoints).encode()}

    def described(self, about: About, model: TfliteFile) -> Family:
        """In the words that there are for pose: the Task Library has none.

        Raises:
            ModelError: `task.output` when no output, or more than one, has the form that the card says.
        """
        tensors = model.main.output_tensors
        read = self._read_from(tensors)
        said = {tensor.name: PoseOutput(kind="other", name=tensor.name) for tensor in tensors}
        for other in self.others:
            if other.tensor not in said:
                raise _unlike(f"there is no output '{other.tensor}'", tensors)
            said[other.tensor] = _output("other", other)
        said[tensors[read[0]].name] = _output(self.output.form, self.output)
        if isinstance(self.output, Heatmaps):
            said[tensors[read[1]].name] = _output("other", self.output.offsets)
        return Family(
            **about.keys,
            family=self.family,
            input=self.input.described,
            keypoints=_NAMES,
            outputs=[said[tensor.name] for tensor in tensors],
        )

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """Places of points; fields, heat maps with their offsets among them; vectors."""
        places = () if isinstance(self.output, Heatmaps) else self._read_from(outputs)
        return tuple(
            Kind.KEYPOINTS if index in places else Kind.FIELDS if _is_grid(tensor) else Kind.VECTOR
            for index, tensor in enumerate(outputs)
        )

    def prepare(self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources) -> tuple[Given, ...]:  # noqa: ARG002
        """The photo, or the square of it, at the card's size, normalised."""
        return (quantise(self.input.normalise(self._fitted(sample).image), inputs[0]),)

    def examples(
        self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources
    ) -> Iterator[tuple[Given, ...]]:
        """What is prepared, and ten views of the photo."""
        yield self.prepare(sample, inputs, resources)
        for view in views(read_photo(self.photo(sample))):
            yield (self.input.tensor(view, inputs[0]),)

    def decode(
        self,
        sample: Sample,
        outputs: Sequence[Array],
        tensors: Sequence[TensorInfo],
        resources: Resources,  # noqa: ARG002
    ) -> tuple[KeyPoint, ...]:
        """COCO's points in COCO's order, in the photo's pixels."""
        numbers = [dequantise(outputs[index], tensors[index]) for index in self._read_from(tensors)]
        if not all(np.isfinite(each).all() for each in numbers):
            raise ModelError("task.output", f"{sample.name}: the outputs that hold key points have NaN or infinity")
        fitted, places = (
            self._fitted(sample),
            dict(zip(self.keypoints, self.output.read(numbers, self.input), strict=True)),
        )
        found = []
        for point in Point:
            x, y, score = map(float, places[point])
            found.append(KeyPoint(point, *fitted.to_photo(x, y), score))
        return tuple(found)

    def score(self, answered: Sequence[Answered]) -> tuple[Score, ...]:
        """PCK, OKS, and the mean distance, over the points that the truths have, however sure the model is of them.

        PCK@0.1 is the share of points within a tenth of the longer side of the box round the truth's points (Yang and
        Ramanan, "Articulated Human Detection with Flexible Mixtures of Parts", 2013); the distance is a share of that
        side. OKS is COCO's similarity, a mean over photos; the person's area is .53 of that box, as is usual where
        nobody drew an outline.
        """
        if not answered:
            return ()
        measured = [_measured(each.answer, each.truth) for each in answered]
        distances = np.concatenate([shares for shares, _ in measured])
        near, count = int(np.count_nonzero(distances <= _NEAR)), distances.size
        return (
            Score(f"PCK@{_NEAR}", near / count, count, near),
            Score("OKS", float(np.mean([similarity for _, similarity in measured])), len(measured)),
            Score("distance", float(distances.mean()), count),
        )

    def words(self, answer: Any) -> str:
        """How many points are sure, and where the surest is."""
        sure = sum(point.score >= _SURE for point in answer)
        best = max(answer, key=lambda point: point.score)
        return f"{sure} of {len(answer)} points, {best.name} at ({best.x:.0f}, {best.y:.0f}) {best.score:.2f}"

    def draw(self, sample: Sample, answer: Any) -> Image.Image:
        """The photo with the points that are sure and the lines between them; left in orange, right in blue."""
        from PIL import ImageDraw

        photo = read_photo(self.photo(sample))
        scale = min(1.0, _LONGEST_SIDE / max(photo.size))
        photo = photo.resize((round(photo.width * scale), round(photo.height * scale)))
        at = {point.name: (point.x * scale, point.y * scale) for point in answer if point.score >= _SURE}
        bones = [((at[start], at[end]), _colour(start, end)) for start, end in BONES if start in at and end in at]
        pen = ImageDraw.Draw(photo)
        for line, _ in bones:
            pen.line(line, fill=_EDGE, width=7)
        for line, colour in bones:
            pen.line(line, fill=colour, width=4)
        for name, place in at.items():
            pen.circle(place, 5, fill=_colour(name), outline=_EDGE, width=2)
        return photo

    def _read_from(self, tensors: Sequence[TensorInfo]) -> tuple[int, ...]:
        """Which outputs hold what the form wants: they come in any order, and each has a shape of its own."""
        found = []
        for shape in self.output.shapes(len(self.keypoints), self.input):
            fits = [index for index, tensor in enumerate(tensors) if tensor.shape == shape]
            if len(fits) != 1:
                count = "no output has" if not fits else f"{len(fits)} outputs have"
                what = f"{count} the shape {'×'.join(map(str, shape))} of {self.output.form}"
                raise _unlike(f"{what} with {len(self.keypoints)} key points", tensors)
            found.append(fits[0])
        return tuple(found)

    def _fitted(self, sample: Sample) -> Fitted:
        photo = read_photo(self.photo(sample))
        truth = self.truth(sample) if self.frame == "person" else None
        if truth is None or truth.square is None:
            return self.input.fitted(photo)
        left, top, side = truth.square
        fitted = self.input.fitted(photo.crop((left, top, left + side, top + side)))
        return replace(fitted, left=fitted.left + left, top=fitted.top + top)


def _output(kind: Literal["keypoints", "heatmaps", "flat", "other"], said: Described) -> PoseOutput:
    return PoseOutput(kind=kind, name=said.name, description=said.description)


def _is_grid(tensor: TensorInfo) -> bool:
    """1 × rows × columns × numbers a place."""
    return len(tensor.shape) == _GRID_RANK and min(tensor.shape[1:3]) > 1


def _unlike(what: str, tensors: Sequence[TensorInfo]) -> ModelError:
    hint = "correct the card's 'output', 'others' or 'keypoints'"
    return ModelError("task.output", what, why=f"there are {', '.join(map(str, tensors))}", hint=hint)


def _measured(answer: Sequence[KeyPoint], truth: Person) -> tuple[Floats, float]:
    """Each point's distance as a share of the longer side of the truth's box, and COCO's similarity."""
    found = {point.name: (point.x, point.y) for point in answer}
    right = np.array(list(truth.points.values()))
    apart = np.linalg.norm(np.array([found[name] for name in truth.points]) - right, axis=1)
    width, height = np.maximum(np.ptp(right, axis=0), 1.0)
    spread = 2 * np.array([SIGMAS[name] for name in truth.points])
    similarity = np.exp(-(apart**2) / (2 * _OUTLINE * width * height * spread**2))
    return apart / max(width, height), float(similarity.mean())


def _sigmoid(logits: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(logits, -60, 60)))


def _colour(*points: Point) -> tuple[int, int, int]:
    sides = {point.partition("_")[0] for point in points}
    return _SIDES.get(sides.pop(), _MIDDLE) if len(sides) == 1 else _MIDDLE
