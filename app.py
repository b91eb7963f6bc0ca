"""The page: a blurred photo goes in, a sharper one comes out. `python app.py` serves it.

HOST and PORT say where (127.0.0.1:7860), DEBLUR_MAX_MEGAPIXELS how large a photo may be (100),
LEADERBOARD_ROOT where the board's records lie (leaderboard/data), LEADERBOARD_REPO which dataset
repository on the Hub they are shared through (none).
"""

import os
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from threading import Event, Lock
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from deblur.backends import available_engines
from deblur.catalog import CATALOG, DEFAULT_MODEL
from deblur.errors import CancelledError, DeblurError
from deblur.image_io import (
    DEFAULT_MAX_PIXELS,
    INPUT_SUFFIXES,
    DecodedImage,
    decode_image,
    output_format,
    preview_of,
    suffix_of,
    write_image,
)
from deblur.restorer import Progress, Restorer, RestoreReport
from deblur.weights import bytes_to_fetch
from leaderboard.compare_tab import TAB as COMPARE_TAB
from leaderboard.compare_tab import build_compare_tab
from leaderboard.introduction import introduction
from leaderboard.mirrored_store import open_store
from leaderboard.pictures import scored_datasets
from leaderboard.submit_tab import TAB as SUBMIT_TAB
from leaderboard.submit_tab import build_submit_tab
from leaderboard.tab import TAB, build_tab

HERE = Path(__file__).parent
EXAMPLES = {
    "Clock (a real blur)": HERE / "examples" / "clock.png",
    "Coffee": HERE / "examples" / "coffee.jpg",
    "Cat": HERE / "examples" / "chelsea.jpg",
    "Rocket": HERE / "examples" / "rocket.jpg",
}
MODELS = [(spec.title, spec.name) for spec in CATALOG.values() if spec.weights]
ENGINES = {"onnx": "ONNX Runtime", "torch": "PyTorch"}
AUTOMATIC = ("Automatic", "auto auto")
FORMATS = {
    "Same as the photo": "",
    **{name: suffix_of(name.upper()) for name in ("PNG", "JPEG", "WebP", "TIFF")},
}
MAX_PIXELS = int(float(os.environ.get("DEBLUR_MAX_MEGAPIXELS", DEFAULT_MAX_PIXELS / 1e6)) * 1e6)
PREVIEW_SIDE = 2560
PHOTOS_AT_ONCE = 2
CLEAN_EVERY, CLEAN_AFTER = 600, 3600

Updates = dict[Any, Any]


@dataclass(frozen=True)
class Photo:
    """What one visitor sent: the file as it came, a picture of it to show, its own format."""

    path: Path
    shown: Path
    format: str


_running: dict[str | None, Event] = {}
_opening = {name: Lock() for _, name in MODELS}
_restored: dict[tuple[str, Path], Path] = {}


@cache
def _restorer(model: str, engine: str, device: str) -> Restorer:
    return Restorer.open(model, engine=engine, device=device)


def open_restorer(model: str, choice: str) -> Restorer:
    """The one restorer for a model on an "engine device", opened when it is first wanted."""
    with _opening[model]:
        return _restorer(model, *choice.split())


@cache
def engine_choices() -> list[tuple[str, str]]:
    """What this machine can run, as (label, "engine device")."""
    return [AUTOMATIC] + [
        (f"{ENGINES.get(engine, engine)} on {device.upper()}", f"{engine} {device}")
        for engine, devices in available_engines().items()
        for device in devices
    ]


def restored_picture(model: str, photo: Path) -> Path:
    """A photo's file as a model restores it, kept for whoever asks next."""
    kept = _restored.get((model, photo))
    if kept is None or not kept.is_file():
        kept = new_folder() / f"{photo.stem}.png"
        open_restorer(model, AUTOMATIC[1]).restore_file(photo, kept, max_pixels=MAX_PIXELS)
        _restored[model, photo] = kept
    return kept


def write_preview(image: DecodedImage) -> Path:
    """A smaller 8-bit JPEG for the browser."""
    path = new_folder() / "preview.jpg"
    write_image(preview_of(image, PREVIEW_SIDE), path)
    return path


def new_folder() -> Path:
    """An empty folder in the cache, whose files the page deletes when they are old."""
    cache_folder = Path(get_upload_folder())
    cache_folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=cache_folder))


def choose_example(chosen: gr.SelectData) -> str:
    """The file of the example that was clicked."""
    return str(list(EXAMPLES.values())[chosen.index])


