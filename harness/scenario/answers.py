"""What a model's outputs say in its task's own terms: answers, their scores, and pictures of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.models.describe import DescribedModel
from harness.models.samples import Sample
from harness.models.tasks.base import Answered, Score
from harness.scenario.evidence import Outputs

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


def answers_of(model: DescribedModel, samples: Sequence[Sample], outputs: Outputs) -> Answers:
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
    answered = [
        Answered(answers[sample.name], truth)
        for sample in samples
        if sample.name in answers and (truth := task.truth(sample)) is not None
    ]
    return Answers(answers, task.score(answered), unreadable)


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
