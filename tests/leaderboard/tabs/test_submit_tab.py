"""What the Submit tab keeps of a record, and of pictures that it had scored itself."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from leaderboard.store.folder_store import FolderStore
from leaderboard.tabs import submit_tab
from leaderboard.tabs.submit_tab import build_submit_tab
from tests.leaderboard.entries import ABOUT, images, record

ABOUT_IT = (*(ABOUT[name] for name in ("licence", "training_data", "contact", "link")), "")


@pytest.mark.parametrize(
    ("name", "checked"), [("r.json", "sums recomputed"), ("r.zip", "pictures scored here")]
)
def test_pictures_that_were_scored_here_are_told_from_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, checked: str
) -> None:
    made, file = record("theirs", images()), tmp_path / name
    file.write_text(made.to_json())
    monkeypatch.setattr(submit_tab, "score_pictures", lambda *_: made)
    store = FolderStore(tmp_path / "board")
    with gr.Blocks() as page:
        build_submit_tab(store, {"mini": None})
    (submit,) = (each.fn for each in page.fns.values() if each.api_name == "submit" and each.fn)
    request: Any = SimpleNamespace(session_hash="one")
    answer = submit(str(file), "theirs", "mini", *ABOUT_IT, request)
    assert answer[0]["kept"]
    (row,) = store.load().rows.to_dict("records")
    assert row["checked"].startswith(f"{checked}, 20")
