"""The blur of one photo: everything random about it, drawn before a pixel is touched."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from deblur.synthesis.psf import aperture, convolve_kernels, gaussian, render_path
from deblur.synthesis.recipe import BlurRecipe, Range
from deblur.synthesis.trajectory import camera_homographies, hand_motion, longest_path, stroke

Array = NDArray[np.float64]

BURST_FRAMES = (7, 9, 11, 13)
"""Numbers of frames whose mean is a clip's blurred picture, as in GoPro's dataset."""


@dataclass(frozen=True)
class Outline:
    """A round, bulging shape with a soft edge, in pixels of its crop.

    At the angle a about its `middle` (x, y) it reaches as far as `radius` times
    1 + sum of bulges[k] cos((k + 2) a + phases[k]), 0.2 at least; over `edge` pixels it fades.
    """

    middle: tuple[float, float]
    radius: float
    bulges: Array
    phases: Array
    edge: float


@dataclass(frozen=True)
class Segment:
    """A thing in front: its outline, and, if it passes by, its homographies (T, 3, 3)."""

    outline: Outline
    homographies: Array | None = None


@dataclass(frozen=True)
class BlurLabels:
    """What was drawn, as numbers that a diagnosis can be held to; 0 means not at all.

    `length` in pixels and `angle` in degrees are the camera's `stroke` at the middle of the crop.
    `defocus` is the radius of the photo's aperture, `backdrop` that of what lies behind; `softness`
    and `unresolved` are the sigmas of the photo's and of its lens's gaussian; all in pixels.
    """

    length: float = 0.0
    angle: float = 0.0
    defocus: float = 0.0
    softness: float = 0.0
    backdrop: float = 0.0
    unresolved: float = 0.0


@dataclass(frozen=True)
class Blur:
    """What happens to one photo between the light and the file; None and 0 mean not at all.

    `homographies` (T, 3, 3) are the camera's; `segments` that pass by have as many of their own;
    `kernel` (k, k) is what blurs the whole crop alike, `backdrop` (k, k) what is behind the
    segments, `lens` (k, k) what the lens does not resolve, both in the sharp picture, too.
    `seed` is the sensor noise's, `labels` say how much was drawn. See BlurRecipe for the rest.
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
    labels: BlurLabels = BlurLabels()

    @property
    def standing(self) -> list[Segment]:
        """The segments that move only as the camera makes all of the scene move."""
        return [each for each in self.segments if each.homographies is None]

    @property
    def passing(self) -> list[Segment]:
        """The others."""
        return [each for each in self.segments if each.homographies is not None]


@dataclass(frozen=True)
class _Exposure:
    """When light falls: (T,) in seconds since the first of it, and the same from -0.5 to 0.5.

    The camera's path is about its mean, or in a `burst` about where it is at moment 0.
    """

    seconds: Array
    moments: Array
    burst: bool = False


def draw_blur(recipe: BlurRecipe, random: Generator, side: int) -> Blur:
    """The blur of one crop of `side` pixels, margin included."""
    backdrop: Array | None = None
    lens: Array | None = None
    segments: tuple[Segment, ...] = ()
    labels = BlurLabels()
    if recipe.lens and random.random() < recipe.lens:
        labels = replace(labels, unresolved=random.uniform(*recipe.unresolved))
        lens = gaussian(labels.unresolved)
    if recipe.shallow and random.random() < recipe.shallow:
        radius, backdrop = _defocus(recipe.backdrop, random)
        labels = replace(labels, backdrop=radius)
        segments = _standing(recipe, random, side)
    if random.random() < recipe.sharp:
        return Blur(
            seed=_seed(random), segments=segments, backdrop=backdrop, lens=lens, labels=labels
        )
    homographies: Array | None = None
    defocus, softness, optics = _optics(recipe, random)
    labels = replace(labels, defocus=defocus, softness=softness)
    kernel = optics
    if optics is None or random.random() >= recipe.still:
        moving = random.random() < recipe.moving
        farthest = recipe.length[1] / 2 if moving else 0.0
        length = random.uniform(*recipe.length)
        exposure = _expose(recipe, random, round(length + farthest) + 2)
        homographies = _shake(recipe, random, side, length, exposure)
        path = homographies[:, :2, 2] / homographies[:, 2:, 2]
        drawn, angle = stroke(path)
        labels = replace(labels, length=drawn, angle=angle)
        if moving:
            segments = _passing(recipe, random, side, homographies, exposure, farthest)
        elif not exposure.burst and random.random() >= recipe.varying:
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
        labels=labels,
    )


