"""Means of scores, how sure they are, and whether two differ."""

import math
from collections.abc import Sequence
from functools import lru_cache

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
    return _draws(len(values), seed) @ values / len(values)


@lru_cache(maxsize=2)
def _draws(count: int, seed: int) -> NDArray[np.float64]:
    """How often each of `count` values is drawn in each resample: (RESAMPLES, count).

    In chunks, so that a thousand pictures do not take a gigabyte.
    """
    random = np.random.default_rng(seed)
    draws = np.zeros((RESAMPLES, count))
    chunk = max(1, 1_000_000 // count)
    for start in range(0, RESAMPLES, chunk):
        rows = draws[start : start + chunk]
        picks = random.integers(count, size=rows.shape)
        np.add.at(rows, (np.arange(len(rows))[:, None], picks), 1)
    return draws
