"""From cells to the files that an APK carries: models described, and packed with photos into a signed app."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.app.bundle import Bundle, ImageInput, Model, Photo, Variant, bundle_of
from harness.app.direct import BuiltApk, build_apk
from harness.checkout import APP_PROJECT
from harness.models.catalog import ModelCard
from harness.models.describe import DescribedModel, describe_all
from harness.models.samples import Sample, read_samples
from harness.models.tasks.image_classification import ImageClassification
from harness.scenario.plan import Cell
from harness.scenario.schema import Scenario

Key = tuple[str, str]
"""Model and variant."""


def describe_models(cells: Sequence[Cell], say: Callable[[str], None]) -> Mapping[Key, DescribedModel]:
    """The described `.tflite` of every model and variant that these cells run."""
    wanted: dict[str, list[str]] = {}
    for cell in cells:
        variants = wanted.setdefault(cell.model, [])
        if cell.variant not in variants:
            variants.append(cell.variant)
    return {(each.model, str(each.variant)): each for each in describe_all(wanted, say=say)}


def samples_of(
    scenario: Scenario, cells: Sequence[Cell], say: Callable[[str], None]
) -> Mapping[str, tuple[Sample, ...]]:
    """What each of these cells' models is given, by model."""
    found: dict[str, tuple[Sample, ...]] = {}
    known = read_samples()
    for model in dict.fromkeys(cell.model for cell in cells):
        found[model] = tuple(known.sample(name, say=say) for name in scenario.inputs_of(model))
    return found


def bundle_for(described: Mapping[Key, DescribedModel], samples: Sequence[Sample]) -> Bundle:
    """These models, and the photos among these samples, as the assets of an APK."""
    by_model: dict[str, list[DescribedModel]] = {}
    for model in described.values():
        by_model.setdefault(model.model, []).append(model)
    return bundle_of(
        [_packed(models[0].card, models) for models in by_model.values()],
        [
            Photo(sample.name, sample.path, sample.truth.get("image_classification", ""))
            for sample in {sample.name: sample for sample in samples}.values()
            if sample.is_photo
        ],
    )


def build_app(bundle: Bundle, out: Path | None = None) -> BuiltApk:
    """The signed APK of this checkout's app with these assets, at `out`, or in the cache."""
    return build_apk(bundle, APP_PROJECT, out)


def _packed(card: ModelCard, models: Sequence[DescribedModel]) -> Model:
    task, known = card.task, models[0].resources
    photo = task.input if isinstance(task, ImageClassification) else None
    return Model(
        id=card.id,
        title=card.title,
        task=task.family,
        variants=tuple(Variant(str(model.variant), model.path) for model in models),
        labels=known.labels() if photo else (),
        image=ImageInput(photo.width, photo.height, photo.mean, photo.std) if photo else None,
    )
