"""A user namespace in which the device's files belong to one app: what `run-as` runs in."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from harness.pixel.sandbox import Namespaces

_CLONE_NEWUSER: Final = 0x10000000
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def namespaces_as(device: Namespaces, uid: int) -> Iterator[Namespaces]:
    """The device's namespaces with one below them whose only user has the number `uid`. Raises `OSError`."""
    parent = device.user if device.inner_user is None else device.inner_user

    def enter() -> None:
        if _libc.setns(parent, _CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "setns")
        user, group = os.geteuid(), os.getegid()
        if _libc.unshare(_CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "unshare")
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{uid} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{uid} {group} 1", encoding="ascii")

    try:
        holder = subprocess.Popen(
            ["cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(parent,),
            preexec_fn=enter,  # noqa: PLW1509 - system calls and three small files, no lock
        )
    except subprocess.SubprocessError as error:
        raise OSError(f"no user namespace for {uid}") from error
    try:
        namespace = os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY)
    finally:
        holder.communicate()
    try:
        yield replace(device, inner_user=namespace)
    finally:
        os.close(namespace)
