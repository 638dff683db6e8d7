"""`am`, which is `cmd activity`: one file a family of verbs; output as Android 14's `ActivityManagerShellCommand`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from harness.pixel.commands.am import broadcast, instrument, intent_arguments, processes, services, start, tasks
from harness.pixel.commands.am.intent_arguments import BadArguments, Thrown
from harness.pixel.control import FAILED, Call

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

Verb = Callable[["VirtualPixel", Call], Awaitable[int]]


async def run(device: VirtualPixel, call: Call) -> int:
    """`am VERB …`."""
    if not call.arguments:
        await call.complain("Activity manager (activity) commands: " + ", ".join(sorted(_VERBS)) + "\n")
        return FAILED
    verb, *rest = call.arguments
    run_verb = _VERBS.get(verb)
    if run_verb is None:
        await call.complain(f"Unknown command: {verb}\n")
        return FAILED
    try:
        return await run_verb(device, call.with_arguments(rest))
    except BadArguments as error:
        await call.complain(f"Error: {error}\n")
        return 1
    except Thrown as error:
        await call.complain(f"\nException occurred while executing '{verb}':\n{error}\n")
        return FAILED


def _refused(what: str) -> Verb:
    async def refuse(_: VirtualPixel, call: Call) -> int:
        await call.complain(f"Error: {what}\n")
        return FAILED

    return refuse


_VERBS: Final[Mapping[str, Verb]] = {
    "broadcast": broadcast.run,
    "crash": processes.crash,
    "dumpheap": _refused("the virtual Pixel's apps run on a JVM, which has no ART heap to dump"),
    "force-stop": processes.force_stop,
    "get-config": tasks.get_config,
    "get-current-user": tasks.current_user,
    "hang": _refused("the virtual Pixel has no system server to hang"),
    "idle-maintenance": processes.nothing,
    "instrument": instrument.run,
    "is-user-stopped": tasks.is_user_stopped,
    "kill": processes.kill,
    "kill-all": processes.kill_all,
    "monitor": _refused("the virtual Pixel has no monitor; logcat tells of starts and crashes"),
    "profile": _refused("the virtual Pixel's apps run on a JVM, which ART's profiler can't look into"),
    "send-trim-memory": processes.send_trim_memory,
    "stack": tasks.stack,
    "start": start.run,
    "start-activity": start.run,
    "start-foreground-service": services.start_foreground,
    "startforegroundservice": services.start_foreground,
    "start-service": services.start,
    "startservice": services.start,
    "stop-service": services.stop,
    "stopservice": services.stop,
    "to-app-uri": intent_arguments.to_uri,
    "to-intent-uri": intent_arguments.to_intent_uri,
    "to-uri": intent_arguments.to_uri,
    "wait-for-broadcast-barrier": processes.nothing,
    "wait-for-broadcast-idle": broadcast.wait_for_idle,
}
