"""Means of scores, how sure they are, and which of several differ."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CONFIDENCE = 0.95

FEWEST = 5
"""With fewer pictures no two models are told apart."""

_ROWS_AT_ONCE = 256


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of finite values: what Student's t or Hall's hold possible.

    Hall's (On the removal of skewness by transformation, 1992) reaches farther to where a skewed
    sample has its tail. Of a single value the interval is unbounded, -inf to inf. Raises
    ValueError for none.
    """
    if not values:
        raise ValueError("there is no mean of nothing")
    mean, count = math.fsum(values) / len(values), len(values)
    if count == 1:
        return -math.inf, math.inf
    squares = math.fsum((value - mean) ** 2 for value in values)
    cubes = math.fsum((value - mean) ** 3 for value in values)
    error = math.sqrt(squares / (count - 1) / count)
    limit = student_quantile(1 - CONFIDENCE, count - 1)
    lean = float(_lean(np.array(count), np.array(squares), np.array(cubes)))
    down, up = _hall_inverse(limit, lean), -_hall_inverse(-limit, lean)
    return mean - error * max(limit, down), mean + error * max(limit, up)


def finite_only(values: Sequence[float]) -> list[float]:
    """The values that a mean can be made of."""
    return [value for value in values if math.isfinite(value)]


def smallest_shown(digits: int) -> float:
    """Half of the last of `digits` decimals: what is less does not show."""
    return 0.5 * 10.0**-digits


def differences(scores: Array, digits: int) -> NDArray[np.int8]:
    """Which of k lists of scores by picture, (k, n), lie apart: (k, k), antisymmetric.

    1 where the row's list is higher than the column's, -1 where it is lower, 0 where they are
    alike: where the mean paired difference may be chance, where it is less than half of the last
    of `digits` decimals, and where fewer than FEWEST pictures have finite scores in both.

    Chance is judged as by `mean_interval`, and by Holm's correction for all pairs that are judged
    (A simple sequentially rejective multiple test procedure, 1979): if all lists are equally good,
    the probability that any two are said to lie apart is some 5 % at most.
    """
    shape = (len(scores), len(scores))
    count, ratio = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
    shown = np.zeros(shape, np.int8)
    for start in range(0, len(scores), _ROWS_AT_ONCE):
        block = slice(start, start + _ROWS_AT_ONCE), slice(start, None)
        count[block], mean, ratio[block] = _paired(scores[start:])
        shown[block] = np.where(abs(mean) >= smallest_shown(digits), np.sign(mean), 0)
    apart = np.where(_beyond_chance(ratio, np.triu(count, 1)), shown, np.int8(0))
    return apart - apart.T


def _paired(scores: Array) -> tuple[Array, Array, Array]:
    """Of the first lists with all: common pictures, mean difference, and how far from chance.

    The last is the ratio of the mean to its error, or Hall's of it, whichever is less. Sums over
    pictures are products of matrices, which take a thousand lists in a moment; scores are taken
    from the mean of their picture first, so that nothing is lost to rounding.
    """
    known = np.isfinite(scores)
    have = known.astype(np.float64)
    typical = np.where(known, scores, 0).sum(0) / np.maximum(have.sum(0), 1)
    away = np.where(known, scores - typical, 0)
    mine, some = away[:_ROWS_AT_ONCE], have[:_ROWS_AT_ONCE]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        count = some @ have.T
        mean = (mine @ have.T - some @ away.T) / np.maximum(count, 1)
        squares = mine**2 @ have.T + some @ (away**2).T - 2 * mine @ away.T
        cubes = mine**3 @ have.T - some @ (away**3).T + 3 * (mine @ (away**2).T - mine**2 @ away.T)
        cubes += 2 * count * mean**3 - 3 * mean * squares
        squares = np.maximum(squares - count * mean**2, 0)
        ratio = abs(mean) / np.sqrt(squares / (count - 1) / count)
        hall = _hall(ratio, np.sign(mean) * _lean(count, squares, cubes))
        return count, mean, np.clip(np.nan_to_num(np.fmin(ratio, hall)), 0, 1e30)


def _lean(count: Array, squares: Array, cubes: Array) -> Array:
    """A third of the standard error of a sample's skewness, with its sign; 0 for two values.

    From sums of squares and cubes about the mean. Skewness is corrected for its bias.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        biased = cubes / count / (squares / count) ** 1.5
        bound = (count - 2) / np.sqrt(np.maximum(count - 1, 1))
        skewness = np.clip(biased, -bound, bound) * np.sqrt(count * (count - 1)) / (count - 2)
        return np.nan_to_num(skewness / 3 / np.sqrt(count), posinf=0, neginf=0)


def _hall(ratio: Array, lean: Array) -> Array:
    """Hall's transformation, which makes the ratio of a skewed sample's mean nearly Student's."""
    return ratio + lean * ratio**2 + lean**2 * ratio**3 / 3 + lean / 2


def _hall_inverse(limit: float, lean: float) -> float:
    if abs(lean) < 1e-6:
        return limit
    return (math.cbrt(1 + 3 * lean * (limit - lean / 2)) - 1) / lean


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
