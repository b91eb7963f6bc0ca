"""All datasets at a glance: each model's rank on each, and what it gains over the blurred input."""

import math
from html import escape

from deblur.language import say
from leaderboard.store.folder_store import Board
from leaderboard.table.table import Column, Table, build_table, datasets_of, ranking_column

BLURRED = "blurred"

Standing = tuple[float, float | None]
"""A rank, and a gain in the dataset's ranking metric where the blurred input was measured."""


def overview_html(board: Board) -> str:
    """Models by datasets, as safe HTML; a dataset's name opens its table."""
    tables = [build_table(board, name) for name in datasets_of(board)]
    tables = [each for each in tables if each.frame["rank"].notna().any()]
    standings = [standings_of(each) for each in tables]
    models = sorted(
        {model for each in standings for model in each},
        key=lambda model: _place(model, standings),
    )
    head = "".join(_header(each) for each in tables)
    body = "".join(
        f'<tr><th scope="row">{escape(model)}</th>'
        + "".join(
            _cell(each.get(model), ranking_column(table))
            for each, table in zip(standings, tables, strict=True)
        )
        + "</tr>"
        for model in models
    )
    note = say("Rank on each dataset, and the gain over the blurred input: above 0 is better.")
    return (
        f'<p class="note">{note}</p><div class="board-scroll" tabindex="0" role="region" '
        f'aria-label="{say("All datasets")}"><table><thead><tr><th scope="col">{say("model")}</th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def standings_of(table: Table) -> dict[str, Standing]:
    """The ranked models of group 1, each with its rank and gain."""
    metric = ranking_column(table)
    sign = -1 if metric.direction == "lower" else 1
    ranked = table.frame[table.frame["rank"].notna() & (table.frame["group"] == 1)]
    means = dict(zip(ranked["model"], ranked[metric.name], strict=True))
    before = means.get(BLURRED, math.nan)
    return {
        model: (float(rank), _gain(means[model], before, sign))
        for model, rank in zip(ranked["model"], ranked["rank"], strict=True)
    }


def _gain(mean: float, before: float, sign: int) -> float | None:
    gain = sign * (float(mean) - float(before)) + 0.0  # no -0.0
    return None if math.isnan(gain) else gain


def _place(model: str, standings: list[dict[str, Standing]]) -> tuple[int, float, str]:
    """Models on most datasets first, then by their mean rank."""
    found = [each[model][0] for each in standings if model in each]
    return -len(found), sum(found) / len(found), model


def _header(table: Table) -> str:
    name, metric = escape(table.dataset), escape(ranking_column(table).title)
    return (
        f'<th scope="col"><button type="button" data-event="select" data-dataset="{name}">{name}'
        f"</button><small>{metric}</small></th>"
    )


def _cell(standing: Standing | None, metric: Column) -> str:
    if standing is None:
        return "<td></td>"
    rank, gain = standing
    gained = "" if gain is None else f"{'' if gain < 0 else '+'}{metric.text(gain)}"
    return f"<td><b>{rank:.0f}</b> <span>{gained}</span></td>"
