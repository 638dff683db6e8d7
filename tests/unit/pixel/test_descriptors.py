"""Descriptors in the event loop."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from harness.pixel.descriptors import Sink, Source, private_copy
from harness.pixel.processes import Child


def pipe() -> tuple[Source, Sink]:
    read_end, write_end = os.pipe()
    for fd in (read_end, write_end):
        os.set_blocking(fd, False)
    return Source(read_end), Sink(write_end)


def test_a_number_that_is_used_again_is_waited_for_anew() -> None:
    """Closing a descriptor while a task waits for it ends the wait, and the next file of that number is heard."""

    async def act() -> tuple[bytes, bytes]:
        async with asyncio.timeout(5):
            first, first_end = pipe()
            waiting = asyncio.create_task(first.read())
            await asyncio.sleep(0)
            number = first.fd
            first.close()
            second, second_end = pipe()
            assert number in (second.fd, second_end.fd)
            reading = asyncio.create_task(second.read())
            await asyncio.sleep(0)
            await second_end.write(b"heard")
            result = (await waiting, await reading)
            for end in (first_end, second, second_end):
                end.close()
            return result

    assert asyncio.run(act()) == (b"", b"heard")


def test_more_than_a_pipe_holds_is_written_as_the_reader_reads() -> None:
    """A slow reader holds the writer up, and loses nothing."""

    async def act() -> bytes:
        source, sink = pipe()

        async def send() -> None:
            await sink.write(b"x" * 1_000_000)
            sink.close()

        sending = asyncio.create_task(send())
        data = b""
        while part := await source.read(10_000):
            data += part
        await sending
        source.close()
        return data

    assert asyncio.run(act()) == b"x" * 1_000_000


def test_a_reader_that_goes_is_noticed_without_writing() -> None:
    """That is how a following logcat ends; a write then says the same."""

    async def act() -> None:
        async with asyncio.timeout(5):
            source, sink = pipe()
            leaving = asyncio.create_task(sink.reader_gone())
            await asyncio.sleep(0)
            assert not leaving.done()
            source.close()
            await leaving
            with pytest.raises(BrokenPipeError):
                await sink.write(b"x")
            sink.close()

    asyncio.run(act())


def test_a_private_copy_leaves_the_shared_one_blocking() -> None:
    """Programs of the device share their streams with others that don't expect to be told to try again."""
    read_end, write_end = os.pipe()
    copy = private_copy(write_end, os.O_WRONLY)
    assert (os.get_blocking(write_end), os.get_blocking(copy)) == (True, False)
    for fd in (read_end, write_end, copy):
        os.close(fd)


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -9 $$", 128 + signal.SIGKILL)])
def test_an_exit_code_is_what_a_shell_would_say(script: str, code: int) -> None:
    """Also for a process that a signal ended."""

    async def act() -> int:
        nothing = os.open(os.devnull, os.O_RDWR)
        child = Child(["/bin/sh", "-c", script], stdin=nothing, stdout=nothing, stderr=nothing, pass_fds=())
        os.close(nothing)
        return await child.wait()

    assert asyncio.run(act()) == code
