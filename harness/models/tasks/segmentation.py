"""Segmentation: a photo in, what each of its pixels shows out; scored by overlap with outlines drawn by hand."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harness.errors import ModelError
from harness.models.families.base import Family
from harness.models.families.general import General
from harness.models.families.segmentation import Segmentation as Masks
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.labels import LABELS
from harness.models.photos import Fitted, read_photo
from harness.models.samples import Sample
from harness.models.tasks.base import About, Answered, Array, Kind, Resources, Score, real
from harness.models.tasks.forms import LabelledTask, PhotoTask
from harness.models.tensors import dequantise

if TYPE_CHECKING:
    from PIL import Image

UNSEEN = -1
BACKGROUND = "background"
_TINT = 0.55
_GOLDEN = 0.618034  # of the colour circle between two classes: neighbours in number are never neighbours in colour
_FIRST = 0.25  # where on the circle class 0 is

Ring = Annotated[tuple[tuple[float, float], ...], Field(min_length=3)]
Outlines = Mapping[str, tuple[Ring, ...]]
"""Closed rings by class, in pixels of the photo; a ring in another of its class is a hole. All else is background."""

Classes = NDArray[np.int16]
"""(height, width): the number of a class, or UNSEEN."""


@dataclass(frozen=True, eq=False)
class Segments:
    """What each pixel of a photo shows, by number in `labels`; UNSEEN where the model was shown nothing."""

    labels: tuple[str, ...]
    classes: Classes

    @property
    def shares(self) -> Mapping[str, float]:
        """The share that each class has of what was seen, the largest first; those without a pixel aren't here."""
        seen = self.classes[self.classes != UNSEEN]
        numbers, counts = np.unique(seen, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return {self.labels[numbers[index]]: counts[index] / seen.size for index in order}


class Segmentation(PhotoTask, LabelledTask):
    """One image goes in. A truth is `Outlines`.

    `form` says what comes out for each pixel: `mask`, one probability of the only label; `scores`, a number a label, of
    which the largest wins; `classes`, the number of the label.
    """

    title: ClassVar[str] = "image in, a class a pixel out"
    truth_type: ClassVar[Any] = dict[str, tuple[Ring, ...]]

    family: Literal["segmentation"]
    form: Literal["mask", "scores", "classes"]

    def described(self, about: About, model: TfliteFile) -> Family:  # noqa: ARG002
        """In the Task Library's form, which has no word for numbers of classes: those are `general`."""
        if self.form != "classes":
            return Masks(**about.keys, family=self.family, input=self.input.described, labels=LABELS)
        image = {"name": self.input.name, "description": self.input.description, "content": {"kind": "image"}}
        numbers = {
            "name": "classes",
            "description": "The number of each pixel's class.",
            "content": {"kind": "feature"},
            "files": [{"file": LABELS, "kind": "value_labels", "description": "Names of the classes, one a line."}],
        }
        inputs = [{**image, "mean": self.input.mean, "std": self.input.std}]
        return General.model_validate({**about.keys, "family": "general", "inputs": inputs, "outputs": [numbers]})

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """Scores of pixels have no order that two backends must share: near an edge two classes are nearly equal."""
        kind = {"mask": Kind.MASKS, "scores": Kind.HEATMAPS, "classes": Kind.CLASSES}[self.form]
        return (kind,) * len(outputs)

    def decode(
        self, sample: Sample, outputs: Sequence[Array], tensors: Sequence[TensorInfo], resources: Resources
    ) -> Segments:
        """The class of each pixel of the photo: that of the model's own pixel which its centre falls on."""
        labels = resources.labels()
        grid = self._grid(outputs[0], tensors[0], len(labels))
        photo = read_photo(self.photo(sample))
        fitted = self.input.fitted(photo)
        return Segments((BACKGROUND, *labels) if self.form == "mask" else labels, _on_photo(grid, fitted, photo.size))

    def _grid(self, output: Array, tensor: TensorInfo, labels: int) -> Classes:
        """The output as classes, (height, width)."""
        classes: Classes
        if self.form == "classes":
            square = output.reshape(output.shape[:3]) if output.ndim == 4 and output.shape[-1] == 1 else output
            whole = np.issubdtype(output.dtype, np.integer) and not tensor.quantised
            if square.ndim != 3 or len(square) != 1 or not whole or not ((square >= 0) & (square < labels)).all():
                raise ModelError("task.output", f"output {tensor} doesn't have one of {labels} classes for each pixel")
            classes = square[0].astype(np.int16)
            return classes
        channels = 1 if self.form == "mask" else labels
        if output.ndim != 4 or len(output) != 1 or labels < 1 or output.shape[-1] != channels:
            what = f"output {tensor} isn't 1 × height × width × {channels}"
            raise ModelError("task.output", what, hint=f"labels.txt has {labels}; form: {self.form}")
        numbers = real(dequantise(output, tensor))[0]
        classes = (numbers[..., 0] > 0.5 if self.form == "mask" else numbers.argmax(-1)).astype(np.int16)
        return classes

    def score(self, answered: Sequence[Answered]) -> tuple[Score, ...]:
        """mIoU over the classes that the truths have, and the share of pixels that are right: all photos' pixels at once.

        J. Long, E. Shelhamer, T. Darrell: Fully Convolutional Networks for Semantic Segmentation, CVPR 2015, section 5;
        pixels counted together as PASCAL VOC does. A class of a truth that the model hasn't got is its background.
        """
        if not answered:
            return ()
        count = len(answered[0].answer.labels)
        pairs = np.zeros((count, count), np.int64)
        for each in answered:
            truth = drawn(each.truth, each.answer)
            known = (truth != UNSEEN) & (each.answer.classes != UNSEEN)
            places = count * truth[known].astype(np.int64) + each.answer.classes[known]
            pairs += np.bincount(places, minlength=count * count).reshape(count, count)
        right, there = pairs.diagonal(), pairs.sum(1) > 0
        if not there.any():
            return ()
        union = pairs.sum(0) + pairs.sum(1) - right
        overlap = float(np.mean(right[there] / union[there]))
        of = len(answered)
        return Score("mIoU", overlap, of), Score("pixel accuracy", float(right.sum() / pairs.sum()), of)

    def words(self, answer: Any) -> str:
        """The three largest classes."""
        return ", ".join(f"{label} {share:.1%}" for label, share in list(answer.shares.items())[:3])

    def draw(self, sample: Sample, answer: Any) -> Image.Image:
        """The photo under its classes' colours, with a legend; background stays as it is, what wasn't seen is dark."""
        from PIL import Image

        pixels = np.asarray(read_photo(self.photo(sample)), np.float32).copy()
        pixels[answer.classes == UNSEEN] *= 1 - _TINT
        legend = {}
        for label, share in answer.shares.items():
            if label != BACKGROUND:
                number = answer.labels.index(label)
                legend[f"{label} {share:.1%}"] = _colour(number)
                where = answer.classes == number
                pixels[where] += _TINT * (np.array(_colour(number)) - pixels[where])
        picture = Image.fromarray(pixels.round().astype(np.uint8))
        _write_legend(picture, legend)
        return picture


def drawn(outlines: Outlines, answer: Segments) -> Classes:
    """Outlines as the classes of an answer's pixels; UNSEEN where a model without background has no class for it."""
    from PIL import Image, ImageChops, ImageDraw

    labels, (height, width) = answer.labels, answer.classes.shape
    ground = labels.index(BACKGROUND) if BACKGROUND in labels else UNSEEN
    classes = np.full((height, width), ground, np.int16)
    for label, rings in outlines.items():
        inside = Image.new("1", (width, height))
        for ring in rings:
            one = Image.new("1", (width, height))
            ImageDraw.Draw(one).polygon([*ring], fill=1)
            inside = ImageChops.logical_xor(inside, one)
        classes[np.asarray(inside)] = labels.index(label) if label in labels else ground
    return classes


def _on_photo(grid: Classes, fitted: Fitted, size: tuple[int, int]) -> Classes:
    """The grid's classes at the photo's size."""
    width, height = size
    across = _cells(width, fitted.left, fitted.across * fitted.image.width / grid.shape[1])
    down = _cells(height, fitted.top, fitted.down * fitted.image.height / grid.shape[0])
    classes = np.full((height, width), UNSEEN, np.int16)
    rows = np.flatnonzero((down >= 0) & (down < grid.shape[0]))
    columns = np.flatnonzero((across >= 0) & (across < grid.shape[1]))
    classes[np.ix_(rows, columns)] = grid[np.ix_(down[rows], across[columns])]
    return classes


def _cells(count: int, start: float, side: float) -> NDArray[np.intp]:
    """In which cell of a grid that begins at `start` the centre of each of these pixels lies."""
    cells: NDArray[np.intp] = np.floor((np.arange(count) + 0.5 - start) / side).astype(np.intp)
    return cells


def _colour(number: int) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb((_FIRST + number * _GOLDEN) % 1, 0.8, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)


def _write_legend(picture: Image.Image, legend: Mapping[str, tuple[int, int, int]]) -> None:
    """A line a class in the upper left corner."""
    from PIL import ImageDraw, ImageFont

    size = max(12, max(picture.size) // 32)
    font, draw = ImageFont.load_default(size), ImageDraw.Draw(picture, "RGBA")
    for line, (text, colour) in enumerate(legend.items()):
        x, y = size // 2, size // 2 + line * size * 3 // 2
        draw.rectangle((x, y, x + size * 2 + draw.textlength(text, font), y + size * 3 // 2), fill=(0, 0, 0, 150))
        draw.rectangle((x + size // 3, y + size // 3, x + size, y + size), fill=colour)
        draw.text((x + size * 3 // 2, y + size // 8), text, font=font, fill=(255, 255, 255))
