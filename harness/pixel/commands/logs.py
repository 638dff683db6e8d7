"""`logcat` and `log`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from harness.pixel.commands.log_options import HELP, LogOptions, UsageRefused, parse_options
from harness.pixel.commands.log_output import LogFile, Printer, StandardOutput
from harness.pixel.commands.toybox_options import OptionRefused, read_options
from harness.pixel.control import Call
from harness.pixel.logcat import Buffer, Priority
from harness.pixel.logformat import FormatRefused
from harness.pixel.process_table import folder_of

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_WRAP_S: Final = 7200.0
_FULL: Final = 0.9
_TAGS: Final = b"ANDROID_LOG_TAGS="
_UNITS: Final = ("", "Ki", "Mi", "Gi")


async def logcat(device: VirtualPixel, call: Call) -> int:
    """Android's `logcat`: prints what the rings hold and, without `-d` or `-t`, what comes, until the reader goes."""
    try:
        options = parse_options(call.arguments, lambda: _log_tags(device, call.pid))
    except (UsageRefused, FormatRefused) as error:
        await call.complain(f"logcat: {error}\n")
        return 1
    await call.complain(options.warning)
    if "-h" in options.flags:
        await call.say(HELP)
    elif options.flags & {"-c", "-g", "-G", "-S", "-p", "-P"}:
        await _control(device, call, options)
    elif "-L" not in options.flags:  # nothing is kept over a reboot
        return await _print_while_read(device, call, options)
    return 0


def _log_tags(device: VirtualPixel, pid: int) -> str:
    """ANDROID_LOG_TAGS in the caller's environment; adb's own `logcat` passes it on so."""
    try:
        environment = (folder_of(device, pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    return next((word[len(_TAGS) :].decode(errors="replace") for word in environment if word.startswith(_TAGS)), "")


async def _control(device: VirtualPixel, call: Call, options: LogOptions) -> None:
    if options.size is not None:
        device.logs.resize(options.buffers, options.size)
    if "-c" in options.flags:
        device.logs.clear(options.buffers)
    if "-g" in options.flags:
        await call.say("".join(_sizes(device, buffer) for buffer in options.buffers))
    if "-S" in options.flags:
        await call.say(_statistics(device, options.buffers))


def _sizes(device: VirtualPixel, buffer: Buffer) -> str:
    use = device.logs.use(buffer)
    return (
        f"{buffer.name}: ring buffer is {_size(use.limit)}B ({_size(use.used)}B consumed, {_size(use.used)}B readable),"
        " max entry is 5120 B, max payload is 4068 B\n"
    )


def _size(value: int) -> str:
    unit = 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value // 1024, unit + 1
    return f"{value} {_UNITS[unit]}"


def _statistics(device: VirtualPixel, buffers: Sequence[Buffer]) -> str:
    """What was ever written and what is still there, in bytes and entries, by buffer and in all."""
    uses = [device.logs.use(buffer) for buffer in buffers]

    def row(name: str, figures: list[tuple[int, int]]) -> str:
        total = sum(size for size, _ in figures), sum(count for _, count in figures)
        return f"{name:<11}" + "".join(f"{f'{size}/{count}':<19}" for size, count in [*figures, total]).rstrip() + "\n"

    return (
        f"size/num{'':<3}" + "".join(f"{name:<19}" for name in [*(b.name for b in buffers), "Total"]).rstrip() + "\n"
        + row("Total", [(use.total_bytes, use.total_entries) for use in uses])
        + row("Now", [(use.used, use.entries) for use in uses])
    )  # fmt: skip


async def _print_while_read(device: VirtualPixel, call: Call, options: LogOptions) -> int:
    printing = asyncio.create_task(_print(device, call, options))
    leaving = asyncio.create_task(call.stdout.reader_gone())
    try:
        await asyncio.wait((printing, leaving), return_when=asyncio.FIRST_COMPLETED)
        return printing.result() if printing.done() else 0
    finally:
        for task in (printing, leaving):
            task.cancel()
        await asyncio.gather(printing, leaving, return_exceptions=True)


async def _print(device: VirtualPixel, call: Call, options: LogOptions) -> int:
    if options.file is None:
        await _print_into(device, Printer(StandardOutput(call), options), options)
        return 0
    path = options.file if options.file.startswith("/") else f"{call.cwd.rstrip('/')}/{options.file}"
    try:
        output = LogFile(device, path, options.rotate_bytes, options.rotate_count)
    except OSError as error:
        await call.complain(f"logcat: Couldn't open output file '{options.file}': {error.strerror}\n")
        return 1
    try:
        await _print_into(device, Printer(output, options), options)
    except OSError as error:
        await call.complain(f"logcat: output error: {error.strerror}\n")
        return 1
    finally:
        output.close()
    return 0


async def _print_into(device: VirtualPixel, printer: Printer, options: LogOptions) -> None:
    if "--wrap" in options.flags:
        await _wait_until_full(device, options.buffers)
    seen = device.logs.entries(options.buffers)
    last = seen[-1].number if seen else 0
    read = [entry for entry in seen if options.reads(entry)]
    done = await printer.print(read if options.tail is None else read[-options.tail :])
    if not options.follow or done:
        return
    async for batch in device.logs.follow(options.buffers, after=last):
        if await printer.print([entry for entry in batch if options.reads(entry)]):
            return


async def _wait_until_full(device: VirtualPixel, buffers: Sequence[Buffer]) -> None:
    """Two hours, or until one of the rings is about to lose its oldest entries."""

    def full() -> bool:
        return any(use.used > _FULL * use.limit for use in map(device.logs.use, buffers))

    try:
        async with asyncio.timeout(_WRAP_S):
            after = 0
            while not full():
                async for batch in device.logs.follow(buffers, after=after):
                    after = batch[-1].number
                    break
    except TimeoutError:
        return


async def write_line(device: VirtualPixel, call: Call) -> int:
    """`log [-p PRIORITY] [-t TAG] [-b BUFFER] MESSAGE…`."""
    priority, tag, buffer = Priority.I, "log", Buffer.main
    found, words = read_options(call, "+p:t:b:")
    for option, value in found:
        if option == "-t":
            tag = value
        elif option == "-b" and value in ("main", "radio", "system", "crash"):
            buffer = Buffer[value]
        elif option == "-p" and value[:1].upper() in Priority.__members__:
            priority = Priority[value[:1].upper()]
        else:
            raise OptionRefused(f"bad {option} '{value}'")
    if not words:
        raise OptionRefused('Needs 1 argument (see "log --help")')
    device.logs.write(buffer, priority, tag, " ".join(words), pid=call.pid, uid=device.activities.user_of(call.pid))
    return 0
