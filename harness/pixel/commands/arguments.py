"""How Android's own commands read their arguments and fail: `android.os.ShellCommand` and `BasicShellCommandHandler`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.pixel.control import Call

THREW: Final = 255
"""Exit code of a command whose service threw."""
OWNER: Final = 0
"""The one user of the device."""
_USERS: Final = {"all": -1, "current": OWNER, "cur": OWNER}


class Thrown(Exception):
    """An exception of Java's that ends a command; `kind` is its class."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class Stopped(Exception):
    """A command ends with an exit code, after `message` on its error stream, or on its output."""

    def __init__(self, code: int, message: str, *, output: bool = False) -> None:
        self.code, self.output = code, output
        super().__init__(message)


def illegal(message: str) -> Thrown:
    """What Android throws for arguments that it doesn't take."""
    return Thrown("java.lang.IllegalArgumentException", message)


class Arguments:
    """The words after a verb: options first, then the rest."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self._joined = ""

    def options(self) -> Iterator[str]:
        """Options up to the first word that isn't one, or `--`; `-S123` gives `-S`, and `123` to `value`."""
        while self._words and self._words[0].startswith("-") and self._words[0] != "-":
            word = self._words.pop(0)
            if word == "--":
                return
            self._joined = ""
            if len(word) > 2 and word[1] != "-":
                word, self._joined = word[:2], word[2:]
            yield word

    def value(self, option: str) -> str:
        """An option's argument. Raises `Thrown`."""
        if self._joined:
            joined, self._joined = self._joined, ""
            return joined
        if not self._words:
            raise illegal(f'Argument expected after "{option}"')
        return self._words.pop(0)

    def next(self) -> str | None:
        """The next word, if there is one."""
        return self._words.pop(0) if self._words else None

    def rest(self) -> list[str]:
        """All words that are left."""
        rest, self._words = self._words, []
        return rest


def user_id(text: str) -> int:
    """A user's number; -1 stands for all. Raises `Thrown`."""
    if text in _USERS:
        return _USERS[text]
    if not text.isascii() or not text.isdigit():
        raise illegal(f"Bad user number: {text}")
    return int(text)


async def report(call: Call, verb: str, error: Thrown | Stopped) -> int:
    """Print how a command ended, as Android does; its exit code."""
    if isinstance(error, Stopped):
        await (call.say if error.output else call.complain)(f"{error}\n" if str(error) else "")
        return error.code
    await call.complain(f"\nException occurred while executing '{verb}':\n{error.kind}: {error}\n")
    return THREW
