"""The Restore tab: which thing on it starts which work."""

from typing import Any

import gradio as gr

from deblur.page.photo_flow import PhotoFlow, Surroundings
from deblur.page.photo_view import PhotoView
from deblur.page.restorers import OFFERED
from deblur.page.visiting.visits import Visits

TAB = "restore"
PHOTOS_AT_ONCE, OPENED_AT_ONCE = 3, 4
"""Photos that are restored, and opened, beside each other; one network has all but one of each."""

_KEY = "(given, ...others) => [...window.deblurKey(), ...others]"
"""The browser's own name for its visit; a photo may come before the page knows it."""

_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_QUIET: dict[str, Any] = {"show_progress": "hidden", **_PRIVATE}
_AT_ONCE: dict[str, Any] = {"queue": False, **_QUIET}


def build_restore_tab(demo: gr.Blocks, visits: Visits, around: Surroundings, tab: gr.Tab) -> None:
    """Lay the tab out inside the current block; what it shows is renewed when it is opened."""
    view = PhotoView(visits, around.examples, around.measure, around.introduce(OFFERED[0]))
    flow = PhotoFlow(view, visits, around)
    begun = [view.key, view.engine, *view.outputs]
    demo.load(flow.begin, view.given_key, begun, js=_KEY, api_name="visit", **_QUIET)
    demo.unload(flow.leave)
    tab.select(flow.refresh, view.given_key, view.outputs, js=_KEY, **_AT_ONCE)
    _listen_to_photos(view, flow)
    _listen_to_work(view, flow)
    _listen_to_choices(view, flow)


def _listen_to_photos(view: PhotoView, flow: PhotoFlow) -> None:
    """What comes in, and which of it is looked at."""
    opening: dict[str, Any] = {
        "show_progress_on": view.message,
        "concurrency_limit": OPENED_AT_ONCE,
        "concurrency_id": "opening",
        **_PRIVATE,
    }
    taken = [view.upload, *view.outputs]
    view.upload.upload(
        flow.take, [view.given_key, view.upload], taken, js=_KEY, api_name="take", **opening
    )
    view.examples.select(flow.take_example, view.given_key, view.outputs, js=_KEY, **opening)
    view.shelf.select(flow.look_at, view.key, view.outputs, **_AT_ONCE)
    view.shelf.delete(flow.forget, view.key, view.outputs, **_AT_ONCE)


def _listen_to_work(view: PhotoView, flow: PhotoFlow) -> None:
    """What is to be restored: the photo that is looked at, all of them, or a piece."""
    wanted, begun = [view.key, view.turn], [view.turn, *view.begun]
    # Through the queue, for only there the change of a state starts something.
    starting: dict[str, Any] = {"concurrency_limit": None, **_QUIET}
    view.restore_button.click(flow.start, wanted, begun, api_name="start", **starting)
    view.shelf.submit(flow.start_all, wanted, begun, **starting)
    working: dict[str, Any] = {"concurrency_limit": PHOTOS_AT_ONCE, **_PRIVATE}
    restoring = view.turn.change(
        flow.restore,
        [view.key, view.model, view.engine, view.format, view.turn],
        [view.turn, *view.outputs],
        show_progress_on=view.message,
        concurrency_id="restoring",
        api_name="restore_next",
        **working,
    )
    trying = view.viewer.select(
        flow.try_piece,
        [view.key, view.model, view.engine],
        view.outputs,
        show_progress_on=view.message,
        concurrency_id="pieces",
        **working,
    )
    view.viewer.input(
        flow.try_models,
        view.key,
        view.outputs,
        show_progress_on=view.message,
        concurrency_id="pieces",
        **working,
    )
    view.cancel_button.click(
        flow.cancel, view.key, view.outputs, cancels=[restoring, trying], **_AT_ONCE
    )


def _listen_to_choices(view: PhotoView, flow: PhotoFlow) -> None:
    """Which model, on what, and the format of the file."""
    chosen = [view.model, view.about, view.engine]
    view.chooser.select(flow.choose, view.engine, chosen, **_AT_ONCE)
    view.strip.select(flow.choose_seen, view.engine, [*chosen, view.chooser], **_AT_ONCE)
    view.format.input(flow.save_as, [view.key, view.format], view.outputs, **_AT_ONCE)
