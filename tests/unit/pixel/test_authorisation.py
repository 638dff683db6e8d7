"""Keys of adb servers: read, checked, and taken in while a server waits."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA1

from harness.pixel.authorisation import TOKEN_SIZE, Authorisation, parse_key
from harness.wire import Auth, Command
from tests.unit.pixel.adb_peer import Peer, device_with


class Key:
    """A developer's key, with the line that adb would write to `adbkey.pub`."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(65537, 2048)
        numbers = self._private.public_key().public_numbers()
        modulus = numbers.n.to_bytes(256, "little")
        packed = struct.pack("<II256s256sI", 64, 0, modulus, bytes(256), numbers.e)
        self.line = base64.b64encode(packed).decode() + " me@here"

    def sign(self, token: bytes) -> bytes:
        """As adb does: the token stands for a SHA-1 digest."""
        return self._private.sign(token, padding.PKCS1v15(), utils.Prehashed(SHA1()))  # noqa: S303 - adb's protocol


@pytest.fixture(scope="module")
def keys() -> tuple[Key, Key]:
    """Two developers'."""
    return Key(), Key()


def with_peer(file: Path, act: Callable[[Peer], Awaitable[None]]) -> None:
    """A peer of a device whose list of keys is `file`, introduced and asked for a signature."""

    async def run() -> None:
        authorisation = Authorisation(file)
        try:
            async with device_with(lambda _: None, authorisation=authorisation) as connect:
                await act(await connect())
        finally:
            authorisation.close()

    asyncio.run(run())


def test_a_known_key_lets_its_server_in(tmp_path: Path, keys: tuple[Key, Key]) -> None:
    """A wrong signature gets a fresh token; the right one, of that token, the device's introduction."""
    (tmp_path / "adb_keys").write_text(f"{keys[0].line}\n\nnot a key\n")

    async def act(peer: Peer) -> None:
        asked = await peer.connect()
        assert (asked.command, asked.arg0, len(asked.payload)) == (Command.AUTH, Auth.TOKEN, TOKEN_SIZE)
        peer.send(Command.AUTH, Auth.SIGNATURE, 0, keys[1].sign(asked.payload))
        again = await peer.receive()
        assert (again.command, again.arg0) == (Command.AUTH, Auth.TOKEN)
        assert again.payload != asked.payload
        peer.send(Command.AUTH, Auth.SIGNATURE, 0, keys[0].sign(again.payload))
        assert (await peer.receive()).command is Command.CNXN

    with_peer(tmp_path / "adb_keys", act)


def test_a_signature_of_an_earlier_token_is_worth_nothing(tmp_path: Path, keys: tuple[Key, Key]) -> None:
    """Each token is signed once."""
    (tmp_path / "adb_keys").write_text(keys[0].line)

    async def act(peer: Peer) -> None:
        asked = await peer.connect()
        peer.send(Command.AUTH, Auth.SIGNATURE, 0, b"nonsense")
        await peer.receive()
        peer.send(Command.AUTH, Auth.SIGNATURE, 0, keys[0].sign(asked.payload))
        assert (await peer.receive()).command is Command.AUTH

    with_peer(tmp_path / "adb_keys", act)


def test_a_server_that_waits_is_let_in_when_its_key_comes(tmp_path: Path, keys: tuple[Key, Key]) -> None:
    """Another's key doesn't help it, and nothing is served before."""
    file = tmp_path / "adb_keys"

    async def act(peer: Peer) -> None:
        await peer.connect()
        peer.send(Command.AUTH, Auth.RSA_PUBLIC_KEY, 0, keys[0].line.encode() + b"\0")
        file.write_text(keys[1].line)
        waiting = asyncio.create_task(peer.receive())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        file.write_text(f"{keys[1].line}\n{keys[0].line}\n")
        assert (await waiting).command is Command.CNXN

    with_peer(file, act)


def test_a_stranger_is_served_nothing(tmp_path: Path) -> None:
    """A stream opened before the key is known ends the connection."""

    async def act(peer: Peer) -> None:
        await peer.connect()
        peer.send(Command.OPEN, 1, 0, b"shell:id\0")
        assert await peer.dropped()

    with_peer(tmp_path / "adb_keys", act)


@pytest.mark.parametrize("line", ["", "x", "AAAA me@here", base64.b64encode(struct.pack("<I520x", 32)).decode()])
def test_what_is_no_key_of_adbs_is_refused(line: str) -> None:
    """Neither other words nor keys of another length."""
    with pytest.raises(ValueError, match="key"):
        parse_key(line)
