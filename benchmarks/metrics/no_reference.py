"""What a picture looks like to a metric without a reference, through pyiqa.

pyiqa is licensed for non-commercial use. It is imported, as torch is, when a metric is first
asked for, and given the parameter files of this package, so that nothing is downloaded.

Pictures go one at a time: on a CPU a batch of four takes 1.4 (BRISQUE) to 1.6 (NIQE) times as long
a picture, and moved BRISQUE in its third decimal.
"""

import importlib.util
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur.errors import BackendUnavailableError, UnsupportedImageError
from deblur.extras import how_to_install
from deblur.image_io import DecodedImage

NIQE_BLOCK = 96
"""Side in pixels of the blocks whose features NIQE compares."""

PARAMETERS = Path(__file__).parents[1] / "parameters"
"""The files of figures that NIQE and BRISQUE are made of."""
_MIN_BLOCKS = 2
_MIN_SIDE = 32
_STARTING = threading.Lock()


def niqe(pixels: NDArray[np.uint8]) -> float:
    """Distance from natural photos, lower is better, of RGB uint8 (h, w, 3) as stored.

    Mittal et al. 2013. pyiqa's default variant, on the CPU in double precision: luma is Y of
    YIQ (0.299 R + 0.587 G + 0.114 B, 0 to 255, rounded; as MATLAB's rgb2gray, not its
    rgb2ycbcr); no border is cropped, but what is left over at the right and below of whole
    blocks of 96 pixels is; the second scale is half the first, as MATLAB's imresize makes it;
    the pristine model is that of the LIVE release ("original" in pyiqa). Values of other
    variants do not compare. It takes about half a gigabyte of memory per megapixel.

    Raises UnsupportedImageError for another dtype or shape, for fewer than two blocks, and for
    a picture without texture; BackendUnavailableError where pyiqa is not installed.
    """
    _check_rgb("NIQE", pixels)
    height, width = pixels.shape[:2]
    if (height // NIQE_BLOCK) * (width // NIQE_BLOCK) < _MIN_BLOCKS:
        raise UnsupportedImageError(
            f"a picture of {width}x{height} is too small for NIQE, which compares blocks of "
            f"{NIQE_BLOCK}x{NIQE_BLOCK} pixels, two at least: leave the picture, or NIQE, out"
        )
    return _judge("NIQE", _niqe_network, pixels)


def brisque(pixels: NDArray[np.uint8]) -> float:
    """How distorted a picture looks, lower is better, of RGB uint8 (h, w, 3) as stored.

    Mittal et al. 2012. pyiqa's default variant, on the CPU in single precision: luma as for
    `niqe`, two scales, LIVE's support vectors. Raises what `niqe` raises; 32 pixels a side are
    enough.
    """
    _check_rgb("BRISQUE", pixels)
    if min(pixels.shape[:2]) < _MIN_SIDE:
        raise UnsupportedImageError(
            f"a picture of {pixels.shape[1]}x{pixels.shape[0]} is too small for BRISQUE, which "
            f"wants {_MIN_SIDE} pixels a side: leave the picture, or BRISQUE, out"
        )
    return _judge("BRISQUE", _brisque_network, pixels)


def rgb_8_bit(image: DecodedImage) -> NDArray[np.uint8]:
    """A photo as the metrics take it: RGB uint8 (h, w, 3); 16 bit is rounded, grey repeated."""
    pixels = image.pixels
    if pixels.dtype != np.uint8:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))


def _check_rgb(metric: str, pixels: NDArray[np.uint8]) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise UnsupportedImageError(
            f"{metric} takes RGB uint8 (h, w, 3), not {pixels.dtype} {pixels.shape}: "
            "convert it first"
        )


def _judge(metric: str, network: Callable[[], Any], pixels: NDArray[np.uint8]) -> float:
    with _STARTING:  # several threads score; the network is made once
        judge = network()
    import torch

    batch = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
    flat = (pixels == pixels[0, 0]).all()  # BRISQUE would judge its padding
    try:
        with torch.no_grad():
            score = float("nan") if flat else float(judge(batch.float() / 255))
    except (torch.linalg.LinAlgError, AssertionError):  # type: ignore[attr-defined]
        score = float("nan")
    if not np.isfinite(score):
        raise UnsupportedImageError(
            f"{metric} is not defined for a picture without texture; leave the picture out"
        )
    return score


@cache
def _niqe_network() -> Any:
    _require_pyiqa("NIQE")
    from pyiqa.archs.niqe_arch import NIQE

    path = PARAMETERS / "niqe_modelparameters.mat"
    return NIQE(pretrained_model_path=str(path)).eval()


@cache
def _brisque_network() -> Any:
    _require_pyiqa("BRISQUE")
    from pyiqa.archs.brisque_arch import BRISQUE

    path = PARAMETERS / "brisque_svm_weights.pth"
    return BRISQUE(pretrained_model_path=str(path)).eval()


def _require_pyiqa(metric: str) -> None:
    if importlib.util.find_spec("pyiqa") is None:
        raise BackendUnavailableError(
            f"{metric} needs pyiqa, which is not installed (its licence is for non-commercial use "
            f"only): {how_to_install('bench')}; or leave {metric} out"
        )
