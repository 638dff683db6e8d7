"""The device's file system: laid out as Android's, with a shell and its commands, and no file of the host."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from harness.errors import DeviceUnavailable, ToolMissing
from harness.fetch.store import cached, key_of

SHELL_UID: Final = 2000
SHELL_PATH: Final = "/product/bin:/apex/com.android.runtime/bin:/system/bin:/system/xbin:/vendor/bin"

_ANDROID_NAMES: Final = "am cmd dumpsys getprop input log logcat pidof pm ps run-as screencap setprop settings wm"
ANDROID_COMMANDS: Final = tuple(_ANDROID_NAMES.split())
"""Programs of Android's own, which the device's process answers (`harness.pixel.commands`)."""

_TOYBOX_NAMES: Final = (
    "[ acpi base64 basename blkid blockdev cal cat chattr chgrp chmod chown chroot chrt cksum clear cmp comm cp cpio cut"
    " date df dirname dmesg dos2unix du echo egrep env expand fallocate false fgrep file find flock fmt free fsfreeze"
    " fsync getconf grep groups gunzip head help hostname hwclock iconv id ifconfig inotifyd insmod install ionice"
    " iorenice iotop kill killall ln logname losetup ls lsattr lsmod lspci lsusb makedevs md5sum microcom mkdir mkfifo"
    " mknod mkswap mktemp modinfo mount mountpoint mv nbd-client nc netcat netstat nice nl nohup nproc nsenter od"
    " partprobe paste patch pgrep ping ping6 pivot_root pkill pmap printenv printf prlimit pwd pwdx readelf readlink"
    " realpath renice rev rfkill rm rmdir rmmod sed seq setfattr setsid sha1sum sha224sum sha256sum sha384sum sha512sum"
    " sleep sort split stat strings swapoff swapon sync sysctl tac tail tar taskset tee test time timeout top touch true"
    " truncate tty tunctl uclampset ulimit umount uname uniq unix2dos unlink unshare uptime usleep uudecode uuencode"
    " uuidgen vconfig vmstat watch wc which whoami xargs xxd yes zcat"
)
_TOYBOX_COMMANDS: Final = frozenset(_TOYBOX_NAMES.split())
"""Commands that Android 14 links to toybox, and Debian's toybox has."""

_HOST_COMMANDS: Final = ("dd", "diff", "expr", "gzip", "stty", "tr")
"""Commands that Android links to toybox and Debian's toybox lacks: the host's own are copied in where it has them."""

_FOLDER_NAMES: Final = (
    "acct apex cache config data/anr data/app data/data data/local/tmp data/misc data/system data/tombstones data/user"
    " dev/__properties__ dev/socket lib lib64 linkerconfig metadata mnt odm/etc oem proc product/bin storage/emulated/0"
    " storage/self sys system/app system/bin system/etc system/fonts system/framework system/lib64 system/usr system/xbin"
    " system_ext usr vendor/bin vendor/lib64"
)
_FOLDERS: Final = tuple(_FOLDER_NAMES.split())
_SHARED_NAMES: Final = "Alarms Android/data Android/media Android/obb DCIM Documents Download Movies Music Pictures"
_SHARED_FOLDERS: Final = tuple(_SHARED_NAMES.split())
_LINKS: Final = {
    "bin": "system/bin",
    "etc": "system/etc",
    "d": "sys/kernel/debug",
    "init": "system/bin/init",
    "sdcard": "storage/self/primary",
    "mnt/sdcard": "../storage/self/primary",
    "storage/self/primary": "../emulated/0",
    "data/user/0": "../data",
}
_USERS: Final = (
    "root:x:0:0::/:/system/bin/sh\nsystem:x:1000:1000::/:/system/bin/sh\nshell:x:2000:2000::/:/system/bin/sh\n"
)
_GROUP: Final = "root:x:0:\nsystem:x:1000:\nlog:x:1007:\nsdcard_rw:x:1015:\nshell:x:2000:\ninet:x:3003:\n"
_LOCALE: Final = "usr/lib/locale/C.utf8"
"""Android's C library knows UTF-8 only; glibc has to be told, and needs this folder of the host's for it."""
_HOSTS: Final = "127.0.0.1       localhost\n::1             ip6-localhost\n"
_MKSHRC: Final = """\
: ${HOSTNAME:=$(getprop ro.product.device)}
: ${TMPDIR:=/data/local/tmp}
export HOSTNAME TMPDIR
if (( USER_ID )); then PS1='$'; else PS1='#'; fi
PS1='${|
  local e=$?
  (( e )) && REPLY+="$e|"
  return $e
}$HOSTNAME:${PWD:-?} '"$PS1 "
"""


