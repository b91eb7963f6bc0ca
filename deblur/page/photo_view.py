"""What is laid out in the Restore tab, and how a visit is shown there."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from deblur.errors import DeblurError
from deblur.image_io import OUTPUT_FORMATS
from deblur.image_io.signatures import title_of
from deblur.language import say
from deblur.page.markup.model_chooser import Measure, chooser_html
from deblur.page.markup.sentences import (
    account_for,
    describe,
    failure,
    outcome,
    piece_told,
    saved_as,
)
from deblur.page.markup.shelf import shelf_html
from deblur.page.markup.strip import strip_html
from deblur.page.markup.viewer import LISTEN, Picture, Sight, viewer_html
from deblur.page.photo_routes import photo_address
from deblur.page.restorers import AUTOMATIC, OFFERED
from deblur.page.restoring import PIECE, check_format
from deblur.page.visiting.visits import Photo, Piece, Visit, Visits

Updates = dict[Any, Any]


class PhotoView:
    """Lays the tab out inside the current block, and shows visits there.

    `outputs` is what `show` and a model that has come change, `begun` what `begin` does.
    """

    def __init__(
        self, visits: Visits, examples: Mapping[str, Path], measure: Measure, about: str
    ) -> None:
        self._visits = visits
        self.given_key = gr.Textbox(visible=False)
        self.key, self.model, self.turn = gr.State(""), gr.State(OFFERED[0]), gr.State(0)
        with gr.Column(elem_id="bench"):
            self._lay_out_photos(examples)
            self._lay_out_actions()
            self._lay_out_choices(measure, about)
        self.outputs = [
            *(self.examples, self.shelf, self.message, self.viewer, self.strip, self.account),
            *(self.restore_button, self.cancel_button, self.download, self.format),
            *(self.chooser, self.about),
        ]
        self.begun = [self.shelf, self.message, self.restore_button, self.cancel_button]

    def _lay_out_photos(self, examples: Mapping[str, Path]) -> None:
        self.upload = gr.File(
            label=say("Photos"), file_count="multiple", show_label=False, elem_id="photo"
        )
        self.shelf = _html("shelf")
        self.message = _html("message")
        self.examples = _html("examples", _examples(examples))
        self.viewer = _html("viewer")
        self.strip = _html("strip")

    def _lay_out_actions(self) -> None:
        with gr.Row(elem_id="actions"):
            self.restore_button = gr.Button(
                say("Restore"), variant="primary", size="lg", interactive=False, elem_id="restore"
            )
            self.cancel_button = gr.Button(
                say("Cancel"), size="lg", visible=False, elem_id="cancel"
            )
            self.download = _html("download")
            self.format = gr.Dropdown(
                _formats(say("Same as the photo")),
                value="",
                label=say("Save as"),
                elem_id="format",
                min_width=160,
            )

    def _lay_out_choices(self, measure: Measure, about: str) -> None:
        self.account = _html("account")
        with gr.Column(elem_id="controls"):
            self.chooser = _html("chooser", chooser_html(OFFERED, OFFERED[0], measure))
            self.about = _html("introduction", about)
            with gr.Accordion(say("Advanced"), open=False, elem_id="advanced"):
                self.engine = gr.Dropdown(
                    [(say("Automatic"), AUTOMATIC)], value=AUTOMATIC, label=say("Engine")
                )

    def show(self, visit: Visit) -> Updates:
        """The visit as it is now."""
        photo = visit.photo
        own = saved_as(photo.opened) if photo else say("Same as the photo")
        return {
            self.examples: gr.HTML(visible=not visit.photos),
            self.shelf: shelf_html(self._visits, visit),
            self.message: _message(visit),
            self.viewer: viewer_html(_sight(visit, photo)) if photo else "",
            self.strip: strip_html(visit, photo) if photo else "",
            self.account: _account(visit),
            self.restore_button: gr.Button(visible=not visit.works, interactive=photo is not None),
            self.cancel_button: gr.Button(visible=visit.works),
            self.download: _download(visit, photo),
            self.format: gr.Dropdown(_formats(own)),
        }

    def begin(self, visit: Visit) -> Updates:
        """As little of `show` as tells that work begins."""
        shown = self.show(visit)
        return {each: shown[each] for each in self.begun}


def _html(name: str, value: str = "") -> gr.HTML:
    return gr.HTML(value, js_on_load=LISTEN, elem_id=name, apply_default_css=False)


def _formats(own: str) -> list[tuple[str, str]]:
    return [(own, ""), *((title_of(each), each) for each in sorted(OUTPUT_FORMATS, key=title_of))]


def _examples(examples: Mapping[str, Path]) -> str:
    """Photos to try the page with, as buttons; a thumbnail has the photo's name."""
    buttons = "".join(
        f'<button type="button" data-event="select" data-example="{number}" '
        f'data-key="example-{number}">'
        f'<img src="browser/examples/{escape(path.name)}" alt=""><span>{escape(title)}</span>'
        "</button>"
        for number, (title, path) in enumerate(examples.items())
    )
    told = say("Or try one of these. Right of the line: the restored photo")
    return f'<h2>{told}</h2><div class="examples">{buttons}</div>'


def _message(visit: Visit) -> str:
    troubles, photo = "".join(map(failure, visit.troubles)), visit.photo
    if photo is None:
        return troubles
    told = outcome(photo.trouble) if photo.trouble else ""
    unsaved = ""
    if photo.result and (trouble := _unsaved(photo, visit.format)) and not photo.trouble:
        unsaved = failure(trouble)
    return troubles + told + unsaved + describe(photo) + piece_told(photo)


def _account(visit: Visit) -> str:
    photo = visit.photo
    if photo is None or photo.result is None:
        return ""
    return account_for(photo.result.report_as(visit.format or photo.opened.output))


def _unsaved(photo: Photo, format: str) -> DeblurError | None:
    try:
        check_format(photo.opened, format)
    except DeblurError as error:
        return error
    return None


def _sight(visit: Visit, photo: Photo) -> Sight:
    opened, result = photo.opened, photo.result
    large = max(opened.width, opened.height) > PIECE
    last = photo.pieces[-1] if photo.pieces and not result else None
    pictures = [Picture(say("Before"), photo_address(visit, photo, "before/"))]
    if result:
        pictures += [Picture(say("After"), photo_address(visit, photo, f"{result.number}/"))]
    return Sight(
        name=photo.id,
        title=photo.name,
        width=opened.width,
        height=opened.height,
        middle=opened.middle,
        pictures=pictures,
        piece=_placed(last, photo_address(visit, photo, "pieces/")) if last else None,
        piece_side=PIECE if large and not result else 0,
        can_try=True,
        has_strength=result is not None,
    )


def _placed(piece: Piece, address: str) -> dict[str, Any]:
    return {
        "left": piece.left,
        "top": piece.top,
        "width": piece.width,
        "height": piece.height,
        "address": address + piece.file.name,
    }


def _download(visit: Visit, photo: Photo | None) -> str:
    if photo is None or photo.result is None or _unsaved(photo, visit.format):
        return ""
    address = photo_address(visit, photo, f"{photo.result.number}/download")
    format = title_of(visit.format or photo.opened.output)
    return (
        f'<a class="button" href="{address}?format={visit.format}&amp;strength=100" download '
        f'data-strength data-key="download">{say("Download")} <small>{format}</small></a>'
        f'<button type="button" class="button" data-act="copy" data-key="copy" hidden '
        f'data-strength="{address}?format=PNG&amp;strength=100" '
        f'data-done="{say("Copied")}">{say("Copy")}</button>'
    )
