"""What the installed packages declare for others to reach, and which of it an intent means.

Follows Android 14's `IntentFilter` and `ComponentResolver`.
"""

from __future__ import annotations

import fnmatch
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from harness.pixel import axml
from harness.pixel.axml import Element
from harness.pixel.intents import DEFAULT, LAUNCHER, Intent, whole_name

if TYPE_CHECKING:
    from harness.pixel.packages import Package, PackageStore

_TAGS: Final = {"activity": "activity", "activity-alias": "activity", "service": "service", "receiver": "receiver"}


@dataclass(frozen=True, slots=True)
class IntentFilter:
    """What a component answers to; each part is empty where the filter doesn't ask for it."""

    actions: frozenset[str]
    categories: frozenset[str]
    schemes: tuple[str, ...]
    hosts: tuple[str, ...]
    paths: tuple[tuple[str, str], ...]
    types: tuple[str, ...]
    priority: int

    def matches(self, intent: Intent) -> bool:
        """Whether it lets the intent through: action, categories, data and type each."""
        if intent.action is not None and intent.action not in self.actions:
            return False
        if not set(intent.categories) <= self.categories:
            return False
        return self._matches_data(intent)

    def _matches_data(self, intent: Intent) -> bool:
        scheme = intent.scheme
        if not self.types and not self.schemes:
            return intent.type is None and intent.data is None
        if self.schemes:
            if (scheme or "") not in self.schemes:
                return False
        elif scheme not in (None, "", "content", "file"):
            return False
        if self.types:
            if intent.type is None or not any(fnmatch.fnmatchcase(intent.type, pattern) for pattern in self.types):
                return False
        elif intent.type is not None:
            return False
        return not self.hosts or self._matches_place(intent.data or "")

    def _matches_place(self, data: str) -> bool:
        place = urlsplit(data)
        host = place.hostname or ""
        if not any(host == name or (name.startswith("*") and host.endswith(name[1:])) for name in self.hosts):
            return False
        return not self.paths or any(_matches_path(kind, path, place.path) for kind, path in self.paths)


def _matches_path(kind: str, wanted: str, path: str) -> bool:
    if kind == "pathPrefix":
        return path.startswith(wanted)
    if kind == "pathPattern":  # `.` and `*`, escaped by backslashes
        return re.fullmatch(wanted, path) is not None
    return path == wanted


@dataclass(frozen=True, slots=True)
class Component:
    """A declared activity, service or receiver; `name` is `package/whole.Class`."""

    kind: str
    name: str
    exported: bool
    enabled: bool
    permission: str | None
    filters: tuple[IntentFilter, ...]

    def priority(self, intent: Intent) -> int:
        """That of the first filter which the intent passes."""
        return next((one.priority for one in self.filters if one.matches(intent)), 0)


@dataclass(frozen=True, slots=True)
class Found:
    """A component that an intent means, and the package that it is of."""

    package: Package
    component: Component


def resolve(packages: PackageStore, intent: Intent, kind: str, *, by_default: bool = False) -> list[Found]:
    """All components of that kind, best first; one at most where the intent names it.

    `by_default` leaves only activities that are in the default category, as `startActivity` does; but a launcher's need
    not be, so that `am start PACKAGE` means what its user means.
    """
    if intent.component:
        name = whole_name(intent.component)
        package = packages.get(name.partition("/")[0])
        return [found for found in _declared([package] if package else [], kind) if found.component.name == name]
    wanted = [packages.get(intent.package)] if intent.package else packages.listed()
    found = [
        found
        for found in _declared([package for package in wanted if package], kind)
        if found.component.enabled and any(_fits(one, intent, by_default) for one in found.component.filters)
    ]
    return sorted(found, key=lambda each: -each.component.priority(intent))


def _fits(one: IntentFilter, intent: Intent, by_default: bool) -> bool:
    return one.matches(intent) and (not by_default or DEFAULT in one.categories or LAUNCHER in intent.categories)


def _declared(packages: Iterable[Package], kind: str) -> Iterator[Found]:
    for package in packages:
        for component in read_components(package.name, package.apk, package.updated_ms):
            if component.kind == kind:
                yield Found(package, component)


@lru_cache(maxsize=256)
def read_components(package: str, apk: Path, updated_ms: int) -> tuple[Component, ...]:
    """What an installed APK declares; `updated_ms` tells one version from the next."""
    del updated_ms
    with zipfile.ZipFile(apk) as archive:
        root = axml.parse(archive.read("AndroidManifest.xml"))
    return tuple(
        _component(package, _TAGS[element.tag], element)
        for application in root.all("application")
        for element in application.children
        if element.tag in _TAGS
    )


def _component(package: str, kind: str, element: Element) -> Component:
    filters = tuple(_filter(each) for each in element.all("intent-filter"))
    name = element.text("android:name") or ""
    whole = package + name if name.startswith(".") else name if "." in name else f"{package}.{name}"
    return Component(
        kind=kind,
        name=f"{package}/{whole}",
        exported=element.flag("android:exported", bool(filters)),
        enabled=element.flag("android:enabled", True),
        permission=element.text("android:permission"),
        filters=filters,
    )


def _filter(element: Element) -> IntentFilter:
    data = list(element.all("data"))

    def texts(items: Iterable[Element], name: str) -> tuple[str, ...]:
        return tuple(text for item in items if (text := item.text(f"android:{name}")))

    return IntentFilter(
        actions=frozenset(texts(element.all("action"), "name")),
        categories=frozenset(texts(element.all("category"), "name")),
        schemes=texts(data, "scheme"),
        hosts=texts(data, "host"),
        paths=tuple((kind, path) for kind in ("path", "pathPrefix", "pathPattern") for path in texts(data, kind)),
        types=texts(data, "mimeType"),
        priority=element.number("android:priority", 0),
    )
