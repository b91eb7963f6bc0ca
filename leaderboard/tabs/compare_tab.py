"""Compare, on the page: restored pictures side by side under one zoom."""

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from benchmarks.datasets import Dataset, open_dataset
from deblur.catalog import CATALOG
from deblur.errors import DeblurError
from deblur.files import without_folders
from deblur.language import say
from leaderboard.tabs.comparison import ERROR_GAIN, MOST, Panel, Restore, compare, items_of

TAB = "compare"
DIGITS = {"PSNR": 2, "SSIM": 3}
TELLING = ("astronaut-shake", ("residual-unet-m", "srcnn"))
"""A picture of the embedded dataset on which two models are far apart."""
MODELS = [name for name, spec in CATALOG.items() if spec.weights and not spec.from_elsewhere]


def build_compare_tab(
    places: Mapping[str, Path | None],
    restore: Restore,
    new_folder: Callable[[], Path],
    tab: gr.Tab,
) -> None:
    """Lay out the tab inside the current block; it compares TELLING when `tab` is first opened.

    `places` are the datasets to choose from and their folders, None for an embedded one.
    """

    def opened(name: str) -> Dataset:
        return open_dataset(name, places[name])

    first = next(iter(places))
    pictures = items_of(opened(first))
    start = TELLING[0] if TELLING[0] in pictures else pictures[0]
    dataset, picture, models, button = _choices([*places], pictures, start)
    shown = gr.HTML(elem_id="comparison")

    def choose(name: str) -> Any:
        ids = items_of(opened(name))
        return gr.Dropdown(ids, value=ids[0])

    def show(name: str, id: str, chosen: list[str]) -> str:
        try:
            panels = compare(opened(name), id, chosen, restore, new_folder())
        except DeblurError as error:
            return f'<p class="failure" role="alert">{escape(without_folders(str(error)))}.</p>'
        named = [file for panel in panels for file in (panel.picture, panel.errors) if file]
        shown.temp_files.update(map(str, named))  # what Gradio deletes where it cleans up
        return panels_html(panels)

    def begin(name: str, id: str, chosen: list[str], before: str) -> Any:
        why = _telling_html() if id == TELLING[0] else ""
        return gr.skip() if before else why + show(name, id, chosen)

    tab.select(
        begin,
        [dataset, picture, models, shown],
        shown,
        api_visibility="private",
        show_progress_on=shown,
        concurrency_id=TAB,
    )
    dataset.input(choose, dataset, picture, api_visibility="private")
    button.click(
        show, [dataset, picture, models], shown, api_visibility="private", concurrency_id=TAB
    )


def _choices(
    datasets: list[str], pictures: list[str], start: str
) -> tuple[gr.Dropdown, gr.Dropdown, gr.Dropdown, gr.Button]:
    """Dataset, picture and models, and the button that compares."""
    with gr.Row(elem_id="compare-choices"):
        return (
            gr.Dropdown(datasets, value=datasets[0], label=say("Dataset"), min_width=160),
            gr.Dropdown(pictures, value=start, label=say("Picture"), min_width=200),
            gr.Dropdown(
                MODELS,
                value=[*TELLING[1]],
                label=say("Models"),
                multiselect=True,
                max_choices=MOST,
                min_width=280,
            ),
            gr.Button(say("Compare"), variant="primary", min_width=140, scale=0),
        )


def _telling_html() -> str:
    """Why the tab opens on what it opens on."""
    told = say(
        "To begin with: a portrait that a shaken camera blurred, as the strongest of our models "
        "restores it and as the smallest does. Look at the lettering and the eyes at 100 %, then "
        "choose pictures and models yourself."
    )
    return f'<p class="note">{told}</p>'


def panels_html(panels: list[Panel]) -> str:
    """The panels as safe HTML; the page's script moves them together."""
    figures = "".join(_figure_html(panel) for panel in panels)
    errors = (
        '<label><input type="checkbox" name="errors"> '
        f"{say('error maps, {times} times as bright', times=ERROR_GAIN)}</label>"
        if any(panel.errors for panel in panels)
        else ""
    )
    return (
        '<div class="panes-bar"><button type="button" data-zoom="fit">'
        f"{say('Fit')}</button>"
        '<button type="button" data-zoom="1">100 %</button>'
        '<button type="button" data-zoom="3">300 %</button>'
        f"{errors}<span>{say('Drag to move, turn the wheel to zoom.')}</span></div>"
        f'<div class="panes">{figures}</div>'
    )


def _figure_html(panel: Panel) -> str:
    title = {"blurred": say("blurred"), "sharp": say("sharp")}.get(panel.title, panel.title)
    scores = " · ".join(f"{name} {value:.{DIGITS[name]}f}" for name, value in panel.scores.items())
    errors = f'<img class="errors" alt="" src="{_address(panel.errors)}">' if panel.errors else ""
    return (
        f'<figure><div class="pane"><img alt="{escape(title)}" '
        f'src="{_address(panel.picture)}">{errors}</div>'
        f"<figcaption><b>{escape(title)}</b> <span>{scores}</span></figcaption></figure>"
    )


def _address(file: Path) -> str:
    return f"gradio_api/file={escape(str(file))}"
