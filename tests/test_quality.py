from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyiqa.archs import psnr_arch, ssim_arch
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch.nn import functional as F

from deblur.quality import luma, psnr, ssim, ssim_3d
from tests.pictures import scene

Measure = Callable[..., float]
SIMILARITIES = pytest.mark.parametrize("similarity", [ssim, ssim_3d])


def noisy(picture: NDArray[np.uint8], amount: float, seed: int = 0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, amount, picture.shape)
    return (picture + noise).round().clip(0, 255).astype(np.uint8)


def batch(picture: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture, np.float64)).permute(2, 0, 1)[None]


def test_psnr_agrees_with_scikit_image() -> None:
    sharp, restored = scene(40, 50, seed=1), scene(40, 50, seed=2)
    expected = peak_signal_noise_ratio(sharp, restored, data_range=255)
    assert psnr(restored, sharp, peak=255) == pytest.approx(expected)


def test_one_step_of_eight_bits_everywhere_is_48_decibels() -> None:
    sharp = scene(16, 16).clip(0, 254)
    assert psnr(sharp + 1, sharp, peak=255) == pytest.approx(20 * np.log10(255))


def test_equal_pictures_are_infinitely_good() -> None:
    assert psnr(scene(8, 8), scene(8, 8), peak=255) == float("inf")


@pytest.mark.parametrize("measure", [psnr, ssim, ssim_3d])
def test_unequal_shapes_are_refused(measure: Measure) -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        measure(scene(18, 18), scene(18, 19), peak=255)


def test_luma_agrees_with_scikit_image() -> None:
    picture = scene(20, 30)
    assert luma(picture) == pytest.approx(rgb2ycbcr(picture)[..., 0], abs=1e-9)
    ends = luma(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8))
    assert ends == pytest.approx(np.array([[16, 235]]))


def test_psnr_on_luma_agrees_with_scikit_image() -> None:
    sharp, restored = scene(40, 50, seed=1), scene(40, 50, seed=2)
    planes = [rgb2ycbcr(each)[..., 0] for each in (sharp, restored)]
    expected = peak_signal_noise_ratio(*planes, data_range=255)
    assert psnr(luma(restored), luma(sharp), peak=255) == pytest.approx(expected)


def test_psnr_on_a_grey_error_is_higher_on_luma_by_the_narrower_range() -> None:
    sharp = scene(16, 16).clip(0, 250)
    gain = psnr(luma(sharp + 5), luma(sharp), peak=255) - psnr(sharp + 5, sharp, peak=255)
    assert gain == pytest.approx(20 * np.log10(255 / 219))


