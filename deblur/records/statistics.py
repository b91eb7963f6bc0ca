"""Means of scores, how sure they are, and which of several differ."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CONFIDENCE = 0.95

MIN_PICTURES = 5
"""With fewer pictures in common, two models are not ranked apart."""

_BLOCK, _ROWS, _COLUMNS = 512, 64, 512
"""Lists whose sums are taken together, and the sides of a tile of them."""


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
    of `digits` decimals, and where fewer than MIN_PICTURES pictures have finite scores in both.

    Chance is judged as by `mean_interval`, and by Holm's correction for all pairs that are judged
    (A simple sequentially rejective multiple test procedure, 1979): if all lists are equally good,
    the probability that any two are said to lie apart is some 5 % at most.
    """
    tiles = [*_tiles(scores, digits)]
    limits = _limits(tiles, scores.shape[1])
    apart = np.zeros((len(scores), len(scores)), np.int8)
    for tile in tiles:
        apart[tile.rows, tile.columns] = np.where(tile.beyond(limits), tile.shown, np.int8(0))
    return apart - apart.T


@dataclass(frozen=True)
class _Tile:
    """Pairs of some lists with some that come after them; `rows` and `columns` say which.

    `count` has the common pictures, `ratio` how far each mean difference is from chance, in its
    errors, and `shown` its sign, or 0 where it does not show. What is no pair has a count of 0.
    """

    rows: slice
    columns: slice
    count: NDArray[np.intp]
    ratio: NDArray[np.float32]
    shown: NDArray[np.int8]

    def beyond(self, limits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which lie beyond the limit for their count of common pictures."""
        return self.ratio > limits[self.count]


def _tiles(scores: Array, digits: int) -> Iterator[_Tile]:
    """All pairs, in tiles that a processor's cache holds; a block of rows has its sums together.

    Scores are taken from the mean of their picture first, so that nothing is lost to rounding.
    """
    known = np.isfinite(scores)
    have = known.astype(np.float64)
    typical = np.where(known, scores, 0).sum(0) / np.maximum(have.sum(0), 1)
    away = np.where(known, scores - typical, 0)
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.stack([have, away, away**2, away**3])
    for first in range(0, len(scores), _BLOCK):
        sums = _sums(powers[:, first : first + _BLOCK], powers[:, first:])
        for row in range(0, min(_BLOCK, len(scores) - first), _ROWS):
            for column in range(row, len(scores) - first, _COLUMNS):
                parts = [_part(each, row, column) for each in sums]
                yield _tile(parts, slice(first + row, None), slice(first + column, None), digits)


def _sums(mine: Array, others: Array) -> list[Array]:
    """Of lists with others, over their common pictures: count, and sums that `_paired` is made of.

    Lists come as what they have and its first three powers: (4, lists, pictures).
    """
    (some, away, away_2, away_3), (have, theirs, theirs_2, theirs_3) = mine, others
    with np.errstate(over="ignore", invalid="ignore"):
        return [
            _over(some, have),
            *(_over(each, have) for each in (away, away_2, away_3)),
            *(_over(each, some).T for each in (theirs, theirs_2, theirs_3)),
            away @ theirs.T,
            away @ theirs_2.T,
            away_2 @ theirs.T,
        ]


def _over(values: Array, have: Array) -> Array:
    """Sums over the pictures that others have, too: a column where they have all."""
    return values.sum(1, keepdims=True) if have.all() else values @ have.T


def _part(sums: Array, row: int, column: int) -> Array:
    """A tile of a matrix, or of what is the same in each of its rows or columns."""
    rows = slice(row, row + _ROWS) if len(sums) > 1 else slice(None)
    return sums[rows, column : column + _COLUMNS] if sums.shape[1] > 1 else sums[rows]


def _tile(sums: Sequence[Array], rows: slice, columns: slice, digits: int) -> _Tile:
    """Pairs from their sums; `rows` and `columns` say where they start."""
    count, mean, ratio = _paired(sums)
    shown = np.where(abs(mean) >= smallest_shown(digits), np.sign(mean), 0)
    if rows == columns:
        count, ratio = np.triu(np.broadcast_to(count, ratio.shape), 1), np.triu(ratio, 1)
    return _Tile(
        slice(rows.start, rows.start + ratio.shape[0]),
        slice(columns.start, columns.start + ratio.shape[1]),
        count.astype(np.intp),
        ratio.astype(np.float32),
        shown.astype(np.int8),
    )


def _paired(sums: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Common pictures, mean difference, and how far from chance, from what `_sums` gives.

    The last is the ratio of the mean to its error, or Hall's of it, whichever is less.
    """
    count, away, away_2, away_3, theirs, theirs_2, theirs_3, both, by_theirs_2, by_away_2 = sums
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        mean = (away - theirs) / np.maximum(count, 1)
        squares = away_2 + theirs_2 - 2 * both
        cubes = away_3 - theirs_3 + 3 * (by_theirs_2 - by_away_2)
        cubes += mean * (2 * count * mean**2 - 3 * squares)
        squares = np.maximum(squares - count * mean**2, 0)
        ratio = abs(mean) / np.sqrt(squares / (count - 1) / count)
        hall = _hall(ratio, np.sign(mean) * _lean(count, squares, cubes))
        return count, mean, np.minimum(np.fmax(np.fmin(ratio, hall), 0), 1e30)


def _lean(count: Array, squares: Array, cubes: Array) -> Array:
    """A third of the standard error of a sample's skewness, with its sign; 0 for two values.

    From sums of squares and cubes about the mean. Skewness is corrected for its bias.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = squares / count
        biased = cubes / count / (variance * np.sqrt(variance))
        bound = (count - 2) / np.sqrt(np.maximum(count - 1, 1))
        lean = np.clip(biased, -bound, bound) * (np.sqrt(count - 1) / (count - 2) / 3)
        return np.where(np.isfinite(lean), lean, 0)


def _hall(ratio: Array, lean: Array) -> Array:
    """Hall's transformation, which makes the ratio of a skewed sample's mean nearly Student's."""
    bent = lean * ratio
    return ratio * (1 + bent + bent**2 / 3) + lean / 2


def _hall_inverse(limit: float, lean: float) -> float:
    if abs(lean) < 1e-6:
        return limit
    return (math.cbrt(1 + 3 * lean * (limit - lean / 2)) - 1) / lean


def _limits(tiles: Sequence[_Tile], pictures: int) -> NDArray[np.float32]:
    """Holm's procedure: what ratios have to exceed, for each count of common pictures.

    The more pairs lie apart, the fewer are left that chance could part.
    """
    pairs_of = np.zeros(pictures + 1, np.intp)
    for tile in tiles:
        counts = np.broadcast_to(tile.count, tile.ratio.shape).ravel()
        pairs_of += np.bincount(counts, minlength=pictures + 1)
    limits = np.full(pictures + 1, np.inf, np.float32)
    judged = [each for each in np.flatnonzero(pairs_of).tolist() if each >= MIN_PICTURES]
    pairs = int(sum(pairs_of[each] for each in judged))
    apart, before = 0, -1
    while before < apart < pairs:
        before = apart
        for each in judged:
            limits[each] = student_quantile((1 - CONFIDENCE) / (pairs - before), each - 1)
        apart = sum(int(np.count_nonzero(tile.beyond(limits))) for tile in tiles)
    return limits


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
