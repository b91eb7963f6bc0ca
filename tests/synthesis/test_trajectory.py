"""Paths of the camera: centred, smooth, and as long as asked."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deblur.synthesis.blur import draw_blur
from deblur.synthesis.trajectory import camera_homographies, hand_motion, longest_path
from tests.synthesis.samples import CLEAN, drawn


@given(seed=st.integers(0, 10_000), exposure=st.floats(0.005, 0.5))
def test_motion_is_centred_and_smooth(seed: int, exposure: float) -> None:
    motion = hand_motion(np.random.default_rng(seed), np.linspace(0, exposure, 200))
    np.testing.assert_allclose(motion.mean(0), 0, atol=1e-9)
    pace = np.abs(np.diff(motion, axis=0)).max()
    assert np.abs(np.diff(motion, n=2, axis=0)).max() < pace


def test_short_exposures_give_strokes_and_long_ones_tangles() -> None:
    def detour(exposure: float) -> float:
        """How much longer the way is than the distance between its ends, on average."""
        ways = [
            hand_motion(np.random.default_rng(seed), np.linspace(0, exposure, 200))[:, :2]
            for seed in range(40)
        ]
        lengths = [np.linalg.norm(np.diff(way, axis=0), axis=1).sum() for way in ways]
        distances = [np.linalg.norm(way[-1] - way[0]) for way in ways]
        return float(np.median(np.array(lengths) / distances))

    assert detour(0.01) < 1.1
    assert detour(0.5) > 1.5


def test_rotating_about_an_axis_moves_the_crop_as_the_pinhole_says() -> None:
    motion = np.zeros((1, 6))
    motion[0, 1] = 0.01
    homography = camera_homographies(motion, focal=1000.0, centre=np.zeros(2))[0]
    x, _, w = homography @ [0, 0, 1]
    assert x / w == pytest.approx(1000 * np.tan(0.01), rel=1e-6)


def test_rolling_moves_a_crop_more_the_farther_it_lies_from_the_axis() -> None:
    motion = np.zeros((2, 6))
    motion[1, 2] = 0.01
    near = longest_path(camera_homographies(motion, 1000.0, np.array([10.0, 0])), 20)
    far = longest_path(camera_homographies(motion, 1000.0, np.array([500.0, 0])), 20)
    assert far == pytest.approx(500 * 0.01, rel=0.05)
    assert near < far / 10


@example(seed=8329, length=15.0)
@given(seed=st.integers(0, 10_000), length=st.floats(1, 40))
def test_shakes_are_as_long_as_asked(seed: int, length: float) -> None:
    recipe = replace(CLEAN, length=(length, length), varying=1, moving=0)
    path = draw_blur(recipe, np.random.default_rng(seed), 160).homographies
    assert path is not None
    assert longest_path(path, 160) == pytest.approx(length, rel=0.02)


def test_shakes_are_looked_at_in_steps_of_about_a_pixel() -> None:
    """Of the corner that moves fastest; tangles, whose way is longer than their reach, in more."""
    corners = np.array([[-80, -80, 1], [80, -80, 1], [-80, 80, 1], [80, 80, 1]])
    typical = []
    for blur in drawn(replace(CLEAN, length=(2, 40), varying=1, moving=0), 80, 160):
        assert blur.homographies is not None
        seen = np.einsum("tij,pj->tpi", blur.homographies, corners)
        ways = np.diff(seen[..., :2] / seen[..., 2:], axis=0)
        typical.append(np.median(np.linalg.norm(ways, axis=-1).max(1)))
    assert np.median(typical) < 1.25
    assert np.quantile(typical, 0.9) < 2
