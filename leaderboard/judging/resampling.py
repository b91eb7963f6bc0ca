"""How sure a result of votes is: the bootstrap over people, and over what each of them said."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from deblur.records.statistics import CONFIDENCE

RESAMPLES = 300
_LEVELS = 1 << 16
_DRAWS_AT_ONCE = 1 << 19
MIN_VOTES = 5
"""With fewer votes nothing is said to be known; the bootstrap would be too sure of itself."""

Array = NDArray[np.float64]


def resampled_sums(raters: Sequence[str], values: Array, seed: int = 0) -> Array:
    """Sums of the votes' values, (votes, k), over each resample: (RESAMPLES, k).

    Votes of one person resemble each other, so people are drawn first, and then the votes of
    those who were; both by the Poisson bootstrap. With one person, their votes still vary.
    `raters` has each vote's.
    """
    random = np.random.default_rng(seed)
    names, who = np.unique(np.asarray(raters, str), return_inverse=True)
    people = random.poisson(1.0, (RESAMPLES, len(names)))
    if len(names) == 1:
        people[:] = 1
    times = _times(int(people.max()))
    sums = np.empty((RESAMPLES, values.shape[1]))
    together = max(1, _DRAWS_AT_ONCE // len(who))
    for start in range(0, RESAMPLES, together):
        block = slice(start, start + together)
        rates = (people[block] * _LEVELS)[:, who]
        chances = random.integers(0, _LEVELS, rates.shape, np.uint16)
        sums[block] = times[rates + chances].astype(np.float64) @ values
    return sums


@cache
def _times(most: int) -> NDArray[np.uint8]:
    """How often a vote is drawn: for each rate from 0 to `most`, at _LEVELS equal chances.

    Poisson's distribution by its inverse: to look it up is faster than to draw from it.
    """
    counts = np.arange(4 * most + 20)
    factorials = np.cumprod(np.maximum(counts, 1), dtype=np.float64)
    levels = (np.arange(_LEVELS) + 0.5) / _LEVELS
    powers = np.arange(most + 1.0)[:, None] ** counts / factorials
    chances = np.cumsum(np.exp(-np.arange(most + 1.0))[:, None] * powers, 1)
    return np.concatenate([np.searchsorted(each, levels) for each in chances]).astype(np.uint8)


def interval(values: Array) -> tuple[float, float]:
    """The 95 % interval of what resamples gave; those that gave nothing are NaN."""
    low, high = np.nanquantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
