"""The arguments by which `am` is told an intent, as Android 14's `Intent.parseCommandArgs` reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from harness.pixel.control import Call
from harness.pixel.intents import LAUNCHER, MAIN, Extra, Intent, whole_name

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_VIEW: Final = "android.intent.action.VIEW"


class BadArguments(ValueError):
    """The message is what Android prints after `Error: `."""


class Thrown(Exception):
    """The message is the text of a Java exception that Android's command ends with."""


def _boolean(text: str) -> bool:
    if text.lower() in ("true", "t"):
        return True
    if text.lower() in ("false", "f"):
        return False
    try:
        return int(text, 0) != 0
    except ValueError:
        raise ValueError(f"Invalid boolean value: {text}") from None


def _integer(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f'For input string: "{text}"') from None


def _fraction(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f'For input string: "{text}"') from None


def _texts(text: str) -> list[str]:
    parts = text.replace("\\,", "\0").split(",")
    return [part.replace("\0", ",") for part in parts]


def _many(read: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    return lambda text: [read(part.strip()) for part in text.split(",")]


_EXTRAS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "-e": ("string", str), "--es": ("string", str), "--esa": ("string[]", _texts), "--esal": ("string list", _texts),
    "--ei": ("int", _integer), "--eia": ("int[]", _many(int)), "--eial": ("int list", _many(int)),
    "--el": ("long", _integer), "--ela": ("long[]", _many(int)), "--elal": ("long list", _many(int)),
    "--ef": ("float", _fraction), "--efa": ("float[]", _many(float)), "--efal": ("float list", _many(float)),
    "--ed": ("double", _fraction), "--ez": ("boolean", _boolean), "--eu": ("uri", str), "--ecn": ("component", whole_name),
}  # fmt: skip
_FLAGS: Final[Mapping[str, int]] = {
    "--grant-read-uri-permission": 0x1, "--grant-write-uri-permission": 0x2, "--grant-persistable-uri-permission": 0x40,
    "--grant-prefix-uri-permission": 0x80, "--exclude-stopped-packages": 0x10, "--include-stopped-packages": 0x20,
    "--debug-log-resolution": 0x8, "--activity-brought-to-front": 0x400000, "--activity-clear-top": 0x4000000,
    "--activity-clear-when-task-reset": 0x80000, "--activity-exclude-from-recents": 0x800000,
    "--activity-launched-from-history": 0x100000, "--activity-multiple-task": 0x8000000, "--activity-no-animation": 0x10000,
    "--activity-no-history": 0x40000000, "--activity-no-user-action": 0x40000, "--activity-previous-is-top": 0x1000000,
    "--activity-reorder-to-front": 0x20000, "--activity-reset-task-if-needed": 0x200000, "--activity-single-top": 0x20000000,
    "--activity-clear-task": 0x8000, "--activity-task-on-home": 0x4000, "--activity-match-external": 0x800,
    "--receiver-registered-only": 0x40000000, "--receiver-replace-pending": 0x20000000, "--receiver-foreground": 0x10000000,
    "--receiver-no-abort": 0x8000000, "--receiver-include-background": 0x1000000,
}  # fmt: skip


@dataclass(slots=True)
class Arguments:
    """What is left to read, word by word."""

    words: list[str]

    def value(self, option: str) -> str:
        """The word after an option. Raises `Thrown` at the end."""
        if not self.words:
            raise Thrown(f'java.lang.IllegalArgumentException: Argument expected after "{option}"')
        return self.words.pop(0)


@dataclass(slots=True)
class _Parts:
    action: str | None = None
    data: str | None = None
    type: str | None = None
    categories: list[str] = field(default_factory=list)
    component: str | None = None
    package: str | None = None
    flags: int = 0
    extras: dict[str, Extra] = field(default_factory=dict)
    said: bool = False


