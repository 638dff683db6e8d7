"""What a model's outputs say in its task's own terms: answers, their scores, and pictures of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.models.catalog import ModelCard, Variant
from harness.models.describe import DescribedModel, describe_variants
from harness.models.entry import silence
from harness.models.samples import Sample
from harness.models.tasks.base import Answered, Score
from harness.results.agreement import Array
from harness.scenario.evidence import Outputs
from harness.scenario.inputs import prepared_of, tensorflow_outputs

_LONGEST_SIDE = 640
_QUALITY = 88


@dataclass(frozen=True)
class Answers:
    """The task's answers by sample, its scores over those whose truth is known, and why an answer couldn't be read."""

    answers: Mapping[str, Any]
    scores: tuple[Score, ...]
    unreadable: Mapping[str, str]

    def words(self, model: DescribedModel) -> Mapping[str, str]:
        """Each answer in one line."""
        return {name: model.card.task.words(answer) for name, answer in self.answers.items()}


def truths_of(card: ModelCard, samples: Sequence[Sample], say: Callable[[str], None] = silence) -> Mapping[str, Any]:
    """What the card's task should answer, by sample, as far as anybody knows.

    The catalogue says it; or it is what TensorFlow answers, where the task is judged by that. Raises as `Task.truth`,
    and as `harness.models.describe.describe_variants` and what runs the model on the host.
    """
    if not card.task.judged_by_reference:
        found = {sample.name: card.task.truth(sample) for sample in samples}
        return {name: truth for name, truth in found.items() if truth is not None}
    best = Variant.FP32 if Variant.FP32 in card.variants else card.variants[0]
    (model,) = describe_variants(card, [best], say=say)
    outputs = tensorflow_outputs(model, prepared_of(model, samples, say).tensors)
    return answers_of(model, samples, outputs, {}).answers


def answers_of(
    model: DescribedModel, samples: Sequence[Sample], outputs: Outputs, truths: Mapping[str, Any]
) -> Answers:
    """What these outputs say; an output that the task can't read costs that answer only."""
    task = model.card.task
    answers: dict[str, Any] = {}
    unreadable: dict[str, str] = {}
    for sample in samples:
        if sample.name not in outputs:
            continue
        try:
            answers[sample.name] = task.decode(sample, outputs[sample.name], model.outputs, model.resources)
        except HarnessError as error:
            unreadable[sample.name] = error.what
    answered = [Answered(answer, truths[name]) for name, answer in answers.items() if name in truths]
    return Answers(answers, task.score(answered), unreadable)


def meant_of(model: DescribedModel, outputs: Outputs) -> Outputs:
    """What of these outputs says something, and has to agree; all of an output that the task can't read."""

    def meant(tensors: tuple[Array, ...]) -> tuple[Array, ...]:
        try:
            return model.card.task.meant(tensors, model.outputs)
        except HarnessError:
            return tensors

    return {name: meant(tensors) for name, tensors in outputs.items()}


def draw(model: DescribedModel, samples: Sequence[Sample], answers: Answers, folder: Path) -> tuple[Path, ...]:
    """A JPEG `<sample>.jpg` of each answer that the task can draw, at most 640 pixels long; the files written."""
    written = []
    for sample in samples:
        answer = answers.answers.get(sample.name)
        picture = model.card.task.draw(sample, answer) if answer is not None else None
        if picture is not None:
            folder.mkdir(parents=True, exist_ok=True)
            picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            picture.convert("RGB").save(folder / f"{sample.name}.jpg", quality=_QUALITY)
            written.append(folder / f"{sample.name}.jpg")
    return tuple(written)
