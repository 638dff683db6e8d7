"""Style transfer, in two models: a picture's style as numbers, and a photo repainted by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from harness.errors import ModelError
from harness.models.entry import Entry, Place, Word
from harness.models.families.style_transfer import StyleTransfer as Family
from harness.models.image_similarity import Pixels, psnr, ssim
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.photos import read_photo
from harness.models.samples import Sample
from harness.models.samples import sample as sample_of
from harness.models.tasks.base import About, Answered, Array, Fed, Given, Kind, Resources, Score, Task, real
from harness.models.tasks.parts import ImageInput
from harness.models.tensors import dequantise

if TYPE_CHECKING:
    from PIL import Image

_CHANNELS = 3
_INSET = 0.22  # of the painting's width


class Style(Entry):
    """Whose style it is: what the card `model` answers to the photo `sample`."""

    model: Word
    sample: Word


@dataclass(frozen=True, eq=False)
class Bottleneck:
    """A style in numbers."""

    numbers: Array


@dataclass(frozen=True, eq=False)
class Painting:
    """A photo in a style."""

    pixels: Pixels


class StyleTransfer(Task):
    """`part: predict` makes numbers of a picture; `part: transform` repaints a photo in the `style` that they say.

    Nobody has ever seen the right painting: a truth is TensorFlow's, with the variant of the highest precision.
    """

    title: ClassVar[str] = "two models: a picture's style to numbers, photo and numbers to painting"
    truth_type: ClassVar[Any] = None

    family: Literal["style_transfer"]
    part: Literal["predict", "transform"]
    input: ImageInput
    style: Style | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.part == "transform") != (self.style is not None):
            raise ValueError("part 'transform' needs 'style: {model: …, sample: …}', and 'predict' has none")
        return self

    @property
    def takes(self) -> str:
        """A photo; the painter takes a style, too."""
        return f"{super().takes}, a style" if self.style else super().takes

    @property
    def judged_by_reference(self) -> bool:
        """Of a painting."""
        return self.part == "transform"

    def feeders(self) -> tuple[Fed, ...]:
        """The style."""
        return (Fed(self.style.model, self.style.sample),) if self.style else ()

    def files(self, place: Place) -> Mapping[str, bytes]:  # noqa: ARG002
        """None."""
        return {}

    def described(self, about: About, model: TfliteFile) -> Family:  # noqa: ARG002
        """In the Task Library's form."""
        return Family(**about.keys, family=self.family, part=self.part, input=self.input.described)

    def kinds(self, outputs: Sequence[TensorInfo]) -> tuple[Kind, ...]:
        """A vector, or an image."""
        return (Kind.VECTOR if self.part == "predict" else Kind.IMAGES,) * len(outputs)

    def prepare(self, sample: Sample, inputs: Sequence[TensorInfo], resources: Resources) -> tuple[Given, ...]:  # noqa: ARG002
        """The photo at the card's size, and what the style's model answers."""
        tensor = self.input.tensor(read_photo(self.photo(sample)), inputs[self._photo_of(inputs)])
        return self._given(tensor, inputs)

    def examples(
        self,
        sample: Sample,
        inputs: Sequence[TensorInfo],
        resources: Resources,  # noqa: ARG002
    ) -> Iterator[tuple[Given, ...]]:
        """Ten views of a photo."""
        for tensor in self.input.views(read_photo(self.photo(sample)), inputs[self._photo_of(inputs)]):
            yield self._given(tensor, inputs)

    def _photo_of(self, inputs: Sequence[TensorInfo]) -> int:
        """Which input takes the photo."""
        found = [index for index, each in enumerate(inputs) if len(each.shape) == 4 and each.shape[-1] == _CHANNELS]
        if len(found) != 1 or len(inputs) != 1 + len(self.feeders()):
            names = ", ".join(str(each) for each in inputs)
            what = f"part '{self.part}' takes a photo{' and the numbers of a style' if self.style else ''}"
            raise ModelError("task.input", what, why=f"the inputs are {names}")
        return found[0]

    def _given(self, photo: Array, inputs: Sequence[TensorInfo]) -> tuple[Given, ...]:
        place = self._photo_of(inputs)
        return tuple(photo if index == place else self.feeders()[0] for index in range(len(inputs)))

    def decode(
        self,
        sample: Sample,  # noqa: ARG002
        outputs: Sequence[Array],
        tensors: Sequence[TensorInfo],
        resources: Resources,  # noqa: ARG002
    ) -> Bottleneck | Painting:
        """The numbers, or the painting: from 0 to 1."""
        numbers = dequantise(outputs[0], tensors[0])
        if self.part == "predict":
            return Bottleneck(numbers.reshape(-1))
        if numbers.ndim != 4 or len(numbers) != 1 or numbers.shape[-1] != _CHANNELS:
            raise ModelError("task.output", f"output {tensors[0]} isn't an image: 1 × height × width × 3")
        return Painting(np.clip(real(numbers)[0], 0, 1))

    def score(self, answered: Sequence[Answered]) -> tuple[Score, ...]:
        """The mean likeness of the paintings to the reference's: SSIM, and PSNR in decibels."""
        pairs = [(each.truth.pixels, each.answer.pixels) for each in answered]
        if not pairs:
            return ()
        count = len(pairs)
        alike, peak = sum(ssim(*pair) for pair in pairs) / count, sum(psnr(*pair) for pair in pairs) / count
        return Score("SSIM", alike, count), Score("PSNR dB", peak, count)

    def words(self, answer: Any) -> str:
        """How many numbers, and in which range; or the painting's size and mean colour."""
        if isinstance(answer, Bottleneck):
            numbers = answer.numbers
            return f"{numbers.size} numbers from {numbers.min():.3g} to {numbers.max():.3g}"
        height, width, _ = answer.pixels.shape
        red, green, blue = answer.pixels.mean((0, 1))
        return f"{width} × {height}, mean red {red:.3f}, green {green:.3f}, blue {blue:.3f}"

    def draw(self, sample: Sample, answer: Any) -> Image.Image | None:
        """The painting in the shape of what the model saw of the photo, with the photo and the style in its corner."""
        from PIL import Image, ImageOps

        if self.style is None:
            return None
        photo, style = read_photo(self.photo(sample)), read_photo(sample_of(self.style.sample).path)
        fitted = self.input.fitted(photo)
        size = round(fitted.across * fitted.image.width), round(fitted.down * fitted.image.height)
        painting = Image.fromarray((answer.pixels * 255).round().astype(np.uint8)).resize(
            size, Image.Resampling.BICUBIC
        )
        border = max(2, painting.width // 200)
        left = border
        for each in (photo, style):
            each.thumbnail((round(painting.width * _INSET),) * 2)
            framed = ImageOps.expand(each, border, "white")
            painting.paste(framed, (left, painting.height - framed.height - border))
            left += framed.width + border
        return painting
