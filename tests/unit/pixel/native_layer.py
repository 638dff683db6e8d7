"""The compiled layer of Android's native names, and a library built against it as an NDK would, in a process of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.pixel.bionic_build import compile_bionic
from harness.pixel.logcat import Buffer, Priority, parse_datagram
from harness.pixel.native_crash import LAYER_REPORT
from harness.pixel.runtime_build import find_jdk

PROBE = Path(__file__).parent / "probe"
LIBRARIES = ("libc.so", "libm.so", "libdl.so", "liblog.so", "libnativewindow.so")
START = """
import ctypes, json, os, sys
probe = ctypes.CDLL(sys.argv[1], mode=os.RTLD_LOCAL)
for name in ("probe_symbol", "probe_refusal"):
    getattr(probe, name).restype = ctypes.c_void_p if name == "probe_symbol" else ctypes.c_char_p
"""

Line = tuple[Buffer, Priority, str, str]


class NativeLayer:
    """The layer in `place/lib64`, the probe beside it, and what stands for the device's files."""

    def __init__(self, place: Path) -> None:
        self.place = place
        defines = {"PROPERTY_FILE": str(place / "properties"), "LOG_SOCKET": str(place / "logdw")}
        compile_bionic(place / "lib64", jdk=find_jdk(), defines=defines)
        self.probe = self.build("probe", *sorted(PROBE.glob("*.c")))

    @property
    def libraries(self) -> Path:
        """The folder of the layer's libraries."""
        return self.place / "lib64"

    def build(self, name: str, *sources: Path | str, options: tuple[str, ...] = ()) -> Path:
        """A library of an APK; a source that is text is C. It needs the layer's libraries only."""
        path = self.place / f"{name}.so"
        files = [source for source in sources if isinstance(source, Path)]
        for number, text in enumerate(source for source in sources if isinstance(source, str)):
            files.append(self.place / f"{name}{number}.c")
            files[-1].write_text(text)
        layer = [str(self.libraries / library) for library in LIBRARIES]
        command = ["gcc", "-shared", "-fPIC", "-O1", "-nostdlib", "-ffreestanding", "-fno-builtin", "-Wall", "-Werror"]
        warnings = ["-Wno-nonnull", "-Wno-clobbered", f"-Wl,-soname,{path.name}"]
        subprocess.run([*command, *warnings, "-o", path, *files, *options, *layer], check=True)
        return path

    def run(self, body: str) -> subprocess.CompletedProcess[str]:
        """Run Python statements that may use `probe`, the loaded library, in a process with the layer on its path."""
        environment = os.environ | {
            "LD_LIBRARY_PATH": str(self.libraries),
            "PIXEL_CRASH_REPORT": str(self.place / LAYER_REPORT),
        }
        command = [sys.executable, "-c", f"{START}\n{body}", str(self.probe)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)

    def ask(self, expression: str, before: str = "") -> Any:
        """The value of an expression over `probe`."""
        done = self.run(f"{before}\nprint(json.dumps({expression}))")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    @contextmanager
    def log(self) -> Iterator[list[Line]]:
        """Collects what reaches logd's socket; complete when the context is left."""
        lines: list[Line] = []
        path = self.place / "logdw"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as logd:
            logd.bind(str(path))

            def read() -> None:
                while data := logd.recv(8192):
                    buffer, priority, _, _, tag, message = parse_datagram(data)
                    lines.append((buffer, priority, tag, message))

            reader = threading.Thread(target=read)
            reader.start()
            try:
                yield lines
            finally:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                    last.sendto(b"", str(path))
                reader.join()
                path.unlink()
