"""Functions that make models: found by `module:function`, in an installed module or in a file beside the card."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.fetch.store import sha256_of
from harness.models.entry import inside


def text_hash(name: str, folder: Path, where: str) -> str:
    """SHA-256 of the module's own text; empty for one without a file. Raises as `function_of`."""
    origin = _spec(name, folder, where).origin
    return hashlib.sha256(Path(origin).read_bytes()).hexdigest() if origin else ""


def function_of(name: str, folder: Path, where: str) -> Callable[..., Any]:
    """The function that `name`, `module:function`, says. Raises UsageError `source.builder` or `card.path`."""
    module_name, _, function = name.partition(":")
    spec = _spec(name, folder, where)
    if spec.name == module_name:
        module = importlib.import_module(module_name)
    else:  # a file beside the card
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # where a dataclass looks for the names in its annotations
        if spec.loader:
            spec.loader.exec_module(module)
    found = getattr(module, function, None)
    if not callable(found):
        raise UsageError("source.builder", f"{where}: {module_name} has no function '{function}'")
    return found  # type: ignore[no-any-return]


def _spec(name: str, folder: Path, where: str) -> ModuleSpec:
    module_name = name.partition(":")[0]
    if module_name.endswith(".py"):
        path = inside(folder, module_name, where)
        spec = importlib.util.spec_from_file_location(f"harness_builder_{sha256_of(path)[:16]}", path)
    else:
        try:
            spec = importlib.util.find_spec(module_name)
        except (ImportError, ValueError):
            spec = None
    if spec is None:
        raise UsageError(
            "source.builder",
            f"{where}: no Python module '{module_name}'",
            hint="name a module that Python finds, or a file beside the card: builder.py:build",
        )
    return spec
