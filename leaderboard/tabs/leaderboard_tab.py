"""The Leaderboard on the page: a table of one dataset, what it costs to be good, downloads."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from deblur.errors import DeblurError
from deblur.files import without_folders
from leaderboard.errors import TableError
from leaderboard.store.folder_store import Board, FolderStore
from leaderboard.table.cells import payload
from leaderboard.table.figures import COSTS, Better, by_category, gains, quality_against
from leaderboard.table.rendering import render
from leaderboard.table.table import COLUMNS, Column, Table, build_table, datasets_of
from leaderboard.table.views import CHOOSABLE, DEVICES, KINDS, SIZES, View
from leaderboard.tabs.comparison import Restore
from leaderboard.tabs.run_page import RUN, RunPage

TAB = "leaderboard"
"""The tab's id, and the first word of a link that opens it."""

MOST_ROWS = 300
"""So many rows a browser shows and draws without a pause; the downloads have all."""

PLOTS = (
    *(f"Quality by {title}" for title in COSTS.values()),
    "Gain by picture",
    "Gain by category",
)

_WRITE_ADDRESS = """
(...choices) => {
  const usual = USUAL;
  const address = new URL(window.location);
  Object.keys(usual).forEach((name, index) => {
    if (String(choices[index]) === String(usual[name])) address.searchParams.delete(name);
    else address.searchParams.set(name, choices[index]);
  });
  window.history.replaceState(null, "", address);
  return choices;
}
""".replace("USUAL", json.dumps(asdict(View())))


def build_tab(
    demo: gr.Blocks,
    tabs: gr.Tabs,
    store: FolderStore,
    places: Mapping[str, Path | None],
    restore: Restore,
    new_folder: Callable[[], Path],
) -> None:
    """Lay out the tab inside the current block.

    `new_folder` gives a place for downloads; see RunPage for `places` and `restore`.
    """
    board = _BoardTab(store, new_folder, lambda: RunPage(store, places, restore))
    demo.load(
        board.begin,
        outputs=[tabs, *board.choices, *board.shown, *board.page.outputs],
        show_progress="hidden",
        api_visibility="private",
    ).then(board.page.show_pictures, board.page.id, board.page.gallery, api_visibility="private")
    for choice in board.choices:
        events = [choice.submit, choice.blur] if isinstance(choice, gr.Textbox) else [choice.input]
        for listen in events:
            listen(
                board.show,
                board.choices,
                board.shown,
                js=_WRITE_ADDRESS,
                show_progress_on=board.table,
                api_visibility="private",
            )
    board.page.opened_by(board.table)


def prepare(store: FolderStore) -> None:
    """Read the board and rank it, so that the first visitor need not wait for that."""
    board = store.load()
    for name in datasets_of(board):
        build_table(board, name)


class _BoardTab:
    """What is laid out, and what is shown there: `shown` are the components of a view."""

    def __init__(
        self,
        store: FolderStore,
        new_folder: Callable[[], Path],
        lay_out_page: Callable[[], RunPage],
    ) -> None:
        self.store, self.new_folder = store, new_folder
        self.choices = _choices()
        told = gr.HTML(elem_id="board-rules")
        self.table = gr.Dataframe(
            interactive=False,
            show_label=False,
            label="Leaderboard",
            elem_id="board",
            datatype="html",
            max_height=640,
            buttons=["fullscreen"],
        )
        with gr.Row():
            csv = gr.DownloadButton("Download as CSV", size="sm")
            parquet = gr.DownloadButton("Download as Parquet", size="sm")
        self.page = lay_out_page()
        with gr.Row():
            plots = [gr.Plot(label=title, min_width=320) for title in PLOTS]
        self.shown = [told, self.table, csv, parquet, *plots]

    def show(self, *chosen: Any) -> list[Any]:
        """The view that the choices ask for."""
        return self._view(self.store.load(), View.of_choices(*chosen))

    def begin(self, request: gr.Request) -> list[Any]:
        """Open the view that the address names, or the first dataset."""
        asked = dict(request.query_params)
        board = self.store.load()
        names = datasets_of(board)
        wanted = View.of_address(asked)
        if wanted.board not in names:
            wanted = replace(wanted, board=next(iter(names), ""))
        ours = asked.keys() & {*asdict(wanted), RUN}
        return [
            gr.Tabs(selected=TAB) if ours else gr.Tabs(),
            *_offered(wanted, board, names),
            *self._view(board, wanted),
            *self.page.show(asked.get(RUN, "")),
        ]

    def _downloads(self, table: Table) -> Sequence[Any]:
        """The files, or buttons that do nothing where there is no room for them."""
        try:
            return [
                gr.DownloadButton(value=file, interactive=True)
                for file in write_downloads(table, self.new_folder())
            ]
        except (OSError, DeblurError):
            return [gr.DownloadButton(value=None, interactive=False)] * 2

    def _view(self, board: Board, wanted: View) -> list[Any]:
        try:
            made = build_table(board, wanted.board)
        except TableError as error:
            return [note([str(error)]) + _problems(board), *[None] * (len(self.shown) - 1)]
        frame = wanted.narrow(made)
        files, first = self._downloads(replace(made, frame=frame)), frame.head(MOST_ROWS)
        cells = payload(first, wanted.shown(made), board.rows)
        told = rules(made, board) + _cut(len(frame))
        return [told, cells, *files, *figures(made, first, board)]


