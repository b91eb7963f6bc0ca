"""The Leaderboard on the page: a table of one dataset, what it costs to be good, downloads."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from deblur.errors import DeblurError
from deblur.files import without_folders
from deblur.language import say
from leaderboard.errors import TableError
from leaderboard.store.folder_store import Board, FolderStore
from leaderboard.table import words
from leaderboard.table.cells import board_html
from leaderboard.table.citing import citation_html
from leaderboard.table.overview import overview_html
from leaderboard.table.pairs import paired_html
from leaderboard.table.rendering import render
from leaderboard.table.table import Table, build_table, datasets_of, ranking_column
from leaderboard.table.views import View
from leaderboard.tabs.board_choices import lay_out_choices, offered
from leaderboard.tabs.board_plots import BoardPlots, width_of
from leaderboard.tabs.comparison import Restore
from leaderboard.tabs.run_page import GO_THERE, RUN, RunPage

TAB = "leaderboard"
"""The tab's id, and the first word of a link that opens it."""

MODEL, DATASET = "model", "dataset"
"""Words of an address that people write: they open a model's row on a dataset."""

MAX_ROWS = 300
"""Number of rows that a browser shows and draws without a pause; the downloads have all."""

_WRITE_ADDRESS = """
(...choices) => {
  const usual = USUAL;
  const address = new URL(window.location);
  address.searchParams.delete("dataset");
  address.searchParams.delete("model");
  Object.keys(usual).forEach((name, index) => {
    const chosen = String(choices[index] ?? "");
    if (chosen === String(usual[name])) address.searchParams.delete(name);
    else address.searchParams.set(name, chosen);
  });
  window.history.replaceState(null, "", address);
  return choices;
}
""".replace("USUAL", json.dumps(asdict(View())))

_LISTEN = """
element.addEventListener("click", ({ target }) => {
  const asked = target.closest("[data-event]");
  if (asked) trigger(asked.dataset.event, { ...asked.dataset });
});
element.addEventListener("change", ({ target }) => {
  if (!target.dataset.tick) return;
  const ticked = [...element.querySelectorAll("[data-tick]:checked")];
  if (ticked.length > 2) ticked.find((each) => each !== target).checked = false;
  const ids = [...element.querySelectorAll("[data-tick]:checked")].map((each) => each.dataset.tick);
  trigger("input", { ids: ids.join(",") });
});
"""


def build_tab(
    demo: gr.Blocks,
    tabs: gr.Tabs,
    tab: gr.Tab,
    store: FolderStore,
    places: Mapping[str, Path | None],
    restore: Restore,
    new_folder: Callable[[], Path],
) -> None:
    """Lay out the tab inside the current block; it is read anew whenever `tab` is opened.

    `new_folder` gives a place for downloads; see RunPage for `places` and `restore`.
    """
    board = _BoardTab(store, new_folder, lambda: RunPage(store, places, restore))
    opened = demo.load(
        board.begin,
        outputs=[tabs, *board.choices, *board.shown, *board.page.outputs],
        show_progress="hidden",
        api_visibility="private",
    )
    opened.then(None, board.page.id, js=GO_THERE).then(
        board.page.show_pictures, board.page.id, board.page.gallery, api_visibility="private"
    )
    shown = [
        opened,
        tab.select(board.refresh, [board.state, *board.choices], board.shown, **_QUIET),
        board.table.clear(board.cleared, board.choices[0], board.choices, **_QUIET).then(
            board.show, board.choices, board.shown, js=_WRITE_ADDRESS, **_QUIET
        ),
    ]
    for choice in board.choices:
        events = [choice.submit, choice.blur] if isinstance(choice, gr.Textbox) else [choice.input]
        shown += [
            listen(
                board.show,
                board.choices,
                board.shown,
                js=_WRITE_ADDRESS,
                show_progress_on=board.table,
                api_visibility="private",
            )
            for listen in events
        ]
    for each in shown:
        each.then(board.draw, [board.plots.width, *board.choices], board.plots.outputs, **_QUIET)
    board.listen()


