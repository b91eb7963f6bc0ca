"""Weights of simulated raters: who does not look counts little, and who differs counts."""

from collections.abc import Callable
from random import Random

import pytest

from leaderboard.judging.raters import UNKNOWN, of_checked, weight_after, weights_of
from leaderboard.judging.votes import BLURRED, SHARP, Choice, Vote
from tests.leaderboard.ballots import check, preference, rating

Grade = Callable[[str, Random], int]

MODELS = ("a", "b", "c")
QUALITY = {BLURRED: 1.8, "a": 2.4, "b": 3.0, "c": 3.4, SHARP: 4.6}


def honest(model: str, random: Random) -> int:
    return min(5, max(1, round(random.gauss(QUALITY[model], 0.7))))


def contrary(model: str, random: Random) -> int:
    """Likes the models the other way round, and originals as everybody does."""
    return honest({"a": "c", "c": "a"}.get(model, model), random)


def careless(model: str, random: Random) -> int:
    return random.randint(1, 5)


def always_three(model: str, random: Random) -> int:
    return 3


def ratings_of(person: str, grade: Grade, seed: int) -> list[Vote]:
    """Sixty ratings, of which six are of originals, and six second ones."""
    random = Random(seed)
    votes: list[Vote] = []
    for photo in map(str, range(12)):
        votes += [
            rating(person, model, grade(model, random), photo) for model in (*MODELS, BLURRED)
        ]
    votes += [rating(person, SHARP, grade(SHARP, random), str(photo)) for photo in range(6)]
    votes += [
        rating(person, model, grade(model, random), photo, again=True)
        for photo in "01"
        for model in MODELS
    ]
    return votes


def weights(grade: Grade) -> list[float]:
    crowd = [each for seed in range(10) for each in ratings_of(f"crowd {seed}", honest, seed)]
    found = []
    for seed in range(100, 120):
        given = weights_of([*crowd, *ratings_of("somebody", grade, seed)])
        found.append(given[ratings_of("somebody", grade, seed)[0].rater])
    return sorted(found)


def middle(values: list[float]) -> float:
    return values[len(values) // 2]


def test_who_looks_counts_and_who_does_not_hardly_does() -> None:
    assert middle(weights(honest)) > 0.95
    assert middle(weights(careless)) < 0.1
    assert middle(weights(always_three)) < UNKNOWN


def test_an_honest_minority_is_heard() -> None:
    assert middle(weights(contrary)) > 0.95
    assert min(weights(contrary)) > 0.5


def test_whom_one_prefers_changes_no_weight() -> None:
    votes: list[Vote] = [
        preference(f"{n}", "a", "b", "left", f"{m}") for n in range(9) for m in "01"
    ]
    votes += [preference("alone", "a", "b", "right", photo) for photo in "01"]
    assert {*weights_of(votes).values()} == {UNKNOWN}


@pytest.mark.parametrize("choice", ["left", "tie"])
def test_who_always_gives_one_answer_in_the_arena_is_found_out(choice: Choice) -> None:
    sides = [(BLURRED, SHARP), (SHARP, BLURRED)] * 5
    votes: list[Vote] = [
        preference("bot", left, right, choice, f"{number}")
        for number, (left, right) in enumerate(sides)
    ]
    (weight,) = weights_of(votes).values()
    assert weight < 0.1


def test_a_weight_falls_with_failures_and_rises_with_passes() -> None:
    assert weight_after([]) == UNKNOWN
    assert weight_after([False]) < UNKNOWN < weight_after([True])
    assert weight_after([True] * 3) > 0.8 > weight_after([True, False, True]) > 0.4
    assert 0 < weight_after([False] * 50) < 1e-6


def test_checks_of_both_kinds_make_one_weight() -> None:
    votes: list[Vote] = [check("ann", f"{number}", passed=False) for number in range(3)]
    votes += [rating("ann", "a", 3)]
    votes += [rating("ann", "a", 3, again=True)]
    assert weights_of(votes)[votes[0].rater] == pytest.approx(weight_after([False] * 3 + [True]))


def test_nobodys_votes_count_before_a_check_is_passed() -> None:
    """Fifty people with a vote each, for one model, change nothing."""
    votes: list[Vote] = [preference(f"{n}", "a", "b", "left") for n in range(50)]
    assert of_checked(votes) == []
    failed = check("0", "coffee", passed=False)
    assert of_checked([*votes, failed]) == []
    passed = check("1", "coffee", passed=True)
    assert of_checked([*votes, failed, passed]) == [votes[1], passed]
