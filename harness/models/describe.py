"""From a card to described models: converted, given metadata, checked, and kept by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.errors import HostError
from harness.fetch.store import cache_root, cached, key_of, sha256_of
from harness.models.catalog import ModelCard, Variant, load_card
from harness.models.convert import conversion_key, convert, missing
from harness.models.families.base import Given, Shelf
from harness.models.inspect import TensorInfo, inspect
from harness.models.metadata import describe
from harness.models.recipe import recipe_of
from harness.models.tasks import task_source
from harness.models.tasks.base import Resources
from harness.models.workers import Job, warm

_SIDECAR = "described.json"


@dataclass(frozen=True)
class DescribedModel:
    """A `.tflite` with its metadata written and read back.

    `path` is the file in the cache, `sha256` and `bytes` are the whole file's; `resources` has the files that travel
    in it.
    """

    model: str
    variant: Variant
    path: Path
    sha256: str
    bytes: int
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    resources: Resources
    card: ModelCard

    @property
    def id(self) -> str:
        """`<model>/<variant>`."""
        return f"{self.model}/{self.variant}"


def describe_variants(
    card: ModelCard,
    variants: Sequence[Variant | str] = (),
    *,
    catalog: Path | None = None,
    say: Callable[[str], None] = lambda _message: None,
) -> tuple[DescribedModel, ...]:
    """These variants of a card's model (all that it has, if none is named), described, in this order.

    What is in the cache comes back in milliseconds and without TensorFlow; the rest is made by one build of the source.
    `catalog` is the folder with `samples.yaml`; `say` hears what is waited for.

    Raises:
        UsageError: the card has no such variant, or its builder, labels or photos aren't there.
        ModelError: as `harness.models.convert.convert` and `harness.models.metadata.describe`.
        HostError: a package can't be fetched, or an entry of the cache is damaged (`cache.damaged`).
    """
    wanted = [card.require(variant) for variant in variants or card.variants]
    keys = {variant: _key(card, variant, catalog) for variant in wanted}
    lacking = [variant for variant in dict.fromkeys(wanted) if not _entry(keys[variant]).exists()]
    for converted in convert(card, lacking, catalog=catalog, say=say) if lacking else ():
        variant, path = converted.variant, converted.path
        cached("described", keys[variant], lambda entry, path=path: _make(card, path, entry, say))  # type: ignore[misc]
    return tuple(_read(card, variant, _entry(keys[variant])) for variant in wanted)


def describe_all(
    wanted: Mapping[str, Sequence[Variant | str]], *, say: Callable[[str], None] = lambda _message: None
) -> tuple[DescribedModel, ...]:
    """These variants of these models of the catalogue, model by model in this order.

    What several models lack is converted in several processes, as cores and memory allow. Raises as `describe_variants`.
    """
    cards = [(load_card(model), variants) for model, variants in wanted.items()]
    jobs = []
    for card, variants in cards:
        recipe = recipe_of(card, say=say)
        if lacking := missing(recipe, [card.require(variant) for variant in variants]):
            jobs.append(Job(recipe, lacking))
    if len(jobs) > 1:
        warm(jobs, say)
    return tuple(described for card, variants in cards for described in describe_variants(card, variants, say=say))


def _make(card: ModelCard, converted: Path, entry: Path, say: Callable[[str], None]) -> None:
    entry.mkdir()
    files = card.task.files(replace(card.place, say=say))
    for name, content in files.items():
        (entry / name).write_bytes(content)
    target, model = entry / "model.tflite", inspect(converted)
    family = card.task.described(card.about, model)
    said = family.describe(Given(model, Shelf.of(entry, card.place.where)))
    described = describe(converted, said, files, target)
    sidecar = {
        "schema": 1,
        "sha256": sha256_of(target),
        "bytes": described.size,
        "inputs": [asdict(tensor) for tensor in described.main.input_tensors],
        "outputs": [asdict(tensor) for tensor in described.main.output_tensors],
    }
    (entry / _SIDECAR).write_text(json.dumps(sidecar, indent=1), encoding="utf-8")


def _read(card: ModelCard, variant: Variant, entry: Path) -> DescribedModel:
    path = entry / "model.tflite"
    try:
        sidecar = json.loads((entry / _SIDECAR).read_text(encoding="utf-8"))
        found = DescribedModel(
            model=card.id,
            variant=variant,
            path=path,
            sha256=sidecar["sha256"],
            bytes=sidecar["bytes"],
            inputs=tuple(_tensor(fields) for fields in sidecar["inputs"]),
            outputs=tuple(_tensor(fields) for fields in sidecar["outputs"]),
            resources=Resources(entry),
            card=card,
        )
        size = path.stat().st_size
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(entry, f"{type(error).__name__}: {error}") from error
    if size != found.bytes:
        raise _damaged(entry, f"model.tflite has {size:,} bytes and should have {found.bytes:,}")
    return found


def _tensor(fields: dict[str, Any]) -> TensorInfo:
    return TensorInfo(**{**fields, "shape": tuple(fields["shape"])})


def _damaged(entry: Path, why: str) -> HostError:
    return HostError("cache.damaged", f"{entry} is damaged", why=why, hint=f"remove it: rm -r '{entry}'")


def _entry(key: str) -> Path:
    return cache_root() / "described" / key


def _key(card: ModelCard, variant: Variant, catalog: Path | None) -> str:
    local = [card.place.local(name).read_bytes() for name in card.task.unpinned()]
    card_key = key_of(conversion_key(card, variant, catalog), card.model_dump_json(), *local)
    return key_of(card_key, task_source(card.task), version("tflite-support"), _own_code())


def _own_code() -> str:
    here = Path(__file__).parent
    names = ("describe.py", "embed.py", "inspect.py", "labels.py", "tasks/parts.py", "tasks/wordpiece.py")
    makers = [here / name for name in names]
    digest = hashlib.sha256()
    for path in (*makers, *sorted(here.glob("metadata/*.py")), *sorted(here.glob("families/*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()
