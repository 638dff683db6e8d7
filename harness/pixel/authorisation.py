"""Which adb servers may talk to the device: those that can sign with a key in its list.

The list has a line a key, as `~/.android/adbkey.pub` holds it. Source of the format: AOSP system/core,
`libcrypto_utils/android_pubkey.cpp`; of the signature: packages/modules/adb, `protocol.txt` (AUTH).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import ctypes
import logging
import os
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

TOKEN_SIZE: Final = 20
_KEY: Final = struct.Struct("<II256s256sI")
"""Words of the modulus (64), -1/n mod 2**32, the modulus, r² mod n, all little-endian; the exponent."""
_WORDS: Final = 64
_IN_CLOEXEC: Final = os.O_CLOEXEC
_IN_NONBLOCK: Final = os.O_NONBLOCK
_IN_CLOSE_WRITE: Final = 0x8
_IN_MOVED_TO: Final = 0x80


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA key of an adb server, and the words after it, which name its owner."""

    modulus: int
    exponent: int
    owner: str

    def verifies(self, token: bytes, signature: bytes) -> bool:
        """Whether `signature` is that of `token`, taken for a SHA-1 digest, by this key's private half."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
        from cryptography.hazmat.primitives.hashes import SHA1

        key = rsa.RSAPublicNumbers(self.exponent, self.modulus).public_key()
        try:
            key.verify(signature, token, padding.PKCS1v15(), utils.Prehashed(SHA1()))  # noqa: S303 - adb's protocol
        except InvalidSignature:
            return False
        return True


def parse_key(line: str) -> PublicKey:
    """Read a line of `adbkey.pub`. Raises `ValueError` for what isn't a key of 2048 bits."""
    encoded, _, owner = line.strip().partition(" ")
    try:
        words, _, modulus, _, exponent = _KEY.unpack(base64.b64decode(encoded, validate=True))
    except (binascii.Error, struct.error):
        raise ValueError("not a public key of adb's") from None
    if words != _WORDS:
        raise ValueError(f"a key of {words * 32} bits; adb's have 2048")
    return PublicKey(int.from_bytes(modulus, "little"), exponent, owner)


class Authorisation:
    """The device's list of keys, read again whenever its file changes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._keys: tuple[PublicKey, ...] = ()
        self._waiting: dict[Callable[[], None], PublicKey] = {}
        self._watch = _watch(file.parent)
        asyncio.get_running_loop().add_reader(self._watch, self._changed)
        self._read()

    def close(self) -> None:
        """Watch the file no more."""
        asyncio.get_running_loop().remove_reader(self._watch)
        os.close(self._watch)

    def fresh_token(self) -> bytes:
        """What a server must sign."""
        return secrets.token_bytes(TOKEN_SIZE)

    def verifies(self, token: bytes, signature: bytes) -> bool:
        """Whether one of the keys signed `token`."""
        return any(key.verifies(token, signature) for key in self._keys)

    def when_known(self, line: str, act: Callable[[], None]) -> Callable[[], None]:
        """Call `act` when the key in `line` comes into the list; what is returned gives up the waiting."""
        try:
            key = parse_key(line)
        except ValueError as error:
            log.warning("a server shows %s", error)
            return lambda: None
        log.warning("the key of %s isn't known: `harness pixel authorise` adds it", key.owner or "an adb server")
        self._waiting[act] = key

        def give_up() -> None:
            self._waiting.pop(act, None)

        return give_up

    def _read(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            keys = []
            for number, line in enumerate(self._file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                try:
                    keys += [parse_key(line)] if line.strip() else []
                except ValueError as error:
                    log.warning("%s, line %d: %s", self._file, number, error)
            self._keys = tuple(keys)

    def _changed(self) -> None:
        os.read(self._watch, 1 << 16)
        self._read()
        known = {(key.modulus, key.exponent) for key in self._keys}
        for act, key in list(self._waiting.items()):
            if (key.modulus, key.exponent) in known:
                del self._waiting[act]
                act()


def _watch(folder: Path) -> int:
    """A descriptor that can be read when a file in `folder` was written or moved there (inotify)."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = int(libc.inotify_init1(_IN_CLOEXEC | _IN_NONBLOCK))
    if fd < 0 or libc.inotify_add_watch(fd, os.fsencode(folder), _IN_CLOSE_WRITE | _IN_MOVED_TO) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(folder))
    return fd
