"""The Restore tab: the way of a photo from its visitor, through a restorer, and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from deblur.catalog import AUTO
from deblur.errors import CancelledError, DeblurError, ImageTooLargeError, UnreadableImageError
from deblur.image_io import INPUT_SUFFIXES, decode_image, suffix_of
from deblur.page.opening import Opened, open_photo
from deblur.page.restorers import (
    AUTOMATIC,
    MAX_PIXELS,
    MODELS,
    PREVIEW_SIDE,
    engine_choices,
    new_folder,
    open_restorer,
    write_preview,
)
from deblur.page.sentences import account_for, describe, failure, note
from deblur.page.visitors import Run
from deblur.restorer import Progress

TAB = "restore"
FORMATS = {
    "Same as the photo": "",
    **{name: suffix_of(name.upper()) for name in ("PNG", "JPEG", "WebP", "TIFF")},
}
PHOTOS_AT_ONCE, OPENED_AT_ONCE = 3, 4
"""Photos that are restored, and opened, beside each other; one network has all but one of each."""

MOST_SECONDS = 1800
"""Time that restoring a photo may take."""

MOST_BYTES = 200_000_000
"""Size of a photo's file."""

CANCELLED = "Cancelled. The photo is still here."
LATE = (
    f"This took longer than {MOST_SECONDS // 60} minutes, and was stopped. The photo is still "
    "here: choose a smaller model, or make the photo smaller."
)

Updates = dict[Any, Any]


@dataclass(frozen=True)
class Photo:
    """What one visitor sent: the file as it came, a picture of it to show, its own format."""

    path: Path
    shown: Path
    format: str


