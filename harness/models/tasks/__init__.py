"""Task families: what a model is for. A family is one file here, found by being here."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from harness.models.tasks.base import Task

__all__ = ["AnyTask", "Task", "task_families", "task_source"]


@cache
def task_families() -> Mapping[str, type[Task]]:
    """Every family by the word that a card has for it."""
    found: dict[str, type[Task]] = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        for value in vars(importlib.import_module(f"{__name__}.{module}")).values():
            here = getattr(value, "__module__", "") == f"{__name__}.{module}"
            if here and isinstance(value, type) and issubclass(value, Task) and not inspect.isabstract(value):
                found[module] = value
    return found


def task_source(task: Task) -> bytes:
    """The text of a family's file and of those that families share: what it made is stale when this is another."""
    others = task_families().keys() - {task.family}
    files = sorted(file for file in Path(__file__).parent.glob("*.py") if file.stem not in others)
    return b"".join(file.read_bytes() for file in files)


if TYPE_CHECKING:
    AnyTask = Task
else:
    _classes: list[Any] = list(task_families().values())
    AnyTask = Annotated[reduce(or_, _classes), Field(discriminator="family")] if len(_classes) > 1 else _classes[0]
