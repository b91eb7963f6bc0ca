"""The blur of one photo: everything random about it, drawn before a pixel is touched."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from deblur.synthesis.psf import aperture, convolve_kernels, gaussian, render_path
from deblur.synthesis.recipe import BlurRecipe, Range
from deblur.synthesis.trajectory import camera_homographies, hand_motion, longest_path

Array = NDArray[np.float64]

_STILL = np.eye(3)[None]


@dataclass(frozen=True)
class Segment:
    """A thing that passes by: its soft-edged mask (side, side) and its homographies (T, 3, 3)."""

    mask: Array
    homographies: Array


@dataclass(frozen=True)
class Blur:
    """What happens to one photo between the light and the file; None and 0 mean not at all.

    `homographies` (T, 3, 3) are the camera's, `segments` move beside them with as many steps;
    `kernel` (k, k) is what blurs the whole crop alike, `backdrop` (k, k) what is behind the
    segments, in the sharp picture, too. `seed` is the sensor noise's. See BlurRecipe for the rest.
    """

    seed: int
    homographies: Array | None = None
    segments: tuple[Segment, ...] = ()
    kernel: Array | None = None
    backdrop: Array | None = None
    gamma: float = 2.2
    highlight_boost: float = 1.0
    photons: float = 0.0
    read_noise: float = 0.0
    grain_kept: bool = False
    jpeg_quality: int = 0


def draw_blur(recipe: BlurRecipe, random: Generator, side: int) -> Blur:
    """The blur of one crop of `side` pixels, margin included."""
    backdrop: Array | None = None
    segments: tuple[Segment, ...] = ()
    if recipe.shallow and random.random() < recipe.shallow:
        backdrop = _defocus(recipe.backdrop, random)
        segments = _segments(recipe, random, side, _STILL, 0.0)
    if random.random() < recipe.sharp:
        return Blur(seed=_seed(random), segments=segments, backdrop=backdrop)
    homographies: Array | None = None
    optics = _optics(recipe, random)
    kernel = optics
    if optics is None or random.random() >= recipe.still:
        moving = random.random() < recipe.moving
        farthest = recipe.length[1] / 2 if moving else 0.0
        homographies = _shake(recipe, random, side, farthest)
        segments = tuple(replace(each, homographies=homographies) for each in segments)
        if moving:
            segments = _segments(recipe, random, side, homographies, farthest)
        elif random.random() >= recipe.varying:
            path = homographies[:, :2, 2] / homographies[:, 2:, 2]
            kernel = convolve_kernels(render_path(-path), optics)
            homographies = None
    noisy = random.random() < recipe.noisy
    return Blur(
        seed=_seed(random),
        homographies=homographies,
        segments=segments,
        kernel=kernel,
        backdrop=backdrop,
        gamma=1.0 if random.random() < recipe.linear_response else random.uniform(*recipe.gamma),
        highlight_boost=random.uniform(*recipe.highlight_boost),
        photons=_logarithmic(recipe.photons, random) if noisy else 0.0,
        read_noise=_logarithmic(recipe.read_noise, random) if noisy else 0.0,
        jpeg_quality=int(random.uniform(*recipe.jpeg_quality))
        if random.random() < recipe.compressed
        else 0,
        grain_kept=bool(noisy and recipe.grain_kept and random.random() < recipe.grain_kept),
    )


def _shake(recipe: BlurRecipe, random: Generator, side: int, spare: float) -> Array:
    """As many steps as the longest path has pixels, and `spare` ones for things that move."""
    length = random.uniform(*recipe.length)
    exposure = _logarithmic(recipe.exposure, random)
    focal = random.uniform(*recipe.focal) * recipe.photo_width
    angle = random.uniform(0, 2 * np.pi)
    away = random.uniform(*recipe.off_centre) * recipe.photo_width
    centre = away * np.array([np.cos(angle), np.sin(angle)])
    motion = hand_motion(random, np.linspace(0, exposure, round(length + spare) + 2))
    for _ in range(2):
        travelled = longest_path(camera_homographies(motion, focal, centre), side)
        motion *= np.clip(length / max(travelled, 1e-9), 0, 0.2 / np.abs(motion).max())
    return camera_homographies(motion, focal, centre)


def _segments(
    recipe: BlurRecipe, random: Generator, side: int, camera: Array, farthest: float
) -> tuple[Segment, ...]:
    """Things with a motion of their own, `farthest` pixels at most, on top of the camera's."""
    count = int(random.integers(1, recipe.segments + 1))
    times = np.linspace(-0.5, 0.5, len(camera))[:, None]
    segments = []
    for _ in range(count):
        angle, reach = random.uniform(0, 2 * np.pi), random.uniform(0, farthest)
        stroke = times * reach * np.array([np.cos(angle), np.sin(angle)])
        shifts = np.tile(np.eye(3), (len(camera), 1, 1))
        shifts[:, :2, 2] = stroke
        segments.append(Segment(_blob(random, side), camera @ shifts))
    return tuple(segments)


def _blob(random: Generator, side: int) -> Array:
    """A round, bulging shape with an edge of one to four pixels, (side, side) in [0, 1]."""
    middle = random.uniform(0.2, 0.8, 2) * side
    rows, columns = np.indices((side, side)) + 0.5
    angle = np.arctan2(rows - middle[0], columns - middle[1])
    waves = np.arange(2, 7)
    bulges = random.normal(size=5) * 0.35 / waves
    phase = random.uniform(0, 2 * np.pi, 5)
    stretch = 1 + np.cos(angle[..., None] * waves + phase) @ bulges
    radius = random.uniform(0.08, 0.3) * side * stretch.clip(0.2)
    distance = np.hypot(rows - middle[0], columns - middle[1])
    edge = random.uniform(1, 4)
    return np.asarray(((radius - distance) / edge + 0.5).clip(0, 1))


def _optics(recipe: BlurRecipe, random: Generator) -> Array | None:
    """Defocus through a round or polygonal aperture, softness, both, or neither."""
    kernel = None
    if random.random() < recipe.defocused:
        kernel = _defocus(recipe.defocus, random)
    if random.random() < recipe.soft:
        kernel = convolve_kernels(gaussian(random.uniform(*recipe.softness)), kernel)
    return kernel


def _defocus(radius: Range, random: Generator) -> Array:
    blades = int(random.choice([0, 5, 6, 7, 8]))
    return aperture(random.uniform(*radius), blades, random.uniform(0, np.pi))


def _logarithmic(bounds: Range, random: Generator) -> float:
    return float(np.exp(random.uniform(*np.log(bounds))))


def _seed(random: Generator) -> int:
    return int(random.integers(2**62))
