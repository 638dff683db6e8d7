"""`service`: which services there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.pixel.commands.service_names import INTERFACES
from harness.pixel.control import Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_USAGE: Final = """\
Usage: service [-h|-?]
       service list
       service check SERVICE
       service call SERVICE CODE [i32 N | i64 N | f N | d N | s16 STR | null | fd f | nfd n | afd f ] ...
"""
_BAD: Final = 10


async def service(_: VirtualPixel, call: Call) -> int:
    """`service list` and `service check NAME`; calls by number are refused, for there is no binder to carry them."""
    code, said, wrong = _answer(call.arguments)
    await call.say(said)
    await call.complain(wrong)
    return code


def _answer(arguments: tuple[str, ...]) -> tuple[int, str, str]:
    """Exit code, and what is printed on either stream."""
    said, wrong = "", ""
    match arguments:
        case ("list",):
            lines = [
                f"{number}\t{name}: [{interface}]\n" for number, (name, interface) in enumerate(INTERFACES.items())
            ]
            said = f"Found {len(lines)} services:\n" + "".join(lines)
        case ("check", name, *_):
            said = f"Service {name}: {'found' if name in INTERFACES else 'not found'}\n"
        case ("call", name, _, *_) if name not in INTERFACES:
            wrong = f"service: Service {name} does not exist\n"
        case ("call", name, _, *_):
            wrong = f"service: {name} can't be called by number on the virtual Pixel: it has no binder\n"
        case ("check",) | ("call",):
            wrong = f"service: No service specified for {arguments[0]}\n{_USAGE}"
        case ("call", _):
            wrong = f"service: No code specified for call\n{_USAGE}"
        case ("-h" | "-?",) | ():
            said = _USAGE
        case _:
            wrong = f"service: Unknown command {arguments[0]}\n{_USAGE}"
    return (_BAD if wrong else 0), said, wrong
