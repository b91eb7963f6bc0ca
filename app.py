"""The page: a blurred photo goes in, a sharper one comes out. `python app.py` serves it.

HOST and PORT say where (127.0.0.1:7860), DEBLUR_MAX_MEGAPIXELS how large a photo may be (100),
LEADERBOARD_ROOT where the board's records lie (leaderboard/data), LEADERBOARD_REPO which dataset
repository on the Hub they are shared through (none), JUDGE_PHOTOS which folder's photos people are
shown to judge (those that come with the project), PAGE_GIGABYTES how much of visitors' files is
kept (20). What visitors send and get lies in a folder of this process below GRADIO_TEMP_DIR (the
system's folder for temporary files), and goes with it.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from deblur.extras import lack_of

if _lacking := lack_of("the page", "gradio", "pandas", "plotly", "pyarrow", extra="page"):
    sys.exit(_lacking)

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from deblur.catalog import AUTO, CATALOG
from deblur.errors import DeblurError
from deblur.language import Language, say, speaking, spoken_now
from deblur.page.calls import offer_calls
from deblur.page.documents import Documents
from deblur.page.languages import IN_HTML, TITLE, Languages, give_languages, path_of
from deblur.page.markup.model_chooser import Measured
from deblur.page.markup.sentences import note
from deblur.page.own_photos import OwnPhotos
from deblur.page.photo_flow import Surroundings
from deblur.page.photo_routes import photo_routes
from deblur.page.restore_tab import TAB as RESTORE_TAB
from deblur.page.restore_tab import build_restore_tab
from deblur.page.restorers import new_folder, restored_picture
from deblur.page.visiting.doors import Doors, page_policy
from deblur.page.visiting.intake import MAX_BYTES
from deblur.page.visiting.page_folder import QUOTA_BYTES, claim_folder
from deblur.page.visiting.turns import take_turns
from deblur.page.visiting.visitors import Visitors, WatchStreams
from deblur.page.visiting.visits import Visits
from deblur.weights import bytes_to_fetch
from leaderboard.intake.pictures import scored_datasets
from leaderboard.judging.questions import photos_to_judge
from leaderboard.store.mirrored_store import open_store
from leaderboard.tabs.board_call import offer_board
from leaderboard.tabs.compare_tab import TAB as COMPARE_TAB
from leaderboard.tabs.compare_tab import build_compare_tab
from leaderboard.tabs.introduction import gain_and_time, introduction
from leaderboard.tabs.judging_tab import TAB as JUDGE_TAB
from leaderboard.tabs.judging_tab import build_judging_tab
from leaderboard.tabs.leaderboard_tab import TAB, build_tab, prepare
from leaderboard.tabs.submit_tab import TAB as SUBMIT_TAB
from leaderboard.tabs.submit_tab import build_submit_tab

HERE = Path(__file__).parent
BROWSER = HERE / "browser"
"""Styles, scripts and pictures of the page itself."""
EXAMPLES = {
    name: HERE / "examples" / name for name in ("stream.jpg", "print.jpg", "fig.jpg", "coffee.jpg")
}
NAMES = {Language.english: "English", Language.chinese: "中文"}
SWEEP_SECONDS, KEEP_SECONDS = 600, 3600
MAX_PORT = 65535
ON_SPACE = "SPACE_ID" in os.environ
MAX_ZIP_BYTES = 1_000_000_000
"""Bytes of an upload where more than the embedded dataset can be scored."""
Value = TypeVar("Value")


def introduce(model: str) -> str:
    """What is good to know of a model before it is fetched."""
    if model == AUTO:
        return note(say("Examines the photo first, then picks the model for its kind of blur."))
    spec = CATALOG[model]
    return note(introduction(spec, bytes_to_fetch(spec), board.load().rows))


def measured(model: str) -> Measured:
    """What the board knows of a model, on the first dataset that everything is measured on."""
    return Measured(*gain_and_time(model, next(iter(places)), board.load().rows))


def setting(name: str, read: Callable[[str], Value]) -> Value:
    """What an environment variable means; a sentence ends the program when it means nothing."""
    try:
        return read(os.environ.get(name, ""))
    except (DeblurError, ValueError) as error:
        sys.exit(f"{name}: {str(error).removeprefix(f'{name}: ')}")


def bytes_of(gigabytes: str) -> int:
    """How many bytes are kept. Raises ValueError for what is no number above 0."""
    found = int(float(gigabytes or QUOTA_BYTES / 1e9) * 1e9)
    if found <= 0:
        raise ValueError(f"{gigabytes!r} is not a number of gigabytes above 0")
    return found


def header() -> str:
    """The top of the page, with the way to its other languages."""
    others = "".join(
        f'<a href="?lang={each}" hreflang="{IN_HTML[each]}" lang="{IN_HTML[each]}">{name}</a>'
        for each, name in NAMES.items()
        if each is not spoken_now()
    )
    promise = say(
        "Drop in a blurred photo and get a sharper one back, with nothing of the original lost."
    )
    return (
        f"{_words_of_styles()}<header><div><h1>{TITLE}</h1><p>{promise}</p></div>"
        f'<nav class="languages" aria-label="{say("Language")}">{others}</nav></header>'
    )


def _words_of_styles() -> str:
    """What the styles write, in the language that is spoken now."""
    words = {
        "choose": say("Choose photos"),
        "formats": say("or drop them here, or paste one")
        + "\n"
        + say(
            "JPEG, PNG, WebP, TIFF, HEIC, AVIF, JPEG XL, BMP or GIF: 16 bits, transparency and "
            "metadata are kept"
        ),
        "add": say("Add photos"),
    }
    styles = " ".join(
        f"--photo-{name}: {json.dumps(text, ensure_ascii=False)};".replace("\\n", "\\a ")
        for name, text in words.items()
    )
    return f"<style>:root {{ {styles} }}</style>"


def footer() -> str:
    """The bottom of the page: where photos go, and under which terms."""
    stay = say(
        "The machine that serves this page restores them, and they do not leave it. They are "
        "deleted after about {hours} hour, or when the page is shut down.",
        hours=KEEP_SECONDS // 3600,
    )
    licence = say(
        "Deblur Arena is free software under the Apache License 2.0. Example photos: stream by "
        "Aitzol Berasategi and fig by Trevor “Freespace”, CC BY 4.0; coffee by Rachel Michetti, "
        "CC0. All were blurred by us."
    )
    return (
        f"<footer><p><b>{say('Where photos go.')}</b> {stay}</p>"
        f"<p><b>{say('Licence.')}</b> {licence}</p>"
        f'<p class="links"><b>{say("Read more.")}</b> {documents.links()}</p></footer>'
    )


THEME = gr.themes.Base(
    primary_hue="teal",
    neutral_hue="stone",
    radius_size="lg",
    font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
    font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
)

folder = claim_folder(quota=setting("PAGE_GIGABYTES", bytes_of), keep=KEEP_SECONDS)
visitors = Visitors()
visits = Visits(folder.work / "photos", KEEP_SECONDS, has_room=folder.has_room)
own = OwnPhotos(visits, visitors.is_here)
board = open_store()
documents = Documents(HERE)
demo = gr.Blocks(title=TITLE, analytics_enabled=False)
places = setting("LEADERBOARD_DATASETS", scored_datasets)
photos = setting("JUDGE_PHOTOS", photos_to_judge)


def around() -> Surroundings:
    """What the tab that restores gets from the rest of the page."""
    titles = {
        "stream.jpg": say("Stream, shaken"),
        "print.jpg": say("Page of print"),
        "fig.jpg": say("Fig, out of focus"),
        "coffee.jpg": say("Coffee, shaken"),
    }
    examples = {titles[name]: path for name, path in EXAMPLES.items()}
    return Surroundings(examples, introduce, measured, is_here=visitors.is_here)


def lay_out() -> None:
    """The page in the language that is spoken now, inside the current block."""
    gr.HTML(header())
    with gr.Tabs() as tabs, gr.Tab(say("Restore"), id=RESTORE_TAB) as restoring:
        build_restore_tab(demo, visits, around(), restoring)
    with tabs, gr.Tab(say("Leaderboard"), id=TAB) as ranked:
        build_tab(demo, tabs, ranked, board, places, restored_picture, new_folder)
    with tabs, gr.Tab(say("Compare"), id=COMPARE_TAB) as compared:
        build_compare_tab(places, restored_picture, new_folder, compared, own)
    with tabs, gr.Tab(say("Judge"), id=JUDGE_TAB) as judge:
        build_judging_tab(judge, board, photos, restored_picture, new_folder)
    with tabs, gr.Tab(say("Submit"), id=SUBMIT_TAB):
        build_submit_tab(board, places, visitors.is_here)
    gr.HTML(footer())


demo.pages[0] = ("", NAMES[Language.english], False)
for language in Language:
    page = demo.route(NAMES[language], path_of(language), False) if path_of(language) else demo
    with speaking(language), page:
        if language is Language.english:
            offer_calls(visits, visitors.is_here)
            offer_board(board)
        lay_out()
give_languages(demo)
queue = take_turns(demo, visitors)


def serve(host: str, port: int) -> str:
    """Start to serve the page, and return its address. Raises OSError when the port is taken."""
    folder.sweep_often(SWEEP_SECONDS)
    Thread(target=prepare, args=[board], daemon=True).start()
    most = MAX_ZIP_BYTES if any(places.values()) else MAX_BYTES
    policy = page_policy("'self' https://huggingface.co" if ON_SPACE else "'self'")
    tools = _tools(host)
    address: str = demo.launch(
        server_name=host,
        server_port=port,
        theme=THEME,
        css_paths=sorted(BROWSER.glob("*.css")),
        max_file_size=most,
        app_kwargs={
            **({"lifespan": tools.running} if tools else {}),
            "routes": [
                *photo_routes(visits),
                *documents.routes,
                *(tools.routes if tools else []),
                Mount("/browser", StaticFiles(directory=BROWSER)),
            ],
            "middleware": [
                Middleware(Languages),
                Middleware(Doors, folder=folder, most=most, policy=policy),
                Middleware(WatchStreams, visitors=visitors),
            ],
        },
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        quiet=True,
        prevent_thread_lock=True,
    )[1]
    return address


def _tools(host: str) -> Any:
    """The page's calls as tools, where the extra `mcp` is installed."""
    if lack_of("the tools", "mcp", extra="mcp"):
        return None
    from deblur.page.tools import Tools

    return Tools(queue, host)


def port_of(text: str) -> int:
    """A port's number; a sentence ends the program where it is none."""
    if not text.isdecimal() or int(text) > MAX_PORT:
        sys.exit(f"PORT: {text!r} is not a port; give a number up to {MAX_PORT}, such as 7861")
    return int(text)


def stop(*_: object) -> None:
    """End the program as it ends by itself: what visitors sent is deleted."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


def main() -> None:
    """Serve the page until somebody stops it."""
    settings = os.environ
    if ON_SPACE:  # all visitors come through the Space's proxy, which says who they are
        settings.setdefault("FORWARDED_ALLOW_IPS", "*")
    signal.signal(signal.SIGTERM, stop)
    folder.take_temporary_files()
    host = settings.get("HOST") or settings.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = settings.get("PORT") or settings.get("GRADIO_SERVER_PORT") or "7860"
    try:
        address = serve(host, port_of(port))
    except (OSError, ValueError):
        sys.exit(f"cannot serve on {host}, port {port}: is it taken? Choose another with PORT=7861")
    print(f"Deblur Arena: {address}", flush=True)  # noqa: T201
    try:
        demo.block_thread()
    finally:
        demo.close(verbose=False)
        folder.remove()


if __name__ == "__main__":
    main()
