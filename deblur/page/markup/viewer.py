"""The viewer: one picture, or two of the same view, down to their pixels.

`browser/viewer.js` moves it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
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
class Sight:
    """What is seen: addresses that end in "/", sides in pixels, and where to look first.

    Below an address lie `preview.jpg` and the pieces `LEFT-TOP-WIDTH-HEIGHT.png`. `piece` is a
    part of the photo that was restored on its own: left, top, width, height and an address.
    `piece_side` is that of the frame in which a piece can be tried, 0 where there is none;
    `can_try` tells whether several models can be.
    """

    name: str
    title: str
    width: int
    height: int
    middle: tuple[int, int]
    before: str
    after: str = ""
    piece: Mapping[str, Any] | None = None
    piece_side: int = 0
    can_try: bool = True


def viewer_html(seen: Sight) -> str:
    """The viewer as safe HTML."""
    told = escape(json.dumps(_told(seen)))
    state = "restored" if seen.after else "blurred"
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
        "before": seen.before,
        "after": seen.after,
        "piece": seen.piece,
        "pieceSide": seen.piece_side,
    }


def _bar(seen: Sight) -> str:
    modes = {
        "split": say("Split"),
        "side": say("Side by side"),
        "hold": say("Hold to see before"),
    }
    zooms = {"fit": say("Fit"), "1": "100 %", "2": "200 %"}
    chosen = "".join(_button("mode", *each) for each in modes.items()) if seen.after else ""
    return (
        '<div class="viewer-bar">'
        + (f'<div role="group" aria-label="{say("View")}">{chosen}</div>' if chosen else "")
        + f'<div role="group" aria-label="{say("Zoom")}">'
        + "".join(_button("zoom", *each) for each in zooms.items())
        + '</div><output class="zoom-now" aria-live="off"></output>'
        + f'<button type="button" class="icon" data-act="fullscreen" '
        f'data-key="fullscreen" aria-label="{say("Fullscreen")}" '
        f'data-exit="{say("Exit fullscreen")}"></button></div>'
    )


def _button(kind: str, value: str, label: str) -> str:
    return (
        f'<button type="button" data-{kind}="{value}" data-key="{kind}-{value}" '
        f'aria-pressed="false">{label}</button>'
    )


def _stage(seen: Sight) -> str:
    help = say("Arrow keys move the picture, plus and minus zoom, space shows it as it was.")
    divider = (
        '<div class="divider" role="slider" tabindex="0" data-key="divider" '
        f'aria-label="{say("Border between before and after")}" aria-valuemin="0" '
        'aria-valuemax="100" aria-valuenow="50" aria-orientation="horizontal"></div>'
        if seen.after
        else ""
    )
    return (
        f'<div class="stage" tabindex="0" role="group" data-key="stage" aria-label="{help}">'
        f'<canvas role="img" aria-label="{escape(seen.title)}"></canvas>{divider}'
        f'<span class="tag before" hidden>{say("Before")}</span>'
        f'<span class="tag after" hidden>{say("After")}</span>{_frame(seen)}</div>'
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
    if not seen.after:
        return "" if seen.piece_side else f'<div class="strength">{_several(seen)}</div>'
    return (
        f'<div class="strength"><label for="strength">{say("Strength")}</label>'
        '<input type="range" id="strength" name="strength" min="0" max="100" value="100" step="1" '
        f'data-key="strength"><output for="strength">100 %</output>{_several(seen)}</div>'
    )
