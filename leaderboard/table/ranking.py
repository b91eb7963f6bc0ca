"""Ranks: rows whose difference may be chance, or is too small to show, share one."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deblur.records.statistics import differences

Scores = NDArray[np.float64]


def ranks(scores: Sequence[Scores], digits: int, better: str = "higher") -> list[int]:
    """The rank of each row, the best mean first: scores by picture, all in one order of pictures.

    A row shares the rank of the first one that is not better by `differences`, which compares on
    the pictures that both have finite scores of. The next rank is a row's place, as in sports.
    """
    if not scores:
        return []
    table = np.array(scores, np.float64)
    return [*_ranks(table.tobytes(), table.shape, digits, better)]


@lru_cache(maxsize=8)
def _ranks(scores: bytes, shape: tuple[int, ...], digits: int, better: str) -> tuple[int, ...]:
    """Remembered: a vote or another language makes a new board of the same scores."""
    above = differences(np.frombuffer(scores).reshape(shape), digits)
    above *= 1 if better == "higher" else -1
    found: list[int] = []
    leader = 0
    for place in range(shape[0]):
        if above[leader, place] > 0:
            leader = place
        found.append(leader + 1)
    return tuple(found)
