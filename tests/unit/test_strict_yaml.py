"""What a YAML file may hold, and how an error says where it is wrong."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.errors import UsageError
from harness.strict_yaml import Document, Mark, load, load_text, parse


class Crop(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["crop"]
    width: int = Field(gt=0)


class Scale(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["scale"]
    factor: float


class Recipe(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    variant: Literal["fp32", "fp16"] = "fp32"
    steps: list[Annotated[Crop | Scale, Field(discriminator="kind")]] = []
    labels: dict[str, Crop] = {}
    least: int = 0
    most: int = 9

    @model_validator(mode="after")
    def ordered(self) -> Recipe:
        if self.least > self.most:
            raise ValueError("least is above most")
        return self


def read(text: str) -> Document:
    return load_text(text, "file.yaml")


def refusal(text: str, model: type[BaseModel] | None = Recipe) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(text).into(model) if model else read(text)
    return caught.value


def test_scalars_follow_the_core_schema() -> None:
    """Words that YAML 1.1 turns into booleans, times and dates stay text; numbers are numbers."""
    text = "[no, on, 12:30, 2024-01-02, 0x1f, 0o17, 010, -3, 1e3, .5, .inf, ~, true, '1', \"null\", 1_000]"
    expected = ["no", "on", "12:30", "2024-01-02", 31, 15, 10, -3, 1000.0, 0.5, math.inf, None, True, "1", "null"]
    assert read(text).data == [*expected, "1_000"]


def test_not_a_number_is_a_float() -> None:
    """`.nan` is a float, as `.inf` is."""
    value = read("a: .nan").data["a"]
    assert isinstance(value, float)
    assert math.isnan(value)


def test_each_value_and_key_knows_its_place() -> None:
    """Lines and columns count from one, in characters and not in bytes."""
    document = read("título: é\nsteps:\n  - kind: crop\n    width: 3\n")
    assert document.where(("título",)) == Mark(1, 9)
    assert document.where(("steps", 0, "width")) == Mark(4, 12)
    assert document.where(("steps", 0, "width"), key=True) == Mark(4, 5)
    assert document.where(("steps", 0, "crop", "absent")) == Mark(3, 5)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\nb: 2\na: 3\n", "yaml.duplicate_key", "file.yaml:3:1:"),
        ("a: &x 1\nb: *x\n", "yaml.alias", "file.yaml:1:4:"),
        ("a: *x\n", "yaml.alias", "file.yaml:1:4:"),
        ("a: !!python/object/apply:os.system ['true']\n", "yaml.tag", "file.yaml:1:4:"),
        ("a: ! b\n", "yaml.tag", "file.yaml:1:4:"),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", "yaml.tag", "file.yaml:1:1:"),
        ("a: 1\n---\nb: 1\n", "yaml.documents", "file.yaml:2:1:"),
        ("a: " + "[" * 40 + "]" * 40, "yaml.depth", "file.yaml:1:36:"),
        ("[a, b]: 1\n", "yaml.syntax", "file.yaml:1:1:"),
        ("a: [1, 2\nb: 3\n", "yaml.syntax", "file.yaml:2:"),
        ("a: 1\n\tb: 2\n", "yaml.syntax", "file.yaml:2:"),
        ("a: b: c\n", "yaml.syntax", "file.yaml:1:5:"),
        ("a: " + "9" * 5000, "yaml.syntax", "file.yaml:1:4:"),
        ("", "yaml.empty", "file.yaml"),
        ("# only a comment\n", "yaml.empty", "file.yaml"),
        ("a: \x00\n", "yaml.syntax", "file.yaml"),
    ],
)
def test_what_is_refused(text: str, code: str, place: str) -> None:
    """Everything that isn't plain data is refused with its own code and its place."""
    error = refusal(text, None)
    assert (error.code, error.what[: len(place)]) == (code, place)


def test_a_megabyte_of_brackets_is_refused_without_being_read() -> None:
    """Depth is checked while reading, so a hostile file costs neither stack nor time."""
    assert refusal("[" * 1_000_000, None).code == "yaml.depth"


