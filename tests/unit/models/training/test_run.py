"""A card's training run again: what comes out against the card, and what is written where."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from typer.testing import CliRunner

from harness.cli.app import app
from harness.errors import HarnessError
from harness.models import ModelCard, load_card
from harness.models.training import npz_of
from harness.models.training.run import TrainingRun, train_model, write

DATA = b"one\ntwo\n"
WEIGHTS = {"w": np.float16([7, 8])}
TRAINER = """
    from __future__ import annotations
    from dataclasses import dataclass
    import numpy as np
    from harness.models.training import Trained

    @dataclass(frozen=True)
    class Kept:
        lines: list[str]

    def train(data, seed, progress):
        kept = Kept(data["lines"].read_text().split())
        progress("all of it", 1, 1)
        {extra}
        return Trained({{"w": np.float16([seed, seed + 1])}}, {{"accuracy": len(kept.lines) / 4}}, {{"words.txt": b"a 1"}})
"""
Make = Callable[..., ModelCard]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def card(tmp_path: Path) -> Make:
    """A card with a trainer beside it; `extra` is a line of its code."""

    def make(extra: str = "pass", accuracy: float = 0.5, training: bool = True, data: bytes = DATA) -> ModelCard:
        folder = tmp_path / "metadata" / "mine"
        folder.mkdir(parents=True)
        (folder / "trainer.py").write_text(dedent(TRAINER).format(extra=extra))
        (folder / "lines.txt").write_bytes(data)
        part = f"""
            training:
              trainer: trainer.py:train
              seed: 7
              data: {{lines: {{path: lines.txt, sha256: {sha256(DATA)}}}}}
              set: two lines
              held_out: {{accuracy: {accuracy}}}
        """
        (folder / "model.yaml").write_text(
            dedent(f"""
                schema: 1
                id: mine
                title: Mine
                description: Mine.
                version: "1"
                author: We
                licence: CC0
                task:
                  family: image_classification
                  input: {{description: x, width: 8, height: 8, mean: [0], std: [1]}}
                  output: {{description: x}}
                  labels: {{kind: text, file: labels.txt}}
                source:
                  kind: keras
                  builder: trainer.py:build
                  weights: {{format: npz, file: {{path: mine.npz, sha256: {sha256(npz_of(WEIGHTS))}}}}}
                variants: [fp32]
            """)
            + (dedent(part) if training else "")
        )
        return load_card("mine", tmp_path / "metadata")

    return make


def train(card: ModelCard) -> TrainingRun:
    return train_model(card, say=lambda _message: None, progress=lambda _message, _done, _of: None)


def test_what_comes_out(card: Make, tmp_path: Path) -> None:
    """Weights under the name that the card pins, known as those; other files; and the figures, those of the card."""
    run = train(card())
    assert [(one.name, one.pinned == one.sha256) for one in run.products] == [("mine.npz", True), ("words.txt", False)]
    assert run.products[0].content == npz_of(WEIGHTS)
    assert run.reproduced
    paths = write(run, tmp_path / "new" / "folder")
    assert [path.read_bytes() for path in paths] == [npz_of(WEIGHTS), b"a 1"]


@pytest.mark.parametrize(("said", "reproduced"), [(0.519, True), (0.53, False), (0.4, False)])
def test_figures_near_the_cards(card: Make, said: float, reproduced: bool) -> None:
    """Two hundredths are allowed either way."""
    assert train(card(accuracy=said)).reproduced is reproduced


def test_a_figure_that_only_one_of_them_has(card: Make) -> None:
    """It isn't reproduced, whichever of the two hasn't got it."""
    run = train(card(extra='return Trained({}, {"loss": 1.0})'))
    assert [(one.name, one.value, one.said) for one in run.figures] == [("loss", 1.0, None), ("accuracy", None, 0.5)]
    assert not run.reproduced


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"training": False}, "training.none", "has no 'training:'"),
        ({"data": b"three\n"}, "fetch.hash_mismatch", "lines.txt"),
        ({"extra": "1 / 0"}, "training.failed", "trainer.py:train fails"),
        ({"extra": "return {}"}, "training.failed", "trainer.py:train fails"),
        ({"extra": 'return Trained({}, {}, {"../labels.txt": b""})'}, "training.file", "'../labels.txt'"),
        ({"extra": 'data["absent"]'}, "training.failed", "trainer.py:train fails"),
    ],
)
def test_what_can_not_be_trained(card: Make, changed: dict[str, object], code: str, words: str) -> None:
    """No training in the card, other data than pinned, and a trainer that fails or gives something else."""
    with pytest.raises(HarnessError) as caught:
        train(card(**changed))
    assert caught.value.code == code
    assert words in caught.value.what


def test_all_files_or_none(card: Make, tmp_path: Path) -> None:
    """Where one can't be put, none is changed, and nothing half-written stays."""
    run, folder = train(card()), tmp_path / "full"
    (folder / ".words.txt.part").mkdir(parents=True)
    (folder / "mine.npz").write_bytes(b"before")
    with pytest.raises((HarnessError, OSError)):
        write(run, folder)
    assert (folder / "mine.npz").read_bytes() == b"before"
    assert not (folder / ".mine.npz.part").exists()