def _choices() -> list[Any]:
    """A choice for each field of View, in its order."""
    with gr.Row(elem_id="board-choices"):
        board = gr.Dropdown([], label="Dataset", min_width=200)
        kinds = gr.CheckboxGroup(list(KINDS), label="Rows", min_width=320)
        search = gr.Textbox(label="Search", placeholder="model, licence, engine …", min_width=160)
    with gr.Accordion("More filters and columns", open=False, elem_id="board-filters"):
        with gr.Row():
            devices = gr.CheckboxGroup(list(DEVICES), label="Ran on", min_width=160)
            backends = gr.Dropdown([], label="Backend", multiselect=True, min_width=200)
            licences = gr.Dropdown([], label="Licence", multiselect=True, min_width=200)
            size = gr.Dropdown(list(SIZES), label="Parameters", min_width=140)
        columns = gr.CheckboxGroup(list(CHOOSABLE), label="Columns")
    choices = {
        "board": board,
        "kinds": kinds,
        "search": search,
        "devices": devices,
        "backends": backends,
        "licences": licences,
        "size": size,
        "columns": columns,
    }
    return [choices[field.name] for field in fields(View)]


def _offered(wanted: View, board: Board, names: Sequence[str]) -> list[Any]:
    """The choices as they are chosen, with what the board's rows have to offer."""
    offers = {
        "board": names,
        "backends": View.stated(board.rows, "backend"),
        "licences": View.stated(board.rows, "licence"),
    }
    values = dict(zip((field.name for field in fields(View)), wanted.choices, strict=True))
    return [
        gr.Dropdown(offers[name], value=value) if name in offers else value
        for name, value in values.items()
    ]


def rules(table: Table, board: Board) -> str:
    """The rules the rows were taken under, what is left apart, and what is wrong in the store."""
    metric = _ranking(table)
    lines = [
        f"{table.dataset}, ranked by {metric.title} ({metric.note}). Models share a rank "
        "where the difference, picture by picture, may be chance or is too small to show. "
        "Other engines and precisions of a model are its variants, and take no rank.",
        *([f"Protocol {table.protocol_digest}."] if table.protocol_digest else []),
        *table.notes,
    ]
    return note(lines) + _problems(board)


def _problems(board: Board) -> str:
    """What is wrong in the store, without a folder of this machine."""
    return note([without_folders(each) for each in board.problems], "failure")


def _cut(rows: int) -> str:
    """What is not shown, where there are more rows than a browser shows."""
    if rows <= MOST_ROWS:
        return ""
    return note(
        [f"The first {MOST_ROWS} of {rows:,} rows are shown; search for others, or download all."]
    )


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
    """One for each of PLOTS; hidden where no row has what it shows."""
    metric = _ranking(table)
    better = metric.direction or "higher"
    rows = board.rows.set_index("id", drop=False).loc[frame["id"]]
    costs = [
        quality_against(rows, metric.name, metric.title, better, cost)
        if metric.name in rows and (rows[metric.name].notna() & (rows[cost] > 0)).any()
        else None
        for cost in COSTS
    ]
    ranked = (frame["group"] == 1) & frame["model_variant"].isna()
    first = rows[ranked.fillna(False).to_numpy(bool)]
    others = first[first["model"] != "blurred"]
    drawn = [*costs, *_gains(others, _blurred(table, board), metric.title, better)]
    return [gr.Plot(each, visible=True) if each else gr.Plot(visible=False) for each in drawn]


def _blurred(table: Table, board: Board) -> pd.Series | None:
    """The row of the blurred input as measured here, whether or not the choices show it."""
    found = board.rows[
        (board.rows["model"] == "blurred")
        & (board.rows["kind"] == "measured")
        & board.rows["id"].isin(table.frame["id"])
    ]
    return None if found.empty else found.iloc[0]


def _gains(rows: pd.DataFrame, blurred: pd.Series | None, title: str, better: Better) -> list[Any]:
    """By picture, and by category."""
    if blurred is None:
        return [None, None]
    scores, categories = blurred["scores"], blurred["categories"]
    return [
        None if scores is None else gains(rows, scores, title, better),
        by_category(rows, json.loads(categories), title, better) if pd.notna(categories) else None,
    ]


def _ranking(table: Table) -> Column:
    """The column that the dataset is ranked by: its first metric."""
    usual = {column.name for column in COLUMNS}
    return next(column for column in table.columns if column.name not in usual)
