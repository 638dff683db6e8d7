"""What one model's answer puts into another: TensorFlow's own answer on this host, in the other's numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from harness.errors import ModelError, UsageError
from harness.fetch.store import key_of
from harness.models.catalog import ModelCard, Variant, load_card
from harness.models.convert import conversion_key
from harness.models.describe import describe_variants
from harness.models.entry import silence
from harness.models.inspect import TensorInfo
from harness.models.reference import reference_outputs
from harness.models.samples import read_samples, sample
from harness.models.tasks import task_source
from harness.models.tasks.base import Array, Fed, Given
from harness.models.tensors import dequantise, quantise


def whole_tensors(
    given: Sequence[Given],
    inputs: Sequence[TensorInfo],
    variant: Variant,
    *,
    catalog: Path | None = None,
    say: Callable[[str], None] = silence,
    above: tuple[str, ...] = (),
) -> tuple[Array, ...]:
    """The input tensors of a model, with the answers of others in their places; `above` has the models that wait for them.

    Another model answers with its own `variant`, or with its first where it hasn't got that.

    Raises:
        UsageError: `feed.circle` for a model that waits for itself; as `load_card` and `sample` for unknown names.
        ModelError: `feed.shape` when an answer doesn't fit; as `describe_variants` and `reference_outputs`.
    """

    def answer(fed: Fed, into: TensorInfo) -> Array:
        card, chosen = _feeder(fed, variant, catalog, above)
        (feeder,) = describe_variants(card, [chosen], catalog=catalog, say=say)
        parts = card.task.prepare(sample(fed.sample, catalog, say=say), feeder.inputs, feeder.resources)
        chain = (*above, fed.model)
        whole = whole_tensors(parts, feeder.inputs, chosen, catalog=catalog, say=say, above=chain)
        found, said = reference_outputs(feeder, whole)[fed.output], feeder.outputs[fed.output]
        if found.shape != into.shape:
            what = f"{feeder.id}: output {said} can't be input {into}"
            raise ModelError("feed.shape", what, hint="name the model that belongs with this one")
        return quantise(dequantise(found, said), into)

    return tuple(
        answer(part, into) if isinstance(part, Fed) else part for into, part in zip(inputs, given, strict=True)
    )


def feed_key(fed: Fed, variant: Variant, catalog: Path | None = None, above: tuple[str, ...] = ()) -> str:
    """Names that answer by all that shapes it, without asking for it. Raises UsageError as `whole_tensors`."""
    card, chosen = _feeder(fed, variant, catalog, above)
    deeper = [feed_key(each, chosen, catalog, (*above, fed.model)) for each in card.task.feeders()]
    task = (card.task.model_dump_json(), task_source(card.task))
    pin = read_samples(catalog).pin(fed.sample).model_dump_json()
    return key_of(conversion_key(card, chosen, catalog), *task, pin, str(fed.output), *deeper)


def _feeder(fed: Fed, variant: Variant, catalog: Path | None, above: tuple[str, ...]) -> tuple[ModelCard, Variant]:
    if fed.model in above:
        what = f"{' waits for '.join((*above, fed.model))}: a model can't be fed by what it feeds"
        raise UsageError("feed.circle", what, hint="correct the cards: one of them names the wrong model")
    card = load_card(fed.model, catalog)
    return card, variant if variant in card.variants else card.variants[0]
