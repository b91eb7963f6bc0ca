"""Intervals and differences keep to the textbook: Student's t, Hall's transformation, Holm."""

import math

import numpy as np
import pytest
from scipy import stats

from deblur.records import statistics
from deblur.records.statistics import MIN_PICTURES, differences, mean_interval, student_quantile


def chance_of(values: np.ndarray, truth: float = 0.0) -> float:
    """How probable a mean so far from the truth is, by Student's t or by Hall's: the larger."""
    count, lean = len(values), stats.skew(values, bias=False) / len(values) ** 0.5
    t = (values.mean() - truth) / stats.sem(values)
    hall = t + lean / 3 * t**2 + lean**2 / 27 * t**3 + lean / 6
    return float(2 * stats.t.sf(min(abs(t), np.sign(t) * hall), count - 1))


def textbook(scores: np.ndarray, digits: int) -> np.ndarray:
    """Holm's procedure as he wrote it: the smallest chances first."""
    lists = range(len(scores))
    judged = []
    for row in lists:
        for column in lists[row + 1 :]:
            apart = scores[row] - scores[column]
            apart = apart[np.isfinite(apart)]
            if len(apart) >= MIN_PICTURES:
                judged.append((chance_of(apart), row, column, apart.mean()))
    found = np.zeros((len(scores), len(scores)), int)
    for step, (chance, row, column, mean) in enumerate(sorted(judged)):
        if chance >= 0.05 / (len(judged) - step):
            break
        if abs(mean) >= 0.5 * 10**-digits:
            found[row, column] = np.sign(mean)
    return found - found.T


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 24, 99, 1110])
@pytest.mark.parametrize("chance", [0.5, 0.05, 0.001, 1e-6])
def test_quantiles_are_students(freedom: int, chance: float) -> None:
    expected = stats.t.isf(chance / 2, freedom)
    assert student_quantile(chance, freedom) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("count", [2, 5, 40])
def test_the_interval_of_a_mean_is_students_at_95_percent(count: int) -> None:
    """Where nothing leans to one side."""
    half = np.random.default_rng(count).normal(3, 1, count // 2)
    values = 28 + np.concatenate([half, -half, [0] * (count % 2)])
    expected = stats.t.interval(0.95, count - 1, values.mean(), stats.sem(values))
    assert mean_interval(values.tolist()) == pytest.approx(expected)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("count", [3, 5, 10, 40])
def test_the_interval_reaches_farther_to_the_side_of_the_tail(count: int, side: int) -> None:
    """Its ends are where the larger of both chances is 5 %."""
    values = side * np.random.default_rng(count).exponential(size=count)
    low, high = mean_interval(values.tolist())
    assert chance_of(values, low) == pytest.approx(0.05)
    assert chance_of(values, high) == pytest.approx(0.05)
    assert (side > 0) == (high - values.mean() > values.mean() - low)


def test_the_interval_of_a_single_value_is_unbounded_and_of_none_there_is_none() -> None:
    assert mean_interval([3.0]) == (-math.inf, math.inf)
    assert mean_interval([3.0, 3.0]) == (3.0, 3.0)
    with pytest.raises(ValueError, match="nothing"):
        mean_interval([])


@pytest.mark.parametrize("seed", range(12))
def test_lists_lie_apart_where_the_textbook_says_so(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For lists of many qualities, in parts and whole, with scores missing here and there."""
    for name, size in (("_BLOCK", 4), ("_ROWS", 2), ("_COLUMNS", 3)):
        monkeypatch.setattr(statistics, name, size)
    random = np.random.default_rng(seed)
    scores = random.normal(28, 5, 12) + random.exponential(0.5, (8, 12))
    scores[::2] -= random.exponential(0.5, (4, 12))
    scores += random.normal(0, 1, (8, 1))
    scores[random.random(scores.shape) < 0.15] = math.nan
    scores[0, 0] = math.inf
    expected = textbook(scores, 2)
    np.testing.assert_array_equal(differences(scores, 2), expected)
    assert 0 < np.count_nonzero(expected) < 56


def test_the_correction_eases_as_pairs_are_found_apart() -> None:
    """Holm's, not Bonferroni's: where three of six lie far apart, a third of 5 % is enough."""
    noise = np.random.default_rng(5).normal(0, 1, (4, 30))
    scores = noise - noise.mean(1, keepdims=True) + [[0], [0], [0.55], [40]]
    assert 0.05 / 6 < chance_of(scores[2] - scores[0]) < 0.05 / 3
    assert differences(scores, 2)[2, 0] == 1


def test_with_fewer_than_five_pictures_nothing_lies_apart() -> None:
    clear = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [11.0, 12.1, 13.0, 14.1, 15.0]])
    assert differences(clear, 2).tolist() == [[0, -1], [1, 0]]
    assert not differences(clear[:, :4], 2).any()
    clear[0, 2] = math.nan
    assert not differences(clear, 2).any()


@pytest.mark.parametrize(
    ("by", "digits", "apart"), [(0.0049, 2, 0), (0.0051, 2, 1), (0.0049, 3, 1), (1e-9, 3, 0)]
)
def test_what_is_less_than_half_of_the_last_decimal_is_no_difference(
    by: float, digits: int, apart: int
) -> None:
    """However certain it is: two engines differ in their last bits on every picture."""
    first = np.random.default_rng(0).normal(28, 3, 100)
    assert differences(np.array([first + by, first]), digits)[0, 1] == apart


def test_a_difference_is_not_lost_beside_a_list_that_is_far_off() -> None:
    first = np.random.default_rng(0).normal(28, 3, 100)
    scores = np.array([first, first + 0.01, first * 0 - 1000])
    assert differences(scores, 2)[1].tolist() == [1, 0, 1]


@pytest.mark.parametrize("seed", range(4))
def test_nor_is_one_that_is_small_beside_the_scores(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.normal(1e8, 1e8, 60) + random.normal([[0], [0.1], [0.5]], 0.5, (3, 60))
    np.testing.assert_array_equal(differences(scores, 2), textbook(scores, 2))


def test_lists_of_nothing_and_a_single_list_are_alike() -> None:
    assert differences(np.empty((3, 0)), 2).tolist() == [[0] * 3] * 3
    assert differences(np.ones((1, 9)), 2).tolist() == [[0]]
    assert not differences(np.full((2, 9), math.nan), 2).any()
    assert not differences(np.full((2, 9), 1e300) * [[1], [-1]], 2).any(), "beyond all measure"
