"""A photo as several models restore it: one viewer for all, and a line for each picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from deblur.language import say
from deblur.page.markup.viewer import Sight, viewer_html


@dataclass(frozen=True)
class Line:
    """What is known of a picture, and where its file is, if it can be had."""

    title: str
    told: str = ""
    download: str = ""


def compared_html(seen: Sight, lines: Sequence[Line]) -> str:
    """The viewer as safe HTML, with the lines below it."""
    items = "".join(map(_item, lines))
    return f'{viewer_html(seen)}<ul class="compared">{items}</ul>'


def _item(line: Line) -> str:
    link = ""
    if line.download:
        name = say("Download what {model} made", model=line.title)
        link = (
            f'<a class="button" href="{escape(line.download)}" aria-label="{escape(name)}" '
            f"download>{say('Download')}</a>"
        )
    return f"<li><b>{escape(line.title)}</b> <span>{escape(line.told)}</span>{link}</li>"
