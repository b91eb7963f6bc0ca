"""How much each person's votes count: what some of the questions tell about who answers.

Some questions have an answer that does not depend on taste: the original beside its blurred copy,
an original among the pictures to be graded, a picture that comes a second time. Whom one prefers
never lowers a weight, so that a minority is heard.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from leaderboard.judging.votes import BLURRED, SHARP, Preference, Rating, Vote, subject_of

UNKNOWN = 0.5
"""The weight of a person who was not checked yet."""

ATTENTIVE, RANDOM = 0.85, 0.5
"""How often a person who looks passes a check, and how often a person who does not."""

MARGIN = 1
"""An original is graded so much above the blurred pictures, and a picture again so nearly alike."""


def weights_of(votes: Iterable[Vote]) -> dict[str, float]:
    """From raters to weights in (0, 1): how probable it is that they look before they answer.

    By Bayes' rule from the checks that they passed and failed, starting at UNKNOWN.
    """
    return {rater: weight_after(checks_of(own)) for rater, own in _by_rater(votes).items()}


def of_checked(votes: Iterable[Vote]) -> list[Vote]:
    """The votes of people who have passed a check: the others' count nothing yet."""
    given = [*votes]
    passed = {rater for rater, own in _by_rater(given).items() if any(checks_of(own))}
    return [vote for vote in given if vote.rater in passed]


def weight_after(checks: Iterable[bool]) -> float:
    """The weight of a person who passed (True) and failed checks."""
    odds = UNKNOWN / (1 - UNKNOWN)
    for passed in checks:
        odds *= ATTENTIVE / RANDOM if passed else (1 - ATTENTIVE) / (1 - RANDOM)
    return odds / (1 + odds)


def checks_of(own: Sequence[Vote]) -> Iterator[bool]:
    """Whether one person passed each check that there is among their votes."""
    ratings = [vote for vote in own if isinstance(vote, Rating)]
    for vote in own:
        if isinstance(vote, Preference) and {*vote.shown} == {BLURRED, SHARP}:
            yield vote.winner == SHARP
    yield from _originals(ratings)
    yield from _repeats(ratings)


def _by_rater(votes: Iterable[Vote]) -> dict[str, list[Vote]]:
    by_rater: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        by_rater[vote.rater].append(vote)
    return by_rater


def _originals(ratings: Sequence[Rating]) -> Iterator[bool]:
    blurred = [vote.grade for vote in ratings if vote.shown == (BLURRED,)]
    for vote in ratings:
        if blurred and vote.shown == (SHARP,):
            yield vote.grade >= fmean(blurred) + MARGIN


def _repeats(ratings: Sequence[Rating]) -> Iterator[bool]:
    first: Mapping[object, int] = {
        subject_of(vote): vote.grade for vote in ratings if not vote.again
    }
    for vote in ratings:
        if vote.again and subject_of(vote) in first:
            yield abs(vote.grade - first[subject_of(vote)]) <= MARGIN
