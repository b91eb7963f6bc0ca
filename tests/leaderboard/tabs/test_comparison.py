"""Compared pictures: panels, scores, error maps; the restoring is somebody else's."""

from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio.route_utils import delete_files_created_by_app

from benchmarks.datasets import Dataset, open_dataset
from deblur.image_io import DecodedImage, decode_image, write_image
from deblur.page.markup.compared import Line
from deblur.page.markup.viewer import Sight
from leaderboard.errors import ComparisonError
from leaderboard.tabs.compare_tab import build_compare_tab, panels_html
from leaderboard.tabs.comparison import Panel, Restore, compare, error_map


class Nobodys:
    """The photos of visitors who sent none."""

    def named(self, key: str) -> list[tuple[str, str]]:
        return []

    def add(self, key: str, file: Path) -> None:
        raise AssertionError

    def compare(self, *asked: object) -> tuple[Sight, list[Line]]:
        raise AssertionError


@pytest.fixture(scope="module")
def mini() -> Dataset:
    return open_dataset("mini")


def restorer(folder: Path) -> Restore:
    """The perfect model `copy`, and `brighter`, which adds some."""

    def restore(model: str, photo: Path) -> Path:
        sharp = next(item.sharp for item in open_dataset("mini").items if item.blurred == photo)
        assert sharp is not None
        pixels = decode_image(sharp).pixels
        if model == "brighter":
            pixels = np.minimum(pixels.astype(int) + 10, 255).astype(np.uint8)
        path = folder / f"{model}-restored.png"
        write_image(DecodedImage(pixels, None, "png"), path)
        return path

    return restore


def test_every_panel_has_its_picture_and_scores(mini: Dataset, tmp_path: Path) -> None:
    id = mini.items[0].id
    panels = compare(mini, id, ["brighter", "copy"], restorer(tmp_path), tmp_path)
    assert [panel.title for panel in panels] == ["blurred", "brighter", "copy", "sharp"]
    assert all(panel.picture.is_file() for panel in panels)
    assert panels[1].scores["PSNR"] == pytest.approx(20 * np.log10(255 / 10), abs=0.5)
    assert panels[0].scores["SSIM"] < panels[1].scores["SSIM"]
    assert panels[-1].scores == {}


@pytest.mark.parametrize(
    ("models", "id", "said"),
    [
        (["copy"], "coffee", "1 models are chosen; choose 2 to 4"),
        (["copy"] * 5, "coffee", "5 models are chosen"),
        (["copy", "brighter"], "../../etc/passwd", "has no picture"),
    ],
)
def test_what_cannot_be_compared_is_told(
    mini: Dataset, tmp_path: Path, models: list[str], id: str, said: str
) -> None:
    with pytest.raises(ComparisonError, match=said):
        compare(mini, id, models, restorer(tmp_path), tmp_path)


def test_an_error_map_shows_where_and_how_much() -> None:
    sharp = np.full((4, 5, 3), 100, np.uint8)
    restored = sharp.copy()
    restored[1, 2] = (103, 106, 109)
    restored[3, 4] = 255
    shown = error_map(restored, sharp)
    assert shown.shape == (4, 5, 1)
    assert (shown[1, 2, 0], shown[3, 4, 0], shown.sum() - shown[1, 2, 0] - shown[3, 4, 0]) == (
        24,
        255,
        0,
    )
    deep = error_map(restored.astype(np.uint16) * 257, sharp.astype(np.uint16) * 257)
    np.testing.assert_array_equal(deep, shown)


def test_files_go_when_the_page_cleans_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    folder = tmp_path / "panels"
    folder.mkdir()
    with gr.Blocks() as page, gr.Tab() as tab:
        build_compare_tab({"mini": None}, restorer(tmp_path), lambda: folder, tab, Nobodys())
    (show,) = (each for each in page.fns.values() if each.name == "show")
    id = open_dataset("mini").items[0].id
    assert show.fn is not None
    show.fn("", "mini", id, ["brighter", "copy"], None)
    assert list(folder.iterdir()) != []
    delete_files_created_by_app(page, None)
    assert list(folder.iterdir()) == []


def test_a_panel_is_safe_html() -> None:
    evil = Panel('<script>"', Path('/tmp/"><script>.png'), 40, 30, {"PSNR": 30.0})
    shown = panels_html('"><script>', [evil, evil])
    assert "<script" not in shown
    assert "PSNR 30.00" in shown
