"""What tests of several rooms share."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from harness.models import DescribedModel, describe_variants, load_card

USES_DEVICES = ("tests/faults/", "tests/integration/")


class DevicesTogether(LoadScopeScheduling):
    """With `-n`, one worker has all that starts devices, as their ports are the machine's; the rest goes by the file."""

    def _split_scope(self, nodeid: str) -> str:
        return "devices" if nodeid.startswith(USES_DEVICES) else nodeid.partition("::")[0]


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> DevicesTogether:
    """Called by pytest-xdist."""
    return DevicesTogether(config, log)


@pytest.fixture(scope="session")
def efficientnet() -> dict[str, DescribedModel]:
    """The real EfficientNet-Lite0, described, by variant: some 20 s from an empty cache, milliseconds after that."""
    return {described.variant.value: described for described in describe_variants(load_card("efficientnet_lite0"))}
