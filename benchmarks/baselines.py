"""What there was before networks learned to deblur: the baselines that show what learning adds.

Each is a function of a picture, RGB float64 (h, w, 3) in [0, 1] as stored, and of its kernel
where the dataset has one, and gives such a picture, which may leave [0, 1].
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ASSUMED_SIGMA = 2.0
"""Standard deviation in pixels of the Gaussian that is assumed where no kernel is known."""
ITERATIONS = 15
_SEED = 0


@dataclass(frozen=True)
class Baseline:
    """A method without weights. `restore` None hands back what came in, bit for bit."""

    name: str
    title: str
    source: str
    restore: Callable[[Floats, Floats | None], Floats] | None


def sharpen(picture: Floats, kernel: Floats | None) -> Floats:
    """Unsharp masking: radius 2 px, amount 1; the kernel is not looked at."""
    from skimage.filters import unsharp_mask

    return np.asarray(unsharp_mask(picture, radius=2, amount=1, channel_axis=2))


def richardson_lucy(picture: Floats, kernel: Floats | None) -> Floats:
    """Richardson 1972 and Lucy 1974, 15 iterations a channel, on a mirrored border."""
    from skimage.restoration import richardson_lucy as deconvolve

    return _by_channel(picture, kernel, lambda x, psf: deconvolve(x, psf, ITERATIONS, clip=False))


def unsupervised_wiener(picture: Floats, kernel: Floats | None) -> Floats:
    """Orieux et al. 2010: Wiener's filter, its strength estimated from the picture itself."""
    from skimage.restoration import unsupervised_wiener as deconvolve

    def estimate(channel: Floats, psf: Floats) -> Floats:
        return np.asarray(deconvolve(channel, psf, clip=False, rng=_SEED)[0])

    return _by_channel(picture, kernel, estimate)


_BASELINES = (
    Baseline("blurred", "The blurred input itself", "", None),
    Baseline("unsharp-mask", "Unsharp masking", "scikit-image", sharpen),
    Baseline("richardson-lucy", "Richardson-Lucy", "doi:10.1086/111605", richardson_lucy),
    Baseline(
        "unsupervised-wiener",
        "Unsupervised Wiener",
        "doi:10.1364/JOSAA.27.001593",
        unsupervised_wiener,
    ),
)
BASELINES: Mapping[str, Baseline] = {baseline.name: baseline for baseline in _BASELINES}


def _by_channel(
    picture: Floats, kernel: Floats | None, deconvolve: Callable[[Floats, Floats], Floats]
) -> Floats:
    psf = _assumed() if kernel is None else kernel
    border = 2 * len(psf)
    padded = np.pad(picture, ((border, border), (border, border), (0, 0)), mode="symmetric")
    channels = [deconvolve(padded[..., index], psf) for index in range(picture.shape[2])]
    return np.stack(channels, -1)[border:-border, border:-border]


def _assumed() -> Floats:
    radius = int(4 * ASSUMED_SIGMA)
    taps = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * ASSUMED_SIGMA**2))
    kernel = np.outer(taps, taps)
    return np.asarray(kernel / kernel.sum())
