"""Mean opinion scores."""

from random import Random

import pytest

from leaderboard.judging.rating import Opinion, mean_opinions
from leaderboard.judging.votes import Vote
from tests.leaderboard.ballots import check, rating


def grades(model: str, mean: float, people: int, photos: int = 10) -> list[Vote]:
    """Ratings about a mean, by people who differ in how strict they are."""
    random = Random(model)
    strict = [random.gauss(0, 0.3) for _ in range(people)]
    return [
        rating(
            f"person {person}",
            model,
            min(5, max(1, round(random.gauss(mean + strict[person], 0.8)))),
            f"{photo}",
        )
        for person in range(people)
        for photo in range(photos)
    ]


def width(votes: list[Vote]) -> float:
    opinion = mean_opinions(votes)["a"]
    return opinion.high - opinion.low


def test_opinions_are_means_the_best_first() -> None:
    votes = grades("worse@1234abcd", 2, 12) + grades("better@1234abcd", 4, 12)
    opinions = mean_opinions(votes)
    assert [*opinions] == ["better", "worse"]
    assert opinions["better"].count == 120
    assert opinions["better"].mean == pytest.approx(sum(vote.grade for vote in votes[120:]) / 120)
    assert opinions["worse"].high < opinions["better"].low


def test_intervals_narrow_with_people_and_not_only_with_votes() -> None:
    few, many = width(grades("a", 3, 3)), width(grades("a", 3, 30))
    assert many < few
    assert many < width(grades("a", 3, 3, photos=100))


def test_intervals_hold_what_they_promise() -> None:
    held = 0
    for trial in range(40):
        votes = [
            rating(
                f"{person}", "a", Random(f"{trial} {person} {photo}").choice([2, 3, 4]), f"{photo}"
            )
            for person in range(8)
            for photo in range(5)
        ]
        opinion = mean_opinions(votes)["a"]
        held += opinion.low <= 3 <= opinion.high
    assert held >= 36


def test_equal_grades_are_no_certainty() -> None:
    opinion = mean_opinions([rating(f"{n}", "a", 4) for n in range(8)])["a"]
    assert opinion.low < 3.9 < 4.1 < opinion.high


def test_of_few_nothing_is_said_to_be_known() -> None:
    assert mean_opinions([rating("ann", "a", 4)]) == {"a": Opinion(4, 1, 5, 1)}
    assert mean_opinions([]) == {}


def test_second_answers_are_not_counted() -> None:
    votes: list[Vote] = [rating("ann", "a", 4), rating("ann", "a", 1, again=True)]
    assert mean_opinions(votes)["a"].mean == 4


def test_who_fails_checks_hardly_moves_a_mean() -> None:
    good: list[Vote] = [rating(f"{n}", "a", 4, photo) for n in range(5) for photo in "012"]
    bad: list[Vote] = [rating(f"bot {n}", "a", 1, photo) for n in range(5) for photo in "012"]
    checks: list[Vote] = [
        check(who, f"{number}", passed=not who.startswith("bot"))
        for who in (*"01234", *(f"bot {n}" for n in range(5)))
        for number in range(6)
    ]
    assert mean_opinions(good + bad)["a"].mean == pytest.approx(2.5)
    assert mean_opinions(good + bad + checks)["a"].mean > 3.95
