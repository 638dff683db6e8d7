"""SSIM and PSNR against values worked out beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.models.image_similarity import Pixels, psnr, ssim


def waves(shift: float, product: float) -> Pixels:
    y, x = np.mgrid[0:32, 0:24]
    return np.stack([np.sin(x / 3 + y / 5 + shift) / 2 + 0.5, np.cos(x * y / product) / 2 + 0.5], -1)


def test_ssim_is_that_of_others() -> None:
    """Two channels of 32 × 24: scikit-image 0.26's figure with a Gaussian window, sigma 1.5 and the plain covariance."""
    assert ssim(waves(0, 40), waves(0.4, 44)) == pytest.approx(0.8250383826447221, abs=1e-12)


def test_of_two_even_images_only_luminance_differs() -> None:
    """0.2 and 0.8, no contrast: (2·0.16 + C1) / (0.04 + 0.64 + C1)."""
    one, other = np.full((11, 11, 3), 0.2), np.full((11, 11, 3), 0.8)
    assert ssim(one, other) == pytest.approx((0.32 + 1e-4) / (0.68 + 1e-4))


def test_an_inverted_image_is_unlike() -> None:
    """What is bright in one is dark in the other: below zero."""
    assert ssim(waves(0, 40), 1 - waves(0, 40)) < -0.5


def test_psnr_by_hand() -> None:
    """A difference of 0.1 everywhere is 20 dB, of 0.01 is 40 dB."""
    image = waves(0, 40)
    assert psnr(image, image + 0.1) == pytest.approx(20)
    assert psnr(image, image + 0.01) == pytest.approx(40)


def test_equal_images_have_the_best_of_both() -> None:
    """1, and 100 dB instead of infinity; nothing gets more than that."""
    image = waves(0, 40)
    assert (ssim(image, image), psnr(image, image), psnr(image, image + 1e-9)) == (pytest.approx(1), 100, 100)


@settings(max_examples=25, deadline=None)
@given(*[arrays(np.float64, (12, 13, 3), elements=st.floats(0, 1)) for _ in range(2)])
def test_ssim_knows_no_order_and_no_more_than_one(one: Pixels, other: Pixels) -> None:
    """Either way round the same, from -1 to 1."""
    found = ssim(one, other)
    assert found == pytest.approx(ssim(other, one))
    assert -1 <= found <= 1 + 1e-9


@pytest.mark.parametrize("shapes", [((12, 12, 3), (12, 13, 3)), ((12, 12), (12, 12))])
def test_images_of_two_sizes_or_without_channels(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """Both sizes are told."""
    one, other = (np.zeros(shape) for shape in shapes)
    for measure in (ssim, psnr):
        with pytest.raises(ValueError, match=r"12, 12"):
            measure(one, other)
