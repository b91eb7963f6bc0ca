import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Generator, Tensor

from deblur.color import linear_to_srgb, srgb_to_linear
from deblur.synthesis.camera import add_noise, brighten_highlights, jpeg
from deblur.synthesis.pairs import BlurRecipe, synthesize
from deblur.synthesis.psf import (
    blur_uniform,
    blur_varying,
    render_kernels,
    shake_homographies,
)
from deblur.synthesis.trajectory import random_paths
from tests.pictures import scene


def seeded(seed: int) -> Generator:
    return torch.Generator().manual_seed(seed)


def photos(count: int = 2, side: int = 96) -> Tensor:
    pictures = np.stack([scene(side, side, seed=seed) for seed in range(count)])
    return torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255


def rms(difference: Tensor) -> float:
    return float(difference.square().mean().sqrt())


@given(seed=st.integers(0, 10_000), steps=st.integers(2, 80))
def test_paths_are_centred_and_one_long(seed: int, steps: int) -> None:
    paths = random_paths(3, steps, seeded(seed))
    extents = (paths.amax(1) - paths.amin(1)).amax(1)
    torch.testing.assert_close(extents, torch.ones(3))
    torch.testing.assert_close(paths.mean(1), torch.zeros(3, 2), atol=1e-4, rtol=0)


def test_paths_are_smooth() -> None:
    paths = random_paths(64, 100, seeded(0))
    steps = paths.diff(dim=1)
    assert steps.diff(dim=1).norm(dim=2).mean() < 0.5 * steps.norm(dim=2).mean()


@given(seed=st.integers(0, 10_000), length=st.floats(0, 60))
def test_kernels_hold_all_the_light(seed: int, length: float) -> None:
    kernels = render_kernels(random_paths(2, 50, seeded(seed)) * length, 41)
    assert kernels.min() >= 0
    torch.testing.assert_close(kernels.sum((1, 2)), torch.ones(2))


def test_a_kernel_is_centred_on_its_path() -> None:
    kernels = render_kernels(random_paths(4, 200, seeded(1)) * 15, 41)
    place = torch.arange(41.0) - 20
    across = (kernels.sum(1) * place).sum(1)
    torch.testing.assert_close(across, torch.zeros(4), atol=0.05, rtol=0)


def test_a_point_of_light_becomes_the_kernel() -> None:
    kernel = render_kernels(random_paths(1, 100, seeded(2)) * 12, 21)
    point = torch.zeros(1, 1, 61, 61)
    point[..., 30, 30] = 1
    blurred = blur_uniform(point, kernel)
    torch.testing.assert_close(blurred[0, 0, 20:41, 20:41], kernel[0], atol=1e-6, rtol=0)


def test_still_homographies_change_nothing() -> None:
    still = torch.zeros(2, 5, 2)
    homographies = shake_homographies(still, still[..., 0], still, torch.ones(2, 2) * 40)
    sharp = photos()
    torch.testing.assert_close(blur_varying(sharp, homographies), sharp, atol=1e-4, rtol=0)


def test_shifting_homographies_blur_as_their_kernel_does() -> None:
    paths = random_paths(2, 40, seeded(3)) * 10
    none = torch.zeros(2, 40)
    homographies = shake_homographies(paths, none, torch.zeros(2, 40, 2), torch.zeros(2, 2))
    sharp = photos()
    by_kernel = blur_uniform(sharp, render_kernels(-paths, 21))
    inner = (..., slice(16, -16), slice(16, -16))
    assert rms(blur_varying(sharp, homographies)[inner] - by_kernel[inner]) < 0.004


def test_turning_blurs_more_the_farther_from_the_centre() -> None:
    turns = torch.linspace(-0.1, 0.1, 15)[None]
    none = torch.zeros(1, 15, 2)
    sharp = torch.rand(1, 3, 129, 129, generator=seeded(4))
    blurred = blur_varying(sharp, shake_homographies(none, turns, none, torch.zeros(1, 2)))
    near, far = (..., slice(60, 69), slice(60, 69)), (..., slice(60, 69), slice(10, 19))
    assert rms(blurred[near] - sharp[near]) < 0.5 * rms(blurred[far] - sharp[far])


