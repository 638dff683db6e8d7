"""One model's answer as another's input: on the host, for real inputs and for calibration."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.errors import ModelError, UsageError
from harness.models import DescribedModel, Variant, describe_variants, load_card
from harness.models.convert import conversion_key
from harness.models.feed import whole_tensors
from harness.models.inspect import TensorInfo
from harness.models.samples import sample
from harness.models.tasks.base import Fed

PAIR = Path(__file__).parents[2] / "data" / "models" / "photo_functions.py"
CARD = """schema: 1
id: {name}
title: x
description: x
version: "1"
author: The tests
licence: Apache-2.0
task:
  family: style_transfer
  part: {part}
  input: {{description: x, width: 8, height: 8, mean: [0], std: [255], fit: stretch}}
{style}
source: {{kind: concrete, function: "builder.py:{function}"}}
variants: [{variants}]
calibration: {{samples: [blobs]}}
"""


def write_card(catalog: Path, name: str, function: str, *, style: str = "", variants: str = "fp32, int8") -> None:
    folder = catalog / name
    folder.mkdir(exist_ok=True)
    shutil.copy(PAIR, folder / "builder.py")
    part = "transform" if style else "predict"
    said = f"  style: {{model: {style}, sample: blobs}}" if style else ""
    card = CARD.format(name=name, part=part, style=said, function=function, variants=variants)
    (folder / "model.yaml").write_text(card)


@pytest.fixture
def pair(own_catalog: Path) -> Path:
    """A catalogue with `palette`, which makes four numbers of a photo, and `painter`, which is fed them."""
    write_card(own_catalog, "palette", "palette")
    write_card(own_catalog, "painter", "painter", style="palette")
    return own_catalog


def described(catalog: Path, name: str, variant: str) -> DescribedModel:
    (model,) = describe_variants(load_card(name, catalog), [variant], catalog=catalog)
    return model


def blobs(catalog: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    with Image.open(sample("blobs", catalog).path) as photo:
        pixels = np.asarray(photo.convert("RGB").resize((8, 8), Image.Resampling.BICUBIC)) / 255
    means = pixels.mean((0, 1))
    return np.append(means, means.mean())


def test_an_input_is_the_other_models_answer(pair: Path) -> None:
    """What palette makes of the photo stands in painter's inputs, beside the photo itself."""
    model = described(pair, "painter", "fp32")
    given = model.card.task.prepare(sample("blobs", pair), model.inputs, model.resources)
    whole = whole_tensors(given, model.inputs, Variant.FP32, catalog=pair)
    by_rank = {tensor.shape: tensor for tensor in whole}
    np.testing.assert_allclose(by_rank[1, 1, 1, 4].reshape(-1), blobs(pair), atol=1e-6)
    assert (1, 8, 8, 3) in by_rank


def test_an_answer_is_given_in_the_other_models_numbers(pair: Path) -> None:
    """An int8 answer becomes an int8 input of another scale, by way of the real numbers."""
    into = TensorInfo("style", "int8", (1, 1, 1, 4), scale=0.01, zero_point=-20)
    (found,) = whole_tensors([Fed("palette", "blobs")], [into], Variant.INT8, catalog=pair)
    assert found.dtype == np.int8
    np.testing.assert_allclose((found.reshape(-1) + 20.0) * 0.01, blobs(pair), atol=0.012)


def test_a_feeder_without_the_variant_answers_with_its_first(own_catalog: Path) -> None:
    """Palette has no int8 here, and its fp32 answers."""
    write_card(own_catalog, "palette", "palette", variants="fp32")
    into = TensorInfo("style", "float32", (1, 1, 1, 4))
    (found,) = whole_tensors([Fed("palette", "blobs")], [into], Variant.INT8, catalog=own_catalog)
    np.testing.assert_allclose(found.reshape(-1), blobs(own_catalog), atol=1e-6)


def test_calibration_sees_what_is_fed(pair: Path) -> None:
    """The range of painter's second input is that of palette's numbers, not that of noise or of nothing."""
    model = described(pair, "painter", "int8")
    (style,) = [tensor for tensor in model.inputs if tensor.shape[-1] == 4]
    assert style.scale * 255 == pytest.approx(blobs(pair).max(), abs=0.02)


def test_what_was_calibrated_is_stale_when_the_feeder_changes(pair: Path) -> None:
    """Another palette makes another int8 painter, and the same fp32 one."""

    def keys() -> list[str]:
        return [conversion_key(load_card("painter", pair), variant, pair) for variant in (Variant.FP32, Variant.INT8)]

    before = keys()
    builder = pair / "palette/builder.py"
    builder.write_text(builder.read_text() + "\n# another\n")
    after = keys()
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)


def test_a_feeder_that_is_not_there(pair: Path) -> None:
    """Told with the nearest name."""
    with pytest.raises(UsageError, match="did you mean 'palette'"):
        whole_tensors([Fed("pallete", "blobs")], [TensorInfo("x", "float32", (1, 4))], Variant.FP32, catalog=pair)


def test_an_answer_that_does_not_fit(pair: Path) -> None:
    """Both tensors are told."""
    into = TensorInfo("style", "float32", (1, 1, 1, 100))
    with pytest.raises(ModelError, match=r"1×1×1×4.*1×1×1×100") as caught:
        whole_tensors([Fed("palette", "blobs")], [into], Variant.FP32, catalog=pair)
    assert caught.value.code == "feed.shape"


@pytest.fixture
def circle(own_catalog: Path) -> Path:
    """Two painters, each in the style that the other answers."""
    write_card(own_catalog, "one", "painter", style="two")
    write_card(own_catalog, "two", "painter", style="one")
    return own_catalog


def test_models_that_wait_for_each_other(circle: Path) -> None:
    """The circle is told instead of gone round."""
    style = TensorInfo("style", "float32", (1, 1, 1, 4))
    with pytest.raises(UsageError, match="one waits for two waits for one") as caught:
        whole_tensors([Fed("two", "blobs")], [style], Variant.FP32, catalog=circle, above=("one",))
    assert caught.value.code == "feed.circle"


def test_a_calibration_that_would_wait_for_itself(circle: Path) -> None:
    """It is told before anything is converted."""
    with pytest.raises(UsageError, match="waits for") as caught:
        conversion_key(load_card("one", circle), Variant.INT8, circle)
    assert caught.value.code == "feed.circle"
