"""Who shares a rank: chance, what does not show, and pictures that not everybody has."""

import math

import numpy as np
import pytest

from leaderboard.table.ranking import ranks

PICTURES = np.random.default_rng(0).normal(28, 3, 60)


def rows(*off: float) -> list[np.ndarray]:
    """Lists of scores that lie below the first by so much, give or take a little."""
    random = np.random.default_rng(1)
    return [PICTURES - each + random.normal(0, 0.001, 60) for each in off]


@pytest.mark.parametrize(("off", "rank"), [(0.004, 1), (0.006, 2)])
def test_half_of_the_last_digit_parts_ranks(off: float, rank: int) -> None:
    assert ranks(rows(0, off), 2) == [1, rank]
    assert ranks(rows(0, off), 3) == [1, 2]


def test_the_rank_after_a_shared_one_is_a_place() -> None:
    assert ranks(rows(0, 0.001, 0.02, 0.021, 0.05), 2) == [1, 1, 3, 3, 5]


def test_a_row_is_compared_with_the_first_of_its_rank_not_with_the_one_before() -> None:
    assert ranks(rows(0, 0.004, 0.008, 0.012), 2) == [1, 1, 3, 3]


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_the_best_comes_first_whichever_way_the_metric_goes(better: str) -> None:
    sign = 1 if better == "higher" else -1
    assert ranks([sign * each for each in rows(0, 1, 2)], 2, better) == [1, 2, 3]


@pytest.mark.parametrize("missing", [math.nan, math.inf])
def test_pictures_that_one_of_two_has_no_score_of_do_not_count(missing: float) -> None:
    first, second = rows(0, 0)
    second[:20] = missing
    first[:20] += 100
    assert ranks([first, second], 2) == [1, 1]
    first[20:] += 1
    assert ranks([first, second], 2) == [1, 2]


def test_who_leaves_out_the_hard_pictures_is_not_before_who_does_better_on_the_others() -> None:
    """Its mean is higher, and on the pictures in common it is lower: they share the rank."""
    hard = PICTURES < 27
    choosy = np.where(hard, math.nan, PICTURES)
    honest = PICTURES + np.random.default_rng(1).normal(1, 0.1, 60)
    assert np.nanmean(choosy) > honest.mean()
    assert ranks([choosy, honest], 2) == [1, 1]


def test_rows_without_scores_share_the_rank_before_them() -> None:
    assert ranks([*rows(0, 1), np.full(60, math.nan)], 2) == [1, 2, 2]
    assert ranks([], 2) == []
