"""`dumpsys activity`: activities, processes, services and broadcasts, in the lines of Android 14 that clients look for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from harness.pixel.commands.dumpsys.front import ShownActivity, process_record, resumed_activity, shown_activities

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_RULE: Final = "-" * 79 + "\n"


def dump(device: VirtualPixel, arguments: tuple[str, ...]) -> str:
    """`dumpsys activity [-a] [activities|processes|services|broadcasts|recents|top [PACKAGE]]`; all without a word."""
    words = [word for word in arguments if not word.startswith("-")]
    if not words:
        return _RULE.join(part(device, ()) for part in (_broadcasts, _services, _recents, _activities, _processes))
    part = _PARTS.get(words[0])
    if part is None:
        return f"Bad activity command, or no activities match: {words[0]}\nUse -h for help.\n"
    return part(device, words[1:])


def _activities(device: VirtualPixel, words: Sequence[str]) -> str:
    resumed = resumed_activity(device)
    shown = [activity for activity in shown_activities(device) if not words or words[0] in activity.short]
    lines = ["ACTIVITY MANAGER ACTIVITIES (dumpsys activity activities)", "Display #0 (activities from top to bottom):"]
    for activity in shown:
        lines += _task(activity, in_front=resumed == activity)
    lines += ["", "  Resumed activities in task display areas (from top to bottom):"]
    lines += [f"    Resumed: {resumed.record}"] if resumed else []
    lines += ["", f"  ResumedActivity: {resumed.record if resumed else 'null'}"]
    lines += [
        "",
        "ActivityTaskSupervisor state:",
        f"  topDisplayFocusedRootTask={_task_name(resumed) if resumed else 'null'}",
    ]
    return "\n".join(lines) + "\n"


def _task_name(activity: ShownActivity) -> str:
    return f"Task{{{activity.identity} #{activity.task} type=standard A={activity.uid}:{activity.package}}}"


def _task(activity: ShownActivity, *, in_front: bool) -> list[str]:
    visible = str(in_front).lower()
    return [
        f"  * {_task_name(activity)[:-1]} U=0 visible={visible} visibleRequested={visible} mode=fullscreen "
        "translucent=false sz=1}",
        *([f"    topResumedActivity={activity.record}"] if in_front else []),
        f"    * Hist  #0: {activity.record}",
        f"        packageName={activity.package} processName={activity.package}",
        f"        app={activity.process}",
        f"        mActivityComponent={activity.short}",
        f"        state={'RESUMED' if in_front else 'STOPPED'} finishing=false",
        f"        mVisibleRequested={visible} mVisible={visible} reportedDrawn={visible}",
    ]


def _top(device: VirtualPixel, _: Sequence[str]) -> str:
    resumed = resumed_activity(device)
    if resumed is None:
        return ""
    return (
        f"TASK {resumed.uid}:{resumed.package} id={resumed.task} userId=0\n"
        f"  ACTIVITY {resumed.short} {resumed.identity} pid={resumed.pid}\n"
        f"    Local Activity {resumed.identity} State:\n"
        "      mResumed=true mStopped=false mFinished=false\n"
    )


def _processes(device: VirtualPixel, words: Sequence[str]) -> str:
    front = device.activities.foreground()
    lines = ["ACTIVITY MANAGER RUNNING PROCESSES (dumpsys activity processes)", "  All known processes:"]
    for record in device.activities.running():
        package = record.package
        if words and words[0] not in (package.name, str(record.pid)):
            continue
        lines += [
            f"  *APP* UID {package.uid} {process_record(package.name, record.pid, package.uid)}",
            f"    user #0 uid={package.uid} gids={{}}",
            f"    dir={package.device_apk} publicDir={package.device_apk} data={package.data_dir}",
            f"    packageList={{{package.name}}}",
            f"    isTopApp={str(record is front).lower()} pid={record.pid}",
        ]
    if front and front.top:
        lines += ["", f"  mTopProcess={process_record(front.package.name, front.pid, front.package.uid)}"]
    return "\n".join(lines) + "\n"


def _services(_: VirtualPixel, __: Sequence[str]) -> str:
    return "ACTIVITY MANAGER SERVICES (dumpsys activity services)\n  (nothing)\n"


def _broadcasts(_: VirtualPixel, __: Sequence[str]) -> str:
    return "ACTIVITY MANAGER BROADCAST STATE (dumpsys activity broadcasts)\n  (nothing)\n"


def _recents(device: VirtualPixel, _: Sequence[str]) -> str:
    lines = ["ACTIVITY MANAGER RECENT TASKS (dumpsys activity recents)"]
    shown = shown_activities(device)
    lines += ["  Recent tasks:"] if shown else ["  (nothing)"]
    lines += [f"  * Recent #{number}: {_task_name(activity)}" for number, activity in enumerate(shown)]
    return "\n".join(lines) + "\n"


_PARTS: Final[dict[str, Callable[[VirtualPixel, Sequence[str]], str]]] = {
    "a": _activities, "activities": _activities, "b": _broadcasts, "broadcasts": _broadcasts, "p": _processes,
    "processes": _processes, "r": _recents, "recents": _recents, "s": _services, "services": _services, "top": _top,
}  # fmt: skip
