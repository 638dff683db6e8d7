"""`pm resolve-activity`, `query-activities`, `has-feature` and `dump`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from harness.pixel.commands.arguments import Arguments, Stopped, user_id
from harness.pixel.commands.dumpsys import package as package_dump
from harness.pixel.control import Call
from harness.pixel.declarations import Component, IntentFilter
from harness.pixel.features import FEATURES
from harness.pixel.package import Enabled, Package

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_MAIN: Final = "android.intent.action.MAIN"
_MANIFEST_MATCH: Final = 0x108000


@dataclass(slots=True)
class _Query:
    brief: bool = False
    components: bool = False
    action: str | None = None
    categories: list[str] = field(default_factory=list)
    data: str | None = None
    mime_type: str | None = None
    package: str | None = None
    component: str | None = None


def _read(call: Call) -> _Query:
    query, arguments = _Query(), Arguments(call.arguments)
    texts = {"-a": "action", "-d": "data", "-t": "mime_type", "-n": "component", "-p": "package"}
    while (word := arguments.next()) is not None:
        if word == "--brief":
            query.brief = True
        elif word == "--components":
            query.components = True
        elif word in texts:
            setattr(query, texts[word], arguments.value(word))
        elif word == "-c":
            query.categories.append(arguments.value(word))
        elif word in ("--user", "--query-flags", "-f"):
            value = arguments.value(word)
            if word == "--user":
                user_id(value)
        elif word.startswith("-"):
            raise Stopped(255, f"Error: Unknown option: {word}")
        elif "/" in word:
            query.component = word
        else:
            query.package = word
    return query


def _matches(device: VirtualPixel, query: _Query) -> Iterator[tuple[Package, Component, IntentFilter | None]]:
    for package in device.packages.listed():
        if query.package not in (None, package.name) or not package.enabled:
            continue
        for activity in package.activities:
            state = package.user.components.get(activity.name, Enabled.DEFAULT)
            if not (activity.enabled if state is Enabled.DEFAULT else state is Enabled.ENABLED):
                continue
            if query.component:
                owner, _, name = query.component.partition("/")
                if (owner, owner + name if name.startswith(".") else name) == (package.name, activity.name):
                    yield package, activity, None
            elif (found := next((each for each in activity.filters if _fits(query, each)), None)) is not None:
                yield package, activity, found


def _fits(query: _Query, wanted: IntentFilter) -> bool:
    """Whether an intent passes a filter, as far as action, categories, scheme and type decide (`IntentFilter.match`)."""
    if (query.action or (None if query.data else _MAIN)) not in (None, *wanted.actions):
        return False
    if not set(query.categories) <= set(wanted.categories):
        return False
    scheme = query.data.partition(":")[0] if query.data else None
    if (scheme is None) != (not wanted.schemes) and not (scheme in ("content", "file") and wanted.types):
        return False
    if scheme is not None and wanted.schemes and scheme not in wanted.schemes:
        return False
    kinds = {query.mime_type, "*/*", (query.mime_type or "").partition("/")[0] + "/*"}
    return bool(kinds & set(wanted.types)) if query.mime_type else not wanted.types


def _short(package: Package, activity: Component) -> str:
    name = activity.name
    return f"{package.name}/{name.removeprefix(package.name) if name.startswith(package.name + '.') else name}"


def _described(package: Package, activity: Component, found: IntentFilter | None, query: _Query, indent: str) -> str:
    if query.components:
        return f"{_short(package, activity)}\n"
    default = "android.intent.category.DEFAULT" in found.categories if found else False
    priority, match = (found.priority, hex(_MANIFEST_MATCH)) if found else (0, "0x0")
    head = (
        f"{indent}priority={priority} preferredOrder=0 match={match} specificIndex=-1"
        f" isDefault={str(default).lower()}\n"
    )
    if query.brief:
        return f"{head}{indent}{_short(package, activity)}\n"
    return head + (
        f"{indent}ActivityInfo:\n"
        f"{indent}  name={activity.name}\n"
        f"{indent}  packageName={package.name}\n"
        f"{indent}  enabled={str(activity.enabled).lower()} exported={str(activity.exported).lower()}\n"
        f"{indent}  ApplicationInfo:\n"
        f"{indent}    packageName={package.name}\n"
        f"{indent}    uid={package.uid} targetSdkVersion={package.target_sdk}\n"
        f"{indent}    sourceDir={package.device_apk}\n"
        f"{indent}    dataDir={package.data_dir}\n"
    )


async def resolve_activity(device: VirtualPixel, call: Call) -> int:
    """`pm resolve-activity [--brief] INTENT`."""
    query = _read(call)
    found = next(_matches(device, query), None)
    if found is None:
        await call.say("No activity found\n")
        return 0
    await call.say(_described(*found, query, ""))
    return 0


async def query_activities(device: VirtualPixel, call: Call) -> int:
    """`pm query-activities [--brief|--components] INTENT`."""
    query = _read(call)
    found = list(_matches(device, query))
    if query.components:
        await call.say("".join(_described(*each, query, "") for each in found))
        return 0
    if not found:
        await call.say("No activities found\n")
        return 0
    parts = [f"  Activity #{number}:\n{_described(*each, query, '    ')}" for number, each in enumerate(found)]
    await call.say(f"{len(found)} activities found:\n" + "".join(parts))
    return 0


async def has_feature(_: VirtualPixel, call: Call) -> int:
    """`pm has-feature NAME [VERSION]`."""
    arguments = Arguments(call.arguments)
    name = arguments.next()
    if name is None:
        raise Stopped(1, "Error: expected FEATURE name")
    there = name in FEATURES
    await call.say(f"{str(there).lower()}\n")
    return 0 if there else 1


async def dump(device: VirtualPixel, call: Call) -> int:
    """`pm dump PACKAGE`: what `dumpsys package` says of it."""
    name = Arguments(call.arguments).next()
    if name is None:
        raise Stopped(1, "Error: no package specified")
    await call.say(package_dump.dump(device, (name,)))
    return 0
