"""Something about a model's metadata that a reader of it would refuse or misread."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`code` is stable and dotted; `where` names field and tensor, or a file; `remedy` says what to do."""

    code: str
    where: str
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.where else self.text
