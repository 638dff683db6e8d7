"""`pm`, which is `cmd package`: its verbs, and those that change what is installed.

Wording and exit codes follow Android 14's `PackageManagerShellCommand`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from harness.pixel.commands import pm_install, pm_list, pm_permissions, pm_query
from harness.pixel.commands.arguments import OWNER, Arguments, Stopped, Thrown, report, user_id
from harness.pixel.control import Call
from harness.pixel.package import Enabled, Package

if TYPE_CHECKING:
    from harness.pixel.device import VirtualPixel

_STATES: Final = {
    "enable": Enabled.ENABLED,
    "disable": Enabled.DISABLED,
    "disable-user": Enabled.DISABLED_USER,
    "disable-until-used": Enabled.DISABLED_USER,
    "default-state": Enabled.DEFAULT,
}
_SHOWN: Final = {
    Enabled.ENABLED: "enabled",
    Enabled.DISABLED: "disabled",
    Enabled.DISABLED_USER: "disabled-user",
    Enabled.DEFAULT: "default",
}


async def run(device: VirtualPixel, call: Call) -> int:
    """`pm VERB …`."""
    if not call.arguments or call.arguments[0] in ("help", "-h"):
        text = "Package manager (package) commands:\n" + "".join(f"  {verb}\n" for verb in sorted(_VERBS))
        await call.say(text)
        return 0 if call.arguments else 255
    verb, *rest = call.arguments
    run_verb = _VERBS.get(verb)
    if run_verb is None:
        await call.complain(f"Unknown command: {verb}\n")
        return 255
    try:
        return await run_verb(device, call.with_arguments(rest))
    except (Stopped, Thrown) as error:
        return await report(call, verb, error)


async def _uninstall(device: VirtualPixel, call: Call) -> int:
    arguments, keep, user = Arguments(call.arguments), False, -1
    for option in arguments.options():
        if option == "-k":
            keep = True
        elif option == "--user":
            user = user_id(arguments.value(option))
        elif option == "--versionCode":
            arguments.value(option)
        else:
            raise Stopped(1, f"Error: Unknown option: {option}", output=True)
    name = arguments.next()
    if name is None:
        raise Stopped(1, "Error: package name not specified", output=True)
    if splits := arguments.rest():
        return await pm_install.remove_splits(device, call, name, splits)
    if user not in (-1, OWNER) or (user == OWNER and device.packages.get(name) is None):
        raise Stopped(1, f"Failure [not installed for {user}]", output=True)
    await device.activities.force_stop(name)
    if not await device.packages.uninstall(name, keep_data=keep):
        raise Stopped(1, "Failure [DELETE_FAILED_INTERNAL_ERROR]", output=True)
    await call.say("Success\n")
    return 0


async def _path(device: VirtualPixel, call: Call) -> int:
    name = _name(call, "Error: no package specified")
    if name == "android":
        await call.say(f"package:{pm_list.FRAMEWORK}\n")
        return 0
    package = device.packages.get(name)
    if package is None:
        return 1
    await call.say("".join(f"package:{path}\n" for path in (package.device_apk, *package.device_splits)))
    return 0


async def _clear(device: VirtualPixel, call: Call) -> int:
    package = device.packages.get(_name(call, "Error: no package specified"))
    if package is None:
        await call.complain("Failed\n")
        return 1
    await device.activities.force_stop(package.name)
    device.packages.clear(package, only_cache="--cache-only" in call.arguments)
    await call.say("Success\n")
    return 0


async def _existing(device: VirtualPixel, call: Call) -> int:
    """`pm install-existing PACKAGE`: on a device with one user, a package is installed for it or not at all."""
    name = _name(call, "Error: package name not specified")
    if device.packages.get(name) is None:
        raise Stopped(1, f"android.content.pm.PackageManager$NameNotFoundException: Package {name} doesn't exist")
    await call.say(f"Package {name} installed for user: {OWNER}\n")
    return 0


def _enable(verb: str) -> Callable[[VirtualPixel, Call], Awaitable[int]]:
    """A verb that switches packages on and off; a shell may switch components of test-only packages alone."""

    async def run_verb(device: VirtualPixel, call: Call) -> int:
        target = _name(call, "Error: no package or component specified")
        name, _, component = target.partition("/")
        package = device.packages.get(name)
        if package is None:
            raise _unknown(name)
        state = _STATES[verb]
        if not package.manifest.test_only and (component or state is Enabled.DISABLED):
            whole = f"{name}/{component or 'null'}"
            raise Thrown(
                "java.lang.SecurityException", f"Shell cannot change component state for {whole} to {int(state)}"
            )
        if not component:
            device.packages.change(name, enabled=state)
            if state in (Enabled.DISABLED, Enabled.DISABLED_USER):
                await device.activities.force_stop(name)
            await call.say(f"Package {name} new state: {_SHOWN[state]}\n")
            return 0
        whole = name + component if component.startswith(".") else component
        if whole not in _components(package):
            raise Thrown("java.lang.IllegalArgumentException", f"Component class {whole} does not exist in {name}")
        device.packages.change(name, components={**package.user.components, whole: state})
        await call.say(f"Component {{{name}/{whole}}} new state: {_SHOWN[state]}\n")
        return 0

    return run_verb


def _components(package: Package) -> set[str]:
    manifest = package.manifest
    components = (*manifest.activities, *manifest.services, *manifest.receivers)
    return {each.name for each in components} | {each.name for each in manifest.providers}


async def _hide(_: VirtualPixel, call: Call) -> int:
    """Hiding asks for a permission that a shell lacks, on phones too."""
    _name(call, "Error: no package or component specified")
    raise Thrown(
        "java.lang.SecurityException",
        "Neither user 2000 nor current process has android.permission.MANAGE_USERS.",
    )


async def _create_user(_: VirtualPixel, call: Call) -> int:
    del call
    raise Stopped(1, "Error: couldn't create User.")


def _suspend(suspended: bool) -> Callable[[VirtualPixel, Call], Awaitable[int]]:
    async def run_verb(device: VirtualPixel, call: Call) -> int:
        name = _name(call, "Error: package name not specified")
        if device.packages.get(name) is None:
            raise _unknown(name)
        device.packages.change(name, suspended=suspended)
        if suspended:
            await device.activities.force_stop(name)
        await call.say(f"Package {name} new suspended state: {str(suspended).lower()}\n")
        return 0

    return run_verb


async def _set_installer(device: VirtualPixel, call: Call) -> int:
    arguments = Arguments(call.arguments)
    name, installer = arguments.next(), arguments.next()
    if name is None or installer is None:
        raise Stopped(1, "Must provide both target and installer package names")
    if device.packages.get(name) is None:
        raise _unknown(name)
    device.packages.set_installer(name, installer)
    await call.say("Success\n")
    return 0


async def _compile(device: VirtualPixel, call: Call) -> int:
    """`pm compile`: there is no compiler ahead of time here; the answer is a phone's for a package that is compiled."""
    arguments = Arguments(call.arguments)
    every = False
    for option in arguments.options():
        if option in ("-m", "-r", "-p", "--compile-filter", "--check-prof", "--split"):
            arguments.value(option)
        every = every or option == "-a"
    name = arguments.next()
    if name is None and not every:
        raise Stopped(1, "Error: package name not specified", output=True)
    if name is not None and device.packages.get(name) is None:
        raise Stopped(1, f"Failure: package {name} could not be compiled", output=True)
    await call.say("Success\n")
    return 0


