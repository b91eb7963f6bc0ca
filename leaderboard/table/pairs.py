"""Two rows of a board, picture by picture: how far apart they are, and how sure that is."""

from html import escape

import numpy as np
import pandas as pd

from deblur.language import say
from deblur.records.statistics import MIN_PICTURES, mean_interval
from leaderboard.table.table import Column


def paired_html(rows: pd.DataFrame, metric: Column, groups: "pd.Series[float]") -> str:
    """The mean difference of two rows in the ranking metric, the better one first, as safe HTML.

    `groups` are the rows' groups in the table: across two of them pictures are not the same ones.
    The interval is that of this pair alone; ranks correct for all pairs.
    """
    scores = [*rows["scores"]]
    if groups.nunique() != 1 or any(each is None for each in scores):
        return _sentence(say("These two rows have no pictures in common, or no scores of them."))
    first, second = (np.asarray(each, np.float64) for each in scores)
    ahead = (second - first) if metric.direction == "lower" else (first - second)
    ahead = ahead[np.isfinite(ahead)]
    if len(ahead) < MIN_PICTURES:
        return _sentence(say("These two rows have too few pictures in common to be compared."))
    names = [*rows["model"]]
    if ahead.mean() < 0:
        ahead, names = -ahead, names[::-1]
    low, high = mean_interval(ahead.tolist())
    sentence = say(
        "{better} is ahead of {other} by {difference} {metric} (95 %: {low} to {high}), over "
        "{count} pictures that both have.",
        better=names[0],
        other=names[1],
        difference=metric.text(ahead.mean()),
        metric=metric.title,
        low=metric.text(low),
        high=metric.text(high),
        count=len(ahead),
    )
    chance = say("The interval contains 0: the difference may be chance.")
    return _sentence(f"{sentence} {chance}" if low <= 0 <= high else sentence)


def _sentence(text: str) -> str:
    return f'<p class="pair" role="status">{escape(text)}</p>'
