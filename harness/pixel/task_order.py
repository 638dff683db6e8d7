"""Whose activities lie on whose: the order of the apps' tasks."""

from __future__ import annotations


class TaskOrder:
    """The packages that have a task, each by its name, and the home screen, which is None."""

    def __init__(self) -> None:
        self._names: list[str | None] = [None]

    @property
    def front(self) -> str | None:
        """What is on the screen."""
        return self._names[-1]

    def foremost_first(self) -> list[str | None]:
        """All of them."""
        return self._names[::-1]

    def raise_to_front(self, name: str | None) -> None:
        """Put a task, or the home screen, before all others."""
        if name in self._names:
            self._names.remove(name)
        self._names.append(name)

    def leave(self, name: str, *, kept: bool = False) -> bool:
        """Take a task away, or with `kept` put it behind all others. Returns whether it was in front."""
        if name not in self._names:
            return False
        was_front = self.front == name
        self._names.remove(name)
        if kept:
            self._names.insert(0, name)
        return was_front
