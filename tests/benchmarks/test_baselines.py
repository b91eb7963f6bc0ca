"""Deblurring without learning: what every baseline keeps, and what it can do."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.baselines import BASELINES, Baseline, Floats, sharpen
from benchmarks.datasets.items import ItemDigests, LoadedItem
from benchmarks.methods import BaselineMethod
from deblur.image_io import DecodedImage
from deblur.quality import psnr
from tests.pictures import scene

WORKING = [baseline for baseline in BASELINES.values() if baseline.restore is not None]
DECONVOLVING = ["richardson-lucy", "unsupervised-wiener"]
every_one = pytest.mark.parametrize("baseline", WORKING, ids=lambda baseline: baseline.name)


def streak(length: int = 7) -> Floats:
    """A kernel of motion down and right that gets fainter: not its own mirror image."""
    return np.asarray(np.diag(np.arange(length, 0, -1.0)) / np.arange(length + 1).sum())


def convolved(picture: Floats, kernel: Floats) -> Floats:
    return np.stack([ndimage.convolve(plane, kernel) for plane in np.moveaxis(picture, 2, 0)], -1)


def calm(height: int, width: int) -> Floats:
    """A scene without its noise, in [0, 1]."""
    return np.asarray(ndimage.gaussian_filter(scene(height, width) / 255, (0.7, 0.7, 0)))


def item_of(pixels: NDArray[np.generic], kernel: Floats | None = None) -> LoadedItem:
    blurred = DecodedImage(pixels, alpha=None, format="PNG")
    return LoadedItem("a", blurred, None, kernel, ItemDigests("", None))


def restore(baseline: Baseline, picture: Floats, kernel: Floats | None) -> Floats:
    assert baseline.restore is not None
    return baseline.restore(picture, kernel)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_blurred_picture_itself_comes_back_untouched(dtype: type) -> None:
    item = item_of(scene(20, 30).astype(dtype) * np.dtype(dtype).itemsize)
    before = item.blurred.pixels.copy()
    restored = BaselineMethod(BASELINES["blurred"]).restore(item)
    assert restored is item.blurred
    assert (restored.pixels == before).all()


@every_one
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kernel", [None, streak()], ids=["unknown", "known"])
def test_a_restored_picture_is_finite_and_of_the_same_shape(
    baseline: Baseline, channels: int, kernel: Floats | None
) -> None:
    picture = scene(24, 31, channels) / 255
    restored = restore(baseline, picture, kernel)
    assert restored.shape == picture.shape
    assert np.isfinite(restored).all()
    assert np.abs(restored - picture).max() > 0.01


@every_one
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_where_there_is_nothing_to_restore_little_changes(baseline: Baseline, value: float) -> None:
    flat = np.full((40, 46, 3), value)
    assert restore(baseline, flat, streak()) == pytest.approx(flat, abs=0.03)


@every_one
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_method_keeps_the_depth_and_is_the_same_every_time(
    baseline: Baseline, dtype: type
) -> None:
    item = item_of(scene(24, 30).astype(dtype) * (257 if dtype is np.uint16 else 1), streak())
    before = item.blurred.pixels.copy()
    first, second = (BaselineMethod(baseline).restore(item).pixels for _ in range(2))
    assert first.dtype == dtype
    assert (first == second).all()
    assert (item.blurred.pixels == before).all()


@every_one
def test_the_picture_that_came_in_is_left_alone(baseline: Baseline) -> None:
    picture = scene(20, 20) / 255
    before = picture.copy()
    restore(baseline, picture, streak())
    assert (picture == before).all()


@pytest.mark.parametrize("name", DECONVOLVING)
def test_the_true_kernel_brings_the_picture_nearer_to_the_sharp_one(name: str) -> None:
    sharp, kernel = calm(64, 72), streak()
    blurred = convolved(sharp, kernel)
    restored = restore(BASELINES[name], blurred, kernel)
    assert psnr(restored, sharp, peak=1) > psnr(blurred, sharp, peak=1) + 3


@pytest.mark.parametrize("name", DECONVOLVING)
def test_the_true_kernel_does_better_than_the_assumed_and_the_turned_one(name: str) -> None:
    sharp, kernel = calm(64, 72), streak()
    blurred = convolved(sharp, kernel)
    scores = [
        psnr(restore(BASELINES[name], blurred, each), sharp, peak=1)
        for each in (kernel, None, kernel[::-1, ::-1])
    ]
    assert max(scores) == scores[0] > max(scores[1:]) + 1


@pytest.mark.parametrize("name", DECONVOLVING)
def test_without_a_kernel_a_gaussian_is_assumed(name: str) -> None:
    sharp = calm(64, 72)
    blurred = np.asarray(ndimage.gaussian_filter(sharp, (2, 2, 0)))
    restored = restore(BASELINES[name], blurred, None)
    assert psnr(restored, sharp, peak=1) > psnr(blurred, sharp, peak=1) + 1


def test_unsharp_masking_steepens_edges_and_asks_for_no_kernel() -> None:
    blurred = np.asarray(ndimage.gaussian_filter(calm(40, 50), (1.5, 1.5, 0)))
    sharpened = sharpen(blurred, None)
    assert np.abs(np.diff(sharpened, axis=1)).mean() > np.abs(np.diff(blurred, axis=1)).mean()
    assert (sharpen(blurred, streak()) == sharpened).all()


@pytest.mark.parametrize("size", [(9, 12), (5, 5)])
@every_one
def test_a_picture_that_is_smaller_than_the_kernel_is_restored(
    baseline: Baseline, size: tuple[int, int]
) -> None:
    restored = restore(baseline, scene(*size) / 255, streak(15))
    assert restored.shape == (*size, 3)
    assert np.isfinite(restored).all()