def show_photo(path: str | None) -> Updates:
    """Show what came in, or say why it cannot be used."""
    updates: Updates = {
        photo: None,
        stage: gr.Image(visible=False),
        slider: gr.ImageSlider(visible=False),
        download: gr.DownloadButton(visible=False),
        examples: gr.Column(visible=path is None),
        restore_button: gr.Button(interactive=False),
        message: "",
    }
    if path is None:
        return updates
    try:
        image = decode_image(path, max_pixels=MAX_PIXELS)
        shown = write_preview(image)
    except DeblurError as error:
        return updates | {message: failure(error)}
    return updates | {
        photo: Photo(Path(path), shown, output_format(image, None)),
        stage: gr.Image(str(shown), visible=True),
        restore_button: gr.Button(interactive=True),
        message: describe(image),
    }


def start(request: gr.Request) -> Updates:
    """Make this visitor's run one that can be cancelled, and show so."""
    _running[request.session_hash] = Event()
    return {
        upload: gr.File(interactive=False),
        restore_button: gr.Button(visible=False),
        cancel_button: gr.Button("Cancel", visible=True, interactive=True),
    }


def restore(
    given: Photo,
    model: str,
    engine: str,
    format: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> Updates:
    """Sharpen the photo and show it beside what came; the file is for downloading."""
    suffix = format or suffix_of(given.format)
    restored = new_folder() / f"{given.path.stem}-deblurred{suffix}"

    def show(done: Progress) -> None:
        left = f"about {done.seconds_left:.0f} s left"
        progress((done.tiles_done, done.tiles), desc=left, unit="tiles")

    progress(0, desc="Starting")
    try:
        report = open_restorer(model, engine).restore_file(
            given.path,
            restored,
            max_pixels=MAX_PIXELS,
            on_progress=show,
            cancel=_running.get(request.session_hash),
        )
        shown = write_preview(decode_image(restored, max_pixels=MAX_PIXELS))
    except CancelledError:
        return {message: note("Cancelled. The photo is still here.")}
    except DeblurError as error:
        return {message: failure(error)}
    return {
        stage: gr.Image(visible=False),
        slider: gr.ImageSlider((str(given.shown), str(shown)), visible=True),
        download: gr.DownloadButton(value=restored, visible=True),
        message: account_for(report),
    }


def finish(request: gr.Request) -> Updates:
    """Whatever happened, give this visitor the buttons back."""
    _running.pop(request.session_hash, None)
    return {
        upload: gr.File(interactive=True),
        restore_button: gr.Button(visible=True),
        cancel_button: gr.Button(visible=False),
    }


def cancel(request: gr.Request) -> Updates:
    """Stop this visitor's run after the tile in work."""
    stop(request)
    return {cancel_button: gr.Button("Stopping …", interactive=False)}


def stop(request: gr.Request) -> None:
    """Stop the run of a visitor who wants it no more, or who has gone."""
    if run := _running.get(request.session_hash):
        run.set()


def note(text: str) -> str:
    """A sentence for the visitor."""
    return f'<p class="note" role="status">{escape(text)}</p>'


def failure(error: DeblurError) -> str:
    """What went wrong, as a sentence that stays."""
    return f'<p class="failure" role="alert"><b>That did not work:</b> {escape(str(error))}.</p>'


def describe(image: DecodedImage) -> str:
    """What came in."""
    parts = [
        f"{image.width} × {image.height}",
        f"{image.megapixels:.1f} MP",
        image.format,
        f"{8 * image.pixels.itemsize} bits",
        *(["with transparency"] if image.alpha is not None else []),
    ]
    return note(" · ".join((*parts, *image.notes)))


def account_for(report: RestoreReport) -> str:
    """What ran, on what, and for how long."""
    facts = {
        "Model": CATALOG[report.model].title,
        "Engine": f"{ENGINES.get(report.backend, report.backend)}, {report.execution_provider}",
        "Device": f"{report.device}, {report.precision}",
        "Tiles": f"{report.tiles} of {report.tile[1]} × {report.tile[0]}",
        "Photo": f"{report.megapixels:.1f} MP",
        "Time": f"{report.seconds:.1f} s",
    }
    terms = "".join(
        f"<div><dt>{term}</dt><dd>{escape(at)}</dd></div>" for term, at in facts.items()
    )
    return f'<dl class="facts" role="status">{terms}</dl>' + "".join(map(note, report.notes))


def introduce(model: str) -> str:
    """What is good to know of a model before it is fetched."""
    spec = CATALOG[model]
    return note(introduction(spec, bytes_to_fetch(spec), board.load().rows))


HEADER = """
<header><h1>Deblur Arena</h1>
<p>Drop in a blurred photo and get a sharper one back, with nothing of the original lost.</p>
</header>
"""
FOOTER = f"""
<footer><p><b>Where photos go.</b> The machine that serves this page works on them, and they stay
on it. They are deleted about {CLEAN_AFTER // 3600} hour later, or when the page is shut down.</p>
<p><b>Licence.</b> Deblur Arena is free software under the Apache License 2.0. The example photos
are in the public domain or under CC0.</p></footer>
"""
THEME = gr.themes.Base(
    primary_hue="teal",
    neutral_hue="stone",
    radius_size="lg",
    font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
    font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
)

board = open_store()
with gr.Blocks(
    title="Deblur Arena",
    analytics_enabled=False,
    delete_cache=(CLEAN_EVERY, CLEAN_AFTER),
) as demo:
    photo = gr.State()
    gr.HTML(HEADER)
    with gr.Tabs() as tabs, gr.Tab("Restore", id="restore"), gr.Row(elem_id="bench"):
        with gr.Column(scale=3, min_width=320):
            upload = gr.File(
                label="Photo",
                file_types=sorted(INPUT_SUFFIXES),
                show_label=False,
                elem_id="photo",
            )
            with gr.Column(elem_id="examples") as examples:
                gr.HTML("<h2>Or try one of these</h2>")
                gallery = gr.Gallery(
                    [(str(path), title) for title, path in EXAMPLES.items()],
                    columns=4,
                    allow_preview=False,
                    buttons=[],
                    show_label=False,
                    label="Example photos",
                )
            stage = gr.Image(
                label="Blurred photo",
                visible=False,
                interactive=False,
                buttons=["fullscreen"],
                show_label=False,
                elem_id="stage",
            )
            slider = gr.ImageSlider(
                label="Blurred and restored photo",
                visible=False,
                interactive=False,
                buttons=["fullscreen"],
                show_label=False,
                max_height=640,
                elem_id="slider",
            )
            message = gr.HTML(elem_id="message")
        with gr.Column(scale=1, min_width=300, elem_id="controls"):
            model = gr.Radio(MODELS, value=DEFAULT_MODEL, label="Model")
            about = gr.HTML(introduce(DEFAULT_MODEL), elem_id="introduction")
            engine = gr.Dropdown([AUTOMATIC], value=AUTOMATIC[1], label="Engine")
            format = gr.Dropdown(list(FORMATS.items()), value="", label="Save as")
            restore_button = gr.Button("Restore", variant="primary", size="lg", interactive=False)
            cancel_button = gr.Button("Cancel", size="lg", visible=False)
            download = gr.DownloadButton("Download", visible=False, elem_id="download")
    with tabs, gr.Tab("Leaderboard", id=TAB):
        places = scored_datasets(os.environ.get("LEADERBOARD_DATASETS", ""))
        build_tab(demo, tabs, board, places, restored_picture, new_folder)
    with tabs, gr.Tab("Compare", id=COMPARE_TAB):
        build_compare_tab(places, restored_picture, new_folder)
    with tabs, gr.Tab("Submit", id=SUBMIT_TAB):
        build_submit_tab(board, places)
    gr.HTML(FOOTER)

    demo.load(
        lambda: gr.Dropdown(engine_choices()),
        outputs=engine,
        show_progress="hidden",
        api_visibility="private",
    )
    model.change(
        introduce,
        model,
        about,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    gallery.select(choose_example, outputs=upload, api_visibility="private")
    upload.change(
        show_photo,
        upload,
        [photo, stage, slider, download, examples, restore_button, message],
        show_progress_on=message,
        api_visibility="private",
    )
    buttons = [upload, restore_button, cancel_button]
    restore_button.click(start, outputs=buttons, queue=False, api_visibility="private").then(
        restore,
        [photo, model, engine, format],
        [stage, slider, download, message],
        show_progress_on=[stage, slider],
        concurrency_limit=PHOTOS_AT_ONCE,
        api_visibility="private",
    ).then(finish, outputs=buttons, queue=False, api_visibility="private")
    cancel_button.click(cancel, outputs=cancel_button, queue=False, api_visibility="private")
    demo.unload(stop)


def serve(host: str, port: int) -> str:
    """Start to serve the page, and return its address. Raises OSError when the port is taken."""
    address: str = demo.launch(
        server_name=host,
        server_port=port,
        theme=THEME,
        css_paths=HERE / "app.css",
        js=(HERE / "app.js").read_text(encoding="utf-8"),
        allowed_paths=[str(HERE / "examples")],
        max_file_size="1gb",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        quiet=True,
        prevent_thread_lock=True,
    )[1]
    return address


def main() -> None:
    """Serve the page until somebody stops it."""
    settings = os.environ
    host = settings.get("HOST") or settings.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = settings.get("PORT") or settings.get("GRADIO_SERVER_PORT") or "7860"
    try:
        address = serve(host, int(port))
    except (OSError, ValueError):
        sys.exit(f"cannot serve on {host}, port {port}: is it taken? Choose another with PORT=7861")
    print(f"Deblur Arena: {address}", flush=True)  # noqa: T201
    demo.block_thread()


if __name__ == "__main__":
    main()
