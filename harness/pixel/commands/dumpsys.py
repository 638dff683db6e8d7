"""`dumpsys`: the few services whose state clients read: battery, thermalservice, package, meminfo's absence said plainly."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from harness.pixel.commands import battery, dump_package, thermal
from harness.pixel.control import Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel


async def run(device: VirtualPixel, call: Call) -> int:
    """`dumpsys [-l] [SERVICE [ARGUMENT…]]`."""
    words = [word for word in call.arguments if not word.startswith("-")]
    if "-l" in call.arguments:
        await call.say("Currently running services:\n" + "".join(f"  {name}\n" for name in sorted(_SERVICES)))
        return 0
    if not words:
        parts = [f"DUMP OF SERVICE {name}:\n{dump(device, ())}" for name, dump in sorted(_SERVICES.items())]
        await call.say(("-" * 79 + "\n").join(parts))
        return 0
    dump_service = _SERVICES.get(words[0])
    if dump_service is None:
        await call.complain(f"Can't find service: {words[0]}\n")
        return 0
    await call.say(dump_service(device, tuple(words[1:])))
    return 0


_SERVICES: Final[dict[str, Callable[[VirtualPixel, tuple[str, ...]], str]]] = {
    "battery": battery.dump,
    "package": dump_package.dump,
    "thermalservice": lambda device, _: thermal.describe(device.hardware),
}
