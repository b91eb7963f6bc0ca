"""Who is before whom: rows whose difference may be chance, or does not show, share a rank."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from deblur.records.statistics import bootstrap_interval

Scores = NDArray[np.float64]


def ranks(scores: Iterable[Scores], digits: int) -> Iterator[int]:
    """The rank of each row, the best first: scores by picture, all in one order of pictures.

    A row shares the rank of the first one whose paired difference to it means nothing: the
    95 % interval of the mean difference holds zero, or the mean is less than half of the last of
    the `digits` decimals that say something in this metric. The next rank is a row's place, as in
    sports.
    """
    leader, rank, smallest = None, 0, 10**-digits / 2
    for place, each in enumerate(scores, 1):
        if leader is None or differ(leader, each, smallest):
            leader, rank = each, place
        yield rank


def differ(first: Scores, second: Scores, smallest: float) -> bool:
    """Whether the mean paired difference is at least `smallest`, and keeps away from zero.

    Pictures with a score that is not finite do not count. Two engines differ in their last bits
    in one direction on every picture: that is no chance, and no difference either.
    """
    both = np.isfinite(first) & np.isfinite(second)
    differences = first[both] - second[both]
    if not differences.any() or abs(differences.mean()) < smallest:
        return False
    if differences.min() > 0 or differences.max() < 0:  # and so is every resampled mean
        return True
    low, high = bootstrap_interval(differences.tolist())
    return low > 0 or high < 0
