"""The board's plots, which are drawn when a visitor scrolls to them."""

import json
from typing import Any

import gradio as gr
import pandas as pd

from deblur.language import say
from leaderboard.store.folder_store import Board
from leaderboard.table.figures import COSTS, Better, by_category, gains, quality_against
from leaderboard.table.table import Table, ranking_column

NARROWEST, USUAL, GAP = 320, 600, 16
"""Pixels: of a plot's width, at least and where a browser does not say it; between two."""

_TELL_WHEN_SEEN = """
const seen = new IntersectionObserver((entries) => {
  if (!entries.some((each) => each.isIntersecting)) return;
  seen.disconnect();
  trigger("select", { width: element.clientWidth });
}, { rootMargin: "100px" });
seen.observe(element);
"""


class BoardPlots:
    """Lays the plots out inside the current block, hidden; `outputs` are what is updated."""

    def __init__(self) -> None:
        self.width = gr.State(0)
        heading = f"<h2>{say('Plots: quality against time and size, gain by category')}</h2>"
        self.sentinel = gr.HTML(heading, elem_id="board-plots", js_on_load=_TELL_WHEN_SEEN)
        with gr.Row(elem_id="board-figures"):
            self._plots = [
                gr.Plot(label=title, min_width=NARROWEST, visible=False)
                for title in (
                    say("Quality by time"),
                    say("Quality by parameters"),
                    say("Gain by picture"),
                    say("Gain by category"),
                )
            ]
        self.outputs: list[Any] = [self.width, *self._plots]

    def drawn(self, table: Table, frame: pd.DataFrame, board: Board, width: int) -> list[Any]:
        """Updates for `outputs`; a plot without anything to show is hidden."""
        figures = figures_of(table, frame, board, width)
        shown = [
            gr.Plot(each, visible=True) if each else gr.Plot(visible=False) for each in figures
        ]
        return [width, *shown]


def width_of(seen: gr.EventData) -> int:
    """How wide one of the plots is, which stand in rows of the width that the browser says."""
    detail = seen._data
    whole = int(detail.get("width") or USUAL) if isinstance(detail, dict) else USUAL
    beside = max(1, min(len(COSTS) + 2, (whole + GAP) // (NARROWEST + GAP)))
    return max(NARROWEST - 2 * GAP, (whole + GAP) // beside - 2 * GAP)


def figures_of(table: Table, frame: pd.DataFrame, board: Board, width: int = USUAL) -> list[Any]:
    """By each cost, by picture, by category; None where no row has what a plot shows."""
    metric = ranking_column(table)
    better: Better = metric.direction or "higher"
    rows = board.rows.set_index("id", drop=False).loc[frame["id"]]
    costs = [
        quality_against(rows, metric.name, metric.title, better, cost, width)
        if metric.name in rows and (rows[metric.name].notna() & (rows[cost] > 0)).any()
        else None
        for cost in COSTS
    ]
    ranked = (frame["group"] == 1) & frame["model_variant"].isna()
    first = rows[ranked.fillna(False).to_numpy(bool)]
    others = first[first["model"] != "blurred"]
    return [*costs, *_gains(others, _blurred(table, board), metric.title, better)]


def _blurred(table: Table, board: Board) -> "pd.Series[Any] | None":
    """The row of the blurred input as measured here, whether or not the choices show it."""
    found = board.rows[
        (board.rows["model"] == "blurred")
        & (board.rows["kind"] == "measured")
        & board.rows["id"].isin(table.frame["id"])
    ]
    return None if found.empty else found.iloc[0]


def _gains(
    rows: pd.DataFrame, blurred: "pd.Series[Any] | None", title: str, better: Better
) -> list[Any]:
    """By picture, and by category."""
    if blurred is None:
        return [None, None]
    scores, categories = blurred["scores"], blurred["categories"]
    return [
        None if scores is None else gains(rows, scores, title, better),
        by_category(rows, json.loads(categories), title, better) if pd.notna(categories) else None,
    ]
