"""Strict YAML: plain data out of one small document, and errors that point at the character that is wrong.

Scalars follow YAML 1.2's core schema, so `no`, `on` and `12:30` are text. Keys are always text. Tags, anchors, aliases,
duplicate keys, a second document, more than 32 levels and more than 1 MiB are refused.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import ErrorDetails

from harness.errors import UsageError

Key = str | int
KeyPath = tuple[Key, ...]
Model = TypeVar("Model", bound=BaseModel)

_MAX_BYTES = 1 << 20
_MAX_DEPTH = 32
_MAX_PROBLEMS = 8
_WIDTH = 120
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Mark:
    """A place in a file; both numbers count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """A YAML document as plain data (dict, list, str, int, float, bool, None), and where each part of it stands."""

    name: str
    text: str
    data: Any
    keys: Mapping[KeyPath, Mark]
    values: Mapping[KeyPath, Mark]

    def where(self, path: Sequence[Key] = (), *, key: bool = False) -> Mark:
        """Where the value at `path` starts, or with `key` its key; what isn't in the file is skipped on the way."""
        here = self.known(path)
        value = self.values.get(here, Mark(1, 1))
        return self.keys.get(here, value) if key else value

    def known(self, path: Sequence[Key]) -> KeyPath:
        """The parts of `path` that the file has; a validator's own parts, as the name of a union's branch, fall out."""
        here: KeyPath = ()
        for part in path:
            if (*here, part) in self.values:
                here = (*here, part)
        return here

    def error(
        self, path: Sequence[Key], message: str, *, key: bool = False, code: str = "yaml.invalid", hint: str = ""
    ) -> UsageError:
        """An error to raise about the value (or the key) at `path`: place, message, source line and caret."""
        return UsageError(code, point(self.name, self.text, self.where(path, key=key), message), hint=hint)

    def into(self, model: type[Model]) -> Model:
        """The document as a validated `model`.

        Raises:
            UsageError: `yaml.unknown_key` or `yaml.invalid`, with each problem's place and a "did you mean" where a
                known word is near.
        """
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            problems = _without_consequences(error.errors(include_url=False))
            # A misspelt key is also a missing one: the misspelling says more, so it comes first.
            problems.sort(key=lambda problem: problem["type"] != "extra_forbidden")
            texts = [self._describe(problem, model) for problem in problems[:_MAX_PROBLEMS]]
            if len(problems) > _MAX_PROBLEMS:
                texts.append(f"and {len(problems) - _MAX_PROBLEMS} more")
            code = "yaml.unknown_key" if problems[0]["type"] == "extra_forbidden" else "yaml.invalid"
            raise UsageError(code, "\n".join(texts)) from None

    def _describe(self, problem: ErrorDetails, model: type[BaseModel]) -> str:
        loc, kind = problem["loc"], problem["type"]
        *parents, last = loc or ("",)
        if kind == "extra_forbidden":
            message = f"unknown key '{last}'{did_you_mean(str(last), _fields_at(model, parents))}"
            return point(self.name, self.text, self.where(loc, key=True), message)
        if kind == "missing":
            place = f" in '{_dotted(self.known(parents))}'" if self.known(parents) else ""
            return point(self.name, self.text, self.where(parents, key=True), f"missing key '{last}'{place}")
        message = problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        message = message[:1].lower() + message[1:] if kind not in ("value_error", "assertion_error") else message
        if kind in ("literal_error", "enum"):
            known_words = re.findall(r"'([^']*)'", str(problem.get("ctx", {}).get("expected", "")))
            message += f", not {problem['input']!r}{did_you_mean(str(problem['input']), known_words)}"
        label = _dotted(self.known(loc))
        return point(self.name, self.text, self.where(loc), f"{label}: {message}" if label else message)


def parse(path: Path, model: type[Model]) -> Model:
    """Read `path` into a validated `model`; pydantic's `extra="forbid"` is up to the model.

    Raises:
        UsageError: with `file:line:column: message`, the source line and a caret.
    """
    return load(path).into(model)


