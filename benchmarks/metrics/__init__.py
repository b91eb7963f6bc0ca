"""The one place where metrics are listed; other metrics of pyiqa can be named besides.

A metric is a function of pictures, so that a new one is a function and an entry here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import MetricError
from benchmarks.metrics.no_reference import brisque, niqe
from benchmarks.metrics.pyiqa_metrics import find_pyiqa_metric
from deblur.quality import luma, psnr, ssim, ssim_3d

Pixels = NDArray[np.generic]
Score = Callable[..., float]
Against = Literal["sharp", "nothing", "blurred"]
"""What a restored picture is held against."""


@dataclass(frozen=True)
class Metric:
    """How a restored picture is judged.

    `score` takes the restored picture and, unless it is held against nothing, the other one:
    RGB (h, w, 3) in [0, 255], uint8 or, where the protocol has moved or cropped it, float64.
    `better` is the direction, `digits` how many of its decimals say something, and
    `definition` names the variant in a sentence. `fetch` gets what it needs from elsewhere, so
    that a run finds out before its work what is not available.
    """

    name: str
    title: str
    score: Score
    against: Against
    better: Literal["higher", "lower"]
    digits: int
    definition: str
    fetch: Callable[[], None] = lambda: None

    def of(self, *pictures: Pixels) -> float:
        """What `score` gives. Raises what it raises, and MetricError when that is no number."""
        found = self.score(*pictures)
        try:
            return float(found)
        except TypeError as error:
            raise MetricError(
                f"the metric {self.name} gave {type(found).__name__}, expected a number"
            ) from error


def _on_luma(score: Score) -> Score:
    def judge(restored: Pixels, sharp: Pixels) -> float:
        return score(luma(restored), luma(sharp))

    return judge


_PSNR, _SSIM, _SSIM_3D = (partial(each, peak=255) for each in (psnr, ssim, ssim_3d))

_METRICS = (
    Metric("psnr", "PSNR", _PSNR, "sharp", "higher", 2, "dB, RGB, mean over all values"),
    Metric("psnr_y", "PSNR-Y", _on_luma(_PSNR), "sharp", "higher", 2, "dB, Y of BT.601, 16 to 235"),
    Metric(
        "ssim",
        "SSIM",
        _SSIM,
        "sharp",
        "higher",
        3,
        "Gaussian 11x11, each of R, G and B, mean of the three, inside only (Wang et al. 2004)",
    ),
    Metric(
        "ssim_y",
        "SSIM-Y",
        _on_luma(_SSIM),
        "sharp",
        "higher",
        3,
        "Gaussian 11x11 on Y of BT.601, inside only (Wang et al. 2004)",
    ),
    Metric(
        "ssim_3d",
        "SSIM-3D",
        _SSIM_3D,
        "sharp",
        "higher",
        3,
        "MATLAB's 11x11x11 window over RGB, edges repeated; what most papers report",
    ),
    Metric(
        "niqe",
        "NIQE",
        niqe,
        "nothing",
        "lower",
        3,
        "pyiqa with the LIVE model: Y of YIQ, rounded, 96x96 blocks, no border left out",
    ),
    Metric(
        "brisque",
        "BRISQUE",
        brisque,
        "nothing",
        "lower",
        2,
        "pyiqa with the LIVE support vectors: Y of YIQ, in single precision",
    ),
    Metric(
        "change",
        "change",
        _PSNR,
        "blurred",
        "higher",
        1,
        "PSNR in dB against the input picture: the higher, the less it was changed",
    ),
)
METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _METRICS}


def find_metric(name: str) -> Metric:
    """A metric by its name here or in pyiqa.

    Raises MetricError when neither knows it.
    """
    if name in METRICS:
        return METRICS[name]
    found = find_pyiqa_metric(name)
    if found is None:
        raise MetricError(
            f"there is no metric {name!r}; choose one of {', '.join(METRICS)}, or any of pyiqa's "
            "by its name there (lpips, dists, musiq, topiq_nr ...)"
        )
    return Metric(
        name,
        name.upper(),
        found.score,
        "sharp" if found.needs_sharp else "nothing",
        "lower" if found.lower_is_better else "higher",
        3,
        f"pyiqa's {name}, with the weights that it fetches",
        found.fetch,
    )
