"""One piece of a photo as several models restore it, to choose from by looking."""

from html import escape

from deblur.language import say
from deblur.page.markup.model_chooser import plain_name
from deblur.page.markup.sentences import told_seconds
from deblur.page.photo_routes import photo_address
from deblur.page.visiting.visits import Photo, Piece, Visit


def strip_html(visit: Visit, photo: Photo) -> str:
    """The pieces as buttons, each choosing its model; nothing where none were compared."""
    if not photo.compared:
        return ""
    buttons = "".join(_button(visit, photo, piece) for piece in photo.compared)
    return (
        f'<section class="strip" data-photo="{photo.id}" '
        f'aria-label="{say("The same piece by several models")}">'
        f"<h2>{say('The same piece by several models: choose the one that you like')}</h2>"
        f'<div class="pieces">{buttons}</div></section>'
    )


def _button(visit: Visit, photo: Photo, piece: Piece) -> str:
    address = photo_address(visit, photo, f"pieces/{piece.file.name}")
    told = say("whole photo: {seconds} s", seconds=told_seconds(piece.seconds))
    return (
        f'<button type="button" data-event="select" data-model="{escape(piece.model)}" '
        f'data-key="strip-{escape(piece.model)}"><img src="{address}" alt="">'
        f"<b>{escape(plain_name(piece.model))}</b>"
        f"<span>{told}</span></button>"
    )
