"""A table as text, csv, json or md."""

import html
import json
import math
import re
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from deblur.language import say
from leaderboard.errors import TableError
from leaderboard.store.entries import Entry, History
from leaderboard.store.rows import entry_row
from leaderboard.table.table import Column, Table, cell

_FORMULA = re.compile(r"^\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
"""What a spreadsheet takes for a formula, full-width signs included."""


def render(table: Table, format: str) -> str:
    """A table in one of FORMATS. Raises TableError when there is no such format."""
    if format not in FORMATS:
        raise TableError(
            say(
                "there is no format {format}; choose one of {known}",
                format=repr(format),
                known=", ".join(FORMATS),
            )
        )
    return FORMATS[format](table)


def _to_text(table: Table) -> str:
    """What a terminal shows: the brief columns, and a line between groups."""
    shown = RichTable(
        box=box.HORIZONTALS, pad_edge=False, title=_heading(table), title_justify="left"
    )
    columns = [
        each for each in table.columns if each.brief and table.frame[each.name].notna().any()
    ]
    for each in columns:
        shown.add_column(Text(each.title), justify="right" if each.format else "left", no_wrap=True)
    groups = table.frame["group"].fillna(0).tolist()
    for index, row in enumerate(table.frame.to_dict("records")):
        last = index + 1 < len(groups) and groups[index + 1] != groups[index]
        shown.add_row(*(Text(cell(each, row)) for each in columns), end_section=last)
    stream = StringIO()
    console = Console(file=stream, width=10_000, highlight=False, emoji=False)
    console.print(shown)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    return "\n".join([*lines, *table.notes]) + "\n"


def _to_csv(table: Table) -> str:
    """All columns by name, numbers in full; no text in it can be taken for a formula."""
    return table.frame.map(_harmless).to_csv(index=False, lineterminator="\n")


def as_data(table: Table) -> dict[str, Any]:
    """All that the table says, as JSON has it; missing values are None, infinite ones strings."""
    return {
        "dataset": table.dataset,
        "protocol_digest": table.protocol_digest,
        "other_protocols": dict(table.other_protocols),
        "notes": table.notes,
        "columns": [
            {"name": each.name, "title": each.title, "better": each.direction, "note": each.note}
            for each in table.columns
        ],
        "rows": [
            {str(name): _plain(value) for name, value in row.items()}
            for row in table.frame.to_dict("records")
        ],
    }


def _to_json(table: Table) -> str:
    content = as_data(table)
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _to_md(table: Table) -> str:
    """A table of Markdown, the model linked; nothing in a cell is taken for markup."""
    columns = [each for each in table.columns if each.name not in ("link", "title")]
    lines = [
        _line([_escaped(each.title) for each in columns]),
        _line(["---:" if each.format else "---" for each in columns]),
        *(
            _line([_linked(each, row) for each in columns])
            for row in table.frame.to_dict("records")
        ),
    ]
    notes = [f"\n{_escaped(note)}" for note in table.notes]
    return "\n".join([f"**{_escaped(_heading(table))}**", "", *lines, *notes]) + "\n"


FORMATS: Mapping[str, Callable[[Table], str]] = {
    "text": _to_text,
    "csv": _to_csv,
    "json": _to_json,
    "md": _to_md,
}


def _heading(table: Table) -> str:
    protocol = f", protocol {table.protocol_digest}" if table.protocol_digest else ""
    return f"{table.dataset}{protocol}"


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _linked(column: Column, row: Mapping[Any, Any]) -> str:
    text = _escaped(cell(column, row))
    link = row["link"]
    return f"[{text}]({link})" if column.name == "model" and not pd.isna(link) else text


def _escaped(text: str) -> str:
    return re.sub(r"([\\|\[\]`*_])", r"\\\1", html.escape(text, quote=False))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def render_entry(entry: Entry, history: History | None = None) -> str:
    """An entry in lines: its row, what its sender says, and what became of it."""
    row = entry_row(entry, history or History())
    fields = {**row, **entry.about.model_dump(), "submitted": entry.submitted}
    lines = [
        f"{name}: {value}"
        for name, value in fields.items()
        if name not in ("scores", "metrics", "categories") and value not in (None, "")
    ]
    if history and history.verified:
        lines.append(f"verified: {history.verified.date}, by {history.verified.record.id}")
    if history and history.withdrawn:
        lines.append(f"withdrawn: {history.withdrawn.date}")
    return "\n".join(lines)
