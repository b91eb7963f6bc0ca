"""Compare, on the page: one picture as several models restore it, in one viewer."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import gradio as gr

from benchmarks.datasets import Dataset, open_dataset
from deblur.catalog import CATALOG
from deblur.errors import DeblurError
from deblur.language import say
from deblur.page.markup.compared import Line, compared_html
from deblur.page.markup.sentences import failure, note
from deblur.page.markup.viewer import Picture, Sight
from leaderboard.tabs.comparison import (
    ERROR_GAIN,
    MAX_MODELS,
    Panel,
    Restore,
    check_count,
    compare,
    items_of,
)

TAB, OWN = "compare", "own photos"
DIGITS = {"PSNR": 2, "SSIM": 3}
OPENING_EXAMPLE = ("astronaut-shake", ("residual-unet-m", "srcnn"))
"""A picture of the embedded dataset on which two models are far apart."""
MODELS = [name for name, spec in CATALOG.items() if spec.weights and not spec.from_elsewhere]

_KEY = "(given, ...others) => [...window.deblurKey(), ...others]"
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_RESTORING: dict[str, Any] = {"concurrency_id": "restoring", "concurrency_limit": 3, **_PRIVATE}
"""It waits in one queue with those who restore photos."""


class OwnPhotos(Protocol):
    """What a visitor sent, by the key of their browser. What is asked may raise a DeblurError."""

    def named(self, key: str) -> list[tuple[str, str]]:
        """Names and ids, the photo that is looked at first."""

    def add(self, key: str, file: Path) -> None:
        """One more photo."""

    def compare(
        self,
        key: str,
        id: str,
        models: Sequence[str],
        session: str | None,
        on_progress: Callable[[Any], None],
    ) -> tuple[Sight, list[Line]]:
        """A photo and what each model makes of it."""


class _CompareTab:
    """What is laid out, and what each wish does."""

    def __init__(
        self,
        places: Mapping[str, Path | None],
        restore: Restore,
        new_folder: Callable[[], Path],
        own: OwnPhotos,
    ) -> None:
        self._places, self._restore, self._new_folder = places, restore, new_folder
        self._own = own
        self.key = gr.Textbox(visible=False)
        first = next(iter(places))
        pictures = items_of(self._opened(first))
        start = OPENING_EXAMPLE[0] if OPENING_EXAMPLE[0] in pictures else pictures[0]
        with gr.Row(elem_id="compare-choices"):
            self.dataset = gr.Dropdown(
                [(say("Your photo"), OWN), *((each, each) for each in places)],
                value=first,
                label=say("Dataset"),
                min_width=160,
            )
            self.picture = gr.Dropdown(pictures, value=start, label=say("Picture"), min_width=200)
            self.models = gr.Dropdown(
                MODELS,
                value=[*OPENING_EXAMPLE[1]],
                label=say("Models"),
                multiselect=True,
                max_choices=MAX_MODELS,
                min_width=280,
                scale=2,
            )
        with gr.Row(elem_id="compare-actions"):
            self.button = gr.Button(say("Compare"), variant="primary", min_width=140, scale=0)
            self.upload = gr.UploadButton(say("Add a photo of yours"), min_width=140, scale=0)
        self.shown = gr.HTML(elem_id="comparison", apply_default_css=False)

    def _opened(self, name: str) -> Dataset:
        return open_dataset(name, self._places[name])

    def begin(self, key: str, name: str, id: str, chosen: list[str], before: str) -> Any:
        """Open the tab: keep what it shows, or show the photo of the visitor or OPENING_EXAMPLE."""
        if name == OWN:
            return gr.skip(), self._own_pictures(key, id), gr.skip()
        if before:
            return gr.skip(), gr.skip(), gr.skip()
        told = note(_opening_note()) if id == OPENING_EXAMPLE[0] else ""
        shown = "" if self._own.named(key) else told + self._compared(name, id, chosen)
        if self._own.named(key):  # it may have come meanwhile
            return self._own_photo(key)
        return gr.skip(), gr.skip(), shown

    def choose(self, key: str, name: str) -> Any:
        """The pictures of a dataset, or the visitor's own."""
        if name == OWN:
            return self._own_pictures(key, "")
        ids = items_of(self._opened(name))
        return gr.Dropdown(ids, value=ids[0])

    def take(self, key: str, file: str) -> Any:
        """A photo of the visitor's, to be compared next."""
        try:
            self._own.add(key, Path(file))
        except DeblurError as error:
            return gr.skip(), gr.skip(), failure(error)
        return self._own_photo(key)

    def show(
        self,
        key: str,
        name: str,
        id: str | None,
        chosen: list[str],
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> str:
        """What is chosen, compared."""
        if name != OWN:
            return self._compared(name, id or "", chosen)
        if not id:
            return note(say("There is no photo of yours here yet: add one."))

        def tell(done: Any) -> None:
            progress((done.tiles_done, done.tiles), unit=say("tiles"))

        progress(0, desc=say("Starting"))
        try:
            check_count(chosen)
            return compared_html(*self._own.compare(key, id, chosen, request.session_hash, tell))
        except DeblurError as error:
            return failure(error)

    def _own_photo(self, key: str) -> Any:
        told = say("Press Compare: each model restores the whole photo, one after the other.")
        return gr.Dropdown(value=OWN), self._own_pictures(key, ""), note(told)

    def _own_pictures(self, key: str, id: str | None) -> gr.Dropdown:
        named = self._own.named(key)
        ids = [each for _, each in named]
        return gr.Dropdown(named, value=id if id in ids else next(iter(ids), None))

    def _compared(self, name: str, id: str, chosen: list[str]) -> str:
        try:
            panels = compare(self._opened(name), id, chosen, self._restore, self._new_folder())
        except DeblurError as error:
            return failure(error)
        named = [file for panel in panels for file in (panel.picture, panel.errors) if file]
        self.shown.temp_files.update(map(str, named))  # what Gradio deletes where it cleans up
        return panels_html(f"{name}/{id}", panels)


def build_compare_tab(
    places: Mapping[str, Path | None],
    restore: Restore,
    new_folder: Callable[[], Path],
    tab: gr.Tab,
    own: OwnPhotos,
) -> None:
    """Lay out the tab inside the current block; `tab` first opens with OPENING_EXAMPLE.

    `places` are the datasets to choose from and their folders, None for an embedded one. If the
    visitor has sent a photo, that one is chosen instead.
    """
    built = _CompareTab(places, restore, new_folder, own)
    chosen = [built.key, built.dataset, built.picture, built.models]
    changed = [built.dataset, built.picture, built.shown]
    opening = tab.select(
        built.begin,
        [*chosen, built.shown],
        changed,
        js=_KEY,
        show_progress_on=built.shown,
        concurrency_id=TAB,
        **_PRIVATE,
    )
    built.dataset.input(built.choose, chosen[:2], built.picture, js=_KEY, **_PRIVATE)
    built.upload.upload(
        built.take,
        [built.key, built.upload],
        changed,
        js=_KEY,
        show_progress_on=built.shown,
        concurrency_id="opening",
        concurrency_limit=4,
        cancels=opening,
        **_PRIVATE,
    )
    built.button.click(
        built.show,
        chosen,
        built.shown,
        js=_KEY,
        show_progress_on=built.shown,
        cancels=opening,
        **_RESTORING,
    )


def _opening_note() -> str:
    """Why the tab opens on what it opens on."""
    return say(
        "An example: a portrait blurred by camera shake, restored by our strongest model and "
        "by our smallest. Look at the lettering and the eyes at 100 %, then choose pictures "
        "and models yourself."
    )


def panels_html(name: str, panels: Sequence[Panel]) -> str:
    """Panels of one size in a viewer, as safe HTML; `name` is that of the picture."""
    titles = {"blurred": say("blurred"), "sharp": say("sharp")}
    titled = [titles.get(panel.title, panel.title) for panel in panels]
    seen = Sight(
        name=name,
        title=name,
        width=panels[0].width,
        height=panels[0].height,
        middle=None,
        pictures=[
            Picture(title, _address(panel.picture), _address(panel.errors))
            for title, panel in zip(titled, panels, strict=True)
        ],
        mode="side",
        errors=say("error maps, {times} times as bright", times=ERROR_GAIN)
        if any(panel.errors for panel in panels)
        else "",
    )
    lines = [Line(title, _scores(panel)) for title, panel in zip(titled, panels, strict=True)]
    return compared_html(seen, lines)


def _scores(panel: Panel) -> str:
    return " · ".join(f"{name} {value:.{DIGITS[name]}f}" for name, value in panel.scores.items())


def _address(file: Path | None) -> str:
    return f"gradio_api/file={file}" if file else ""
