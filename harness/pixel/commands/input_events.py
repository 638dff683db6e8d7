"""`input`: touches and keys for what is on the screen, as Android 14's `InputShellCommand` reads its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from harness.pixel.app_record import CommandRefused, ProcessDied
from harness.pixel.control import FAILED, Call
from harness.pixel.keycodes import key_code
from harness.pixel.logcat import Priority

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_TOUCHSCREEN, _MOUSE, _TRACKBALL, _KEYBOARD = 0x1002, 0x2002, 0x10004, 0x101
_SOURCES: Final = {
    "keyboard": _KEYBOARD, "dpad": 0x201, "gamepad": 0x401, "touchscreen": _TOUCHSCREEN, "mouse": _MOUSE,
    "stylus": 0x4002, "trackball": _TRACKBALL, "touchpad": 0x100008, "touchnavigation": 0x200000, "joystick": 0x1000010,
    "rotaryencoder": 0x400000,
}  # fmt: skip
_ACTIONS: Final = {"DOWN": 0, "UP": 1, "MOVE": 2, "CANCEL": 3}
_SWIPE_MS: Final = 300
_HOME, _POWER, _SLEEP, _WAKEUP, _APP_SWITCH = 3, 26, 223, 224, 187
_SYSTEM_KEYS: Final = frozenset((_HOME, _POWER, _SLEEP, _WAKEUP, _APP_SWITCH))

_USAGE: Final = """\
Usage: input [<source>] [-d DISPLAY_ID] <command> [<arg>...]

The sources are:
{sources}
[-d DISPLAY_ID] is ignored: there is one display.
The commands and default sources are:
      text <string> (Default: touchscreen)
      keyevent [--longpress] <key code number or name> ... (Default: keyboard)
      tap <x> <y> (Default: touchscreen)
      swipe <x1> <y1> <x2> <y2> [duration(ms)] (Default: touchscreen)
      draganddrop <x1> <y1> <x2> <y2> [duration(ms)] (Default: touchscreen)
      press (Default: trackball)
      roll <dx> <dy> (Default: trackball)
      motionevent <DOWN|UP|MOVE|CANCEL> <x> <y> (Default: touchscreen)
"""


class _Thrown(Exception):
    """The message is a Java exception's text."""


@dataclass(frozen=True, slots=True)
class _Gesture:
    kind: str
    command: dict[str, Any]


async def run(device: VirtualPixel, call: Call) -> int:
    """`input [SOURCE] [-d DISPLAY] COMMAND ARGUMENT…`; returns when the app has handled the last event."""
    words = list(call.arguments)
    source = _SOURCES.get(words[0]) if words else None
    if source is not None:
        words.pop(0)
    if words[:1] == ["-d"]:
        del words[:2]
    if not words:
        await call.complain(_USAGE.format(sources="".join(f"      {name}\n" for name in sorted(_SOURCES))))
        return FAILED
    name, *rest = words
    read = _COMMANDS.get(name)
    if read is None:
        await call.complain(f"Unknown command: {name}\n")
        return FAILED
    try:
        gesture = read(name, rest, source)
    except _Thrown as error:
        await call.complain(f"\nException occurred while executing '{name}':\n{error}\n")
        return FAILED
    await _perform(device, gesture)
    return 0


async def _perform(device: VirtualPixel, gesture: _Gesture) -> None:
    codes: list[int] = gesture.command.get("codes", [])
    for code in codes if codes and set(codes) & _SYSTEM_KEYS else ():
        if code in _SYSTEM_KEYS:
            await press_system_key(device, code)
        else:
            await _to_app(device, _Gesture(gesture.kind, gesture.command | {"codes": [code]}))
    if not set(codes) & _SYSTEM_KEYS:
        await _to_app(device, gesture)


async def _to_app(device: VirtualPixel, gesture: _Gesture) -> None:
    record = device.activities.foreground() if device.power.awake else None
    if record is None:
        device.system_log(Priority.I, "InputDispatcher", f"Dropping {gesture.kind}: no app's window is on the screen")
        return
    try:
        await device.activities.inject(record, gesture.command, gesture.kind)
    except (ProcessDied, CommandRefused) as error:
        device.system_log(Priority.W, "InputDispatcher", f"{record.package.name} didn't take {gesture.kind}: {error}")