def _expose(recipe: BlurRecipe, random: Generator, steps: int) -> _Exposure:
    """About `steps` moments of an open shutter, or of the frames of a fast clip."""
    seconds = _logarithmic(recipe.exposure, random)
    if not recipe.burst or random.random() >= recipe.burst:
        return _Exposure(np.linspace(0, seconds, steps), np.linspace(-0.5, 0.5, steps))
    moments = frame_moments(int(random.choice(BURST_FRAMES)), random.uniform(*recipe.duty), steps)
    return _Exposure((moments + 0.5) * seconds, moments, burst=True)


def frame_moments(count: int, duty: float, steps: int) -> Array:
    """The moments, between -0.5 and 0.5, at which a clip's `count` frames see light.

    The shutter is open for the share `duty` in the middle of each frame's time. There are as
    many moments a frame as make at least `duty` times `steps` of them.
    """
    within = math.ceil(steps * duty / count)
    open_for = duty * ((np.arange(within) + 0.5) / within - 0.5)
    return np.asarray(((np.arange(count)[:, None] + 0.5 + open_for) / count).ravel() - 0.5)


def _shake(
    recipe: BlurRecipe, random: Generator, side: int, length: float, exposure: _Exposure
) -> Array:
    """A homography for each moment of an exposure; the longest path is `length` pixels."""
    focal = random.uniform(*recipe.focal) * recipe.photo_width
    angle = random.uniform(0, 2 * np.pi)
    away = random.uniform(*recipe.off_centre) * recipe.photo_width
    centre = away * np.array([np.cos(angle), np.sin(angle)])
    motion = hand_motion(random, exposure.seconds)
    if exposure.burst:
        last = len(motion) - 1
        motion -= (motion[last // 2] + motion[last - last // 2]) / 2
    for turn in range(6):
        travelled = longest_path(camera_homographies(motion, focal, centre), side)
        if turn > 1 and abs(travelled - length) < 0.01 * length:
            break
        motion *= np.clip(length / max(travelled, 1e-9), 0, 0.2 / np.abs(motion).max())
    return camera_homographies(motion, focal, centre)


def _standing(recipe: BlurRecipe, random: Generator, side: int) -> tuple[Segment, ...]:
    """Things in front of what lies behind."""
    count = int(random.integers(1, recipe.segments + 1))
    return tuple(Segment(_outline(random, side)) for _ in range(count))


def _passing(
    recipe: BlurRecipe,
    random: Generator,
    side: int,
    camera: Array,
    exposure: _Exposure,
    farthest: float,
) -> tuple[Segment, ...]:
    """Things with a motion of their own, `farthest` pixels at most, on top of the camera's."""
    count = int(random.integers(1, recipe.segments + 1))
    passing = []
    for _ in range(count):
        angle, reach = random.uniform(0, 2 * np.pi), random.uniform(0, farthest)
        stroke = exposure.moments[:, None] * reach * np.array([np.cos(angle), np.sin(angle)])
        shifts = np.tile(np.eye(3), (len(camera), 1, 1))
        shifts[:, :2, 2] = stroke
        passing.append(Segment(_outline(random, side), camera @ shifts))
    return tuple(passing)


def _outline(random: Generator, side: int) -> Outline:
    """A shape with an edge of one to four pixels."""
    y, x = random.uniform(0.2, 0.8, 2) * side
    bulges = random.normal(size=5) * 0.35 / np.arange(2, 7)
    phases = random.uniform(0, 2 * np.pi, 5)
    radius = random.uniform(0.08, 0.3) * side
    return Outline((float(x), float(y)), radius, bulges, phases, random.uniform(1, 4))


def _optics(recipe: BlurRecipe, random: Generator) -> tuple[float, float, Array | None]:
    """Defocus through a round or polygonal aperture, softness, both, or neither: with their sizes.

    A radius, a sigma, and the kernel that they make together.
    """
    radius, sigma, kernel = 0.0, 0.0, None
    if random.random() < recipe.defocused:
        radius, kernel = _defocus(recipe.defocus, random)
    if random.random() < recipe.soft:
        sigma = random.uniform(*recipe.softness)
        kernel = convolve_kernels(gaussian(sigma), kernel)
    return radius, sigma, kernel


def _defocus(bounds: Range, random: Generator) -> tuple[float, Array]:
    """A radius within bounds, and its aperture."""
    blades = int(random.choice([0, 5, 6, 7, 8]))
    radius = random.uniform(*bounds)
    return radius, aperture(radius, blades, random.uniform(0, np.pi))


def _logarithmic(bounds: Range, random: Generator) -> float:
    return float(np.exp(random.uniform(*np.log(bounds))))


def _seed(random: Generator) -> int:
    return int(random.integers(2**62))
