"""The restorers that serve the page: one for each model and engine, opened when first wanted."""

import os
import sys
from pathlib import Path
from threading import Event, Lock

import gradio as gr
from gradio.utils import get_upload_folder

from deblur.backends import available_engines
from deblur.catalog import AUTO, CATALOG
from deblur.image_io import DEFAULT_MAX_PIXELS
from deblur.language import say
from deblur.page.arriving import Arrivals
from deblur.page.visiting.page_folder import folder_in
from deblur.restorer import Restorer
from deblur.restoring.guide import GUIDED


def _pixels_of(megapixels: str) -> int:
    """The largest photo's pixels; a sentence ends the program where that is no number above 0."""
    try:
        pixels = int(float(megapixels or DEFAULT_MAX_PIXELS / 1e6) * 1e6)
    except (ValueError, OverflowError):
        pixels = 0
    if not 0 < pixels <= 10**12:
        sys.exit(
            f"DEBLUR_MAX_MEGAPIXELS: {megapixels!r} is not a number of megapixels above 0; "
            "give one, such as 100"
        )
    return pixels


OFFERED = [AUTO, *(spec.name for spec in CATALOG.values() if spec.weights)]
"""The models by name, the one to recommend first."""
COMPARED_MODELS = [name for name in OFFERED if name.startswith("residual-unet-")]
"""Models that are here and quick, and can be tried on a piece one after the other."""
ENGINES = {"onnx": "ONNX Runtime", "openvino": "OpenVINO", "torch": "PyTorch"}
AUTOMATIC, FASTER = "auto auto", "auto auto fast"
MAX_PIXELS = _pixels_of(os.environ.get("DEBLUR_MAX_MEGAPIXELS", ""))
MAX_BYTES = 1_000_000_000
"""Memory of the page's process above which restorers are let go, until one is left."""
MAX_OPEN = 2
"""Restorers that are held where the system does not tell how much memory a process has."""

_arrivals = Arrivals()
_opening = {name: Lock() for name in OFFERED}
_open: dict[tuple[str, str], Restorer] = {}
_changing = Lock()
_restored: dict[tuple[str, Path], Path] = {}


def open_restorer(model: str, choice: str, cancel: Event | None = None) -> Restorer:
    """The one restorer for a model and a choice of engine, opened when it is first wanted.

    The page keeps as many as MAX_BYTES allow, those that were wanted last. Where the model has to
    be fetched, the visitor sees how much of it has come; `cancel` ends that.
    """
    if model != AUTO:
        _arrivals.wait_for(CATALOG[model], _show_bytes, cancel or Event())
    with _opening[model]:
        restorer = _open.pop((model, choice), None) or _opened(model, choice)
        with _changing:
            _open[model, choice] = restorer
            while len(_open) > 1 and _is_too_much():
                del _open[next(iter(_open))]
        return restorer


def _show_bytes(came: int, total: int) -> None:
    """Show how much of a model has come, where the visitor whose request this is looks."""
    told = say(
        "Fetching the model: {came} of {total} MB",
        came=f"{came / 1e6:.1f}",
        total=f"{total / 1e6:.1f}",
    )
    gr.Progress()(came / total if total else 0.0, desc=told)


def _is_too_much(status: Path = Path("/proc/self/statm")) -> bool:
    """A restorer's memory is its engine's own: only the whole process can be measured."""
    if not status.exists():
        return len(_open) > MAX_OPEN
    pages = int(status.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") > MAX_BYTES


def _opened(model: str, choice: str) -> Restorer:
    engine, device, *fast = choice.split()
    return Restorer.open(model, engine=engine, device=device, fast=bool(fast))


def engine_choices(model: str) -> list[tuple[str, str]]:
    """What this machine can run a model on, as (label, "engine device [fast]")."""
    picked_from = GUIDED if model == AUTO else (model,)
    at_int8 = all("int8" in CATALOG[each].precisions for each in picked_from)
    faster = [(say("Faster, nearly the same"), FASTER)] if at_int8 else []
    return [(say("Automatic"), AUTOMATIC), *faster, *_engines()]


def _engines() -> list[tuple[str, str]]:
    return [
        (
            say("{engine} on {device}", engine=ENGINES.get(engine, engine), device=device.upper()),
            f"{engine} {device}",
        )
        for engine, devices in available_engines().items()
        for device in devices
    ]


def restored_picture(model: str, photo: Path) -> Path:
    """A photo's file as a model restores it, kept for the next visitor who asks."""
    kept = _restored.get((model, photo))
    if kept is None or not kept.is_file():
        kept = new_folder() / f"{photo.stem}.png"
        open_restorer(model, AUTOMATIC).restore_file(photo, kept, max_pixels=MAX_PIXELS)
        _restored[model, photo] = kept
    return kept


def new_folder() -> Path:
    """An empty folder in the page's own, whose files it deletes when they are old.

    Raises OutputError where there is no room.
    """
    return folder_in(Path(get_upload_folder()))
