"""Full-reference quality of a restored picture: pure functions on NumPy arrays."""

import numpy as np
from numpy.typing import NDArray


def psnr(restored: NDArray[np.generic], sharp: NDArray[np.generic], *, peak: float) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels of two equal shapes.

    `peak` is the largest possible value (1.0, 255, 65535). Equal pictures give infinity.
    Raises ValueError when the shapes differ.
    """
    if restored.shape != sharp.shape:
        raise ValueError(f"shapes differ: {restored.shape} and {sharp.shape}")
    difference = restored.astype(np.float64) - sharp.astype(np.float64)
    mean_square = float(np.mean(difference**2))
    return float("inf") if mean_square == 0 else float(10 * np.log10(peak**2 / mean_square))
