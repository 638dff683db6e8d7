"""What tests of several rooms share."""

from __future__ import annotations

import pytest

from harness.models import DescribedModel, describe_variants, load_card


@pytest.fixture(scope="session")
def efficientnet() -> dict[str, DescribedModel]:
    """The real EfficientNet-Lite0, described, by variant: some 20 s from an empty cache, milliseconds after that."""
    return {described.variant.value: described for described in describe_variants(load_card("efficientnet_lite0"))}
