"""What the description files of all families share: who made the model, files that travel with it, which tensor is which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.errors import ModelError
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.metadata.archive import safe_name
from harness.models.metadata.values import AssociatedFile, CustomMetadata, Description, FileKind, TensorDescription
from harness.strict_yaml import Document, Key

_MAX_FILE_BYTES = 64 << 20
Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Part(BaseModel):
    """A part of a description file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass
class Shelf:
    """Takes the files that a description names from its own folder, each under the last part of its name."""

    document: Document
    folder: Path
    contents: dict[str, bytes] = field(default_factory=dict)
    _paths: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, where: str) -> Shelf:
        """A folder of files that no description file names; `where` is what an error calls their namer."""
        return cls(Document(where, "", {}, {}, {}), folder)

    def take(
        self,
        key: Sequence[Key],
        file: str,
        kind: FileKind,
        description: str = "",
        *,
        locale: str = "",
        version: str = "",
    ) -> AssociatedFile:
        """The file that stands at `key` of the document.

        Raises:
            UsageError: `describe.path` for one outside of the folder, `describe.file` for one that can't be read,
                `describe.twice` for a second of the same name; each with the place in the document.
        """
        if not safe_name(file):
            raise self._error(key, f"'{file}' leads out of the description's folder", "path", "move the file into it")
        path = self.folder / file
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise self._error(
                key, f"'{file}' is a link out of the description's folder", "path", "copy the file into it"
            )
        other = self._paths.setdefault(path.name, path)
        if other != path:
            message = (
                f"two files would be called '{path.name}' in the model: '{file}' and '{other.name}' of {other.parent}"
            )
            raise self._error(key, message, "twice", "rename one of them")
        try:
            if path.stat().st_size > _MAX_FILE_BYTES:
                raise self._error(
                    key, f"'{file}' is over {_MAX_FILE_BYTES:,} bytes", "file", "no label file is as long"
                )
            self.contents[path.name] = path.read_bytes()
        except OSError as error:
            message = f"'{file}' can't be read: {error.strerror or error}"
            raise self._error(key, message, "file", f"put it into {self.folder}") from error
        return AssociatedFile(path.name, description, kind, locale=locale, version=version)

    def _error(self, key: Sequence[Key], message: str, code: str, hint: str) -> Exception:
        return self.document.error(key, message, code=f"describe.{code}", hint=hint)


@dataclass(frozen=True)
class Given:
    """What a family's writer works on."""

    model: TfliteFile
    shelf: Shelf

    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        """What goes in."""
        return self.model.main.input_tensors

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        """What comes out."""
        return self.model.main.output_tensors

    def expect(self, family: str, *, inputs: int, outputs: int) -> None:
        """Raises ModelError `metadata.family` when the model has other numbers of tensors."""
        for whose, wanted, tensors in (("input", inputs, self.inputs), ("output", outputs, self.outputs)):
            if len(tensors) != wanted:
                names = ", ".join(str(tensor) for tensor in tensors)
                what = f"{self.model.path}: family {family} has {wanted} {whose}(s), and the model has {len(tensors)}"
                hint = "describe it as another family, or as `general`"
                raise ModelError("metadata.family", what, why=names, hint=hint)

    def roles(
        self, whose: Literal["inputs", "outputs"], roles: Mapping[str, Sequence[str]], said: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Which role each tensor has: as said, else by the one tensor whose name (or signature's name) has a word of the role.

        A role earlier in `roles` chooses first.

        Raises:
            ModelError: `metadata.role` when a role fits no tensor or several.
        """
        numbers = self.model.main.inputs if whose == "inputs" else self.model.main.outputs
        return roles_of([self._names(whose, number) for number in numbers], roles, said, f"{self.model.path}: {whose}")

    def _names(self, whose: str, number: int) -> list[str]:
        signatures = [one for one in self.model.signatures if one.subgraph == 0]
        maps = [one.inputs if whose == "inputs" else one.outputs for one in signatures]
        return [
            self.model.main.tensors[number].name,
            *(name for map_ in maps for name, at in map_.items() if at == number),
        ]


def roles_of(
    names: Sequence[Sequence[str]], roles: Mapping[str, Sequence[str]], said: Mapping[str, str], where: str
) -> tuple[str, ...]:
    """Which role each tensor has, as `Given.roles`; every tensor has its names, and `where` says whose they are.

    Raises:
        ModelError: `metadata.role` when a role fits no tensor or several.
    """
    found: dict[int, str] = {}
    for role in sorted(roles, key=lambda role: role not in said):
        free = [index for index in range(len(names)) if index not in found]
        if role in said:
            fits = [index for index in free if said[role] in names[index]]
        else:
            fits = [i for i in free if any(word in name.lower() for word in roles[role] for name in names[i])]
        if len(fits) != 1:
            what = f"{where}: which of them is '{role}'? {len(fits)} fit"
            why = "there are " + ", ".join(" or ".join(f"'{name}'" for name in one) for one in names)
            raise ModelError("metadata.role", what, why=why, hint=f"say so: `tensors: {{{role}: <name>}}`")
        found[fits[0]] = role
    return tuple(found[index] for index in range(len(names)))


class ModelFile(Part):
    """A file about the whole model, as a README."""

    file: Text
    description: str = ""
    version: str = ""


class Custom(Part):
    """A custom entry: a name and a text."""

    name: Text
    text: str


class Family(Part, ABC):
    """A description file of one family; what it says of the tensors is the family's own."""

    title: ClassVar[str]

    schema_: Literal[1] = Field(alias="schema")
    name: Text
    description: Text
    version: str = ""
    author: str = ""
    licence: str = ""
    files: tuple[ModelFile, ...] = ()
    custom: tuple[Custom, ...] = ()

    @abstractmethod
    def describe(self, given: Given) -> Description:
        """The description of this model.

        Raises:
            ModelError: `metadata.family` or `metadata.role` for a model that isn't of this family.
            UsageError: a file that can't be taken, as `Shelf.take`.
        """

    def described(
        self, given: Given, inputs: Sequence[TensorDescription], outputs: Sequence[TensorDescription], **parts: Any
    ) -> Description:
        """The tensors with what all families say."""
        kind = FileKind.DESCRIPTIONS
        return Description(
            name=self.name,
            description=self.description,
            version=self.version,
            author=self.author,
            licence=self.licence,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            model_files=tuple(
                given.shelf.take(("files", index, "file"), one.file, kind, one.description, version=one.version)
                for index, one in enumerate(self.files)
            ),
            custom=tuple(CustomMetadata(one.name, one.text.encode()) for one in self.custom),
            **parts,
        )
