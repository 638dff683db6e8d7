"""One process at a time on a device."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.device.lease import lease
from harness.errors import NoDevice

HOLD = """
import sys
from pathlib import Path
from harness.device.lease import lease
with lease(Path(sys.argv[1]), "phone"):
    print(flush=True)
    sys.stdin.read()
"""


@pytest.mark.fault("F45")
def test_a_device_in_use_names_its_holder_and_is_free_when_that_dies(tmp_path: Path) -> None:
    """However the holder ends, the system frees it."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(NoDevice) as caught, lease(tmp_path, "phone"):
            pass
        with lease(tmp_path, "another"):
            holder.kill()
    assert caught.value.code == "device.busy"
    assert str(holder.pid) in caught.value.why
    with lease(tmp_path, "phone"):
        pass