_QUIET: Mapping[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


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
        self.choices = lay_out_choices()
        told = gr.HTML(elem_id="board-rules")
        self._pair = gr.HTML(elem_id="board-pair")
        self.table = gr.HTML(elem_id="board", js_on_load=_LISTEN)
        with gr.Row():
            csv = gr.DownloadButton(say("Download as CSV"), size="sm")
            parquet = gr.DownloadButton(say("Download as Parquet"), size="sm")
        cite = gr.HTML(elem_id="board-cite")
        self.page = lay_out_page()
        with gr.Accordion(say("All datasets at a glance"), open=False) as self._fold:
            self._overview = gr.HTML(elem_id="board-overview", js_on_load=_LISTEN)
        self.plots = BoardPlots()
        self.state = gr.State("")
        self.shown = [told, self._pair, self.table, csv, parquet, cite, self.state]

    def listen(self) -> None:
        """Open rows, compare those that are ticked, draw what is scrolled to, open datasets."""
        self.page.opened_by(self.table)
        self.table.input(self.compare, self.choices, self._pair, **_QUIET)
        self.plots.sentinel.select(self.draw_first, self.choices, self.plots.outputs, **_QUIET)
        self._fold.expand(self.show_overview, None, self._overview, **_QUIET)
        self._overview.select(self.turn_to, self.choices, self.choices, **_QUIET).then(
            self.show, self.choices, self.shown, js=_WRITE_ADDRESS, **_QUIET
        ).then(
            self.draw, [self.plots.width, *self.choices], self.plots.outputs, js=_TO_TOP, **_QUIET
        )

    def show(self, *chosen: Any) -> list[Any]:
        """The view that the choices ask for; nothing before there are any."""
        wanted = View.of_choices(*chosen)
        return self._view(self.store.load(), wanted) if wanted.board else self._as_it_is()

    def refresh(self, state: str, *chosen: Any) -> list[Any]:
        """The same view of a board that has changed since; an unchanged one is left alone."""
        same = _state_of(self.store.load()) == state
        return self._as_it_is() if same else self.show(*chosen)

    def _as_it_is(self) -> list[Any]:
        return [gr.skip()] * len(self.shown)

    def begin(self, request: gr.Request) -> list[Any]:
        """Open the view that the address names, or the first dataset."""
        asked = dict(request.query_params)
        board = self.store.load()
        names = datasets_of(board)
        wanted = View.of_address(asked)
        if wanted.board not in names:
            wanted = replace(wanted, board=next(iter(names), ""))
        run = asked.get(RUN) or _row_of(board, wanted.board, asked.get(MODEL, ""))
        ours = asked.keys() & {*asdict(wanted), RUN, MODEL, DATASET}
        return [
            gr.Tabs(selected=TAB) if ours else gr.Tabs(),
            *offered(wanted, board, names),
            *self._view(board, wanted),
            *self.page.show(run),
        ]

    def cleared(self, dataset: str) -> list[Any]:
        """The choices as they are at first, on the same dataset."""
        return View(board=dataset).choices

    def turn_to(self, chosen: gr.EventData, *choices: Any) -> list[Any]:
        """The same choices on a dataset of the overview."""
        return replace(View.of_choices(*choices), board=chosen.dataset).choices

    def show_overview(self) -> str:
        """All datasets at a glance."""
        return overview_html(self.store.load())

    def compare(self, chosen: gr.EventData, *choices: Any) -> str:
        """What the two ticked rows are apart; one ticked row asks for another."""
        ids = [each for each in str(chosen.ids).split(",") if each]
        if len(ids) < 2:
            told = say("Tick a second row to compare the two, picture by picture.")
            return note([told]) if ids else ""
        board = self.store.load()
        table = build_table(board, View.of_choices(*choices).board)
        rows = board.rows.set_index("id").reindex(ids)
        groups = table.frame.set_index("id")["group"].reindex(ids)
        return paired_html(rows, ranking_column(table), groups)

    def draw_first(self, seen: gr.EventData, *choices: Any) -> list[Any]:
        """The plots, when a visitor first scrolls to them."""
        return self.draw(width_of(seen), *choices)

    def draw(self, width: int | None, *choices: Any) -> list[Any]:
        """The plots of a view, if they were ever seen."""
        wanted = View.of_choices(*choices)
        if not width or not wanted.board:
            return [width or 0, *[gr.skip()] * (len(self.plots.outputs) - 1)]
        board = self.store.load()
        table = build_table(board, wanted.board)
        return self.plots.drawn(table, wanted.narrow(table).head(MAX_ROWS), board, width)

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
            return [note([str(error)]) + _problems(board), "", "", None, None, "", ""]
        frame = wanted.narrow(made)
        files = self._downloads(replace(made, frame=frame))
        cells = board_html(frame.head(MAX_ROWS), wanted.shown(made), board.rows)
        told = rules(made, board) + _cut(len(frame))
        return [told, "", cells, *files, citation_html(made), _state_of(board)]


_TO_TOP = """
(...given) => {
  document.getElementById("board-choices").scrollIntoView({ block: "center" });
  return given;
}
"""


def _state_of(board: Board) -> str:
    """A digest of what the board shows."""
    rows = board.rows[["id", "kind", "status"]].fillna("").to_csv(index=False)
    return hashlib.sha256(rows.encode()).hexdigest()


def _row_of(board: Board, dataset: str, model: str) -> str:
    """The id of the row that stands for a model on a dataset; empty for none."""
    if not model or not dataset:
        return ""
    frame = build_table(board, dataset).frame
    found = frame[frame["model"] == model]
    return "" if found.empty else str(found["id"].iloc[0])


def rules(table: Table, board: Board) -> str:
    """The rules the rows were taken under, what is left apart, and what is wrong in the store."""
    metric = ranking_column(table)
    ranked = say(
        "{dataset}, ranked by {metric} ({definition}). Models share a rank where the "
        "difference, picture by picture, may be chance or is too small to show. Other engines "
        "and precisions of a model are its variants: they are listed next to its name and "
        "have no rank.",
        dataset=table.dataset,
        metric=metric.title,
        definition=words.explanation(metric),
    )
    protocol = say("Protocol {digest}.", digest=table.protocol_digest or "")
    lines = [ranked, *([protocol] if table.protocol_digest else []), *table.notes]
    return note(lines) + _problems(board)


def _problems(board: Board) -> str:
    """What is wrong in the store, without a folder of this machine."""
    return note([without_folders(each) for each in board.problems], "failure")


def _cut(rows: int) -> str:
    """What is not shown, where there are more rows than a browser shows."""
    told = say(
        "The first {shown} of {all} rows are shown; search for others, or download all.",
        shown=MAX_ROWS,
        all=f"{rows:,}",
    )
    return note([told]) if rows > MAX_ROWS else ""


def note(lines: Sequence[str], style: str = "note") -> str:
    """Sentences below the choices."""
    return "".join(f'<p class="{style}">{escape(line)}</p>' for line in lines)


def write_downloads(table: Table, folder: Path) -> tuple[str, str]:
    """The rows with every column, as CSV and as Parquet."""
    csv, parquet = folder / f"{table.dataset}.csv", folder / f"{table.dataset}.parquet"
    csv.write_text(render(table, "csv"), encoding="utf-8")
    table.frame.to_parquet(parquet, index=False)
    return str(csv), str(parquet)
