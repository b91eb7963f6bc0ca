"""Means of scores, how sure they are, and whether two differ."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
CONFIDENCE = 0.95


def bootstrap_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the mean of finite values, by the percentile bootstrap.

    Of a single value it is that value. Raises ValueError for none.
    """
    if not values:
        raise ValueError("there is no mean of nothing")
    means = _resampled_means(np.asarray(values, np.float64), seed)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def finite_only(values: Sequence[float]) -> list[float]:
    """The values that a mean can be made of."""
    return [value for value in values if math.isfinite(value)]


def _resampled_means(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """In chunks, so that a thousand pictures do not take a gigabyte."""
    random = np.random.default_rng(seed)
    chunk = max(1, 1_000_000 // len(values))
    sizes = [min(chunk, RESAMPLES - start) for start in range(0, RESAMPLES, chunk)]
    picks = (random.integers(len(values), size=(size, len(values))) for size in sizes)
    return np.concatenate([values[pick].mean(1) for pick in picks])