@pytest.fixture
def harness_train(card: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, Path]]:
    """The verb on such a card: its exit code, what it prints, and the card's folder."""

    def run(*arguments: str, **changed: object) -> tuple[int, str, Path]:
        made = card(**changed)
        monkeypatch.setattr("harness.models.catalog.load_card", lambda _model: made)
        monkeypatch.setattr("harness.checkout.BUILD", tmp_path / "build")
        result = CliRunner().invoke(app, ["train", "mine", *arguments])
        if isinstance(result.exception, HarnessError):
            raise result.exception
        return result.exit_code, result.stdout, made.folder

    return run


def test_nothing_of_the_catalogue_is_changed_unasked(
    harness_train: Callable[..., tuple[int, str, Path]], tmp_path: Path
) -> None:
    """It goes to build/trained, is compared with the card, and its hashes are said."""
    code, said, folder = harness_train()
    assert code == 0
    assert not (folder / "mine.npz").exists()
    assert (tmp_path / "build" / "trained" / "mine" / "mine.npz").read_bytes() == npz_of(WEIGHTS)
    assert "accuracy   0.5000  0.5000 in the card\n" in said
    assert f"SHA-256 {sha256(npz_of(WEIGHTS))} (as pinned)" in said
    assert "--replace" not in said


def test_beside_the_card_when_told(harness_train: Callable[..., tuple[int, str, Path]]) -> None:
    """With --replace; a figure that isn't the card's is marked, and the exit code is 1."""
    code, said, folder = harness_train("--replace", accuracy=0.9)
    assert code == 1
    assert (folder / "mine.npz").read_bytes() == npz_of(WEIGHTS)
    assert "0.9000 in the card  <- differs" in said
    assert "put these hashes and figures into model.yaml" in said


def test_as_json(harness_train: Callable[..., tuple[int, str, Path]], tmp_path: Path) -> None:
    """One document with figures, files and hashes."""
    code, said, _ = harness_train("--json", "--out", str(tmp_path / "here"))
    document = json.loads(said)
    assert (code, document["reproduced"], document["seed"]) == (0, True, 7)
    assert document["figures"] == [{"name": "accuracy", "value": 0.5, "card": 0.5, "agrees": True}]
    assert document["files"][0]["path"] == str(tmp_path / "here" / "mine.npz")
    assert document["files"][0]["sha256"] == document["files"][0]["pinned"] == sha256(npz_of(WEIGHTS))


def test_two_places(harness_train: Callable[..., tuple[int, str, Path]]) -> None:
    """--out and --replace exclude each other, before anything is trained."""
    with pytest.raises(HarnessError) as caught:
        harness_train("--replace", "--out", "x")
    assert caught.value.code == "training.option"
