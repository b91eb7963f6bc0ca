"""What a visitor's wishes do to a visit, and what is shown of it."""

import shutil
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from deblur.page.markup.model_chooser import Measured
from deblur.page.photo_flow import PhotoFlow, Surroundings
from deblur.page.photo_view import PhotoView
from deblur.page.visiting.intake import take_in
from deblur.page.visiting.visits import Visit, Visits

KEY = "0" * 32
EXAMPLE = Path(__file__).parents[2] / "examples" / "coffee.jpg"


@pytest.fixture
def visit(visits: Visits, tmp_path: Path) -> Visit:
    visit = visits.of(KEY)
    for name in ("first.jpg", "second.jpg"):
        shutil.copy(EXAMPLE, tmp_path / name)
        take_in(visits, visit, tmp_path / name)
    return visit


@pytest.fixture
def view(visits: Visits) -> PhotoView:
    with gr.Blocks():
        return PhotoView(visits, {}, lambda _: Measured(), "")


@pytest.fixture
def flow(view: PhotoView, visits: Visits) -> PhotoFlow:
    return PhotoFlow(view, visits, Surroundings({}, lambda _: "", lambda _: Measured()))


def states(shown: dict[Any, Any], view: PhotoView) -> list[str]:
    return [each.partition("<")[0] for each in shown[view.shelf].split('class="state">')[1:]]


@pytest.mark.usefixtures("visit")
def test_one_photo_is_restored_and_the_others_wait(flow: PhotoFlow, view: PhotoView) -> None:
    assert states(flow.start_all(KEY, 0), view) == ["restoring", "waiting"]
    assert states(flow.cancel(KEY), view) == ["stopped", "stopped"]
    assert states(flow.start(KEY, 1), view) == ["stopped", "restoring"]


@pytest.mark.usefixtures("visit")
def test_what_waits_can_be_cancelled_whatever_else_is_asked_for(
    flow: PhotoFlow, view: PhotoView
) -> None:
    for shown in (flow.refresh(KEY), flow.start(KEY, 0), flow.refresh(KEY), flow.cancel(KEY)):
        waits = "restoring" in states(shown, view)
        assert shown[view.cancel_button].visible == waits
        assert shown[view.restore_button].visible != waits
