"""By exact figures: what a weight does to a mean, a strength and their intervals."""

import math

import numpy as np
import pytest

from leaderboard.judging.arena import strengths
from leaderboard.judging.raters import weight_after
from leaderboard.judging.rating import Opinion, mean_opinions
from leaderboard.judging.votes import Grade, Vote, rater_of
from tests.leaderboard.ballots import preference, rating


def weights(**of: float) -> dict[str, float]:
    return {rater_of(person): weight for person, weight in of.items()}


@pytest.mark.parametrize("grade", [1, 5])
def test_no_opinion_lies_beyond_the_grades(grade: Grade) -> None:
    opinion = mean_opinions([rating(f"{n}", "a", grade) for n in range(8)])["a"]
    assert (opinion.low, opinion.high)[grade == 5] == grade
    assert 1 <= opinion.low < opinion.high <= 5


def test_a_mean_and_its_interval_go_by_weights() -> None:
    good, bad = [f"ann {n}" for n in range(8)], [f"bot {n}" for n in range(8)]
    votes: list[Vote] = [rating(person, "a", 4) for person in good]
    votes += [rating(person, "a", 1) for person in bad]

    def opinion(of_bots: float) -> Opinion:
        weight = dict.fromkeys(map(rater_of, good), 1.0)
        return mean_opinions(votes, weight | dict.fromkeys(map(rater_of, bad), of_bots))["a"]

    assert opinion(1.0).mean == 2.5
    assert opinion(1 / 3).mean == pytest.approx(3.25)
    assert opinion(1.0).low < 2
    assert opinion(1e-6).low > 3.7


def test_two_models_start_with_a_tie_and_votes_count_by_their_weights() -> None:
    """Of two models the difference of strengths is the logarithm of the ratio of wins."""
    votes: list[Vote] = [
        preference("ann", "a", "b", "left"),
        preference("bob", "b", "a", "right"),
        preference("cid", "a", "b", "tie"),
        preference("dan", "b", "a", "left"),
    ]
    found = strengths(votes, weights(ann=0.8, bob=0.3, cid=0.6, dan=0.2))
    of_a, of_b = 0.5 + 0.8 + 0.3 + 0.3, 0.5 + 0.3 + 0.2
    assert found["a"].score - found["b"].score == pytest.approx(math.log(of_a / of_b), abs=1e-4)
    assert found["a"].score + found["b"].score == pytest.approx(0, abs=1e-6)
    (alone, _) = strengths([votes[0]], weights(ann=1)).values()
    assert alone.score == pytest.approx(math.log(1.5 / 0.5) / 2, abs=1e-4)


def test_three_models_start_with_ties_too() -> None:
    """c never met a: half a win each way is all that binds them, besides what b says of both."""
    votes: list[Vote] = [preference("ann", "a", "b", "left", f"{n}") for n in range(4)]
    votes += [preference("ann", "c", "b", "left", f"{n}") for n in range(4)]
    found = strengths(votes, weights(ann=1))
    assert found["a"].score == pytest.approx(found["c"].score, abs=1e-4)
    assert found["a"].score - found["b"].score == pytest.approx(math.log(4.5 / 0.5), abs=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_the_most_one_sided_votes_have_the_most_likely_strengths(seed: int) -> None:
    """There, every model wins as often as its strength says that it should."""
    random = np.random.default_rng(seed)
    names, votes, weight = "abcdefgh", [], {}
    wins = np.full((8, 8), 0.5) - np.eye(8) / 2
    for number in range(40):
        left, right = random.choice(8, 2, replace=False)
        votes.append(preference(f"{number}", names[left], names[right], "left"))
        weight[votes[-1].rater] = 10 ** random.uniform(-3, 6)
        wins[left, right] += weight[votes[-1].rater]
    found = strengths(votes, weight)
    there = [names.index(name) for name in found]
    scores = np.array([each.score for each in found.values()])
    won = wins[np.ix_(there, there)]
    expected = (won + won.T) / (1 + np.exp(scores - scores[:, None]))
    np.testing.assert_allclose(won.sum(1), expected.sum(1), rtol=1e-6, atol=1e-6 * won.max())
    assert all(each.low <= each.high for each in found.values())


def test_checks_move_a_weight_by_bayes_rule() -> None:
    """Who looks passes 85 % of them, who does not half."""
    assert weight_after([True]) == pytest.approx(0.85 / (0.85 + 0.5))
    assert weight_after([False]) == pytest.approx(0.15 / (0.15 + 0.5))
    assert round(weight_after([True] * 3), 2) == 0.83
    assert round(weight_after([False] * 3), 2) == 0.03
