"""Which of what the installed packages declare an intent means.

Follows Android 14's `IntentFilter` and `ComponentResolver`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from harness.pixel.intents import DEFAULT, LAUNCHER, Intent, whole_name
from harness.pixel.package import Enabled

if TYPE_CHECKING:
    from harness.pixel.declarations import Component, IntentFilter
    from harness.pixel.packages import Package, PackageStore

Kind = Literal["activity", "service", "receiver"]
_DISABLED: Final = (Enabled.DISABLED, Enabled.DISABLED_USER)


@dataclass(frozen=True, slots=True)
class Found:
    """A component that an intent means, and the package that it is of."""

    package: Package
    component: Component

    @property
    def name(self) -> str:
        """`package/whole.Class`."""
        return f"{self.package.name}/{self.component.name}"

    @property
    def enabled(self) -> bool:
        """Whether it may run: what was said of it by name goes before its manifest."""
        said = self.package.user.components.get(self.component.name, Enabled.DEFAULT)
        return self.package.enabled and (self.component.enabled if said is Enabled.DEFAULT else said not in _DISABLED)

    def priority(self, intent: Intent) -> int:
        """That of the first filter which the intent passes."""
        return next((one.priority for one in self.component.filters if matches(one, intent)), 0)


def resolve(packages: PackageStore, intent: Intent, kind: Kind, *, by_default: bool = False) -> list[Found]:
    """All components of that kind, best first; one at most where the intent names it.

    `by_default` leaves only activities that are in the default category, as `startActivity` does; but a launcher's need
    not be, so that `am start PACKAGE` means what its user means.
    """
    if intent.component:
        name = whole_name(intent.component)
        package = packages.get(name.partition("/")[0])
        return [found for found in _declared([package] if package else [], kind) if found.name == name]
    wanted = [packages.get(intent.package)] if intent.package else packages.listed()
    found = [
        found
        for found in _declared([package for package in wanted if package], kind)
        if found.enabled and any(_fits(one, intent, by_default) for one in found.component.filters)
    ]
    return sorted(found, key=lambda each: -each.priority(intent))


def matches(one: IntentFilter, intent: Intent) -> bool:
    """Whether a filter lets an intent through: action, categories, data and type each."""
    if intent.action is not None and intent.action not in one.actions:
        return False
    return set(intent.categories) <= set(one.categories) and _matches_data(one, intent)


def _matches_data(one: IntentFilter, intent: Intent) -> bool:
    scheme = intent.scheme
    if not one.types and not one.schemes:
        return intent.type is None and intent.data is None
    if one.schemes:
        if (scheme or "") not in one.schemes:
            return False
    elif scheme not in (None, "", "content", "file"):
        return False
    if one.types:
        if intent.type is None or not any(fnmatch.fnmatchcase(intent.type, pattern) for pattern in one.types):
            return False
    elif intent.type is not None:
        return False
    return not one.hosts or _matches_place(one, intent.data or "")


def _matches_place(one: IntentFilter, data: str) -> bool:
    place = urlsplit(data)
    host = place.hostname or ""
    if not any(host == name or (name.startswith("*") and host.endswith(name[1:])) for name in one.hosts):
        return False
    return not one.paths or any(_matches_path(kind, path, place.path) for kind, path in one.paths)


def _matches_path(kind: str, wanted: str, path: str) -> bool:
    if kind == "pathPrefix":
        return path.startswith(wanted)
    if kind == "pathPattern":  # `.` and `*`, escaped by backslashes
        return re.fullmatch(wanted, path) is not None
    return path == wanted


def _fits(one: IntentFilter, intent: Intent, by_default: bool) -> bool:
    return matches(one, intent) and (not by_default or DEFAULT in one.categories or LAUNCHER in intent.categories)


def _declared(packages: Iterable[Package], kind: Kind) -> Iterator[Found]:
    for package in packages:
        manifest = package.manifest
        components = {"activity": manifest.activities, "service": manifest.services, "receiver": manifest.receivers}
        for component in components[kind]:
            yield Found(package, component)
