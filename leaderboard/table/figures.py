"""Plots of the board, from its rows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

Better = Literal["higher", "lower"]
Cost = Literal["seconds_per_megapixel", "parameters"]
COSTS: dict[Cost, str] = {
    "seconds_per_megapixel": "seconds per megapixel",
    "parameters": "parameters",
}
MOST_MODELS = 8
"""So many rows, the best ones, can be told apart in one plot."""

_SIGN: dict[Better, int] = {"higher": 1, "lower": -1}
_INK = "#857d76"
_ACCENT = "#0f766e"
_SHADES = ("#0f766e", "#d97706", "#2563eb", "#be185d", "#65a30d", "#7c3aed", "#0891b2", "#b91c1c")


def quality_against(
    rows: pd.DataFrame, metric: str, title: str, better: Better, cost: Cost
) -> go.Figure:
    """Every model by what it gives and what it costs, with those that nothing beats in both.

    `rows` have columns `model`, `backend`, the metric with `_low` and `_high`, and the cost; rows
    without either are left out. The cost's axis is logarithmic.
    """
    shown = rows[rows[metric].notna() & (rows[cost] > 0)].sort_values(cost)
    front = pareto_front(shown[cost], shown[metric], better)
    names = shown["model"] + " (" + shown["backend"].fillna("") + ")"
    figure = go.Figure(
        go.Scatter(
            x=shown[cost][front],
            y=shown[metric][front],
            mode="lines",
            line={"shape": "hv", "dash": "dot", "color": _ACCENT, "width": 1.5},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.add_scatter(
        x=shown[cost],
        y=shown[metric],
        mode="markers+text",
        text=shown["model"].mask(shown["model"].duplicated(), ""),
        textposition="top center",
        marker={"size": 11, "color": [_ACCENT if each else _INK for each in front]},
        cliponaxis=False,
        customdata=shown.assign(name=names)[["name", f"{metric}_low", f"{metric}_high"]],
        hovertemplate="%{customdata[0]}<br>"
        + title
        + " %{y:.3f} (95 %: %{customdata[1]:.3f} to %{customdata[2]:.3f})<br>"
        "%{x:.3g}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(type="log", title=COSTS[cost])
    figure.update_yaxes(title=title, autorange="reversed" if better == "lower" else None)
    return _styled(figure)


def gains(
    rows: pd.DataFrame, blurred: Sequence[float], title: str, better: Better
) -> go.Figure | None:
    """How much better than the blurred input each model does, picture by picture.

    `rows` have `model`, `backend` and `scores` of the same pictures in the order of `blurred`.
    None when no row has them.
    """
    figure = go.Figure()
    compared = rows[[each is not None and len(each) == len(blurred) for each in rows["scores"]]]
    for row, shade in zip(compared.head(MOST_MODELS).itertuples(), _SHADES, strict=False):
        difference = _SIGN[better] * (np.asarray(row.scores) - np.asarray(blurred))
        figure.add_box(
            y=difference[np.isfinite(difference)],
            name=_label(row),
            boxpoints="all",
            jitter=0.5,
            pointpos=0,
            marker={"size": 4, "color": shade, "opacity": 0.6},
            line={"width": 1.5},
            showlegend=False,
        )
    if not figure.data:
        return None
    figure.add_hline(y=0, line={"color": _INK, "width": 1, "dash": "dot"})
    figure.update_yaxes(title=_gain_of(title))
    return _styled(figure)


def by_category(
    rows: pd.DataFrame, blurred: Mapping[str, float], title: str, better: Better
) -> go.Figure | None:
    """Bars of how much better than the blurred input the best rows are, in each category.

    `rows` have `model`, `backend` and `categories`, JSON of means as `blurred` holds them. None
    when no row has any of its categories.
    """
    figure = go.Figure()
    known = rows[rows["categories"].notna()].head(MOST_MODELS)
    for row, shade in zip(known.itertuples(), _SHADES, strict=False):
        means = json.loads(str(row.categories))
        gained = {
            name: _SIGN[better] * (means[name] - mean)
            for name, mean in blurred.items()
            if name in means
        }
        if gained:
            figure.add_bar(
                x=[*gained], y=[*gained.values()], name=_label(row), marker={"color": shade}
            )
    if not figure.data:
        return None
    figure.update_yaxes(title=_gain_of(title))
    figure.update_layout(legend={"orientation": "h", "y": -0.1, "yanchor": "top"})
    return _styled(figure)


def _label(row: Any) -> str:
    return f"{row.model} ({row.backend})"


def _gain_of(title: str) -> str:
    return f"{title}: gain over the blurred input"


def pareto_front(costs: pd.Series, values: pd.Series, better: Better) -> pd.Series:
    """Which rows, sorted by rising cost, are better than everything that costs no more."""
    gains = _SIGN[better] * values
    return gains > gains.cummax().shift(fill_value=float("-inf"))


def _styled(figure: go.Figure) -> go.Figure:
    """On the page's own ground, legible on a light and on a dark one."""
    figure.update_layout(
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": _INK, "family": "system-ui, sans-serif"},
        margin={"l": 60, "r": 70, "t": 50, "b": 50},
        height=420,
    )
    grid = "rgba(120,113,108,0.25)"
    figure.update_xaxes(gridcolor=grid, zeroline=False)
    figure.update_yaxes(gridcolor=grid, zeroline=False)
    return figure