def shell_environment(root: Path, *, home: str = "/") -> dict[str, str]:
    """What `adb shell env` shows on Android, as far as programs ask for it, and that names are in UTF-8."""
    unicode = {"LC_ALL": "C.UTF-8"} if (root / _LOCALE).is_dir() else {}
    return unicode | {
        "ANDROID_ASSETS": "/system/app",
        "ANDROID_BOOTLOGO": "1",
        "ANDROID_DATA": "/data",
        "ANDROID_ROOT": "/system",
        "ANDROID_STORAGE": "/storage",
        "EXTERNAL_STORAGE": "/sdcard",
        "HOME": home,
        "LOGNAME": "shell",
        "PATH": SHELL_PATH,
        "SHELL": "/bin/sh",
        "TMPDIR": "/data/local/tmp",
        "USER": "shell",
    }


def build_root(root: Path) -> None:
    """Lay out or refresh the device's file system in `root`; what is in `/data` and on the card stays.

    Raises `ToolMissing` without mksh, toybox, bubblewrap or gcc, `DeviceUnavailable` when the command client can't be compiled.
    """
    tools = {name: _find(name) for name in ("mksh", "toybox", "bwrap")}
    for folder in (*_FOLDERS, *(f"storage/emulated/0/{name}" for name in _SHARED_FOLDERS)):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for link, target in _LINKS.items():
        _link(root / link, target)
    for folder in ("data/local/tmp", "storage/emulated/0"):
        (root / folder).chmod(0o777)
    system_bin = root / "system/bin"
    _copy_program(root, tools["mksh"], system_bin / "sh")
    _copy_program(root, tools["toybox"], system_bin / "toybox")
    for name in _HOST_COMMANDS:
        if found := shutil.which(name):
            _copy_program(root, Path(found), system_bin / name)
    for name in _TOYBOX_COMMANDS:
        _link(system_bin / name, "toybox")
    _copy(command_client(), system_bin / "androidcmd")
    for name in (*ANDROID_COMMANDS, "init"):
        _link(system_bin / name, "androidcmd")
    if (locale := Path("/", _LOCALE)).is_dir():
        shutil.copytree(locale, root / _LOCALE, dirs_exist_ok=True)
    for name, text in {"passwd": _USERS, "group": _GROUP, "hosts": _HOSTS, "mkshrc": _MKSHRC}.items():
        (root / "system/etc" / name).write_text(text, encoding="utf-8")


def command_client() -> Path:
    """The compiled program behind Android's own commands, from the cache."""
    source = Path(__file__).with_name("system") / "androidcmd.c"
    compiler = _find("gcc")
    flags = ("-O2", "-Wall", "-Wextra", "-static", "-s")

    def compile_client(target: Path) -> None:
        done = subprocess.run(
            [compiler, *flags, "-o", target, source], capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode:
            raise DeviceUnavailable(
                "pixel.client", "the command client of the virtual Pixel can't be compiled", why=done.stderr.strip()
            )

    return cached("pixel-client", key_of(source.read_bytes(), *flags), compile_client)


def _find(name: str) -> Path:
    packages = {"mksh": "mksh", "toybox": "toybox", "bwrap": "bubblewrap", "gcc": "gcc libc6-dev"}
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(
            "pixel.tool",
            f"{name} isn't on this machine, and the virtual Pixel needs it",
            hint=f"apt-get install {packages[name]}",
        )
    return Path(found)


def _link(link: Path, target: str) -> None:
    if link.is_symlink():
        if str(link.readlink()) == target:
            return
        link.unlink()
    elif link.is_dir():
        link.rmdir()
    elif link.exists():
        link.unlink()
    link.symlink_to(target)


def _copy(source: Path, target: Path) -> None:
    """Copy a program, unless this very one is there; a running copy is replaced, never written into."""
    seen = source.stat()
    if target.is_file() and not target.is_symlink():
        there = target.stat()
        if (there.st_size, there.st_mtime_ns) == (seen.st_size, seen.st_mtime_ns):
            return
    fresh = target.with_name(f".{target.name}.new")
    shutil.copy2(source, fresh)
    fresh.chmod(0o755)
    fresh.rename(target)


def _copy_program(root: Path, program: Path, target: Path) -> None:
    """Copy a program and the libraries that its dynamic linker names."""
    program = program.resolve()
    _copy(program, target)
    linker = Path("/lib64/ld-linux-x86-64.so.2")
    listed = subprocess.run([linker, "--list", program], capture_output=True, text=True, check=False, timeout=10)
    if listed.returncode:
        raise DeviceUnavailable("pixel.root", f"the libraries of {program} can't be found", why=listed.stderr.strip())
    (root / "lib/x86_64-linux-gnu").mkdir(parents=True, exist_ok=True)
    _copy(linker.resolve(), root / "lib64" / linker.name)
    for line in listed.stdout.splitlines():
        name, arrow, found = line.partition("=>")
        if arrow and found.strip().startswith("/"):
            library = Path(found.split()[0])
            _copy(library.resolve(), root / "lib/x86_64-linux-gnu" / name.strip())
