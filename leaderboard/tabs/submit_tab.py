"""Submit, on the page and through its API: a record or restored pictures become a row."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from deblur.errors import DeblurError
from deblur.files import without_folders
from deblur.records.run_result import RunResult
from leaderboard.errors import Complaint, SubmissionError
from leaderboard.intake.harness import run_harness
from leaderboard.intake.pictures import score_pictures
from leaderboard.intake.submission import MOST_BYTES, examine
from leaderboard.store.entries import Entry, History
from leaderboard.store.folder_store import FolderStore
from leaderboard.tabs.run_page import run_html

TAB = "submit"
AT_ONCE = 3
"""Submissions that are looked at beside each other."""

MOST_SECONDS = 1800
"""Time that the pictures of a submission may take to be scored."""

INTRODUCTION = """
<p class="note">Measure your model with <code>python -m benchmarks run --model … --dataset …</code>
and hand in the record that it writes, or hand in a zip with a restored picture for every id of a
dataset, which is scored here. What you hand in is shown as self-reported until it was measured
again.</p>
"""


def build_submit_tab(
    store: FolderStore,
    known: Mapping[str, Path | None],
    is_here: Callable[[str | None], bool] = lambda _: True,
) -> None:
    """Lay out the tab inside the current block; its two buttons are the API's /check and /submit.

    `known` are the datasets whose pictures can be scored here, for as long as `is_here` tells of a
    session that its visitor waits. LEADERBOARD_MODERATED=1 makes
    what is handed in wait until somebody accepts it.
    """
    moderated = os.environ.get("LEADERBOARD_MODERATED") == "1"
    fields, check, send = _form(known)
    told = gr.HTML(elem_id="submission-told")
    outcome = gr.JSON(visible=False)

    def answering(keep: bool) -> Callable[..., list[Any]]:
        def answer(
            file: str | None,
            model: str,
            dataset: str,
            licence: str,
            training_data: str,
            contact: str,
            link: str,
            note: str,
            request: gr.Request,
        ) -> list[Any]:
            about = {
                "licence": licence,
                "training_data": training_data,
                "contact": contact,
                "link": link,
                "note": note,
            }
            run = partial(
                run_harness,
                seconds=MOST_SECONDS,
                is_wanted=lambda: is_here(request.session_hash),
            )
            handed_in = partial(_content, file, model, dataset, known, run)
            return _answer(store, handed_in, about, keep=keep, moderated=moderated)

        return answer

    for button, keep, description in (
        (check, False, "Say what is wrong with a submission, or what row it would make."),
        (send, True, "Keep a submission as a self-reported row, or say all that is wrong with it."),
    ):
        button.click(
            answering(keep),
            fields,
            [outcome, told],
            api_name="submit" if keep else "check",
            api_description=description,
            concurrency_id="submission",
            concurrency_limit=AT_ONCE,
            show_progress_on=told,
        )


def _answer(
    store: FolderStore,
    handed_in: Callable[[], tuple[str | bytes, bool]],
    about: Mapping[str, str],
    *,
    keep: bool,
    moderated: bool,
) -> list[Any]:
    """What the API and the page are told of a submission, which is kept or only looked at."""
    said: list[str] = []
    try:
        content, scored_here = handed_in()
        look = partial(examine, moderated=moderated, scored_here=scored_here, tell=said.append)
        entry = look(content, about, store.load())
        if keep:
            store.add(entry)
    except SubmissionError as error:
        return [_refusal(error), _told_wrong(error)]
    except (OSError, DeblurError) as trouble:
        refusal = SubmissionError([Complaint("board", _sentence(trouble))])
        return [_refusal(refusal), _told_wrong(refusal)]
    return [_acceptance(entry, said, kept=keep), _told_right(entry, said, kept=keep)]


def _form(known: Mapping[str, Path | None]) -> tuple[list[Any], gr.Button, gr.Button]:
    """What is asked for, in the order of an answer's arguments, and the two buttons."""
    gr.HTML(INTRODUCTION)
    with gr.Row(elem_id="submission"):
        with gr.Column(min_width=320):
            file = gr.File(label="Record (.json) or pictures (.zip)", file_types=[".json", ".zip"])
            with gr.Group(visible=False) as for_pictures:
                model = gr.Textbox("", label="Model", placeholder="what restored the pictures")
                dataset = gr.Dropdown(list(known), label="Dataset", value=next(iter(known)))
        with gr.Column(min_width=320):
            licence = gr.Textbox(label="Licence", placeholder="of the weights: MIT, CC BY 4.0 …")
            training_data = gr.Textbox(
                label="Training data", placeholder="datasets and their splits: GoPro train"
            )
            contact = gr.Textbox(label="Contact", placeholder="whom to ask; the board shows it")
            link = gr.Textbox(
                "",
                label="Link",
                placeholder="owner/name@revision on the Hub, or https://… (optional)",
            )
            note = gr.Textbox("", label="Note", placeholder="anything else, in a line (optional)")
            with gr.Row():
                check = gr.Button("Check")
                send = gr.Button("Submit", variant="primary")
    file.change(
        lambda path: gr.Group(visible=bool(path) and str(path).endswith(".zip")),
        file,
        for_pictures,
        api_visibility="private",
    )
    fields: list[Any] = [file, model, dataset, licence, training_data, contact, link, note]
    return fields, check, send


def _content(
    path: str | None,
    model: str,
    dataset: str,
    known: Mapping[str, Path | None],
    run: Callable[..., RunResult],
) -> tuple[str | bytes, bool]:
    """The record that was handed in, or that of the pictures; whether it was made here."""
    if path is None:
        raise SubmissionError([Complaint("file", "is missing; choose a record or a zip")])
    file = Path(path)
    if file.suffix.lower() == ".zip":
        return score_pictures(file, model, dataset, known, run).to_json(), True
    with file.open("rb") as stream:
        return stream.read(MOST_BYTES + 1), False


def _sentence(trouble: OSError | DeblurError) -> str:
    """What kept the board from taking something, without a folder of its machine."""
    reason = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
    return f"cannot take it now ({without_folders(str(reason))}); try again later"


def _refusal(error: SubmissionError) -> dict[str, Any]:
    complaints = [{"field": each.field, "sentence": each.sentence} for each in error.complaints]
    return {"kept": False, "complaints": complaints}


def _acceptance(entry: Entry, said: Sequence[str], *, kept: bool) -> dict[str, Any]:
    return {
        "kept": kept,
        "id": entry.id,
        "waiting": entry.moderated,
        "complaints": [],
        "notes": [*said],
        "means": {name: mean.value for name, mean in entry.record.means.items()},
    }


def _told_wrong(error: SubmissionError) -> str:
    items = "".join(
        f"<li><b>{escape(each.field)}</b> {escape(each.sentence)}</li>" for each in error.complaints
    )
    return (
        '<div class="failure" role="alert"><b>Not fit for the board yet.</b> Nothing was kept, and '
        f"what you wrote is still here.<ul>{items}</ul></div>"
    )


def _told_right(entry: Entry, said: Sequence[str], *, kept: bool) -> str:
    name, id = escape(entry.record.dataset.name), entry.id
    if not kept:
        sentence = "Nothing is wrong with it. This is the row that it would make:"
    elif entry.moderated:
        sentence = f"Kept as {id}; it waits until whoever runs the board accepts it."
    else:
        sentence = f'On the board: <a href="?board={name}&amp;run={id}">{id}</a>.'
    notes = "".join(f'<p class="note">{escape(each)}</p>' for each in said)
    return f'<p class="success" role="status">{sentence}</p>{notes}{run_html(entry, History())}'
