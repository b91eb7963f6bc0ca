"""What a picture looks like to a metric without a reference; the only importer of pyiqa.

pyiqa is licensed for non-commercial use. It is imported, as torch is, when a metric is first
asked for, and given the parameter files beside this module, so that nothing is downloaded.
"""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur.errors import BackendUnavailableError, UnsupportedImageError
from deblur.image_io import DecodedImage

NIQE_VARIANT = (
    "NIQE of pyiqa with the LIVE/BasicSR model: Y of YIQ (full range, rounded), 96x96 blocks, "
    "no crop border"
)
NIQE_BLOCK = 96
"""Side in pixels of the blocks whose features NIQE compares."""

_NIQE_PARAMETERS = Path(__file__).parent / "parameters" / "niqe_modelparameters.mat"
_FEWEST_BLOCKS = 2


def niqe(pixels: NDArray[np.uint8]) -> float:
    """Distance from natural photos, lower is better, of RGB uint8 (h, w, 3) as stored.

    pyiqa's default variant, on the CPU in double precision: luma is Y of YIQ (0.299 R + 0.587 G +
    0.114 B, 0 to 255, rounded; as MATLAB's rgb2gray, not its rgb2ycbcr); no border is cropped,
    but what is left over at the right and below of whole blocks of 96 pixels is; the second
    scale is half the first, as MATLAB's imresize makes it; the pristine model is that of the
    LIVE release ("original" in pyiqa). Values of other variants do not compare. It takes about
    half a gigabyte of memory per megapixel.

    Raises UnsupportedImageError for another dtype or shape, for fewer than two blocks, and for
    a picture without texture; BackendUnavailableError where pyiqa is not installed.
    """
    _check_fit(pixels)
    network = _niqe_network()
    import torch

    batch = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
    try:
        with torch.no_grad():
            score = float(network(batch.float() / 255))
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
        score = float("nan")
    if not np.isfinite(score):
        raise UnsupportedImageError(
            "NIQE is not defined for a picture without texture; leave the picture out"
        )
    return score


def rgb_8_bit(image: DecodedImage) -> NDArray[np.uint8]:
    """A photo as the metrics take it: RGB uint8 (h, w, 3); 16 bit is rounded, grey repeated."""
    pixels = image.pixels
    if pixels.dtype != np.uint8:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))


def _check_fit(pixels: NDArray[np.uint8]) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise UnsupportedImageError(
            f"NIQE takes RGB uint8 (h, w, 3), not {pixels.dtype} {pixels.shape}: convert it first"
        )
    height, width = pixels.shape[:2]
    if (height // NIQE_BLOCK) * (width // NIQE_BLOCK) < _FEWEST_BLOCKS:
        raise UnsupportedImageError(
            f"a picture of {width}x{height} is too small for NIQE, which compares blocks of "
            f"{NIQE_BLOCK}x{NIQE_BLOCK} pixels, two at least: leave the picture, or NIQE, out"
        )


@cache
def _niqe_network() -> Any:
    if importlib.util.find_spec("pyiqa") is None:
        raise BackendUnavailableError(
            "NIQE needs pyiqa, which is not installed (its licence is for non-commercial use "
            "only): `pip install deblur-arena[bench]`, or leave NIQE out"
        )
    from pyiqa.archs.niqe_arch import NIQE

    return NIQE(pretrained_model_path=str(_NIQE_PARAMETERS)).eval()
