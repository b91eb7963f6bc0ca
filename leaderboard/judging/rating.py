"""The mean opinion score of each model, from blind ratings (ITU-T P.910, absolute category)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.judging.raters import weights_of
from leaderboard.judging.resampling import MIN_VOTES, Array, interval, resampled_sums
from leaderboard.judging.votes import GRADES, Rating, Vote, model_of

ROUNDING = 1 / 12**0.5
"""The standard deviation of what is rounded to a grade, so that equal grades are no certainty."""


@dataclass(frozen=True)
class Opinion:
    """A mean of `count` grades from 1 to 5, with its 95 % interval: all of it for very few."""

    mean: float
    low: float
    high: float
    count: int


def mean_opinions(
    votes: Sequence[Vote], weights: Mapping[str, float] | None = None
) -> dict[str, Opinion]:
    """From models to opinions, the best first; second answers to a question are left out.

    Votes count with the `weights` of their raters, which by default follow from these votes.
    """
    weights = weights_of(votes) if weights is None else weights
    ratings = [vote for vote in votes if isinstance(vote, Rating) and not vote.again]
    if not ratings:
        return {}
    grades = np.array([vote.grade for vote in ratings], np.float64)
    weight = np.array([weights[vote.rater] for vote in ratings])
    models = np.array([model_of(vote.shown[0]) for vote in ratings])
    names = np.unique(models)
    weighed = (models[:, None] == names) * weight[:, None]
    draws = resampled_sums(
        [vote.rater for vote in ratings], np.hstack([weighed, weighed * grades[:, None]])
    )
    found = {
        str(name): _opinion(grades[there], weight[there], drawn, graded)
        for name, drawn, graded in zip(names, *np.split(draws.T, 2), strict=True)
        for there in [models == name]
    }
    return dict(sorted(found.items(), key=lambda each: -each[1].mean))


def _opinion(grades: Array, weight: Array, drawn: Array, graded: Array) -> Opinion:
    """From a model's grades, and from the sums of weights and weighed grades in each resample."""
    mean = float(np.average(grades, weights=weight))
    if len(grades) < MIN_VOTES:
        return Opinion(mean, min(GRADES), max(GRADES), len(grades))
    means = graded / np.where(drawn > 0, drawn, np.nan)
    rounding = np.random.default_rng(0).normal(0, ROUNDING / len(grades) ** 0.5, len(means))
    low, high = interval(means + rounding)
    return Opinion(mean, max(low, min(GRADES)), min(high, max(GRADES)), len(grades))
