"""Kernels of paths and apertures."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deblur.synthesis.psf import aperture, convolve_kernels, gaussian, render_path
from deblur.synthesis.render import (
    convolve,
)
from deblur.synthesis.trajectory import hand_motion


@given(seed=st.integers(0, 10_000), length=st.floats(0, 60))
def test_kernels_hold_all_the_light_where_the_path_is(seed: int, length: float) -> None:
    motion = hand_motion(np.random.default_rng(seed), np.linspace(0, 0.2, 50))[:, :2]
    path = motion / np.abs(motion).max() * length
    kernel = render_path(path)
    place = np.arange(len(kernel)) - len(kernel) // 2
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1)
    assert (kernel.sum(0) * place).sum() == pytest.approx(
        path[:, 0].mean(), abs=0.02 * length + 1e-6
    )


@given(radius=st.floats(0, 0.5), blades=st.sampled_from([0, 5, 8]), angle=st.floats(0, 3))
def test_what_is_hardly_out_of_focus_is_a_point(radius: float, blades: int, angle: float) -> None:
    kernel = aperture(radius, blades, angle)
    assert kernel.sum() == pytest.approx(1)
    assert kernel[len(kernel) // 2, len(kernel) // 2] > 0.6


@given(radius=st.floats(0.5, 8), blades=st.sampled_from([0, 5, 6, 7]), angle=st.floats(0, 3))
def test_apertures_are_centred_and_as_large_as_asked(
    radius: float, blades: int, angle: float
) -> None:
    kernel = aperture(radius, blades, angle)
    place = np.arange(len(kernel)) - len(kernel) // 2
    assert kernel.sum() == pytest.approx(1)
    assert (kernel.sum(0) * place).sum() == pytest.approx(0, abs=0.1 + 0.02 * radius)
    area = 1 / kernel.max()
    disc = np.pi * radius**2
    assert area <= disc * 1.1 + 1
    if not blades and radius > 2:
        assert area == pytest.approx(disc, rel=0.05)


def test_blurs_one_after_the_other_add_their_variances() -> None:
    both = convolve_kernels(gaussian(1.0), gaussian(2.0))
    place = np.arange(len(both)) - len(both) // 2
    assert (both.sum(0) * place**2).sum() == pytest.approx(1 + 4, rel=0.01)


def test_a_point_of_light_becomes_the_kernel() -> None:
    kernel = render_path(np.array([[-6.0, -2.0], [3.0, 4.0], [3.0, -2.0]]))
    half = len(kernel) // 2
    point = torch.zeros(1, 1, 61, 61)
    point[..., 30, 30] = 1
    inside = slice(30 - half, 31 + half)
    blurred = convolve(point, [kernel])[0, 0, inside, inside]
    torch.testing.assert_close(blurred, torch.from_numpy(kernel).float(), atol=1e-6, rtol=0)