def test_blur_is_light_that_adds_up() -> None:
    """A white and a black half, smeared: the middle has half the light, not half the value."""
    sharp = torch.zeros(8, 3, 128, 128)
    sharp[..., 64:] = 1
    recipe = BlurRecipe(
        length=(24, 24), varying=0, noisy=0, compressed=0, highlight_boost=(1.0, 1.0)
    )
    blurred = synthesize(sharp, recipe, seeded(5))
    light = srgb_to_linear(blurred)[..., 48:80, 24:104]
    assert light.mean().item() == pytest.approx(0.5, abs=0.02)
    assert blurred[..., 48:80, 24:104].mean() > 0.5


def test_no_motion_leaves_a_photo_as_it_is() -> None:
    sharp = photos(4)
    recipe = BlurRecipe(
        length=(0, 0), noisy=0, compressed=0, highlight_boost=(1.0, 1.0), varying=0.5
    )
    assert (synthesize(sharp, recipe, seeded(6)) - sharp).abs().max() < 1.5 / 255


def test_the_same_seed_gives_the_same_blur_and_another_another() -> None:
    sharp = photos(4)
    one, same, other = (synthesize(sharp, BlurRecipe(), seeded(seed)) for seed in (7, 7, 8))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_sharp_photos_are_left_alone_and_results_are_eight_bit() -> None:
    sharp = photos(4)
    before = sharp.clone()
    blurred = synthesize(sharp, BlurRecipe(), seeded(9))
    assert torch.equal(sharp, before)
    steps = blurred * 255
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
    assert blurred.min() >= 0
    assert blurred.max() <= 1


def test_longer_paths_blur_more() -> None:
    sharp = photos(8)
    losses = [
        rms(
            synthesize(sharp, BlurRecipe(length=(px, px), noisy=0, compressed=0), seeded(1)) - sharp
        )
        for px in (2.0, 8.0, 30.0)
    ]
    assert losses == sorted(losses)


def test_highlights_are_boosted_and_the_rest_is_not() -> None:
    light = torch.tensor([0.2, 0.85, 1.0]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    boosted = brighten_highlights(light, torch.tensor([4.0]))[0, 0, 0]
    torch.testing.assert_close(boosted, torch.tensor([0.2, 0.85, 4.0]))


def test_noise_has_the_variance_of_its_photons_and_electronics() -> None:
    light = torch.full((1, 3, 200, 200), 0.5)
    noisy = add_noise(light, torch.tensor([1000.0]), torch.tensor([0.01]), seeded(10))
    assert noisy.mean().item() == pytest.approx(0.5, abs=1e-3)
    assert noisy.var().item() == pytest.approx(0.5 / 1000 + 0.01**2, rel=0.03)


@pytest.mark.parametrize("quality", [30, 60, 90])
@pytest.mark.parametrize("side", [64, 75])
def test_jpeg_loses_what_a_real_jpeg_loses(quality: int, side: int) -> None:
    sharp = scene(side, side)
    stream = io.BytesIO()
    Image.fromarray(sharp).save(stream, "JPEG", quality=quality)
    real = torch.from_numpy(np.array(Image.open(stream))).permute(2, 0, 1)[None] / 255
    original = torch.from_numpy(sharp).permute(2, 0, 1)[None] / 255
    ours = jpeg(original, torch.tensor([float(quality)]))
    assert rms(ours - real) < 0.35 * rms(real - original)
    assert rms(ours - original) == pytest.approx(rms(real - original), rel=0.1)


def test_every_photo_of_a_batch_gets_its_own_quality() -> None:
    sharp = photos(1).repeat(2, 1, 1, 1)
    low, high = jpeg(sharp, torch.tensor([10.0, 95.0]))
    assert rms(low - sharp[0]) > 2 * rms(high - sharp[0])


def test_encoding_is_what_the_colour_floor_says() -> None:
    sharp = photos(1)
    torch.testing.assert_close(linear_to_srgb(srgb_to_linear(sharp)), sharp, atol=1e-4, rtol=0)
