"""Plots of the board, from its rows."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from deblur.language import say
from leaderboard.table.labels import LINE, placed_labels

Better = Literal["higher", "lower"]
Cost = Literal["seconds_per_megapixel", "parameters"]
COSTS: tuple[Cost, ...] = ("seconds_per_megapixel", "parameters")
MAX_PLOTTED_MODELS = 8
"""Number of rows, the best ones, that one plot shows."""

HEIGHT, MARGIN = 420, {"l": 64, "r": 16, "t": 40, "b": 56}
BELOW_AXIS = 50
"""Pixels from the axis to below its title."""
ALIKE = 0.15
"""Variants of a model that cost so much more or less, of 1, and score alike, are one point."""

_SIGN: dict[Better, int] = {"higher": 1, "lower": -1}
_INK = "#78716c"
_ACCENT = "#0f8f84"
_SHADES = ("#0f8f84", "#d97706", "#3b82f6", "#db2777", "#65a30d", "#8b5cf6", "#0891b2", "#dc2626")


def cost_title(cost: Cost) -> str:
    """What an axis says of a cost, with its unit."""
    return {
        "seconds_per_megapixel": say("time, seconds per megapixel"),
        "parameters": say("parameters, count"),
    }[cost]


def quality_against(
    rows: pd.DataFrame, metric: str, title: str, better: Better, cost: Cost, width: int
) -> go.Figure:
    """Every model by what it gives and what it costs, with those that nothing beats in both.

    `rows` have columns `model`, `backend`, the metric with `_low` and `_high`, and the cost; rows
    without either are left out. The cost's axis is logarithmic. A row that is far worse than most
    is not drawn but named below; `width`, in pixels, is the plot's, where names are to find room.
    """
    known = merged(rows[rows[metric].notna() & (rows[cost] > 0)], metric, cost)
    shown, cut = without_outliers(known, metric, better)
    shown = shown.sort_values(cost)
    front = pareto_front(shown[cost], shown[metric], better)
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
        mode="markers",
        marker={"size": 11, "color": [_ACCENT if each else _INK for each in front]},
        cliponaxis=False,
        customdata=shown[["label", f"{metric}_low", f"{metric}_high"]],
        hovertemplate="%{customdata[0]}<br>"
        + title
        + " %{y:.3f} (95 %: %{customdata[1]:.3f} … %{customdata[2]:.3f})<br>"
        "%{x:.3g}<extra></extra>",
        showlegend=False,
    )
    spans = _spans(np.log10(shown[cost]), 0.12), _spans(shown[metric], 0.12)
    figure.update_xaxes(type="log", range=spans[0], title=cost_title(cost))
    down = better == "lower"
    figure.update_yaxes(range=spans[1][::-1] if down else spans[1], title=with_unit(title))
    _name_points(figure, shown, (metric, cost), spans, better, width)
    _styled(figure)
    if not cut.empty:
        _note_left_out(figure, cut, metric)
    return figure


def with_unit(title: str) -> str:
    """A metric's title with its unit; most have none."""
    return f"{title} (dB)" if title.startswith("PSNR") else title


def merged(rows: pd.DataFrame, metric: str, cost: Cost) -> pd.DataFrame:
    """One row for variants of a model that score and cost alike; `label` names them all."""
    kept: list[dict[str, Any]] = []
    for row in rows.to_dict("records"):
        twin = next((each for each in kept if _alike(each, row, metric, cost)), None)
        engine = f"{row['backend'] or ''} {row.get('precision') or ''}".strip()
        if twin is None:
            kept.append({str(name): value for name, value in row.items()} | {"engines": [engine]})
        elif engine not in twin["engines"]:
            twin["engines"].append(engine)
    for each in kept:
        each["label"] = f"{each['model']} ({', '.join(filter(None, each['engines']))})"
    return pd.DataFrame(kept, columns=[*rows.columns, "engines", "label"])


