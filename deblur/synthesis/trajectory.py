"""How a hand moves a camera while the shutter is open, and what that does to a crop."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float64]

FREQUENCIES = np.geomspace(0.3, 20.0, 18)
"""Hz; a hand sways slowly and trembles at some 8 to 12 Hz."""


def hand_motion(random: Generator, times: Array) -> Array:
    """Six degrees of freedom at `times` (T,) in seconds -> (T, 6), centred, of no set size.

    The columns are rotations about x, y and z, then shifts along them in units in which a
    shift moves the picture as much as a rotation. Angles are sums of waves whose amplitude
    falls with frequency, as gyroscopes in hand-held cameras record them: slow drift
    dominates, so that short exposures give strokes and long ones tangles.
    """
    tremor = 1 + 1.5 * np.exp(-(np.log2(FREQUENCIES / 9) ** 2))
    amplitude = tremor * FREQUENCIES**-1.4 * random.rayleigh(size=(6, len(FREQUENCIES)))
    phase = random.uniform(0, 2 * np.pi, (6, len(FREQUENCIES)))
    waves = np.sin(2 * np.pi * FREQUENCIES * times[:, None, None] + phase)
    motion = (amplitude * waves).sum(-1)
    motion *= [1.0, 1.0, 0.5, 0.3, 0.3, 0.3]
    return np.asarray(motion - motion.mean(0))


def camera_homographies(motion: Array, focal: float, centre: Array) -> Array:
    """What a moving camera does to a crop of a distant plane: (T, 6) -> (T, 3, 3).

    A homography sends a pixel (x, y, 1) of the crop, counted from its middle, to where its
    light comes from at that moment. `focal` is in pixels, `centre` (2,) the crop's middle,
    counted from where the optical axis meets the picture. Shifts are in units of the plane's
    distance.
    """
    x, y, z = motion[:, :3].T
    one, zero = np.ones_like(x), np.zeros_like(x)
    about_x = _stack([one, zero, zero, zero, np.cos(x), -np.sin(x), zero, np.sin(x), np.cos(x)])
    about_y = _stack([np.cos(y), zero, np.sin(y), zero, one, zero, -np.sin(y), zero, np.cos(y)])
    about_z = _stack([np.cos(z), -np.sin(z), zero, np.sin(z), np.cos(z), zero, zero, zero, one])
    pose = about_z @ about_y @ about_x
    pose[:, :, 2] += motion[:, 3:]
    to_crop = np.array([[focal, 0, -centre[0]], [0, focal, -centre[1]], [0, 0, 1.0]])
    return np.asarray(to_crop @ pose @ np.linalg.inv(to_crop))


def longest_path(homographies: Array, side: int) -> float:
    """How far the fastest of a crop's corners and middle travels, end to end, in pixels."""
    half = side / 2
    points = np.array(
        [[-half, -half, 1], [half, -half, 1], [-half, half, 1], [half, half, 1], [0, 0, 1]]
    )
    seen = np.einsum("tij,pj->tpi", homographies, points)
    places = seen[..., :2] / seen[..., 2:]
    return float(np.ptp(places, axis=0).max())


def stroke(path: Array) -> tuple[float, float]:
    """The straight even stroke that spreads light as far as a path (T, 2) in x, y: length, angle.

    The length, in pixels, is sqrt(12) times the standard deviation along the path's main axis,
    which of a straight even path is its own; the angle is that of the axis, in degrees in [0, 180),
    against the clock from the horizontal. Between its points the path is straight.
    """
    start, end = path[:-1], path[1:]
    middle = (start + end).mean(0) / 2
    start, end = start - middle, end - middle
    both = np.einsum("ti,tj->ij", start + end, start + end)
    spread = (both + start.T @ start + end.T @ end) / (6 * len(start))
    variances, axes = np.linalg.eigh(spread)
    x, y = axes[:, 1]
    return float(np.sqrt(12 * max(variances[1], 0.0))), float(np.degrees(np.arctan2(-y, x)) % 180)


def _stack(entries: list[Array]) -> Array:
    return np.stack(entries, -1).reshape(-1, 3, 3)
