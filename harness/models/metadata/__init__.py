"""TensorFlow Lite metadata: what a model is, what goes in and out, written to a copy, read back, held against the tensors."""

from __future__ import annotations

from harness.models.metadata.archive import associated_file, safe_name
from harness.models.metadata.check import check
from harness.models.metadata.finding import Finding
from harness.models.metadata.pack import IDENTIFIER, pack
from harness.models.metadata.read import read_back
from harness.models.metadata.values import (
    AssociatedFile,
    Content,
    Description,
    FileKind,
    TensorDescription,
)
from harness.models.metadata.write import describe

__all__ = [
    "IDENTIFIER",
    "AssociatedFile",
    "Content",
    "Description",
    "FileKind",
    "Finding",
    "TensorDescription",
    "associated_file",
    "check",
    "describe",
    "pack",
    "read_back",
    "safe_name",
]
