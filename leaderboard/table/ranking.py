"""Who is before whom: rows whose difference may be chance, or does not show, share a rank."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deblur.records.statistics import differences

Scores = NDArray[np.float64]


def ranks(scores: Sequence[Scores], digits: int, better: str = "higher") -> list[int]:
    """The rank of each row, the best mean first: scores by picture, all in one order of pictures.

    A row shares the rank of the first one that is not better by `differences`, which compares on
    the pictures that both have finite scores of. The next rank is a row's place, as in sports.
    """
    above = differences(np.array(scores), digits) * (1 if better == "higher" else -1)
    found: list[int] = []
    leader = 0
    for place in range(len(scores)):
        if above[leader, place] > 0:
            leader = place
        found.append(leader + 1)
    return found