async def press_system_key(device: VirtualPixel, code: int) -> None:
    """What the system does of keys that no app gets: home, power, sleep and wake-up."""
    if code == _HOME:
        await device.activities.home()
    elif code in (_POWER, _SLEEP, _WAKEUP):
        awake = code == _WAKEUP or (code == _POWER and not device.power.awake)
        await device.power.set_awake(awake=awake)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _Thrown(f'java.lang.NumberFormatException: For input string: "{text}"') from None


def _numbers(name: str, words: list[str], count: int) -> list[float]:
    if len(words) < count:
        after = words[-1] if words else name
        raise _Thrown(f'java.lang.IllegalArgumentException: Argument expected after "{after}"')
    return [_number(word) for word in words[:count]]


def _tap(name: str, words: list[str], source: int | None) -> _Gesture:
    x, y = _numbers(name, words, 2)
    return _motion([_ACTIONS["DOWN"], _ACTIONS["UP"]], x, y, source or _TOUCHSCREEN)


def _press(_: str, __: list[str], source: int | None) -> _Gesture:
    return _motion([_ACTIONS["DOWN"], _ACTIONS["UP"]], 0, 0, source or _TRACKBALL)


def _roll(name: str, words: list[str], source: int | None) -> _Gesture:
    x, y = _numbers(name, words, 2)
    return _motion([_ACTIONS["MOVE"]], x, y, source or _TRACKBALL)


def _motionevent(name: str, words: list[str], source: int | None) -> _Gesture:
    if not words:
        raise _Thrown(f'java.lang.IllegalArgumentException: Argument expected after "{name}"')
    action = _ACTIONS.get(words[0].upper())
    if action is None:
        raise _Thrown(f"java.lang.IllegalArgumentException: Unknown motionevent {words[0]}")
    x, y = _numbers(name, words[1:], 2)
    return _motion([action], x, y, source or _TOUCHSCREEN)


def _motion(actions: list[int], x: float, y: float, source: int) -> _Gesture:
    return _Gesture("MotionEvent", {"gesture": "motion", "actions": actions, "x": x, "y": y, "source": source})


def _swipe(name: str, words: list[str], source: int | None) -> _Gesture:
    path = _numbers(name, words, 4)
    milliseconds = int(_number(words[4])) if len(words) > 4 else _SWIPE_MS
    return _Gesture(
        "MotionEvent",
        {
            "gesture": "swipe",
            "path": path,
            "milliseconds": milliseconds if milliseconds >= 0 else _SWIPE_MS,
            "drag": name == "draganddrop",
            "source": source or _TOUCHSCREEN,
        },
    )


def _text(name: str, words: list[str], _: int | None) -> _Gesture:
    if not words:
        raise _Thrown(f'java.lang.IllegalArgumentException: Argument expected after "{name}"')
    return _Gesture("KeyEvent", {"gesture": "text", "text": words[0].replace("%s", " ")})


def _keyevent(name: str, words: list[str], source: int | None) -> _Gesture:
    longpress = "--longpress" in words[:1]
    keys = [word for word in words if word not in ("--longpress", "--async", "--doubletap")]
    if not keys:
        raise _Thrown(f'java.lang.IllegalArgumentException: Argument expected after "{(words or [name])[-1]}"')
    codes = [key_code(key) for key in keys]
    if 0 in codes:
        raise _Thrown(f"java.lang.IllegalArgumentException: Unknown keycode: {keys[codes.index(0)]}")
    command = {"gesture": "keys", "codes": codes, "longpress": longpress, "key_source": source or _KEYBOARD}
    return _Gesture("KeyEvent", command)


_COMMANDS: Final = {
    "draganddrop": _swipe,
    "keyevent": _keyevent,
    "motionevent": _motionevent,
    "press": _press,
    "roll": _roll,
    "swipe": _swipe,
    "tap": _tap,
    "text": _text,
}
