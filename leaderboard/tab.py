"""The Leaderboard on the page: a table of one dataset, what it costs to be good, downloads."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
from pandas.io.formats.style import Styler

from leaderboard.errors import TableError
from leaderboard.figures import COSTS, quality_against
from leaderboard.rendering import render
from leaderboard.store import Board, FolderStore
from leaderboard.table import COLUMNS, Column, Table, build_table, datasets_of

KINDS = ("measured", "verified", "self-reported", "reported")
LEFT_OUT = {"group", "title", "link", "provider", "precision", "trained_on", "source", "id"}
"""Columns that the page has no room for; the downloads have all."""
TAB = "leaderboard"
"""The tab's id, and the first word of a link that opens it."""

_WRITE_ADDRESS = """
(dataset, kinds, search) => {
  const address = new URL(window.location);
  const wanted = { board: dataset, kinds: kinds.join(","), search };
  for (const [name, value] of Object.entries(wanted)) address.searchParams.set(name, value);
  window.history.replaceState(null, "", address);
  return [dataset, kinds, search];
}
"""


def build_tab(
    demo: gr.Blocks, tabs: gr.Tabs, store: FolderStore, new_folder: Callable[[], Path]
) -> None:
    """Lay out the tab inside the current block. `new_folder` gives a place for downloads."""
    with gr.Row(elem_id="board-choices"):
        dataset = gr.Dropdown([], label="Dataset", min_width=200)
        kinds = gr.CheckboxGroup(list(KINDS), value=list(KINDS), label="Rows", min_width=320)
        search = gr.Textbox(label="Search", placeholder="model, licence, engine …", min_width=160)
    told = gr.HTML(elem_id="board-rules")
    table = gr.Dataframe(
        interactive=False,
        show_label=False,
        label="Leaderboard",
        elem_id="board",
        max_height=640,
        buttons=["fullscreen"],
    )
    with gr.Row():
        csv = gr.DownloadButton("Download as CSV", size="sm")
        parquet = gr.DownloadButton("Download as Parquet", size="sm")
    with gr.Row():
        plots = [gr.Plot(label=f"Quality by {title}", min_width=320) for title in COSTS.values()]

    def show(name: str | None, chosen: Sequence[str], text: str) -> list[Any]:
        return view(store.load(), name, chosen, text)

    def view(board: Board, name: str | None, chosen: Sequence[str], text: str) -> list[Any]:
        try:
            made = build_table(board, name or "")
        except TableError as error:
            return [note([str(error)]), pd.DataFrame(), *[None] * (2 + len(plots))]
        frame = narrowed(made, chosen, text)
        files = write_downloads(replace(made, frame=frame), new_folder())
        return [rules(made, board), styled(made, frame), *files, *figures(made, frame, board)]

    def begin(request: gr.Request) -> list[Any]:
        """Open the view that the address names, or the first dataset."""
        asked = dict(request.query_params)
        board = store.load()
        names = datasets_of(board)
        value = asked.get("board") if asked.get("board") in names else next(iter(names), None)
        chosen = [kind for kind in asked.get("kinds", ",".join(KINDS)).split(",") if kind in KINDS]
        text = asked.get("search", "")
        selected = gr.Tabs(selected=TAB) if "board" in asked else gr.Tabs()
        choices = [gr.Dropdown(names, value=value), chosen, text]
        return [selected, *choices, *view(board, value, chosen, text)]

    shown = [told, table, csv, parquet, *plots]
    choices = [dataset, kinds, search]
    demo.load(
        begin, outputs=[tabs, *choices, *shown], show_progress="hidden", api_visibility="private"
    )
    for listen in (dataset.input, kinds.input, search.submit, search.blur):
        listen(
            show,
            choices,
            shown,
            js=_WRITE_ADDRESS,
            show_progress_on=table,
            api_visibility="private",
        )


def narrowed(table: Table, kinds: Sequence[str], text: str) -> pd.DataFrame:
    """The rows of some kinds that have every word of a text in a cell; ranks stay as they are."""
    frame = table.frame[table.frame["kind"].isin(kinds)]
    words = text.casefold().split()
    texts = [
        " ".join(column.text(row[column.name]) for column in table.columns).casefold()
        for row in frame.to_dict("records")
    ]
    fitting = [all(word in each for word in words) for each in texts]
    return frame[pd.Series(fitting, frame.index, dtype=bool)]


def styled(table: Table, frame: pd.DataFrame) -> Styler:
    """What the page shows: numbers stay numbers, so that they sort as such, but read well."""
    columns = [column for column in table.columns if column.name not in LEFT_OUT]
    titles = {column.name: column.title for column in columns}
    shown = frame[[*titles]].rename(columns=titles).astype(object).reset_index(drop=True)
    return shown.where(shown.notna(), None).style.format(
        {column.title: _cell(column) for column in columns}
    )


def rules(table: Table, board: Board) -> str:
    """The rules the rows were taken under, what is left apart, and what is wrong in the store."""
    metric = _ranking(table)
    lines = [
        f"Ranked by {metric.title} ({metric.note}). Models share a rank where the difference, "
        "picture by picture, may be chance.",
        *([f"Protocol {table.protocol_digest}."] if table.protocol_digest else []),
        *table.notes,
    ]
    return note(lines) + note(board.problems, "failure")


def note(lines: Sequence[str], style: str = "note") -> str:
    """Sentences below the choices."""
    return "".join(f'<p class="{style}">{escape(line)}</p>' for line in lines)


def write_downloads(table: Table, folder: Path) -> tuple[str, str]:
    """The rows with every column, as CSV and as Parquet."""
    csv, parquet = folder / f"{table.dataset}.csv", folder / f"{table.dataset}.parquet"
    csv.write_text(render(table, "csv"), encoding="utf-8")
    table.frame.to_parquet(parquet, index=False)
    return str(csv), str(parquet)


def figures(table: Table, frame: pd.DataFrame, board: Board) -> list[Any]:
    """Quality against each cost; hidden where no row has both."""
    metric = _ranking(table)
    rows = board.rows[board.rows["id"].isin(frame["id"])]
    return [
        gr.Plot(
            quality_against(rows, metric.name, metric.title, metric.direction or "higher", cost),
            visible=True,
        )
        if metric.name in rows and (rows[metric.name].notna() & (rows[cost] > 0)).any()
        else gr.Plot(visible=False)
        for cost in COSTS
    ]


def _ranking(table: Table) -> Column:
    """The column that the dataset is ranked by: its first metric."""
    usual = {column.name for column in COLUMNS}
    return next(column for column in table.columns if column.name not in usual)


def _cell(column: Column) -> Callable[[Any], str]:
    return lambda value: "" if value is None else column.text(value)