def parse_intent(words: tuple[str, ...], option: Callable[[str, Arguments], bool]) -> Intent:
    """Read an intent; `option` takes the options that belong to the command, and says whether a word is one.

    Raises `Thrown` and `BadArguments`.
    """
    parts, arguments = _Parts(), Arguments(list(words))
    bare: str | None = None
    while arguments.words:
        word = arguments.words.pop(0)
        if not word.startswith("-"):
            bare = word
            break
        if not (_intent_option(word, arguments, parts) or option(word, arguments)):
            raise Thrown(f"java.lang.IllegalArgumentException: Unknown option: {word}")
    if bare is not None:
        _take_bare(bare, parts)
    elif not (parts.said or parts.action or parts.data or parts.component or parts.package):
        raise Thrown("java.lang.IllegalArgumentException: No intent supplied")
    return Intent(
        parts.action, parts.data, parts.type, tuple(dict.fromkeys(parts.categories)), parts.component, parts.package,
        parts.flags, tuple(parts.extras.values()),
    )  # fmt: skip


def _intent_option(word: str, arguments: Arguments, parts: _Parts) -> bool:
    if word in _EXTRAS:
        kind, read = _EXTRAS[word]
        name, text = arguments.value(word), arguments.value(word)
        try:
            parts.extras[name] = (name, kind, read(text))
        except ValueError as error:
            exception = "IllegalArgumentException" if kind == "boolean" else "NumberFormatException"
            raise Thrown(f"java.lang.{exception}: {error}") from None
    elif word == "--esn":
        name = arguments.value(word)
        parts.extras[name] = (name, "string", None)
    elif word in _FLAGS:
        parts.flags |= _FLAGS[word]
    elif word == "--selector":
        return True
    elif word in ("-a", "-d", "-t", "-c", "-n", "-p", "-f", "-i"):
        _main_option(word, arguments.value(word), parts)
    else:
        return False
    return True


def _main_option(word: str, value: str, parts: _Parts) -> None:
    parts.said = True
    if word == "-a":
        parts.action = value
    elif word == "-d":
        parts.data = value
    elif word == "-t":
        parts.type = value
    elif word == "-c":
        parts.categories.append(value)
    elif word == "-p":
        parts.package = value
    elif word == "-n":
        parts.component = _component(value)
    elif word == "-f":
        try:
            parts.flags = int(value, 0) & 0xFFFFFFFF
        except ValueError:
            raise Thrown(f'java.lang.NumberFormatException: For input string: "{value}"') from None


def _component(text: str) -> str:
    package, slash, name = text.partition("/")
    if not (package and slash and name):
        raise Thrown(f"java.lang.IllegalArgumentException: Bad component name: {text}")
    return whole_name(text)


def _take_bare(word: str, parts: _Parts) -> None:
    """A last word: a URI, a component, or a package whose launcher is meant."""
    if ":" in word:
        parts.data = word
        parts.action = parts.action or _VIEW
    elif "/" in word:
        parts.component = _component(word)
        _launcher(parts)
    else:
        parts.package = word
        _launcher(parts)


def _launcher(parts: _Parts) -> None:
    parts.action = parts.action or MAIN
    if parts.action == MAIN and LAUNCHER not in parts.categories:
        parts.categories.append(LAUNCHER)


def no_option(_: str, __: Arguments) -> bool:
    """For commands that have no options of their own."""
    return False


def user_option(word: str, arguments: Arguments) -> bool:
    """`--user USER`, of whom there is one."""
    if word == "--user":
        arguments.value(word)
        return True
    return False


async def to_uri(_: VirtualPixel, call: Call) -> int:
    """`am to-uri INTENT`."""
    await call.say(parse_intent(call.arguments, user_option).uri(intent_scheme=False) + "\n")
    return 0


async def to_intent_uri(_: VirtualPixel, call: Call) -> int:
    """`am to-intent-uri INTENT`."""
    await call.say(parse_intent(call.arguments, user_option).uri(intent_scheme=True) + "\n")
    return 0
