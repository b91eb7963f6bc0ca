import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from deblur.quality import psnr
from tests.pictures import scene


def test_psnr_agrees_with_scikit_image() -> None:
    sharp, restored = scene(40, 50, seed=1), scene(40, 50, seed=2)
    expected = peak_signal_noise_ratio(sharp, restored, data_range=255)
    assert psnr(restored, sharp, peak=255) == pytest.approx(expected)


def test_one_step_of_eight_bits_everywhere_is_48_decibels() -> None:
    sharp = scene(16, 16).clip(0, 254)
    assert psnr(sharp + 1, sharp, peak=255) == pytest.approx(20 * np.log10(255))


def test_equal_pictures_are_infinitely_good() -> None:
    assert psnr(scene(8, 8), scene(8, 8), peak=255) == float("inf")


def test_unequal_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        psnr(scene(8, 8), scene(8, 9), peak=255)
