"""The device's own network: a namespace with a loopback interface and nothing else.

All programs of one device share it, so that a server in one is reached from another, and by `adb forward`; the host's
ports, and those of other devices, aren't there.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_CAP_SYS_ADMIN: Final = 21
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 1
_IFREQ: Final = struct.Struct("16sh22x")

_libc = ctypes.CDLL(None, use_errno=True)


class DeviceNetwork:
    """A network namespace, and the thread in it that makes the device's process its sockets there."""

    def __init__(self) -> None:
        """Make one. Raises `OSError` where the kernel gives none to this user."""
        if not _may_make_namespaces():
            _become_own_user()
        self._inside = ThreadPoolExecutor(1, thread_name_prefix="device-network")
        try:
            self._fd = self._inside.submit(_fresh_namespace).result()
        except BaseException:
            self._inside.shutdown()
            raise

    def close(self) -> None:
        """Let go of it; the kernel keeps it as long as a process or a socket is in it."""
        os.close(self._fd)
        self._inside.shutdown()

    def enter(self) -> None:
        """Move this process into the network for good: for a child before it becomes another program."""
        _call(_libc.setns(self._fd, _CLONE_NEWNET))

    def socket(self, family: socket.AddressFamily) -> socket.socket:
        """A non-blocking stream socket of the device's."""
        kind = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        return self._inside.submit(socket.socket, family, kind).result()


def _fresh_namespace() -> int:
    """Move this thread into a new namespace with its loopback interface up; a descriptor of it."""
    _call(_libc.unshare(_CLONE_NEWNET))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        flags = _IFREQ.unpack(fcntl.ioctl(probe, _SIOCGIFFLAGS, _IFREQ.pack(b"lo", 0)))[1]
        fcntl.ioctl(probe, _SIOCSIFFLAGS, _IFREQ.pack(b"lo", flags | _IFF_UP))
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _may_make_namespaces() -> bool:
    """Whether this process has CAP_SYS_ADMIN: root's, or that of a user namespace made here before."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return bool(int(status.partition("CapEff:")[2].split()[0], 16) >> _CAP_SYS_ADMIN & 1)


def _become_own_user() -> None:
    """Move the process into a user namespace in which it is who it was, and may make network namespaces."""
    user, group = os.getuid(), os.getgid()
    _call(_libc.unshare(_CLONE_NEWUSER))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")


def _call(result: int) -> None:
    if result < 0:
        code = ctypes.get_errno() or errno.EPERM
        raise OSError(code, os.strerror(code))