def _say(text: str) -> Callable[[VirtualPixel, Call], Awaitable[int]]:
    async def run_verb(device: VirtualPixel, call: Call) -> int:
        del device
        await call.say(text)
        return 0

    return run_verb


async def _trim_caches(device: VirtualPixel, call: Call) -> int:
    if Arguments(call.arguments).next() is None:
        raise Stopped(1, "Error: no size specified")
    device.packages.trim_caches()
    return 0


def _name(call: Call, missing: str) -> str:
    """The package that a verb with few options names. Raises `Stopped`."""
    arguments = Arguments(call.arguments)
    for option in arguments.options():
        if option == "--user":
            user_id(arguments.value(option))
    name = arguments.next()
    if name is None:
        raise Stopped(1, missing)
    return name


def _unknown(name: str) -> Thrown:
    return Thrown("java.lang.IllegalArgumentException", f"Unknown package: {name}")


_VERBS: Final[dict[str, Callable[[VirtualPixel, Call], Awaitable[int]]]] = {
    "clear": _clear,
    "compile": _compile,
    "create-user": _create_user,
    "dump": pm_query.dump,
    "get-install-location": _say("0[auto]\n"),
    "get-max-users": _say("Maximum supported users: 1\n"),
    "grant": pm_permissions.grant,
    "has-feature": pm_query.has_feature,
    "hide": _hide,
    "install": pm_install.install,
    "install-abandon": pm_install.abandon,
    "install-commit": pm_install.commit,
    "install-create": pm_install.create,
    "install-destroy": pm_install.abandon,
    "install-existing": _existing,
    "install-remove": pm_install.remove,
    "install-write": pm_install.write,
    "list": pm_list.run,
    "path": _path,
    "query-activities": pm_query.query_activities,
    "reset-permissions": pm_permissions.reset,
    "resolve-activity": pm_query.resolve_activity,
    "revoke": pm_permissions.revoke,
    "set-installer": _set_installer,
    "suspend": _suspend(True),
    "trim-caches": _trim_caches,
    "unhide": _hide,
    "uninstall": _uninstall,
    "unsuspend": _suspend(False),
    **{verb: _enable(verb) for verb in _STATES},
}