@pytest.mark.parametrize("size", [(11, 11), (12, 30), (40, 33)])
def test_ssim_agrees_with_scikit_image(size: tuple[int, int]) -> None:
    sharp = scene(*size, seed=1)
    for restored in (noisy(sharp, 10), scene(*size, seed=2)):
        expected = structural_similarity(
            restored,
            sharp,
            data_range=255,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        assert ssim(restored, sharp, peak=255) == pytest.approx(expected, abs=1e-9)


def test_ssim_of_one_plane_agrees_with_scikit_image() -> None:
    sharp = luma(scene(40, 33, seed=1))
    restored = luma(noisy(scene(40, 33, seed=1), 20))
    expected = structural_similarity(
        restored,
        sharp,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(restored, sharp, peak=255) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shape", [(24, 30, 3), (24, 30, 1), (5, 7, 3)])
def test_ssim_3d_is_a_window_of_11_in_rows_columns_and_channels(
    shape: tuple[int, int, int],
) -> None:
    sharp = scene(*shape, seed=1)
    restored = noisy(sharp, 15)
    squares = np.arange(-5, 6) ** 2
    cube = squares[:, None, None] + squares[:, None] + squares
    window = torch.from_numpy(np.exp(-cube / 4.5))[None, None]
    window /= window.sum()

    def mean(values: torch.Tensor) -> torch.Tensor:
        return F.conv3d(F.pad(values[None, None], (5,) * 6, mode="replicate"), window)[0, 0]

    x, y = (torch.from_numpy(each / 255) for each in (restored, sharp))
    mean_x, mean_y = mean(x), mean(y)
    variances = mean(x * x) + mean(y * y) - mean_x**2 - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    light = (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
    structure = (2 * covariance + 9e-4) / (variances + 9e-4)
    expected = float((light * structure).mean())
    assert ssim_3d(restored, sharp, peak=255) == pytest.approx(expected, abs=1e-9)


def test_the_two_ssim_agree_on_grey_with_edges_repeated_and_differ_on_colour() -> None:
    sharp = scene(40, 50, seed=1)
    colour = noisy(sharp, 15), sharp
    grey = [np.repeat(each[..., :1], 3, axis=2) for each in colour]
    framed = [np.pad(each, ((5, 5), (5, 5), (0, 0)), mode="edge") for each in grey]
    assert ssim_3d(*grey, peak=255) == pytest.approx(ssim(*framed, peak=255), abs=1e-9)
    framed = [np.pad(each, ((5, 5), (5, 5), (0, 0)), mode="edge") for each in colour]
    assert abs(ssim_3d(*colour, peak=255) - ssim(*framed, peak=255)) > 0.01


def test_scores_agree_with_pyiqa_where_its_clamp_of_ssim_does_nothing() -> None:
    sharp = scene(64, 80, seed=1)
    restored = noisy(sharp, 3)
    x, y = batch(restored), batch(sharp)
    theirs = (
        float(ssim_arch.ssim(x, y, data_range=255)),
        float(psnr_arch.psnr(x, y, data_range=255)),
    )
    assert ssim(restored, sharp, peak=255) == pytest.approx(theirs[0], abs=1e-6)
    assert psnr(restored, sharp, peak=255) == pytest.approx(theirs[1], abs=1e-6)


@SIMILARITIES
def test_the_unit_of_the_values_does_not_matter(similarity: Measure) -> None:
    sharp = scene(20, 30, seed=1)
    restored = noisy(sharp, 12)
    units = [(1 / 255, 1.0), (257.0, 65535.0)]
    for scale, peak in units:
        score = similarity(restored * scale, sharp * scale, peak=peak)
        assert score == pytest.approx(similarity(restored, sharp, peak=255))


@SIMILARITIES
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(11, 24), width=st.integers(11, 24))
def test_similarity_is_symmetric_and_within_its_range(
    similarity: Measure, seed: int, height: int, width: int
) -> None:
    random = np.random.default_rng(seed)
    one, other = random.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    score = similarity(one, other, peak=255)
    assert -1 <= score < 1
    assert score == pytest.approx(similarity(other, one, peak=255), abs=1e-12)
    assert similarity(one, one, peak=255) == pytest.approx(1, abs=1e-12)


@SIMILARITIES
@given(seed=st.integers(0, 1000), amount=st.floats(2, 20))
def test_more_noise_is_less_similar(similarity: Measure, seed: int, amount: float) -> None:
    sharp = scene(24, 24, seed=seed)
    less, more = (noisy(sharp, each, seed) for each in (amount, 2 * amount))
    assert similarity(more, sharp, peak=255) < similarity(less, sharp, peak=255)
    assert psnr(more, sharp, peak=255) < psnr(less, sharp, peak=255)


@SIMILARITIES
def test_a_negative_is_dissimilar(similarity: Measure) -> None:
    sharp = scene(24, 24).astype(int)
    assert similarity(255 - sharp, sharp, peak=255) < 0


@pytest.mark.parametrize("shape", [(10, 40, 3), (40, 10, 3), (10, 10)])
def test_ssim_refuses_what_is_smaller_than_its_window(shape: tuple[int, ...]) -> None:
    picture = np.zeros(shape, np.uint8)
    with pytest.raises(ValueError, match="11 x 11 pixels or more"):
        ssim(picture, picture, peak=255)


def test_ssim_3d_refuses_a_plane() -> None:
    plane = scene(20, 20)[..., 0]
    with pytest.raises(ValueError, match=r"takes \(h, w, C\), not \(20, 20\)"):
        ssim_3d(plane, plane, peak=255)
