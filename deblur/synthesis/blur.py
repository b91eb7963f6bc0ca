"""The blur of one photo: everything random about it, drawn before a pixel is touched."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from deblur.synthesis.psf import aperture, convolve_kernels, gaussian, render_path
from deblur.synthesis.recipe import BlurRecipe, Range
from deblur.synthesis.trajectory import camera_homographies, hand_motion, longest_path

Array = NDArray[np.float64]

BURST_FRAMES = (7, 9, 11, 13)
"""Of so many frames a clip's blurred picture is the mean, as in GoPro's dataset."""

_STILL = np.eye(3)[None]
_AT_ONCE = np.zeros(1)


@dataclass(frozen=True)
class Outline:
    """A round, bulging shape with a soft edge, in pixels of its crop.

    At the angle a about its `middle` (x, y) it reaches as far as `radius` times
    1 + sum of bulges[k] cos((k + 2) a + phases[k]); over `edge` pixels it fades.
    """

    middle: tuple[float, float]
    radius: float
    bulges: Array
    phases: Array
    edge: float


@dataclass(frozen=True)
class Segment:
    """A thing that passes by: its outline, and its homographies (T, 3, 3)."""

    outline: Outline
    homographies: Array


@dataclass(frozen=True)
class Blur:
    """What happens to one photo between the light and the file; None and 0 mean not at all.

    `homographies` (T, 3, 3) are the camera's, `segments` move beside them with as many steps;
    `kernel` (k, k) is what blurs the whole crop alike, `backdrop` (k, k) what is behind the
    segments, `lens` (k, k) what the lens does not resolve, both in the sharp picture, too.
    `seed` is the sensor noise's. See BlurRecipe for the rest.
    """

    seed: int
    homographies: Array | None = None
    segments: tuple[Segment, ...] = ()
    kernel: Array | None = None
    backdrop: Array | None = None
    lens: Array | None = None
    gamma: float = 2.2
    highlight_boost: float = 1.0
    photons: float = 0.0
    read_noise: float = 0.0
    grain_kept: bool = False
    jpeg_quality: int = 0


def draw_blur(recipe: BlurRecipe, random: Generator, side: int) -> Blur:
    """The blur of one crop of `side` pixels, margin included."""
    backdrop: Array | None = None
    lens: Array | None = None
    segments: tuple[Segment, ...] = ()
    if recipe.lens and random.random() < recipe.lens:
        lens = gaussian(random.uniform(*recipe.unresolved))
    if recipe.shallow and random.random() < recipe.shallow:
        backdrop = _defocus(recipe.backdrop, random)
        segments = _segments(recipe, random, side, _STILL, _AT_ONCE, 0.0)
    if random.random() < recipe.sharp:
        return Blur(seed=_seed(random), segments=segments, backdrop=backdrop, lens=lens)
    homographies: Array | None = None
    optics = _optics(recipe, random)
    kernel = optics
    if optics is None or random.random() >= recipe.still:
        moving = random.random() < recipe.moving
        farthest = recipe.length[1] / 2 if moving else 0.0
        length = random.uniform(*recipe.length)
        steps = round(length + farthest) + 2
        burst = bool(recipe.burst and random.random() < recipe.burst)
        moments = _frames(recipe, random, steps) if burst else np.linspace(-0.5, 0.5, steps)
        homographies = _shake(recipe, random, side, length, moments, about_middle=burst)
        segments = tuple(replace(each, homographies=homographies) for each in segments)
        if moving:
            segments = _segments(recipe, random, side, homographies, moments, farthest)
        elif not burst and random.random() >= recipe.varying:
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
        lens=lens,
        gamma=1.0 if random.random() < recipe.linear_response else random.uniform(*recipe.gamma),
        highlight_boost=random.uniform(*recipe.highlight_boost),
        photons=_logarithmic(recipe.photons, random) if noisy else 0.0,
        read_noise=_logarithmic(recipe.read_noise, random) if noisy else 0.0,
        jpeg_quality=int(random.uniform(*recipe.jpeg_quality))
        if random.random() < recipe.compressed
        else 0,
        grain_kept=bool(noisy and recipe.grain_kept and random.random() < recipe.grain_kept),
    )


def _frames(recipe: BlurRecipe, random: Generator, steps: int) -> Array:
    """The moments, in [-0.5, 0.5], at which the frames of a fast clip see light."""
    count = int(random.choice(BURST_FRAMES))
    duty = random.uniform(*recipe.duty)
    within = math.ceil(steps * duty / count)
    open_for = duty * ((np.arange(within) + 0.5) / within - 0.5)
    return np.asarray(((np.arange(count)[:, None] + 0.5 + open_for) / count).ravel() - 0.5)


def _shake(
    recipe: BlurRecipe,
    random: Generator,
    side: int,
    length: float,
    moments: Array,
    *,
    about_middle: bool,
) -> Array:
    """A homography for each moment in [-0.5, 0.5]; the longest path is `length` pixels.

    They are about the mean of where the camera points, or about where it points at moment 0.
    """
    exposure = _logarithmic(recipe.exposure, random)
    focal = random.uniform(*recipe.focal) * recipe.photo_width
    angle = random.uniform(0, 2 * np.pi)
    away = random.uniform(*recipe.off_centre) * recipe.photo_width
    centre = away * np.array([np.cos(angle), np.sin(angle)])
    motion = hand_motion(random, (moments + 0.5) * exposure)
    if about_middle:
        last = len(motion) - 1
        motion -= (motion[last // 2] + motion[last - last // 2]) / 2
    for _ in range(2):
        travelled = longest_path(camera_homographies(motion, focal, centre), side)
        motion *= np.clip(length / max(travelled, 1e-9), 0, 0.2 / np.abs(motion).max())
    return camera_homographies(motion, focal, centre)


def _segments(
    recipe: BlurRecipe,
    random: Generator,
    side: int,
    camera: Array,
    moments: Array,
    farthest: float,
) -> tuple[Segment, ...]:
    """Things with a motion of their own, `farthest` pixels at most, on top of the camera's."""
    count = int(random.integers(1, recipe.segments + 1))
    segments = []
    for _ in range(count):
        angle, reach = random.uniform(0, 2 * np.pi), random.uniform(0, farthest)
        stroke = moments[:, None] * reach * np.array([np.cos(angle), np.sin(angle)])
        shifts = np.tile(np.eye(3), (len(camera), 1, 1))
        shifts[:, :2, 2] = stroke
        segments.append(Segment(_outline(random, side), camera @ shifts))
    return tuple(segments)


def _outline(random: Generator, side: int) -> Outline:
    """A shape with an edge of one to four pixels."""
    x, y = random.uniform(0.2, 0.8, 2) * side
    bulges = random.normal(size=5) * 0.35 / np.arange(2, 7)
    phases = random.uniform(0, 2 * np.pi, 5)
    radius = random.uniform(0.08, 0.3) * side
    return Outline((float(x), float(y)), radius, bulges, phases, random.uniform(1, 4))


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
