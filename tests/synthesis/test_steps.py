"""An exposure is looked at often enough for whatever moves fastest in it."""

from dataclasses import replace

import numpy as np
import pytest

from deblur.synthesis.blur import Segment, draw_blur
from deblur.synthesis.recipe import BlurRecipe
from deblur.synthesis.trajectory import longest_path

SIDE = 96
PASSING = BlurRecipe(
    sharp=0, moving=1, segments=1, length=(0, 24), defocused=0, soft=0, noisy=0, compressed=0
)
STROKES = replace(PASSING, exposure=(0.01, 0.01))


def way(segment: Segment) -> np.ndarray:
    """How far the middle of a thing moves from each moment to the next, in pixels."""
    x, y = segment.outline.middle
    assert segment.homographies is not None
    seen = segment.homographies @ np.array([x - SIDE / 2, y - SIDE / 2, 1])
    return np.linalg.norm(np.diff(seen[:, :2] / seen[:, 2:], axis=0), axis=1)


@pytest.mark.parametrize("burst", [0, 1])
def test_there_is_a_moment_for_each_pixel_of_the_cameras_way_and_the_things_own(
    burst: float,
) -> None:
    """A burst's moments lie in the middles of their times, so that half of one is missing."""
    recipe = replace(PASSING, burst=burst, duty=(1, 1))
    for index in range(80):
        blur = draw_blur(recipe, np.random.default_rng((1, index)), SIDE)
        assert blur.homographies is not None
        (segment,) = blur.passing
        assert segment.homographies is not None
        own = (np.linalg.inv(blur.homographies) @ segment.homographies)[:, :2, 2]
        reach = np.linalg.norm(own[-1] - own[0])
        assert len(way(segment)) >= 0.98 * longest_path(blur.homographies, SIDE) + reach


def test_what_passes_moves_by_about_a_pixel_from_moment_to_moment() -> None:
    """While the camera makes a stroke; in tangles, whose way is longer than their reach, by more.

    A thing may move with the camera, and be faster than either.
    """
    fastest = []
    for index in range(120):
        (segment,) = draw_blur(STROKES, np.random.default_rng((1, index)), SIDE).passing
        fastest.append(way(segment).max())
    assert np.median(fastest) < 0.8
    assert np.quantile(fastest, 0.9) < 1.1
    assert max(fastest) < 2
