"""What a visitor chooses of the board: a dataset, filters, columns."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import gradio as gr

from deblur.language import say
from leaderboard.store.folder_store import Board
from leaderboard.table import words
from leaderboard.table.table import COLUMNS
from leaderboard.table.views import CHOOSABLE, DEVICES, KINDS, NONE_STATED, SIZES, View


def lay_out_choices() -> list[Any]:
    """A choice for each field of View, in its order."""
    with gr.Row(elem_id="board-choices"):
        board = gr.Dropdown([], label=say("Dataset"), min_width=200)
        kinds = gr.CheckboxGroup(
            [(words.kind(each), each) for each in KINDS], label=say("Rows"), min_width=320
        )
        search = gr.Textbox(
            label=say("Search"), placeholder=say("model, licence, engine …"), min_width=160
        )
    with gr.Accordion(say("More filters and columns"), open=False, elem_id="board-filters"):
        with gr.Row():
            devices = gr.CheckboxGroup([*DEVICES], label=say("Ran on"), min_width=160)
            backends = gr.Dropdown([], label=say("Backend"), multiselect=True, min_width=200)
            licences = gr.Dropdown([], label=say("Licence"), multiselect=True, min_width=200)
            size = gr.Dropdown(
                [(words.size(each), each) for each in SIZES], label=say("Parameters"), min_width=140
            )
        columns = gr.CheckboxGroup(_columns(), label=say("Columns"))
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


def offered(wanted: View, board: Board, names: Sequence[str]) -> list[Any]:
    """The choices as they are chosen, with what the board's rows have to offer."""
    offers: Mapping[str, Any] = {
        "board": names,
        "backends": _stated(board, "backend"),
        "licences": _stated(board, "licence"),
    }
    values = dict(zip((field.name for field in fields(View)), wanted.choices, strict=True))
    return [
        gr.Dropdown(offers[name], value=value or None) if name in offers else value
        for name, value in values.items()
    ]


def _columns() -> list[tuple[str, str]]:
    titles = {each.name: words.heading(each) for each in COLUMNS}
    return [(titles[name], title) for title, name in CHOOSABLE.items()]


def _stated(board: Board, name: str) -> list[tuple[str, str]]:
    none = say("none stated")
    found = View.stated(board.rows, name)
    return [(none if each == NONE_STATED else each, each) for each in found]
