"""The viewer: one picture, or several of the same view, down to their pixels.

`browser/viewer.js` moves it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from deblur.language import say

LISTEN = """
element.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-event]");
  if (asked) trigger(asked.dataset.event, { ...asked.dataset });
});
element.addEventListener("change", (event) => {
  if (event.target.type === "radio") trigger("select", { value: event.target.value });
});
element.addEventListener("tell", (event) => trigger(event.detail.event, event.detail));
"""
"""What is clicked, chosen or told inside an HTML component becomes an event of it.

Never `change`, which the framework itself tells whenever the value is another.
"""


@dataclass(frozen=True)
class Picture:
    """A picture of the view: what it is called, and where a browser finds it.

    Below an address that ends in "/" lie `preview.jpg` and the pieces `LEFT-TOP-WIDTH-HEIGHT.png`;
    any other is that of the whole picture. `errors` is one to be shown in its place where asked.
    """

    title: str
    address: str
    errors: str = ""


@dataclass(frozen=True)
class Sight:
    """What is seen: pictures of one size, its sides in pixels, and where to look first.

    `piece` is a part of the photo that was restored on its own: left, top, width, height and an
    address. `piece_side` is that of the frame in which a piece can be tried, 0 where there is none;
    `can_try` tells whether several models can be, `has_strength` whether the last picture can be
    mixed with the first, `mode` how several pictures are shown to begin with. Without a `middle`
    all is seen at first. `errors` is what the pictures of that name are called.
    """

    name: str
    title: str
    width: int
    height: int
    middle: tuple[int, int] | None
    pictures: Sequence[Picture]
    piece: Mapping[str, Any] | None = None
    piece_side: int = 0
    can_try: bool = False
    has_strength: bool = False
    mode: str = "split"
    errors: str = ""


def viewer_html(seen: Sight) -> str:
    """The viewer as safe HTML."""
    told = escape(json.dumps(_told(seen)))
    state = "restored" if len(seen.pictures) > 1 else "blurred"
    return (
        f'<section class="viewer" data-state="{state}" data-seen="{told}" '
        f'aria-label="{escape(seen.title)}">{_bar(seen)}{_stage(seen)}{_below(seen)}</section>'
    )


def _told(seen: Sight) -> dict[str, Any]:
    return {
        "name": seen.name,
        "width": seen.width,
        "height": seen.height,
        "middle": seen.middle,
        "pictures": [asdict(each) for each in seen.pictures],
        "piece": seen.piece,
        "pieceSide": seen.piece_side,
        "mode": seen.mode,
    }


def _bar(seen: Sight) -> str:
    modes = {
        "split": say("Split"),
        "side": say("Side by side"),
        "hold": say("Hold to see before"),
    }
    zooms = {"fit": say("Fit"), "1": "100 %", "2": "200 %"}
    several = len(seen.pictures) > 1
    chosen = "".join(_button("mode", *each) for each in modes.items()) if several else ""
    return (
        '<div class="viewer-bar">'
        + (f'<div role="group" aria-label="{say("View")}">{chosen}</div>' if chosen else "")
        + _pair(seen.pictures)
        + f'<div role="group" aria-label="{say("Zoom")}">'
        + "".join(_button("zoom", *each) for each in zooms.items())
        + f'</div>{_errors(seen)}<output class="zoom-now" aria-live="off"></output>'
        + f'<button type="button" class="icon" data-act="fullscreen" '
        f'data-key="fullscreen" aria-label="{say("Fullscreen")}" '
        f'data-exit="{say("Exit fullscreen")}"></button></div>'
    )


def _pair(pictures: Sequence[Picture]) -> str:
    """Which two are split, or held against each other; nothing where there is no choice."""
    if len(pictures) < 3:
        return ""
    selects = [
        f'<select name="{side}" data-key="{side}" aria-label="{label}">'
        + "".join(
            f'<option value="{number}"{" selected" if number == first else ""}>'
            f"{escape(picture.title)}</option>"
            for number, picture in enumerate(pictures)
        )
        + "</select>"
        for side, label, first in (
            ("before", say("First picture"), 0),
            ("after", say("Second picture"), 1),
        )
    ]
    return f'<div class="pair">{"".join(selects)}</div>'


def _errors(seen: Sight) -> str:
    if not seen.errors:
        return ""
    box = '<input type="checkbox" name="errors" data-key="errors">'
    return f'<label class="errors">{box} {escape(seen.errors)}</label>'


def _button(kind: str, value: str, label: str) -> str:
    return (
        f'<button type="button" data-{kind}="{value}" data-key="{kind}-{value}" '
        f'aria-pressed="false">{label}</button>'
    )


def _stage(seen: Sight) -> str:
    help = say(
        "Arrow keys move the picture, plus and minus zoom, the space bar shows the original."
    )
    several = len(seen.pictures) > 1
    divider = (
        '<div class="divider" role="slider" tabindex="0" data-key="divider" '
        f'aria-label="{say("Border between before and after")}" aria-valuemin="0" '
        'aria-valuemax="100" aria-valuenow="50" aria-orientation="horizontal"></div>'
    )
    tags = "".join(
        f'<span class="tag" hidden>{escape(each.title)}</span>' for each in seen.pictures
    )
    return (
        f'<div class="stage" tabindex="0" role="group" data-key="stage" aria-label="{help}">'
        f'<canvas role="img" aria-label="{escape(seen.title)}"></canvas>{divider * several}'
        f"{tags * several}{_frame(seen)}</div>"
    )


def _frame(seen: Sight) -> str:
    """The frame of the piece to try, and what can be done with it."""
    moved = say("Frame of the piece to try. Arrow keys move it, Enter restores it.")
    frame = (
        '<div class="frame" hidden><div class="grip" tabindex="0" role="group" data-key="grip" '
        f'aria-label="{moved}"></div></div>'
    )
    trying = f'<button type="button" data-act="try" data-key="try">{say("Try this piece")}</button>'
    actions = trying + _several(seen) if seen.piece_side else ""
    return frame * bool(seen.piece_side) + f'<div class="stage-actions">{actions}</div>'


def _several(seen: Sight) -> str:
    if not seen.can_try:
        return ""
    return (
        '<button type="button" class="several" data-act="several" data-key="several">'
        f"{say('Try several models here')}</button>"
    )


def _below(seen: Sight) -> str:
    if not seen.has_strength:
        several = "" if seen.piece_side else _several(seen)
        return f'<div class="strength">{several}</div>' if several else ""
    return (
        f'<div class="strength"><label for="strength">{say("Strength")}</label>'
        '<input type="range" id="strength" name="strength" min="0" max="100" value="100" step="1" '
        f'data-key="strength"><output for="strength">100 %</output>{_several(seen)}</div>'
    )