class RestoreTab:
    """Lays the tab out inside the current block.

    `examples` are photos by title; `introduce` gives HTML on what is good to know of a model;
    `is_here` tells whether the visitor of a session is still on the page.
    """

    def __init__(
        self,
        demo: gr.Blocks,
        examples: Mapping[str, Path],
        introduce: Callable[[str], str],
        is_here: Callable[[str | None], bool] = lambda _: True,
    ) -> None:
        self._examples, self._introduce, self._is_here = examples, introduce, is_here
        self._running: dict[str | None, Run] = {}
        self.photo = gr.State()
        with gr.Row(elem_id="bench"):
            self._lay_out()
        self._listen(demo)

    def _lay_out(self) -> None:
        with gr.Column(scale=3, min_width=320):
            self.upload = gr.File(
                label="Photo",
                file_types=sorted(INPUT_SUFFIXES),
                show_label=False,
                elem_id="photo",
            )
            with gr.Column(elem_id="examples") as self.examples:
                gr.HTML("<h2>Or try one of these</h2>")
                self.gallery = gr.Gallery(
                    [(str(path), title) for title, path in self._examples.items()],
                    columns=4,
                    allow_preview=False,
                    buttons=[],
                    show_label=False,
                    label="Example photos",
                )
            self.stage = gr.Image(
                label="Blurred photo",
                visible=False,
                interactive=False,
                buttons=["fullscreen"],
                show_label=False,
                elem_id="stage",
            )
            self.slider = gr.ImageSlider(
                label="Blurred and restored photo",
                visible=False,
                interactive=False,
                buttons=["fullscreen"],
                show_label=False,
                max_height=640,
                elem_id="slider",
            )
            self.message = gr.HTML(elem_id="message")
        with gr.Column(scale=1, min_width=300, elem_id="controls"):
            self.model = gr.Radio(MODELS, value=AUTO, label="Model")
            self.about = gr.HTML(self._introduce(AUTO), elem_id="introduction")
            self.engine = gr.Dropdown([AUTOMATIC], value=AUTOMATIC[1], label="Engine")
            self.format = gr.Dropdown(list(FORMATS.items()), value="", label="Save as")
            self.restore_button = gr.Button(
                "Restore", variant="primary", size="lg", interactive=False
            )
            self.cancel_button = gr.Button("Cancel", size="lg", visible=False)
            self.download = gr.DownloadButton("Download", visible=False, elem_id="download")

    def _listen(self, demo: gr.Blocks) -> None:
        demo.load(
            self.offer_engines,
            [self.model, self.engine],
            self.engine,
            show_progress="hidden",
            api_visibility="private",
        )
        self.model.change(
            self.introduce,
            [self.model, self.engine],
            [self.about, self.engine],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )
        self.gallery.select(self.choose_example, outputs=self.upload, api_visibility="private")
        self.upload.change(
            self.show_photo,
            self.upload,
            [
                self.photo,
                self.stage,
                self.slider,
                self.download,
                self.examples,
                self.restore_button,
                self.message,
            ],
            show_progress_on=self.message,
            concurrency_limit=OPENED_AT_ONCE,
            api_visibility="private",
        )
        buttons = [self.upload, self.restore_button, self.cancel_button]
        self.restore_button.click(
            self.start, outputs=buttons, queue=False, api_visibility="private"
        ).then(
            self.restore,
            [self.photo, self.model, self.engine, self.format],
            [self.stage, self.slider, self.download, self.message],
            show_progress_on=[self.stage, self.slider],
            concurrency_limit=PHOTOS_AT_ONCE,
            api_visibility="private",
        ).then(self.finish, outputs=buttons, queue=False, api_visibility="private")
        self.cancel_button.click(
            self.cancel, outputs=self.cancel_button, queue=False, api_visibility="private"
        )
        demo.unload(self.stop)

    def offer_engines(self, model: str, engine: str) -> gr.Dropdown:
        """The engines that run a model; the one chosen stays where it is among them."""
        choices = engine_choices(model)
        kept = engine in (value for _, value in choices)
        return gr.Dropdown(choices, value=engine if kept else AUTOMATIC[1])

    def introduce(self, model: str, engine: str) -> Updates:
        """What is good to know of a model, and what runs it."""
        return {
            self.about: self._introduce(model),
            self.engine: self.offer_engines(model, engine),
        }

    def choose_example(self, chosen: gr.SelectData) -> str:
        """The file of the example that was clicked."""
        return str(list(self._examples.values())[chosen.index])

    def show_photo(self, path: str | None) -> Updates:
        """Show what came in, or say why it cannot be used."""
        updates: Updates = {
            self.photo: None,
            self.stage: gr.Image(visible=False),
            self.slider: gr.ImageSlider(visible=False),
            self.download: gr.DownloadButton(visible=False),
            self.examples: gr.Column(visible=path is None),
            self.restore_button: gr.Button(interactive=False),
            self.message: "",
        }
        if path is None:
            return updates
        try:
            shown = new_folder() / "preview.jpg"
            opened = _open(Path(path), shown)
        except DeblurError as error:
            return updates | {self.message: failure(error)}
        return updates | {
            self.photo: Photo(Path(path), shown, opened.output),
            self.stage: gr.Image(str(shown), visible=True),
            self.restore_button: gr.Button(interactive=True),
            self.message: describe(opened),
        }

    def start(self, request: gr.Request) -> Updates:
        """Make this visitor's run one that can be cancelled, and show so."""
        self._running[request.session_hash] = self._run_of(request)
        return {
            self.upload: gr.File(interactive=False),
            self.restore_button: gr.Button(visible=False),
            self.cancel_button: gr.Button("Cancel", visible=True, interactive=True),
        }

    def restore(
        self,
        given: Photo,
        model: str,
        engine: str,
        format: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Updates:
        """Sharpen the photo and show it beside what came; the file is for downloading."""
        suffix = format or suffix_of(given.format)

        def show(done: Progress) -> None:
            left = f"about {done.seconds_left:.0f} s left"
            progress((done.tiles_done, done.tiles), desc=left, unit="tiles")

        progress(0, desc="Starting")
        run = self._running.setdefault(request.session_hash, self._run_of(request))
        run.begin()
        try:
            restored = new_folder() / f"{given.path.stem}-deblurred{suffix}"
            report = open_restorer(model, engine).restore_file(
                given.path,
                restored,
                max_pixels=MAX_PIXELS,
                on_progress=show,
                cancel=run,
            )
            shown = write_preview(decode_image(restored, max_pixels=MAX_PIXELS))
        except CancelledError:
            return {self.message: note(LATE if run.is_late else CANCELLED)}
        except DeblurError as error:
            return {self.message: failure(error)}
        return {
            self.stage: gr.Image(visible=False),
            self.slider: gr.ImageSlider((str(given.shown), str(shown)), visible=True),
            self.download: gr.DownloadButton(value=restored, visible=True),
            self.message: account_for(report),
        }

    def finish(self, request: gr.Request) -> Updates:
        """Whatever happened, give this visitor the buttons back."""
        self._running.pop(request.session_hash, None)
        return {
            self.upload: gr.File(interactive=True),
            self.restore_button: gr.Button(visible=True),
            self.cancel_button: gr.Button(visible=False),
        }

    def cancel(self, request: gr.Request) -> Updates:
        """Stop this visitor's run after the tile in work."""
        self.stop(request)
        return {self.cancel_button: gr.Button("Stopping …", interactive=False)}

    def _run_of(self, request: gr.Request) -> Run:
        session = request.session_hash
        return Run(lambda: self._is_here(session), MOST_SECONDS)

    def stop(self, request: gr.Request) -> None:
        """Stop the run of a visitor who wants it no more, or who has gone."""
        if run := self._running.get(request.session_hash):
            run.set()


def _open(photo: Path, preview: Path) -> Opened:
    """As `open_photo`, within what the page takes."""
    try:
        size = photo.stat().st_size
    except OSError as error:
        raise UnreadableImageError(
            f"{photo.name} is here no longer ({error.strerror}): choose it again"
        ) from error
    if size > MOST_BYTES:
        raise ImageTooLargeError(
            f"{photo.name} has {size / 1e6:,.0f} MB, and at most {MOST_BYTES / 1e6:,.0f} are taken"
        )
    return open_photo(photo, preview, max_pixels=MAX_PIXELS, side=PREVIEW_SIDE)
