"""Who is before whom: rows whose difference may be chance share a rank."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.statistics import bootstrap_interval

Scores = NDArray[np.float64]


def ranks(scores: Iterable[Scores]) -> Iterator[int]:
    """The rank of each row, the best first: scores by picture, all in one order of pictures.

    A row shares the rank of the first one whose paired difference to it means nothing: the
    95 % interval of the mean difference holds zero. The next rank is a row's place, as in sports.
    """
    leader, rank = None, 0
    for place, each in enumerate(scores, 1):
        if leader is None or differ(leader, each):
            leader, rank = each, place
        yield rank


def differ(first: Scores, second: Scores) -> bool:
    """Whether the mean paired difference keeps away from zero; pictures not finite do not count."""
    both = np.isfinite(first) & np.isfinite(second)
    differences = first[both] - second[both]
    if not differences.any():
        return False
    if differences.min() > 0 or differences.max() < 0:  # and so is every resampled mean
        return True
    low, high = bootstrap_interval(differences.tolist())
    return low > 0 or high < 0
