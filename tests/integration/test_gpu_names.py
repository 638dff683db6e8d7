"""The delegate chooses kernels by the GPU's name: under a neutral one pocl is right, under Intel's it isn't."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.device.adb import choose
from harness.device.base import Device
from harness.device.shell import check
from harness.models.corpus import OPENCL, Fate
from harness.models.corpus_rows import CorpusResults
from harness.pixel import lifecycle
from harness.scenario.corpus import chosen, run_corpus
from tests.integration.test_scenario import adb_server_of_its_own

PRODUCTS = ("batch-matmul-rank3", "batch-matmul-rank4")


@dataclass(frozen=True)
class Named:
    """A virtual Pixel whose OpenCL device can be named."""

    device: Device
    results: Path

    def corpus(self, gpu: str) -> CorpusResults:
        """What OpenCL makes of two matrix products and a control when the GPU has this name."""
        check(self.device, ["setprop", "debug.opencl.name", gpu])
        cases = chosen(["relu-rank4", *PRODUCTS])
        return run_corpus(cases, backends=(OPENCL,), serial=self.device.serial, results=self.results)


@pytest.fixture(scope="module")
def pixel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Named]:
    """A virtual Pixel of this module's own, with an adb server of its own."""
    with adb_server_of_its_own() as server:
        info = lifecycle.start(name="gpu-name-tests", owner=True, wipe=True)
        server.wait_until_ready(info.serial, 30)
        device = Device(server, choose(server.devices(), info.serial))
        yield Named(device, tmp_path_factory.mktemp("results"))
        lifecycle.stop(info)


@pytest.mark.slow
@pytest.mark.parametrize("gpu", ["", "Mali-G78"])
def test_right_under_a_neutral_name_and_under_malis(pixel: Named, gpu: str) -> None:
    """Without a name of its own the device is pocl; Mali's kernels are right on it, too."""
    found = pixel.corpus(gpu)
    assert [(row.case.name, row.fate, row.error) for row in found.surprises] == []


@pytest.mark.slow
def test_pocl_miscompiles_the_kernels_for_intel(pixel: Named) -> None:
    """What NanoDet was wrong by: under Intel's name matrix products are wrong, or take the app with them."""
    found = pixel.corpus("Intel(R) UHD Graphics")
    fates = {row.case.name: row.fate for row in found.rows}
    assert fates["relu-rank4"] is Fate.RIGHT
    assert all(fates[name] in (Fate.WRONG, Fate.CRASHED) for name in PRODUCTS), fates
