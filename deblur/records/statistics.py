"""Means of scores, how sure they are, and which of several differ."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95

FEWEST = 5
"""With fewer pictures no two models are told apart."""

_ROWS_AT_ONCE = 256


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of finite values, by Student's t.

    Of a single value it is unbounded, -inf to inf. Raises ValueError for none.
    """
    if not values:
        raise ValueError("there is no mean of nothing")
    mean, count = math.fsum(values) / len(values), len(values)
    if count == 1:
        return -math.inf, math.inf
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    half = student_quantile(1 - CONFIDENCE, count - 1) * math.sqrt(variance / count)
    return mean - half, mean + half


def finite_only(values: Sequence[float]) -> list[float]:
    """The values that a mean can be made of."""
    return [value for value in values if math.isfinite(value)]


def smallest_shown(digits: int) -> float:
    """Half of the last of `digits` decimals: what is less does not show."""
    return 0.5 * 10.0**-digits


def differences(scores: NDArray[np.float64], digits: int) -> NDArray[np.int8]:
    """Which of k lists of scores by picture, (k, n), lie apart: (k, k), antisymmetric.

    1 where the row's list is higher than the column's, -1 where it is lower, 0 where they are
    alike: where the mean paired difference may be chance, where it is less than half of the last
    of `digits` decimals, and where fewer than FEWEST pictures have finite scores in both.

    Chance is judged by Student's t, and by Holm's correction for all pairs that are judged (A
    simple sequentially rejective multiple test procedure, 1979): if all lists are equally good,
    the probability that any two are said to lie apart is 5 % at most.
    """
    shape = (len(scores), len(scores))
    count, ratio = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
    shown = np.zeros(shape, np.int8)
    for start in range(0, len(scores), _ROWS_AT_ONCE):
        block = slice(start, start + _ROWS_AT_ONCE), slice(start, None)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            count[block], mean, error = _paired(scores, start)
            ratio[block] = np.nan_to_num(abs(mean) / error)
        shown[block] = np.where(abs(mean) >= smallest_shown(digits), np.sign(mean), 0)
    apart = np.where(_beyond_chance(ratio, np.triu(count, 1)), shown, np.int8(0))
    return apart - apart.T


def _paired(scores: NDArray[np.float64], start: int) -> tuple[NDArray[np.float64], ...]:
    """Of some lists from `start`, with all from there: common pictures, mean difference, error.

    As products of matrices, which take a thousand lists in a moment. Scores are taken from the
    mean of their picture first, so that nothing is lost to rounding.
    """
    scores, some = scores[start:], slice(0, _ROWS_AT_ONCE)
    known = np.isfinite(scores)
    weight = known.astype(np.float64)
    typical = np.where(known, scores, 0).sum(0) / np.maximum(weight.sum(0), 1)
    away = np.where(known, scores - typical, 0)
    count = weight[some] @ weight.T
    mean = (away[some] @ weight.T - weight[some] @ away.T) / np.maximum(count, 1)
    squares = away[some] ** 2 @ weight.T + weight[some] @ (away**2).T - 2 * away[some] @ away.T
    variance = (squares - count * mean**2) / np.maximum(count - 1, 1)
    return count, mean, np.sqrt(np.maximum(variance, 0) / np.maximum(count, 1))


def _beyond_chance(ratio: NDArray[np.float32], count: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Holm's procedure, on ratios of mean differences to their errors, and counts of pictures.

    The more pairs lie apart, the fewer are left that chance could part.
    """
    present = np.flatnonzero(np.bincount(count.ravel()))
    judged = {int(each): np.sort(ratio[count == each]) for each in present if each >= FEWEST}
    pairs = sum(map(len, judged.values()))
    limit = np.full(count.max(initial=0) + 1, np.inf, np.float32)
    apart, before = 0, -1
    while before < apart < pairs:
        before, apart = apart, 0
        for each, ratios in judged.items():
            limit[each] = student_quantile((1 - CONFIDENCE) / (pairs - before), each - 1)
            apart += len(ratios) - int(np.searchsorted(ratios, limit[each], side="right"))
    return ratio > limit[count]


@lru_cache(maxsize=1 << 12)
def student_quantile(chance: float, freedom: int) -> float:
    """What Student's t of `freedom` degrees exceeds, either way, with the probability `chance`.

    By bisection of the distribution for whole degrees of freedom, which is a finite sum
    (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4).
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        if _student_within(middle, freedom) < 1 - chance:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(low)


def _student_within(angle: float, freedom: int) -> float:
    """The probability that t lies within plus and minus sqrt(freedom) tan(angle)."""
    odd = freedom % 2
    sine, cosine = math.sin(angle), math.cos(angle)
    step = np.arange(1, freedom // 2)
    terms = np.cumprod((2 * step - 1 + odd) / (2 * step + odd) * cosine**2)
    series = float(freedom > 1) + float(terms.sum())
    return 2 / math.pi * (angle + sine * cosine * series) if odd else sine * series
