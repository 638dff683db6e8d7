"""Magenta's pair: a picture's style in numbers, fed into the model that paints with them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from harness.models import DescribedModel, describe_variants, load_card
from harness.models.inspect import inspect
from harness.models.metadata import Content, read_back
from harness.models.reference import reference_outputs
from harness.models.samples import sample
from harness.scenario.answers import answers_of, truths_of
from harness.scenario.inputs import Prepared, prepared_of, tensorflow_outputs

CONTENT = ("chelsea", "astronaut")
VARIANTS = ("fp32", "fp16", "dynamic", "int8")
pytestmark = pytest.mark.slow


def variants(name: str) -> Mapping[str, DescribedModel]:
    return {str(model.variant): model for model in describe_variants(load_card(name))}


@pytest.fixture(scope="module")
def predict() -> Mapping[str, DescribedModel]:
    """The model that makes numbers of a picture, by variant."""
    return variants("style_predict")


@pytest.fixture(scope="module")
def transform() -> Mapping[str, DescribedModel]:
    """The model that paints, by variant."""
    return variants("style_transform")


def prepared(model: DescribedModel) -> Prepared:
    return prepared_of(model, [sample(name) for name in CONTENT])


def test_what_is_fed_is_what_the_other_model_answers(
    predict: Mapping[str, DescribedModel], transform: Mapping[str, DescribedModel]
) -> None:
    """The numbers of the style in the painter's inputs are those of predict's own variant for the starry night."""
    night = sample("starry_night")
    for variant in VARIANTS:
        answers = reference_outputs(predict[variant], prepared_of(predict[variant], [night]).tensors["starry_night"])
        found = prepared(transform[variant])
        (place,) = {index for _, index in found.fed}
        for name in CONTENT:
            np.testing.assert_array_equal(found.tensors[name][place], answers[0])


@pytest.mark.parametrize(("variant", "alike"), [("fp32", 0.9999), ("fp16", 0.998), ("dynamic", 0.98), ("int8", 0.93)])
def test_each_precision_paints_nearly_the_same(
    transform: Mapping[str, DescribedModel], variant: str, alike: float
) -> None:
    """Structural similarity to fp32's painting, which int8 was calibrated for with fp32's numbers of the style."""
    model, samples = transform[variant], [sample(name) for name in CONTENT]
    outputs = tensorflow_outputs(model, prepared(model).tensors)
    found = answers_of(model, samples, outputs, truths_of(model.card, samples))
    assert {score.name: score.of for score in found.scores} == {"SSIM": 2, "PSNR dB": 2}
    assert found.scores[0].value > alike


def test_another_style_is_another_painting(transform: Mapping[str, DescribedModel]) -> None:
    """The numbers matter: with those of nothing, the cat is painted otherwise."""
    model = transform["fp32"]
    found = prepared(model)
    (place,) = {index for _, index in found.fed}
    given = list(found.tensors["chelsea"])
    night = reference_outputs(model, given)[0]
    given[place] = np.zeros_like(given[place])
    assert np.abs(night - reference_outputs(model, given)[0]).mean() > 0.1


def test_paintings_have_the_styles_colours(transform: Mapping[str, DescribedModel]) -> None:
    """An orange cat by starlight is blue."""
    model = transform["fp32"]
    painting = reference_outputs(model, prepared(model).tensors["chelsea"])[0][0]
    red, _, blue = painting.mean((0, 1))
    assert blue > red + 0.1
    assert (painting.min() >= 0, painting.max() <= 1) == (True, True)


def test_metadata_is_in_both(predict: Mapping[str, DescribedModel], transform: Mapping[str, DescribedModel]) -> None:
    """The Task Library's names for what goes from one into the other, in every variant."""
    for variant in VARIANTS:
        said, painted = read_back(inspect(predict[variant].path)), read_back(inspect(transform[variant].path))
        assert said is not None
        assert painted is not None
        assert [tensor.name for tensor in said.outputs] == ["style_bottleneck"]
        assert {tensor.name for tensor in painted.inputs} == {"style_bottleneck", "content_image"}
        assert painted.outputs[0].content is Content.IMAGE
        assert said.inputs[0].std == (255.0,)


def test_the_picture_has_photo_and_style_in_its_corner(transform: Mapping[str, DescribedModel]) -> None:
    """As large as the photo; the corner is the style's, the centre the painting's."""
    model, cat = transform["fp32"], sample("chelsea")
    answer = model.card.task.decode(
        cat, reference_outputs(model, prepared(model).tensors["chelsea"]), model.outputs, model.resources
    )
    picture = model.card.task.draw(cat, answer)
    assert picture is not None
    assert picture.size == (451, 300)
    assert picture.getpixel((2, 297)) == (255, 255, 255)
