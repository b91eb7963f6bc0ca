"""The board for programs: `/leaderboard`, see docs/api.md."""

from functools import partial
from typing import Any

import gradio as gr

from leaderboard.errors import TableError
from leaderboard.store.folder_store import FolderStore
from leaderboard.table.rendering import as_data
from leaderboard.table.table import build_table, datasets_of, ranking_column


def offer_board(store: FolderStore) -> None:
    """Make the table callable by name; nothing of it is seen."""
    with gr.Column(visible=False):
        dataset = gr.Textbox("", label="dataset")
        table, asked = gr.JSON(label="table"), gr.Button()
    asked.click(partial(leaderboard, store), dataset, table, api_name="leaderboard")


def leaderboard(store: FolderStore, dataset: str) -> dict[str, Any]:
    """The ranked table of one dataset; without a name, of the one with the most measured rows."""
    board = store.load()
    datasets = datasets_of(board)
    try:
        made = build_table(board, dataset or next(iter(datasets), ""))
    except TableError as error:
        raise gr.Error(f"{error}.", print_exception=False) from error
    data = as_data(made)
    models: list[dict[str, Any]] = []
    for row in data["rows"]:
        filled = {name: value for name, value in row.items() if value is not None}
        if "model_variant" in filled:
            models[-1]["variants"].append(filled)
        else:
            models.append({**filled, "variants": []})
    metric = ranking_column(made).name
    return {**data, "ranked_by": metric, "rows": models, "datasets": datasets}
