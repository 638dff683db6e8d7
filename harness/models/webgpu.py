"""A second opinion without a device: LiteRT's WebGPU accelerator, on this host's CPU.

Its kernels have another origin than GpuDelegate's (ML Drift, of which ai-edge-litert carries a build), and its driver is
SwiftShader, Vulkan on the CPU as Chromium ships it: what is wrong in both is hardly a driver's fault. It needs the extra
`webgpu`. What it makes of a model is found out in a process of its own (`harness.models.webgpu_process`), as it may crash.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from harness.errors import HostError, ToolMissing
from harness.fetch.package import fetch
from harness.fetch.pin import PackageFile

Arrays = tuple[npt.NDArray[Any], ...]

SECONDS: Final = 60.0
"""How long one model may take, from its file to its outputs."""
_CHROMIUM = ("cef-capi-py", "131.3.5", "cef_capi_py-131.3.5-py3-none-manylinux2014_x86_64.whl",
             "f8dc3866425a668a78504b38ef20255c788332cd4561a9d2521c3a9ec57e5bf5")  # fmt: skip
_DRIVER = PackageFile(*_CHROMIUM, "cef_capi/runtime/libvk_swiftshader.so")
_LOADER = PackageFile(*_CHROMIUM, "cef_capi/runtime/libvulkan.so.1")
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Question:
    """A model and one set of input tensors, in its order; the name is a file's name, too."""

    name: str
    model: Path
    inputs: Arrays


@dataclass(frozen=True, slots=True)
class Opinion:
    """What became of one model.

    `reference` is what the CPU's own kernels answer, `outputs` what the accelerator does. `taken` is how many of its
    nodes the accelerator took, None when it didn't say, and `left` why not the others, in its words. `ms` is the time of
    one inference until its outputs were here. `error` says why there are none: the library's words, or how the process
    `ended`.
    """

    reference: Arrays = ()
    outputs: Arrays = ()
    taken: int | None = None
    left: str = ""
    ms: float | None = None
    error: str = ""
    ended: Literal["", "crashed", "hung"] = ""


@dataclass(frozen=True, slots=True)
class Opinions:
    """All of them by name, and on what: the library's version, and the adapter that it chose, in its words."""

    by_name: Mapping[str, Opinion]
    adapter: str


def second_opinions(
    questions: Sequence[Question],
    *,
    seconds: float = SECONDS,
    say: Callable[[str], None] = lambda _message: None,
    command: Sequence[str] = (sys.executable, "-m", "harness.models.webgpu_process"),
) -> Opinions:
    """Run each model on the CPU and on the accelerator, in fp32.

    One process runs them all. A model that kills it, or holds it for longer than `seconds`, has that for its opinion,
    and another process goes on with the rest. `command` starts the process: tests give one that dies.

    Raises:
        ToolMissing: `webgpu.missing` without ai-edge-litert.
        HostError: `webgpu.failed` when a process stops without a model to blame, `webgpu.adapter` when the accelerator finds no
            driver; and as `harness.fetch.package.fetch`.
    """
    environment = _environment(say)
    found: dict[str, Opinion] = {}
    adapter = ""
    with tempfile.TemporaryDirectory(prefix="harness-webgpu-") as name:
        folder = Path(name)
        (folder / "driver.json").write_text(json.dumps(_manifest(say)), encoding="utf-8")
        environment["VK_ICD_FILENAMES"] = environment["VK_DRIVER_FILES"] = str(folder / "driver.json")
        for question in questions:
            for index, tensor in enumerate(question.inputs):
                np.save(folder / f"{question.name}.input.{index}.npy", tensor, allow_pickle=False)
        while left := [question for question in questions if question.name not in found]:
            say(f"WebGPU on the host: {len(left)} models")
            adapter = _run(left, folder, environment, seconds, command, found) or adapter
    return Opinions(found, f"ai-edge-litert {version('ai-edge-litert')} on {adapter}")


def _environment(say: Callable[[str], None]) -> dict[str, str]:
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise ToolMissing(
            "webgpu.missing",
            "ai-edge-litert isn't installed, and its WebGPU accelerator is asked for",
            hint="pip install 'tflite-android-harness[webgpu]', or script/run, which does",
        )
    return {**os.environ, "LD_LIBRARY_PATH": str(fetch(_LOADER, say=say).parent)}


def _manifest(say: Callable[[str], None]) -> dict[str, Any]:
    """What Vulkan's loader reads of a driver (its LoaderDriverInterface.md)."""
    return {"file_format_version": "1.0.0",
            "ICD": {"library_path": str(fetch(_DRIVER, say=say)), "api_version": "1.1.0"}}  # fmt: skip


def _run(
    questions: Sequence[Question],
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    command: Sequence[str],
    found: dict[str, Opinion],
) -> str:
    """One process, until it ends or has to be ended; what it told is added to `found`. Answers the adapter's name."""
    asked = [[each.name, str(each.model.resolve()), len(each.inputs)] for each in questions]
    (folder / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
    begun = adapter = ""
    with (
        (folder / "noise").open("w+b") as noise,
        subprocess.Popen(
            [*command, str(folder)], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=noise
        ) as process,
    ):
        hung = False
        try:
            for line in _lines(process, seconds):
                told = json.loads(line)
                if "begin" in told:
                    begun = told["begin"]
                    continue
                adapter = adapter or told["adapter"]
                if not adapter:
                    raise HostError(
                        "webgpu.adapter",
                        "LiteRT's WebGPU accelerator finds no Vulkan driver",
                        why=told["left"],
                        hint="SwiftShader is for x86_64 Linux",
                    )
                found[begun] = _opinion(told, folder, begun)
                begun = ""
        except TimeoutError:
            hung = True
        finally:
            process.kill()
        code = process.wait()
        if begun:
            error = f"no answer within {seconds:g} s" if hung else _ended(code)
            found[begun] = Opinion(error=error, ended="hung" if hung else "crashed")
        elif any(question.name not in found for question in questions):
            what = "the process that runs LiteRT's WebGPU accelerator stopped between two models"
            raise HostError("webgpu.failed", what, why=f"{_ended(code)}\n{_tail(noise)}", hint="report it")
    return adapter


def _lines(process: subprocess.Popen[bytes], seconds: float) -> Iterator[bytes]:
    """Whole lines of a process' output. Raises TimeoutError when it is silent for that long."""
    if process.stdout is None:
        return
    number, pending = process.stdout.fileno(), b""
    while True:
        ready, _, _ = select.select([number], [], [], seconds)
        if not ready:
            raise TimeoutError
        block = os.read(number, _BLOCK)
        if not block:
            return
        *lines, pending = (pending + block).split(b"\n")
        yield from lines


def _opinion(told: Mapping[str, Any], folder: Path, name: str) -> Opinion:
    def arrays(kind: str) -> Arrays:
        return tuple(np.load(folder / f"{name}.{kind}.{index}.npy", allow_pickle=False) for index in range(told[kind]))

    return Opinion(
        arrays("reference"), arrays("outputs"), told["taken"], told["left"], told["ms"], told["error"]
    )  # fmt: skip


def _ended(code: int) -> str:
    with contextlib.suppress(ValueError):
        return f"its process ended by {signal.Signals(-code).name}"
    return f"its process ended with exit code {code}"


def _tail(noise: IO[bytes]) -> str:
    noise.seek(0)
    return "\n".join(noise.read().decode("utf-8", "replace").splitlines()[-8:])
