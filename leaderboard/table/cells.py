"""The table as the page shows it: numbers that sort as numbers, written out as safe HTML."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from leaderboard.table.table import Column

Payload = dict[str, Any]

WIDEST = 32
"""Characters of a text that a cell shows."""


def payload(frame: pd.DataFrame, columns: Sequence[Column], rows: pd.DataFrame) -> Payload:
    """What the page's table takes: values to sort by, and the HTML of every cell.

    `rows` are the board's, by id: a score tells its 95 % interval when the pointer rests on it,
    and one that is not the mean of all pictures has a * and tells of how many.
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
    text = _clipped(column.text(value))
    link = record["link"]
    if column.name == "model" and not pd.isna(link):
        return f'{text} <a href="{escape(link)}" target="_blank" rel="noopener nofollow">↗</a>'
    told = [*_interval(column, row), *_of_pictures(column, row)]
    if not told:
        return text
    mark = "*" if _lacking(column, row) else ""
    return f'<span title="{"; ".join(told)}">{text}{mark}</span>'


def _interval(column: Column, row: Mapping[Any, Any]) -> Iterator[str]:
    low, high = row.get(f"{column.name}_low"), row.get(f"{column.name}_high")
    if low is not None and math.isfinite(low):
        yield f"95 %: {column.text(low)} to {column.text(high)}"


def _of_pictures(column: Column, row: Mapping[Any, Any]) -> Iterator[str]:
    if lacking := _lacking(column, row):
        yield f"mean of {row['images'] - lacking:.0f} of {row['images']:.0f} pictures"


def _lacking(column: Column, row: Mapping[Any, Any]) -> float:
    """Of how many pictures the row has no finite score that its mean could be made of."""
    left_out = row.get(f"{column.name}_left_out")
    return 0 if left_out is None or math.isnan(left_out) else float(left_out)


def _clipped(text: str) -> str:
    """A text as HTML that takes no more than its width of the screen; all of it is a tooltip."""
    safe = escape(text)
    return safe if len(text) <= WIDEST else f'<span class="clipped" title="{safe}">{safe}</span>'
