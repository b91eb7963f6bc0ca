"""Plots of the board, from its rows."""

from typing import Literal

import pandas as pd
import plotly.graph_objects as go

Cost = Literal["seconds_per_megapixel", "parameters"]
COSTS: dict[Cost, str] = {
    "seconds_per_megapixel": "seconds per megapixel",
    "parameters": "parameters",
}
_INK = "#857d76"
_ACCENT = "#0f766e"


def quality_against(
    rows: pd.DataFrame, metric: str, title: str, better: Literal["higher", "lower"], cost: Cost
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
        text=shown["model"],
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


def pareto_front(
    costs: pd.Series, values: pd.Series, better: Literal["higher", "lower"]
) -> pd.Series:
    """Which rows, sorted by rising cost, are better than everything that costs no more."""
    gains = values if better == "higher" else -values
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