def test_a_file_that_is_too_big_or_not_utf8_or_not_there(tmp_path: Path) -> None:
    """Each way in which a file can't be text has its code."""
    big, latin = tmp_path / "big.yaml", tmp_path / "latin.yaml"
    big.write_bytes(b"a" * ((1 << 20) + 1))
    latin.write_bytes(b"a: 1\nb: \xe9\n")
    for path, code in ((big, "yaml.too_big"), (latin, "yaml.encoding"), (tmp_path / "none.yaml", "yaml.unreadable")):
        with pytest.raises(UsageError) as caught:
            load(path)
        assert caught.value.code == code
    with pytest.raises(UsageError, match=r"latin\.yaml:2: byte 0xe9"):
        load(latin)


def test_a_good_file_becomes_the_model(tmp_path: Path) -> None:
    """A file with a byte order mark and both union branches is read whole."""
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"\xef\xbb\xbftitle: x\nsteps: [{kind: crop, width: 2}, {kind: scale, factor: 2}]\n")
    assert parse(path, Recipe).steps == [Crop(kind="crop", width=2), Scale(kind="scale", factor=2)]


def test_an_unknown_key_is_pointed_at_with_the_nearest_known_one() -> None:
    """The caret stands under the key, and the suggestion comes from the place where it stands."""
    error = refusal("title: x\nsteps:\n  - kind: crop\n    widht: 3\n")
    assert error.code == "yaml.unknown_key"
    assert error.what.splitlines()[:3] == [
        "file.yaml:4:5: unknown key 'widht'; did you mean 'width'?",
        "    4 |     widht: 3",
        "      |     ^",
    ]


def test_a_dash_for_an_underscore_is_a_near_word() -> None:
    """`max-workers` for `max_workers` is the commonest slip of all."""

    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")
        max_workers: int = 1

    assert "did you mean 'max_workers'?" in refusal("max-workers: 3", Settings).what


def test_a_key_below_a_free_mapping_is_known_too() -> None:
    """Suggestions reach through mappings with free keys."""
    assert "did you mean 'width'?" in refusal("title: x\nlabels:\n  a: {kind: crop, widt: 1}\n").what


def test_a_missing_key_points_at_its_parent() -> None:
    """What isn't there has no place; the mapping that lacks it has."""
    error = refusal("title: x\nlabels:\n  a:\n    kind: crop\n")
    assert error.what.startswith("file.yaml:3:3: missing key 'width' in 'labels.a'\n    3 |   a:\n")


def test_a_wrong_word_is_answered_with_the_right_ones() -> None:
    """A choice says what it was given, what it takes, and the nearest."""
    error = refusal("title: x\nvariant: fp23\n")
    assert error.what.startswith("file.yaml:2:10: variant: input should be 'fp32' or 'fp16', not 'fp23'; did you mean")


def test_a_rule_between_keys_keeps_its_own_words() -> None:
    """A validator's message is shown as written, at the place of the whole."""
    assert refusal("title: x\nleast: 10\n").what.startswith("file.yaml:1:1: least is above most\n")


def test_all_problems_are_told_at_once() -> None:
    """A user mends a file once, not once a problem."""
    what = refusal("titel: x\nvariant: bf16\nmost: many\n").what
    for line in ("file.yaml:1:1: unknown key 'titel'", "file.yaml:2:10:", "file.yaml:3:7:", "missing key 'title'"):
        assert line in what


def test_a_list_where_a_mapping_belongs() -> None:
    """The top itself may be of the wrong kind."""
    assert refusal("- title\n").what.startswith("file.yaml:1:1: input should be a valid dictionary")


def test_a_long_line_is_cut_around_the_caret() -> None:
    """The caret of a very long line still stands under its character."""
    what = refusal("title: x\n" + "labels: {" + " " * 500 + "a: 3}\n").what
    line, caret = what.splitlines()[1:3]
    assert len(line) < 140
    assert line[caret.index("^")] == "3"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text brings an exception of another kind."""
    with suppress(UsageError):
        assert isinstance(load_text(text, "file.yaml"), Document)
