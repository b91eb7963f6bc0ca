"""How sure a result of votes is: the bootstrap over people, and over what each of them said."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deblur.records.statistics import CONFIDENCE

RESAMPLES = 300
FEWEST = 5
"""With fewer votes nothing is said to be known; the bootstrap would be too sure of itself."""

Array = NDArray[np.float64]


def resampled(raters: Sequence[str], seed: int = 0) -> Array:
    """How often each vote is drawn in each resample: (RESAMPLES, votes), from each vote's rater.

    Votes of one person resemble each other, so people are drawn first, and then the votes of
    those who were; both by the Poisson bootstrap. With one person, their votes still vary.
    """
    random = np.random.default_rng(seed)
    names, who = np.unique(np.asarray(raters, str), return_inverse=True)
    people = random.poisson(1.0, (RESAMPLES, len(names)))
    if len(names) == 1:
        people[:] = 1
    return random.poisson(people[:, who]).astype(np.float64)


def interval(values: Array) -> tuple[float, float]:
    """The 95 % interval of what resamples gave; those that gave nothing are NaN."""
    low, high = np.nanquantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