def _alike(one: Mapping[Any, Any], other: Mapping[Any, Any], metric: str, cost: Cost) -> bool:
    same = one["model"] == other["model"] and abs(one[metric] - other[metric]) < 0.05
    return bool(same and abs(one[cost] / other[cost] - 1) < ALIKE)


def without_outliers(
    rows: pd.DataFrame, metric: str, better: Better
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to draw, and those that are worse than the quartile by more than 3 interquartile ranges.

    Tukey's far-out values (Exploratory Data Analysis, 1977), on the worse side only.
    """
    values = _SIGN[better] * rows[metric]
    low, high = values.quantile(0.25), values.quantile(0.75)
    far = values < low - 3 * (high - low)
    return rows[~far], rows[far]


def _note_left_out(figure: go.Figure, cut: pd.DataFrame, metric: str) -> None:
    """Name what is not drawn, below the axis."""
    named = [
        f"{model} ({value:.2f})" for model, value in zip(cut["model"], cut[metric], strict=True)
    ]
    figure.add_annotation(
        text="<br>".join([say("Far worse, not drawn:"), *named]),
        **{"xref": "paper", "yref": "paper", "x": 0, "y": 0},
        xanchor="left",
        yanchor="top",
        yshift=-BELOW_AXIS,
        align="left",
        showarrow=False,
        font={"size": 11},
    )
    more = LINE * (len(named) + 1)
    figure.update_layout(height=HEIGHT + more, margin={"b": MARGIN["b"] + more})


def _spans(values: pd.Series, air: float) -> tuple[float, float]:
    """An axis's range, with so much of it left free at each end."""
    low, high = float(values.min()), float(values.max())
    more = air * ((high - low) or 1.0)
    return low - more, high + more


def _name_points(
    figure: go.Figure,
    rows: pd.DataFrame,
    names: tuple[str, Cost],
    spans: tuple[tuple[float, float], tuple[float, float]],
    better: Better,
    width: int,
) -> None:
    """Write each model's name once, where it covers nothing; the others show on hovering."""
    metric, cost = names
    room = width - MARGIN["l"] - MARGIN["r"], HEIGHT - MARGIN["t"] - MARGIN["b"]
    sideways = (np.log10(rows[cost]) - spans[0][0]) / (spans[0][1] - spans[0][0]) * room[0]
    upwards = (rows[metric] - spans[1][0]) / (spans[1][1] - spans[1][0]) * room[1]
    if better == "lower":
        upwards = room[1] - upwards
    once = rows["model"].mask(rows["model"].duplicated(), "")
    places = placed_labels([*once], [*zip(sideways, upwards, strict=True)], room)
    for name, x, y, place in zip(once, rows[cost], rows[metric], places, strict=True):
        if place:
            figure.add_annotation(
                x=math.log10(x),
                y=y,
                text=name,
                showarrow=False,
                xshift=place[0],
                yshift=place[1],
                font={"size": 12},
            )


def gains(
    rows: pd.DataFrame, blurred: Sequence[float], title: str, better: Better
) -> go.Figure | None:
    """How much better than the blurred input each model does, picture by picture.

    `rows` have `model`, `backend` and `scores` of the same pictures in the order of `blurred`.
    None when no row has them.
    """
    figure = go.Figure()
    compared = rows[[each is not None and len(each) == len(blurred) for each in rows["scores"]]]
    for row, shade in zip(compared.head(MAX_PLOTTED_MODELS).itertuples(), _SHADES, strict=False):
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
    known = rows[rows["categories"].notna()].head(MAX_PLOTTED_MODELS)
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
    return str(row.model)


def _gain_of(title: str) -> str:
    return say("{metric}: gain over the blurred input", metric=with_unit(title))


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
        margin=MARGIN,
        height=HEIGHT,
    )
    grid = "rgba(120,113,108,0.25)"
    figure.update_xaxes(gridcolor=grid, zeroline=False)
    figure.update_yaxes(gridcolor=grid, zeroline=False)
    return figure
