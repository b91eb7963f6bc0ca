"""The labels of a blur against the blur that is drawn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from deblur.synthesis.blur import BlurLabels
from deblur.synthesis.kinds import Kind
from deblur.synthesis.psf import aperture, gaussian
from deblur.synthesis.recipe import BlurRecipe
from deblur.synthesis.tiles import RECIPES, SIDE, draw_tiles, texture_of
from deblur.synthesis.trajectory import stroke
from tests.pictures import scene
from tests.synthesis.samples import CLEAN, drawn

UNMOVED = replace(CLEAN, length=(0, 0), still=1)


def spread_of(kernel: np.ndarray) -> np.ndarray:
    """The covariance of a kernel, x first, in pixels."""
    half = len(kernel) // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    places = np.stack([x.ravel(), y.ravel()])
    centred = places - (places * kernel.ravel()).sum(1, keepdims=True) / kernel.sum()
    return np.asarray((centred * kernel.ravel()) @ centred.T / kernel.sum())


@pytest.mark.parametrize("steps", [2, 5, 40])
@pytest.mark.parametrize("angle", [0, 30, 135])
def test_a_straight_even_stroke_has_its_own_length_and_angle(angle: float, steps: int) -> None:
    along = np.linspace(-6, 6, steps)
    x, y = along * np.cos(np.radians(angle)), -along * np.sin(np.radians(angle))
    found = stroke(np.stack([x + 3, y - 2], 1))
    assert found == pytest.approx((12, angle), abs=1e-6)


def test_a_shakes_labels_are_those_of_its_kernel() -> None:
    """But for the pixels that its moments are shared between, a sixth of a pixel squared."""
    recipe = replace(CLEAN, length=(5, 20), varying=0, moving=0)
    for blur in drawn(recipe, 30):
        assert blur.kernel is not None
        variances, axes = np.linalg.eigh(spread_of(blur.kernel))
        assert blur.labels.length == pytest.approx(np.sqrt(12 * variances[1] - 2), rel=0.05)
        x, y = axes[:, 1]
        along = np.radians(blur.labels.angle)
        if variances[1] > 4 * variances[0]:
            assert abs(x * np.cos(along) - y * np.sin(along)) > 0.99


def test_a_turning_cameras_stroke_is_told_at_the_middle_of_the_crop() -> None:
    for blur in drawn(replace(CLEAN, length=(5, 20), varying=1, moving=0), 20):
        assert blur.homographies is not None
        seen = blur.homographies @ np.array([0, 0, 1.0])
        assert (blur.labels.length, blur.labels.angle) == stroke(seen[:, :2] / seen[:, 2:])


def test_radius_and_softness_are_those_of_the_kernel() -> None:
    disc = replace(UNMOVED, defocused=1, defocus=(2, 6))
    for blur in drawn(disc, 20):
        assert blur.kernel is not None
        largest = aperture(blur.labels.defocus, 0, 0.0)
        assert spread_of(blur.kernel).trace() <= spread_of(largest).trace() * 1.02
        assert spread_of(blur.kernel).trace() > 0.6 * spread_of(largest).trace()
    for blur in drawn(replace(UNMOVED, soft=1, softness=(0.5, 1.5)), 5):
        assert blur.kernel is not None
        np.testing.assert_array_equal(blur.kernel, gaussian(blur.labels.softness))


def test_backdrop_and_lens_are_told_of_photos_that_are_not_blurred_too() -> None:
    for blur in drawn(replace(CLEAN, sharp=1, shallow=1, lens=1, backdrop=(2, 5)), 5):
        assert blur.lens is not None
        np.testing.assert_array_equal(blur.lens, gaussian(blur.labels.unresolved))
        assert 2 <= blur.labels.backdrop <= 5
        assert not blur.labels.length


def test_what_is_not_drawn_is_nothing() -> None:
    assert drawn(replace(CLEAN, sharp=1), 1)[0].labels == BlurLabels()


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    side = SIDE + 2 * max(recipe.margin for recipe in RECIPES)
    return [scene(side, side + 40, seed=seed) for seed in range(2)]


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_makes_tiles_whose_labels_fit_it(
    photos: list[np.ndarray], recipe: BlurRecipe
) -> None:
    tiles, labels = draw_tiles(photos, recipe, np.random.default_rng(3), 6)
    assert tiles.shape == (6, 3, SIDE, SIDE)
    assert torch.equal((tiles * 255).round() / 255, tiles)
    for label in labels:
        moved = label.kind in (Kind.motion, Kind.both)
        assert (label.length > 0) >= moved
        assert label.kind != Kind.shallow or recipe.shallow
        assert label.kind not in (Kind.focus, Kind.both) or label.radius >= 1.5
        assert 30 <= label.quality <= 100


def test_noise_is_told_as_it_is() -> None:
    flat = [np.full((300, 300, 3), 128, np.uint8)]
    for photons, read_noise in ((500.0, 2e-4), (1e5, 1e-2)):
        recipe = replace(
            RECIPES[0],
            lens=0,
            compressed=0,
            noisy=1,
            photons=(photons, photons),
            read_noise=(read_noise, read_noise),
        )
        tiles, labels = draw_tiles(flat, recipe, np.random.default_rng(0), 8)
        for tile, label in zip(tiles, labels, strict=True):
            found = 255 * float(tile.std())
            assert label.noise == pytest.approx(found, rel=0.1) or label.noise < found


def test_blur_takes_the_crispness_and_leaves_the_texture() -> None:
    luma = scene(160, 160).astype(np.float32).mean(2)
    soft = (luma[1:, 1:] + luma[:-1, 1:] + luma[1:, :-1] + luma[:-1, :-1]) / 4
    texture, crispness = texture_of(luma)
    softer, less_crisp = texture_of(soft)
    assert less_crisp < 0.7 * crispness
    assert softer == pytest.approx(texture, rel=0.2)
