"""How strong each model is, from blind comparisons of two: the Bradley-Terry model.

Lai et al., A Comparative Study for Single Image Blind Deblurring, CVPR 2016, rank so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.judging.raters import weights_of
from leaderboard.judging.resampling import MIN_VOTES, Array, interval, resampled_sums
from leaderboard.judging.votes import SHARP, Preference, Vote, model_of

PRIOR = 0.5
"""Wins each way that every two models start with, a tie: scores stay finite, and few votes say
little."""

TOLERANCE = 1e-6
MAX_ITERATIONS = 200


@dataclass(frozen=True)
class Strength:
    """A Bradley-Terry score, the natural logarithm of odds, with its 95 % interval.

    All models' scores have the mean 0. The model was in `count` comparisons; when they are very
    few, the interval is all there is: -inf to inf.
    """

    score: float
    low: float
    high: float
    count: int


def strengths(
    votes: Sequence[Vote], weights: Mapping[str, float] | None = None
) -> dict[str, Strength]:
    """From models to strengths, the best first; a tie is half a win each way.

    Votes count with the `weights` of their raters, which by default follow from these votes.
    Comparisons with an original are checks of the person, and left out.
    """
    weights = weights_of(votes) if weights is None else weights
    duels = [vote for vote in votes if isinstance(vote, Preference) and _counts(vote)]
    if not duels:
        return {}
    models = sorted({model_of(each) for vote in duels for each in vote.shown})
    wins = _wins(duels, models, np.array([weights[vote.rater] for vote in duels]))
    sums = wins.sum(0)
    scores = _fit(sums)
    draws = resampled_sums([vote.rater for vote in duels], wins.reshape(len(duels), -1))
    samples = _fit(draws.reshape(-1, *sums.shape))
    counts = (wins + wins.transpose(0, 2, 1) > 0).sum((0, 2))
    found = {
        model: _strength(scores[place], samples[:, place], int(counts[place]))
        for place, model in enumerate(models)
    }
    return dict(sorted(found.items(), key=lambda each: -each[1].score))


def _strength(score: float, samples: Array, count: int) -> Strength:
    ends = interval(samples) if count >= MIN_VOTES else (-math.inf, math.inf)
    return Strength(float(score), *ends, count)


def _counts(vote: Preference) -> bool:
    return not vote.again and SHARP not in vote.shown


def _wins(duels: Sequence[Preference], models: Sequence[str], weight: Array) -> Array:
    """Weighted wins of rows over columns in each comparison: (comparisons, models, models)."""
    place = {model: number for number, model in enumerate(models)}
    wins = np.zeros((len(duels), len(models), len(models)))
    for number, vote in enumerate(duels):
        left, right = (place[model_of(each)] for each in vote.shown)
        share = {"left": 1.0, "tie": 0.5, "right": 0.0}[vote.choice]
        wins[number, left, right] = share * weight[number]
        wins[number, right, left] = (1 - share) * weight[number]
    return wins


def _fit(wins: Array) -> Array:
    """The most likely strengths for tables of wins, rows over columns: (..., k, k) -> (..., k).

    Newton's method, whose steps are so damped that it converges from anywhere (Sun and Tran-Dinh,
    Generalized self-concordant functions, 2019): the likelihood is concave, and with PRIOR its
    maximum is finite, however one-sided the wins are.
    """
    wins = wins + PRIOR
    met = wins + wins.swapaxes(-1, -2)
    scores = np.zeros(wins.shape[:-1])
    for _ in range(MAX_ITERATIONS):
        winning = 1 / (1 + np.exp(scores[..., None, :] - scores[..., :, None]))
        slope = (wins - met * winning).sum(-1, keepdims=True)
        bend = met * winning * (1 - winning)
        curvature = np.eye(wins.shape[-1]) * bend.sum(-1, keepdims=True) - bend + 1
        step = np.linalg.solve(curvature, slope)[..., 0]
        reach = np.maximum(np.ptp(step, -1, keepdims=True), TOLERANCE / 2)
        scores += step * np.log1p(reach) / reach
        if reach.max() < TOLERANCE:
            break
    return scores
