"""Votes that tests are made of."""

from leaderboard.judging.votes import BLURRED, SHARP, Choice, Grade, Preference, Rating, rater_of

DAY = "2026-01-31"


def rating(
    person: str, model: str, grade: Grade, photo: str = "coffee", *, again: bool = False
) -> Rating:
    """A person's grade for a model."""
    return Rating(
        rater=rater_of(person),
        dataset="mini",
        photo=photo,
        date=DAY,
        shown=(model,),
        grade=grade,
        again=again,
    )


def preference(
    person: str, left: str, right: str, choice: Choice, photo: str = "coffee"
) -> Preference:
    """A person's choice between two models."""
    return Preference(
        rater=rater_of(person),
        dataset="mini",
        photo=photo,
        date=DAY,
        shown=(left, right),
        choice=choice,
    )


def check(person: str, photo: str, *, passed: bool) -> Preference:
    """An original beside its blurred copy."""
    return preference(person, BLURRED, SHARP, "right" if passed else "left", photo)
