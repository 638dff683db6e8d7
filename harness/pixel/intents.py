"""Android's intents as the device handles them: read from a command or an app, told, handed on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

MAIN: Final = "android.intent.action.MAIN"
LAUNCHER: Final = "android.intent.category.LAUNCHER"
DEFAULT: Final = "android.intent.category.DEFAULT"
NEW_TASK: Final = 0x10000000
FROM_SHELL: Final = 0x00400000
RECEIVER_FOREGROUND: Final = 0x10000000
_WEB: Final = ("http", "https", "ftp", "rtsp")
_PRIVATE: Final = ("tel", "sip", "sms", "smsto", "mailto")
_URI_LETTERS: Final = {"string": "S", "int": "i", "long": "l", "float": "f", "double": "d", "boolean": "B"}

Extra = tuple[str, str, Any]
"""Name, kind (`string`, `int`, …, `int[]`, `int list`) and value."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What to do, to what, by whom. `component` is `package/whole.Class`."""

    action: str | None = None
    data: str | None = None
    type: str | None = None
    categories: tuple[str, ...] = ()
    component: str | None = None
    package: str | None = None
    flags: int = 0
    extras: tuple[Extra, ...] = ()

    @property
    def scheme(self) -> str | None:
        """That of the data."""
        return self.data.partition(":")[0] if self.data and ":" in self.data else None

    def adding(self, flags: int) -> Intent:
        """The same with more flags."""
        return replace(self, flags=self.flags | flags)

    def to(self, component: str) -> Intent:
        """The same for one component."""
        return replace(self, component=component)

    def shown(self) -> str:
        """As Android 14's `Intent.toString`."""
        parts = [f"act={self.action}"] if self.action else []
        parts += [f"cat=[{','.join(self.categories)}]"] if self.categories else []
        parts += [f"dat={_safe(self.data)}"] if self.data else []
        parts += [f"typ={self.type}"] if self.type else []
        parts += [f"flg=0x{self.flags:x}"] if self.flags else []
        parts += [f"pkg={self.package}"] if self.package else []
        parts += [f"cmp={short_name(self.component)}"] if self.component else []
        parts += ["(has extras)"] if self.extras else []
        return f"Intent {{ {' '.join(parts)} }}"

    def uri(self, *, intent_scheme: bool) -> str:
        """As `Intent.toUri`, with or without `URI_INTENT_SCHEME`; what it has no letter for is left out."""
        head, scheme = self.data or "", ""
        if intent_scheme:
            scheme = self.scheme or ""
            head = f"intent:{(self.data or '').partition(':')[2] if scheme else self.data or ''}"
        fields = {"scheme": scheme, "action": self.action, "type": self.type}
        parts = [f"{name}={quote(value, safe='/')};" for name, value in fields.items() if value]
        parts[1:1] = []
        parts += [f"category={quote(name)};" for name in self.categories]
        parts += [f"launchFlags=0x{self.flags:x};"] if self.flags else []
        parts += [f"package={quote(self.package)};"] if self.package else []
        parts += [f"component={quote(short_name(self.component), safe='/')};"] if self.component else []
        for name, kind, value in self.extras:
            if letter := _URI_LETTERS.get(kind):
                text = str(value).lower() if isinstance(value, bool) else str(value)
                parts.append(f"{letter}.{quote(name)}={quote(text)};")
        return f"{head}#Intent;{''.join(parts)}end"

    def wire(self) -> dict[str, Any]:
        """As an app's process reads it."""
        return {
            "action": self.action,
            "data": self.data,
            "type": self.type,
            "categories": list(self.categories),
            "component": self.component,
            "package": self.package,
            "flags": self.flags,
            "extras": [list(extra) for extra in self.extras],
        }


def from_wire(item: dict[str, Any]) -> Intent:
    """The intent that an app's process wrote."""
    return Intent(
        item["action"], item["data"], item["type"], tuple(item["categories"]), item["component"], item["package"],
        int(item["flags"]), tuple((str(name), str(kind), value) for name, kind, value in item["extras"]),
    )  # fmt: skip


def whole_name(component: str) -> str:
    """`package/.Class` as `package/package.Class`."""
    package, _, name = component.partition("/")
    return f"{package}/{package}{name}" if name.startswith(".") else component


def short_name(component: str) -> str:
    """`package/package.Class` as `package/.Class` (ComponentName.flattenToShortString)."""
    package, _, name = component.partition("/")
    return f"{package}/{name.removeprefix(package)}" if name.startswith(f"{package}.") else component


def _safe(data: str) -> str:
    """What a log may show of a URI (`Uri.toSafeString`)."""
    scheme, colon, rest = data.partition(":")
    if not colon:
        return data
    if scheme.lower() in _PRIVATE:
        return f"{scheme}:" + re.sub(r"[^-@.]", "x", rest)
    if scheme.lower() in _WEB and rest.startswith("//"):
        return f"{scheme}://{rest[2:].partition('/')[0].rpartition('@')[2]}/..."
    return data
