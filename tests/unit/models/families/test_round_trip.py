"""Whatever can be said is read back, and what isn't read back is never left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ModelError
from harness.models.inspect import METADATA_NAME, Subgraph, TfliteFile
from harness.models.metadata import Description, TensorDescription, pack, read_back, write
from harness.models.metadata.values import (
    AssociatedFile,
    Audio,
    BertTokenizer,
    Box,
    BoxKind,
    ColourSpace,
    Content,
    Coordinates,
    CustomMetadata,
    FileKind,
    Image,
    RegexTokenizer,
    ScoreCalibration,
    ScoreThreshold,
    ScoreTransformation,
    SentencePieceTokenizer,
    TensorGroup,
)
from tests.unit.models.families.cases import CASES
from tests.unit.models.families.conftest import Bench

Benches = Callable[[str], Bench]
Item = TypeVar("Item")

WORD = st.text(st.characters(codec="utf-8"), max_size=4)
COUNT = st.integers(0, 2**31 - 1)
FLOAT = st.floats(width=32, allow_nan=False)
FILE = st.builds(AssociatedFile, WORD, WORD, st.sampled_from(FileKind), WORD, WORD)


def some(strategy: st.SearchStrategy[Item], least: int = 0) -> st.SearchStrategy[tuple[Item, ...]]:
    return st.lists(strategy, min_size=least, max_size=3).map(tuple)


UNIT = st.one_of(
    st.builds(ScoreCalibration, st.sampled_from(ScoreTransformation), FLOAT),
    st.builds(ScoreThreshold, FLOAT),
    st.builds(BertTokenizer, some(FILE)),
    st.builds(SentencePieceTokenizer, some(FILE), some(FILE)),
    st.builds(RegexTokenizer, WORD, some(FILE)),
)
PAIR = st.one_of(st.just(((), ())), st.tuples(some(FLOAT, 1), some(FLOAT, 1)))


@st.composite
def tensors(draw: st.DrawFn) -> TensorDescription:
    content = draw(st.sampled_from(Content))
    (mean, std), (minimum, maximum) = draw(PAIR), draw(PAIR)
    said = TensorDescription(
        draw(WORD),
        draw(WORD),
        content,
        mean=mean,
        std=std,
        minimum=minimum,
        maximum=maximum,
        files=draw(some(FILE)),
    )
    said = replace(said, units=draw(some(UNIT)), dimension_names=draw(some(WORD)))
    said = replace(said, content_range=draw(st.none() | st.tuples(COUNT, COUNT)))
    if content is Content.IMAGE:
        return replace(said, image=draw(st.builds(Image, st.sampled_from(ColourSpace), COUNT, COUNT)))
    if content is Content.BOUNDING_BOX:
        box = st.builds(Box, some(COUNT), st.sampled_from(BoxKind), st.sampled_from(Coordinates))
        return replace(said, box=draw(box))
    return replace(said, audio=draw(st.builds(Audio, COUNT, COUNT))) if content is Content.AUDIO else said


GROUP = st.builds(TensorGroup, WORD, some(WORD))
DESCRIPTION = st.builds(
    Description,
    WORD,
    WORD,
    WORD,
    WORD,
    WORD,
    some(tensors()),
    some(tensors()),
    model_files=some(FILE),
    graph_files=some(FILE),
    input_units=some(UNIT),
    output_units=some(UNIT),
    input_groups=some(GROUP),
    output_groups=some(GROUP),
    custom=some(st.builds(CustomMetadata, WORD, st.binary(max_size=40))),
)


@settings(max_examples=100, deadline=None)
@given(said=DESCRIPTION)
def test_whatever_is_said_comes_back(said: Description) -> None:
    """Every field of the schema, in every combination, through a writer that isn't the reader's."""
    model = TfliteFile(
        Path("stub.tflite"), 0, 3, "", (Subgraph("", (), (), (), ()),), (), {METADATA_NAME: pack(said)}, ()
    )
    assert read_back(model) == said


@pytest.mark.parametrize("spoilt", ["read_back", "associated_file"])
def test_what_does_not_come_back_is_not_left(bench: Benches, monkeypatch: pytest.MonkeyPatch, spoilt: str) -> None:
    """A copy that reads otherwise than it was written is told, and what stood in its place stays."""
    bench_, case = bench("segmentation"), CASES["segmentation"]
    bench_.out.write_bytes(b"what stood there")

    def other_words(model: TfliteFile) -> Description:
        found = read_back(model)
        assert found is not None
        return replace(found, outputs=(replace(found.outputs[0], content_range=(1, 3)),))

    spoil = {"read_back": other_words, "associated_file": lambda *_: b"other"}
    monkeypatch.setattr(write, spoilt, spoil[spoilt])
    with pytest.raises(ModelError) as caught:
        bench_.describe(case.family, case.body, **case.files)
    assert caught.value.code == "metadata.not_kept"
    expected = "outputs[0].content_range[1] reads back as 3" if spoilt == "read_back" else "labels.txt reads back"
    assert expected in caught.value.what
    assert bench_.out.read_bytes() == b"what stood there"
    assert not list(bench_.folder.glob(".*"))
