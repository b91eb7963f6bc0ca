"""Bradley-Terry strengths."""

import math
from random import Random

import pytest

from leaderboard.judging.arena import strengths
from leaderboard.judging.votes import BLURRED, SHARP, Choice, Vote
from tests.leaderboard.ballots import check, preference

TRUTH = {"a": 1.0, "b": 0.2, "c": -0.3, "d": -0.9}


def duels(people: int, each: int, seed: int = 0) -> list[Vote]:
    """Comparisons as the Bradley-Terry model has them."""
    random = Random(seed)
    votes: list[Vote] = []
    for person in range(people):
        for number in range(each):
            left, right = random.sample([*TRUTH], 2)
            wins = random.random() < 1 / (1 + math.exp(TRUTH[right] - TRUTH[left]))
            choice: Choice = "left" if wins else "right"
            votes.append(preference(f"{person}", left, right, choice, f"{number}"))
    return votes


def test_strengths_are_found_again() -> None:
    found = strengths(duels(40, 50))
    assert [*found] == ["a", "b", "c", "d"]
    for model, strength in found.items():
        assert strength.score == pytest.approx(TRUTH[model], abs=0.2)
        assert strength.low < TRUTH[model] < strength.high
        assert strength.high - strength.low < 0.6
    assert sum(each.score for each in found.values()) == pytest.approx(0, abs=1e-6)
    assert sum(each.count for each in found.values()) == 2 * 40 * 50


def test_a_tie_is_half_a_win_each_way() -> None:
    ties: list[Vote] = [preference(f"{n}", "a", "b", "tie") for n in range(10)]
    found = strengths(ties)
    assert found["a"].score == pytest.approx(0, abs=1e-6)
    halves: list[Vote] = [
        preference(f"{n}", "a", "b", "left" if n % 2 else "right") for n in range(10)
    ]
    mixed = strengths([*ties, *(preference(f"x{n}", "a", "b", "left") for n in range(4))])
    alike = strengths([*halves, *(preference(f"x{n}", "a", "b", "left") for n in range(4))])
    assert mixed["a"].score == pytest.approx(alike["a"].score, abs=1e-4)
    assert mixed["a"].score > 0.1


def test_who_wins_always_has_a_finite_strength() -> None:
    found = strengths([preference(f"{n}", "a", "b", "left") for n in range(20)])
    assert 0 < found["a"].low < found["a"].score < 3


def test_of_few_nothing_is_said_to_be_known() -> None:
    found = strengths([preference("ann", "a", "b", "left")])
    assert (found["a"].low, found["a"].high) == (-math.inf, math.inf)
    assert found["a"].score > found["b"].score
    assert strengths([]) == {}


def test_originals_do_not_compete() -> None:
    votes: list[Vote] = [check("ann", f"{n}", passed=True) for n in range(5)]
    assert strengths(votes) == {}
    found = strengths([*votes, preference("ann", BLURRED, "a", "right")])
    assert {*found} == {BLURRED, "a"}
    assert SHARP not in found


def test_who_fails_checks_hardly_counts() -> None:
    bots: list[Vote] = []
    for bot in range(20):
        bots += [preference(f"bot {bot}", "d", "a", "left", f"{n}") for n in range(20)]
        bots += [check(f"bot {bot}", f"{n}", passed=n % 2 == 0) for n in range(10)]
    honest = duels(10, 40)
    honest += [check(f"{person}", f"{n}", passed=True) for person in range(10) for n in range(6)]
    assert next(iter(strengths([*honest, *bots]))) == "a"
    evenly = dict.fromkeys((vote.rater for vote in [*honest, *bots]), 1.0)
    assert next(iter(strengths([*honest, *bots], evenly))) == "d"