def load(path: Path) -> Document:
    """Read `path` as strict YAML.

    Raises:
        UsageError: `yaml.unreadable`, `yaml.too_big`, `yaml.encoding`, `yaml.syntax`, `yaml.duplicate_key`,
            `yaml.tag`, `yaml.alias`, `yaml.documents`, `yaml.depth`, `yaml.empty`.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError("yaml.unreadable", f"{path} can't be read", why=error.strerror or str(error)) from error
    if len(raw) > _MAX_BYTES:
        raise UsageError("yaml.too_big", f"{path} is over {_MAX_BYTES:,} bytes", hint="split it into several files")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        raise UsageError(
            "yaml.encoding",
            f"{path}:{len(_LINE_BREAK.findall(before)) + 1}: byte {raw[error.start]:#04x} is not UTF-8",
            hint="save the file as UTF-8",
        ) from error
    return load_text(text, str(path))


def load_text(text: str, name: str) -> Document:
    """Read YAML that is already text; `name` stands in the errors for the file. Raises as `load`."""
    if len(text) > _MAX_BYTES:
        raise UsageError("yaml.too_big", f"{name} is over {_MAX_BYTES:,} bytes", hint="split it into several files")
    reader = _Reader(name, text)
    try:
        data = reader.document()
    except yaml.MarkedYAMLError as error:
        found = error.problem_mark or error.context_mark
        mark = Mark(found.line + 1, found.column + 1) if found else Mark(1, 1)
        message = ", ".join(part for part in (error.problem, error.context) if part)
        raise UsageError("yaml.syntax", point(name, text, mark, message)) from None
    except yaml.YAMLError as error:
        raise UsageError("yaml.syntax", f"{name}: {str(error).splitlines()[0]}") from None
    return Document(name, text, data, reader.keys, reader.values)


def point(name: str, text: str, mark: Mark, message: str) -> str:
    """`name:line:column: message`, the line itself and a caret under the column."""
    lines = _LINE_BREAK.split(text)
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    start = max(0, mark.column - _WIDTH // 2) if len(line) > _WIDTH else 0
    shown = line[start : start + _WIDTH]
    gutter = f"{mark.line:>5} | "
    indent = "".join("\t" if char == "\t" else " " for char in shown[: mark.column - 1 - start])
    return f"{name}:{mark.line}:{mark.column}: {message}\n{gutter}{shown}\n{' ' * 5} | {indent}^"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`; did you mean 'x'?` for the nearest known word, the list of them if they are few, or nothing."""
    plain = {name.lower().replace("-", "_"): name for name in known}
    near = difflib.get_close_matches(word.lower().replace("-", "_"), plain, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{plain[near[0]]}'?"
    return f"; known here: {', '.join(known)}" if 0 < len(known) <= 12 else ""


class _Reader:
    """Builds plain data from YAML's events, without recursion deeper than the limit."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.keys: dict[KeyPath, Mark] = {}
        self.values: dict[KeyPath, Mark] = {}
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def document(self) -> Any:
        next(self._events)  # stream start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise UsageError("yaml.empty", f"{self.name} is empty", hint="it should hold one YAML mapping")
        if event.tags:
            raise self._refuse(event, "yaml.tag", "%TAG directives are not allowed")
        data = self._value(next(self._events), ())
        next(self._events)  # document end
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            raise self._refuse(event, "yaml.documents", "a second document starts here; one file holds one document")
        return data

    def _value(self, event: Any, path: KeyPath) -> Any:
        if isinstance(event, yaml.AliasEvent):
            raise self._refuse(event, "yaml.alias", f"aliases are not allowed: *{event.anchor}; write the value out")
        if event.anchor is not None:
            raise self._refuse(event, "yaml.alias", f"anchors are not allowed: &{event.anchor}; write the value out")
        if event.tag is not None:
            raise self._refuse(event, "yaml.tag", f"tags are not allowed: {event.tag}")
        if len(path) > _MAX_DEPTH:
            raise self._refuse(event, "yaml.depth", f"nested deeper than {_MAX_DEPTH} levels")
        self.values[path] = _mark(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event)

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None or event.tag is not None:
                raise self._refuse(event, "yaml.syntax", "a key must be plain text")
            key = event.value
            if key in found:
                first = self.keys[(*path, key)]
                raise self._refuse(event, "yaml.duplicate_key", f"key '{key}' stands already on line {first.line}")
            self.keys[(*path, key)] = _mark(event)
            found[key] = self._value(next(self._events), (*path, key))
        return found

    def _sequence(self, path: KeyPath) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if not event.implicit[0]:  # quoted, or a block of text
            return text
        if text in _WORDS:
            return _WORDS[text]
        try:
            if _INTEGER.fullmatch(text):
                return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
            if _FLOAT.fullmatch(text):
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            raise self._refuse(event, "yaml.syntax", "this number has too many digits") from None
        return text

    def _refuse(self, event: Any, code: str, message: str) -> UsageError:
        return UsageError(code, point(self.name, self.text, _mark(event), message))


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _without_consequences(problems: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out a list that is too short only because one of its own items is wrong."""
    return [
        problem
        for problem in problems
        if problem["type"] != "too_short"
        or not any(other["loc"][: len(problem["loc"])] == problem["loc"] and other is not problem for other in problems)
    ]


def _dotted(path: KeyPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _fields_at(model: type[BaseModel], path: Sequence[Key]) -> list[str]:
    """The keys that `model` knows at `path`: its JSON schema, walked; a union gives the keys of every branch."""
    try:
        schema = model.model_json_schema()
    except PydanticInvalidForJsonSchema:
        return []
    places = _branches(schema, schema)
    for part in path:
        deeper = [below for place in places for below in _below(place, part, schema)]
        places = deeper or places  # a part that names a union's branch isn't a level of the file
    return sorted({name for place in places for name in place.get("properties", {})})


def _below(place: dict[str, Any], part: Key, root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    candidates = [place.get("properties", {}).get(part), place.get("additionalProperties")]
    candidates += place.get("patternProperties", {}).values()
    if isinstance(part, int):
        items = place.get("prefixItems", [])
        candidates = [items[part] if part < len(items) else None, place.get("items")]
    for candidate in candidates:
        if isinstance(candidate, dict):
            yield from _branches(candidate, root)


def _branches(place: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    if reference := place.get("$ref"):
        return _branches(root.get("$defs", {}).get(reference.rpartition("/")[2], {}), root)
    choices = [choice for word in ("anyOf", "oneOf", "allOf") for choice in place.get(word, [])]
    return [branch for choice in choices for branch in _branches(choice, root)] or [place]
