"""The events buffer: numbered tags with typed values, as Android 14's `EventLog` writes and `logcat -b events` shows them.

Source of the encoding: AOSP system/logging, `liblog/event_tag_map.cpp` and `log_event_list.h`; of the tags: the
`EventLogTags.logtags` of its activity and window managers.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

Value = int | str | float
_INT, _LONG, _STRING, _LIST, _FLOAT = range(5)
_DEPTH_MAX: Final = 8
_INT_RANGE: Final = range(-(1 << 31), 1 << 31)
_DESCRIBED: Final = re.compile(r"\((?P<name>[^|)]*)(?:\|(?P<type>\d))?(?:\|(?P<unit>\d))?\)")
_UNITS: Final = {"2": "B", "3": "ms", "4": " allocs", "6": "%", "s": "s"}
EVENT_TAGS: Final = """\
2722 battery_level (level|1|6),(voltage|1|1),(temperature|1|1)
3010 boot_progress_system_run (time|2|3)
30001 wm_finish_activity (User|1|5),(Token|1|5),(Task ID|1|5),(Component Name|3),(Reason|3)
30005 wm_create_activity (User|1|5),(Token|1|5),(Task ID|1|5),(Component Name|3),(Action|3),(MIME Type|3),(URI|3),(Flags|1|5)
30008 am_anr (User|1|5),(pid|1|5),(Package Name|3),(Flags|1|5),(reason|3)
30009 wm_activity_launch_time (User|1|5),(Token|1|5),(Component Name|3),(time|2|3)
30010 am_proc_bound (User|1|5),(PID|1|5),(Process Name|3)
30011 am_proc_died (User|1|5),(PID|1|5),(Process Name|3),(OomAdj|1|5),(ProcState|1|5)
30014 am_proc_start (User|1|5),(PID|1|5),(UID|1|5),(Process Name|3),(Type|3),(Component|3)
30017 am_low_memory (Num Processes|1|1)
30021 wm_on_paused_called (Token|1|5),(Component Name|3),(Reason|3),(time|2|3)
30022 wm_on_resume_called (Token|1|5),(Component Name|3),(Reason|3),(time|2|3)
30023 am_kill (User|1|5),(PID|1|5),(Process Name|3),(OomAdj|1|5),(Reason|3),(Rss|2|2)
30039 am_crash (User|1|5),(PID|1|5),(Process Name|3),(Flags|1|5),(Exception|3),(Message|3),(File|3),(Line|1|5),(Recoverable|1|5)
30043 wm_set_resumed_activity (User|1|5),(Component Name|3),(Reason|3)
30049 wm_on_stop_called (Token|1|5),(Component Name|3),(Reason|3),(time|2|3)
30057 wm_on_create_called (Token|1|5),(Component Name|3),(Reason|3),(time|2|3)
30059 wm_on_start_called (Token|1|5),(Component Name|3),(Reason|3),(time|2|3)
30060 wm_on_destroy_called (Token|1|5),(Component Name|3),(Reason|3),(time|2|3)
"""
"""The text of the device's `/system/etc/event-log-tags`."""


class EventMalformed(ValueError):
    """The bytes aren't an event."""


@dataclass(frozen=True, slots=True)
class EventTag:
    """A tag's number and name, and the name and unit of each of its values."""

    number: int
    name: str
    values: tuple[tuple[str, str], ...]


def _read_tags() -> dict[str, EventTag]:
    found = {}
    for line in EVENT_TAGS.splitlines():
        number, name, rest = line.split(" ", 2)
        values = tuple((match["name"], _UNITS.get(match["unit"] or "", "")) for match in _DESCRIBED.finditer(rest))
        found[name] = EventTag(int(number), name, values)
    return found


_BY_NAME: Final = _read_tags()
_BY_NUMBER: Final = {tag.number: tag for tag in _BY_NAME.values()}


def pack_event(name: str, *values: Value) -> bytes:
    """The payload of an event with a known tag: its number and its values, a list where they are several."""
    packed = [_packed(value) for value in values]
    body = packed[0] if len(packed) == 1 else struct.pack("<BB", _LIST, len(packed)) + b"".join(packed)
    return struct.pack("<I", _BY_NAME[name].number) + body


def _packed(value: Value) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return struct.pack("<BI", _STRING, len(text)) + text
    if isinstance(value, float):
        return struct.pack("<Bf", _FLOAT, value)
    return struct.pack("<Bi", _INT, value) if value in _INT_RANGE else struct.pack("<Bq", _LONG, value)


def describe_event(payload: bytes, *, named: bool = False) -> tuple[str, str]:
    """An event's tag and its values as `logcat` prints them; `named` with the names that the tag gives them.

    An unknown tag is its number in brackets. Raises `EventMalformed`.
    """
    if len(payload) < 4:
        raise EventMalformed("an event without a tag")
    (number,) = struct.unpack_from("<I", payload)
    tag = _BY_NUMBER.get(number)
    names = tag.values if tag and named else ()
    text = _Reader(payload, 4, names).text() if len(payload) > 4 else ""
    return tag.name if tag else f"[{number}]", text


class _Reader:
    """Reads an event's values, one after the other."""

    def __init__(self, payload: bytes, place: int, names: tuple[tuple[str, str], ...]) -> None:
        self._payload, self._place, self._names = payload, place, list(names)

    def text(self, depth: int = 0) -> str:
        kind = self._take("<B")
        if kind == _LIST:
            if depth > _DEPTH_MAX:
                raise EventMalformed("an event whose lists lie too deep")
            return "[" + ",".join(self.text(depth + 1) for _ in range(int(self._take("<B")))) + "]"
        if kind == _STRING:
            length = int(self._take("<I"))
            end = self._place + length
            if end > len(self._payload):
                raise EventMalformed("an event whose text ends too late")
            text, self._place = self._payload[self._place : end].decode("utf-8", "replace"), end
        elif kind in (_INT, _LONG, _FLOAT):
            value = self._take({_INT: "<i", _LONG: "<q", _FLOAT: "<f"}[int(kind)])
            text = f"{value:f}" if kind == _FLOAT else str(value)
        else:
            raise EventMalformed(f"an event with a value of kind {kind}")
        name, unit = self._names.pop(0) if self._names else ("", "")
        return f"{name}={text}{unit}" if name else text

    def _take(self, layout: str) -> float:
        try:
            (value,) = struct.unpack_from(layout, self._payload, self._place)
        except struct.error:
            raise EventMalformed("an event that ends too early") from None
        self._place += struct.calcsize(layout)
        return value  # type: ignore[no-any-return]
