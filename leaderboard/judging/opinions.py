"""What people think of a model, beside what was measured."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from leaderboard.judging.questions import counted_votes
from leaderboard.judging.raters import of_checked, weights_of
from leaderboard.judging.rating import mean_opinions
from leaderboard.judging.votes import Vote

COLUMNS = ("mos", "mos_low", "mos_high")


Opinions = Mapping[tuple[str, str], tuple[float, float, float]]
"""Mean opinion and its interval, by dataset and model."""


def opinions_of(votes: Sequence[Vote]) -> Opinions:
    """What all votes say of each model on each dataset."""
    weights, checked = weights_of(votes), of_checked(votes)
    return {
        (dataset, model): (each.mean, each.low, each.high)
        for dataset in {vote.dataset for vote in checked}
        for model, each in mean_opinions(counted_votes(checked, dataset), weights).items()
    }


def with_opinions(rows: pd.DataFrame, opinions: Opinions) -> pd.DataFrame:
    """The rows with `mos`, its interval `mos_low` and `mos_high`; NaN where there are no ratings.

    A model's opinion is that of its pictures of the row's dataset; reported rows have none.
    """
    unknown = (np.nan,) * len(COLUMNS)
    found = [
        unknown if kind == "reported" else opinions.get((dataset, model), unknown)
        for dataset, model, kind in zip(rows["dataset"], rows["model"], rows["kind"], strict=True)
    ]
    return rows.assign(**dict(zip(COLUMNS, np.array(found).reshape(-1, 3).T, strict=True)))
