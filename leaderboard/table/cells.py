"""The table as the page shows it: one row a model, as safe HTML that a browser sorts."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from deblur.language import say
from leaderboard.table import words
from leaderboard.table.models import ModelRows, Row, models_of
from leaderboard.table.table import Column, cell

WIDEST = 32
"""Characters of a text that a cell shows."""

_ARROWS = {"higher": "↑", "lower": "↓"}
_FIXED = 3
"""Number of columns that stay in sight on a phone: rank, model and the ranking metric."""


def board_html(frame: pd.DataFrame, columns: Sequence[Column], rows: pd.DataFrame) -> str:
    """A table's frame, its ranking metric first of `columns` after rank and model.

    `rows` are the board's, by id: a score tells its 95 % interval when the pointer rests on it.
    A row is opened and ticked by its id; see browser/board.js.
    """
    if frame.empty:
        return (
            f'<p class="no-rows" role="status">{say("No row matches these filters.")} '
            f'<button type="button" data-event="clear">{say("Clear the filters")}</button></p>'
        )
    more = rows[rows["id"].isin(frame["id"])].set_index("id").to_dict("index")
    head = "".join(_header(each, place) for place, each in enumerate(columns))
    body = "".join(_row(each, columns, more) for each in models_of(frame))
    return (
        f'<div class="board-scroll" tabindex="0" role="region" aria-label="{say("Leaderboard")}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _header(column: Column, place: int) -> str:
    """A title that sorts when it is clicked, with an arrow for what is better."""
    arrow = _ARROWS.get(column.direction or "", "") if column.name != "rank" else ""
    marked = f' <span aria-hidden="true">{arrow}</span>' if arrow else ""
    sort = ' aria-sort="ascending"' if column.name == "rank" else ""
    kind = "number" if column.format else "text"
    return (
        f'<th scope="col" class="{_classes(column, place)}" data-kind="{kind}" '
        f'data-better="{column.direction or ""}"{sort}>'
        f'<button type="button" data-sort-by="{escape(column.name)}" '
        f'title="{escape(words.explanation(column))}">{escape(words.heading(column))}{marked}'
        "</button></th>"
    )


def _classes(column: Column, place: int) -> str:
    fixed = f" fixed fixed-{place}" if place < _FIXED else ""
    return ("number" if column.format else "text") + fixed


def _is_missing(value: Any) -> bool:
    return bool(pd.isna(value))


def _row(model: ModelRows, columns: Sequence[Column], more: Mapping[Any, Row]) -> str:
    """The row that stands for a model, its variants as chips beside its name."""
    row = model.row if model.row is not None else model.variants[0]
    cells = []
    for place, column in enumerate(columns):
        value = row[column.name]
        at = "" if _is_missing(value) else f' data-value="{escape(str(value))}"'
        tag = 'th scope="row"' if column.name == "model" else "td"
        shown = _shown(column, model, row, more[row["id"]])
        cells.append(
            f'<{tag} class="{_classes(column, place)}"{at}>{shown}</{tag.partition(" ")[0]}>'
        )
    return f'<tr data-id="{escape(row["id"])}">{"".join(cells)}</tr>'


def _shown(column: Column, model: ModelRows, row: Row, more: Row) -> str:
    if column.name == "rank":
        return _tick(row, more) + (
            "" if _is_missing(row["rank"]) else escape(column.text(row["rank"]))
        )
    if column.name == "model":
        return _named(model, row)
    if _is_missing(row[column.name]):
        return ""
    text = _clipped(_worded(column, row))
    interval = _interval(column, more)
    return f'<span title="{interval}">{text}</span>' if interval else text


def _tick(row: Row, more: Row) -> str:
    """A box to compare two rows by, where a row has scores picture by picture."""
    if more.get("scores") is None:
        return ""
    label = say("Compare {model} with another row", model=row["model"])
    return f'<input type="checkbox" data-tick="{escape(row["id"])}" aria-label="{escape(label)}"/>'


def _named(model: ModelRows, row: Row) -> str:
    """A model's name, which opens its row's page, and what it was measured on."""
    name = (
        f'<button type="button" class="name" data-event="select" data-id="{escape(row["id"])}">'
        f"{_clipped(model.name)}</button>"
    )
    engine = [row["backend"], *([row["precision"]] if row["precision"] != "fp32" else [])]
    chips = [(row["id"], ", ".join(str(each) for each in engine if pd.notna(each)))]
    chips += [
        (each["id"], words.variant(each["model_variant"]))
        for each in model.variants
        if each["id"] != row["id"]
    ]
    buttons = "".join(
        f'<button type="button" class="chip" data-event="select" data-id="{escape(id)}">'
        f"{escape(text)}</button>"
        for id, text in chips
        if text
    )
    return f'{name}<span class="chips">{buttons}</span>'


def _worded(column: Column, row: Row) -> str:
    """A cell as people read it, in their language."""
    spoken = {
        "kind": words.kind,
        "checked": words.checked,
        "contamination": words.seen_before,
    }
    text = cell(column, row)
    return spoken[column.name](text) if column.name in spoken else text


def _interval(column: Column, row: Row) -> str:
    low, high = row.get(f"{column.name}_low"), row.get(f"{column.name}_high")
    if low is None or not math.isfinite(low):
        return ""
    return f"95 %: {say('{low} to {high}', low=column.text(low), high=column.text(high))}"


def _clipped(text: str) -> str:
    """A text as HTML that takes no more than its width of the screen; all of it is a tooltip."""
    safe = escape(text)
    return safe if len(text) <= WIDEST else f'<span class="clipped" title="{safe}">{safe}</span>'
