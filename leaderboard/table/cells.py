"""The table as the page shows it: numbers that sort as numbers, written out as safe HTML."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from leaderboard.table.table import Column, cell

Payload = dict[str, Any]

WIDEST = 32
"""Characters of a text that a cell shows."""


def payload(frame: pd.DataFrame, columns: Sequence[Column], rows: pd.DataFrame) -> Payload:
    """What the page's table takes: values to sort by, and the HTML of every cell.

    `rows` are the board's, by id: a score tells its 95 % interval when the pointer rests on it.
    """
    records = frame.to_dict("records")
    more = rows[rows["id"].isin(frame["id"])].set_index("id").to_dict("index")
    values = [[_value(record[each.name]) for each in columns] for record in records]
    shown = [[_html(each, record, more[record["id"]]) for each in columns] for record in records]
    return {
        "headers": [each.title for each in columns],
        "data": values,
        "metadata": {"display_value": shown},
    }


def _value(value: Any) -> Any:
    return None if pd.isna(value) else value


def _html(column: Column, record: Mapping[Any, Any], row: Mapping[Any, Any]) -> str:
    value = record[column.name]
    if pd.isna(value):
        return ""
    text = _clipped(cell(column, record))
    link = record["link"]
    if column.name == "model" and not pd.isna(link):
        return f'{text} <a href="{escape(link)}" target="_blank" rel="noopener nofollow">↗</a>'
    interval = _interval(column, row)
    return f'<span title="{interval}">{text}</span>' if interval else text


def _interval(column: Column, row: Mapping[Any, Any]) -> str:
    low, high = row.get(f"{column.name}_low"), row.get(f"{column.name}_high")
    if low is None or not math.isfinite(low):
        return ""
    return f"95 %: {column.text(low)} to {column.text(high)}"


def _clipped(text: str) -> str:
    """A text as HTML that takes no more than its width of the screen; all of it is a tooltip."""
    safe = escape(text)
    return safe if len(text) <= WIDEST else f'<span class="clipped" title="{safe}">{safe}</span>'
