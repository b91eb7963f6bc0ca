"""Submit, on the page and through its API: a record or restored pictures become a row."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from deblur.errors import DeblurError
from deblur.files import without_folders
from deblur.language import say
from deblur.records.run_result import RunResult
from leaderboard.errors import Complaint, SubmissionError
from leaderboard.intake.harness import run_harness
from leaderboard.intake.pictures import score_pictures
from leaderboard.intake.submission import MAX_RECORD_BYTES, examine, parse_about
from leaderboard.store.entries import Entry, History
from leaderboard.store.folder_store import FolderStore
from leaderboard.tabs.run_page import run_html

TAB = "submit"
MAX_CONCURRENT = 3
"""Submissions that are checked at the same time."""

MAX_SECONDS = 1800
"""Seconds that scoring the pictures of a submission may take."""

MEASURE = "<code>python -m benchmarks run --model … --dataset …</code>"
ABOUT = ("licence", "training_data", "contact", "link", "note")
"""What the sender says of a model."""

_GO_TO_FAULT = """
() => {
  const form = document.getElementById("submission");
  const fault = form.querySelector("#submission-file-fault .failure, .wrong");
  if (!fault) return;
  fault.querySelector("input, textarea")?.focus({ preventScroll: true });
  fault.scrollIntoView({ block: "center" });
}
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
    form = _Form(known)
    answer = partial(_Answering, store, known, is_here)
    check_told = say("List what is wrong with a submission, or show the row that it would make.")
    send_told = say("Keep a submission as a self-reported row, or list all that is wrong with it.")
    for button, keep, description in (
        (form.check, False, check_told),
        (form.send, True, send_told),
    ):
        button.click(
            answer(keep).answer,
            form.fields,
            [form.outcome, form.told],
            api_name="submit" if keep else "check",
            api_description=description,
            concurrency_id="submission",
            concurrency_limit=MAX_CONCURRENT,
            show_progress_on=form.told,
        ).then(
            form.marked,
            form.outcome,
            form.markable,
            show_progress="hidden",
            api_visibility="private",
        ).then(None, js=_GO_TO_FAULT)


@dataclass(frozen=True)
class _Answering:
    """Answers to what is handed in, which is kept or only looked at."""

    store: FolderStore
    known: Mapping[str, Path | None]
    is_here: Callable[[str | None], bool]
    keep: bool

    def answer(
        self,
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
        """The API's outcome, and what the page says."""
        about = dict(zip(ABOUT, (licence, training_data, contact, link, note), strict=True))
        run = partial(
            run_harness,
            seconds=MAX_SECONDS,
            is_wanted=lambda: self.is_here(request.session_hash),
        )
        handed_in = partial(_content, file, model, dataset, self.known, run)
        moderated = os.environ.get("LEADERBOARD_MODERATED") == "1"
        return _answer(self.store, handed_in, about, keep=self.keep, moderated=moderated)


def _answer(
    store: FolderStore,
    handed_in: Callable[[], tuple[str | bytes, bool]],
    about: Mapping[str, str],
    *,
    keep: bool,
    moderated: bool,
) -> list[Any]:
    """The reply of the API and the page to a submission, which is kept or only checked."""
    said: list[str] = []
    try:
        content, scored_here = _with_faults_of_sender(handed_in, about)
        look = partial(examine, moderated=moderated, scored_here=scored_here, tell=said.append)
        entry = look(content, about, store.load())
        if keep:
            store.add(entry)
    except SubmissionError as error:
        return [_refusal(error), _mark_fault(error)]
    except (OSError, DeblurError) as trouble:
        refusal = SubmissionError([Complaint("board", _sentence(trouble))])
        return [_refusal(refusal), _mark_fault(refusal)]
    return [_acceptance(entry, said, kept=keep), _mark_success(entry, said, kept=keep)]


class _Form:
    """What is asked for: `fields` in the order of an answer's arguments, and the two buttons."""

    def __init__(self, known: Mapping[str, Path | None]) -> None:
        gr.HTML(f'<p class="note">{_introduction()}</p>')
        with gr.Row(elem_id="submission"):
            with gr.Column(min_width=320):
                self._lay_out_file(known)
            with gr.Column(min_width=320):
                self._about = _about_fields()
                with gr.Row():
                    self.check = gr.Button(say("Check"))
                    self.send = gr.Button(say("Submit"), variant="primary")
        self.told = gr.HTML(elem_id="submission-told")
        self.outcome = gr.JSON(visible=False)
        self.fields = [self._file, self._model, self._dataset, *self._about]
        self.markable = [self._at_file, self._model, *self._about]

    def marked(self, outcome: Mapping[str, Any]) -> list[Any]:
        """Updates for `markable`: at each field what is wrong with it."""
        wrong = dict.fromkeys(("file", "model", *ABOUT), "")
        for each in outcome["complaints"]:
            field = each["field"].removeprefix("about.")
            place = field if field in ("model", *ABOUT) else "file"
            wrong[place] = say("; ").join(filter(None, [wrong[place], _complaint(place, each)]))
        at_file = f'<p class="failure">{escape(wrong["file"])}</p>' if wrong["file"] else ""
        return [at_file, *(_marked(wrong[name]) for name in ("model", *ABOUT))]

    def _lay_out_file(self, known: Mapping[str, Path | None]) -> None:
        self._file = gr.File(
            label=say("Record (.json) or pictures (.zip)"), file_types=[".json", ".zip"]
        )
        self._at_file = gr.HTML(elem_id="submission-file-fault")
        with gr.Group(visible=False) as for_pictures:
            self._model = gr.Textbox(
                "", label=say("Model"), placeholder=say("what restored the pictures")
            )
            self._dataset = gr.Dropdown([*known], label=say("Dataset"), value=next(iter(known)))
        self._file.change(
            lambda path: gr.Group(visible=bool(path) and str(path).endswith(".zip")),
            self._file,
            for_pictures,
            api_visibility="private",
        )


def _about_fields() -> list[gr.Textbox]:
    """What the sender says, in the order of ABOUT."""
    return [
        gr.Textbox(label=say("Licence"), placeholder=say("of the weights: MIT, CC BY 4.0 …")),
        gr.Textbox(
            label=say("Training data"),
            placeholder=say("datasets and their splits: GoPro train"),
        ),
        gr.Textbox(label=say("Contact"), placeholder=say("a contact address; the board shows it")),
        gr.Textbox(
            "",
            label=say("Link"),
            placeholder=say("owner/name@revision on the Hub, or https://… (optional)"),
        ),
        gr.Textbox("", label=say("Note"), placeholder=say("anything else, in a line (optional)")),
    ]


def _introduction() -> str:
    """What can be handed in, as safe HTML."""
    return say(
        "Measure your model with {command} and submit the record that it writes. Or submit a "
        "zip with one restored picture for every id of a dataset; the board scores them. The "
        "board shows a submission as self-reported until it has been measured again.",
        command=MEASURE,
    )


def _complaint(place: str, complaint: Mapping[str, str]) -> str:
    """A sentence at its field; of a file it says which part is meant."""
    part = complaint["field"]
    named = place == "file" and part != "file"
    return f"{part}: {complaint['sentence']}" if named else complaint["sentence"]


def _marked(fault: str) -> Any:
    return gr.Textbox(info=fault, elem_classes="wrong" if fault else "")


def _with_faults_of_sender(
    handed_in: Callable[[], tuple[str | bytes, bool]], about: Mapping[str, str]
) -> tuple[str | bytes, bool]:
    """What was handed in. Raises SubmissionError with the faults of the other fields, too."""
    try:
        return handed_in()
    except SubmissionError as error:
        raise SubmissionError([*error.complaints, *parse_about(about)[1]]) from error


def _content(
    path: str | None,
    model: str,
    dataset: str,
    known: Mapping[str, Path | None],
    run: Callable[..., RunResult],
) -> tuple[str | bytes, bool]:
    """The record that was handed in, or that of the pictures; whether it was made here."""
    if path is None:
        raise SubmissionError([Complaint("file", say("is missing; choose a record or a zip"))])
    file = Path(path)
    if file.suffix.lower() == ".zip":
        return score_pictures(file, model, dataset, known, run).to_json(), True
    with file.open("rb") as stream:
        return stream.read(MAX_RECORD_BYTES + 1), False


def _sentence(trouble: OSError | DeblurError) -> str:
    """What kept the board from taking something, without a folder of its machine."""
    reason = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
    told = without_folders(str(reason))
    return say("cannot be saved now ({reason}); try again later", reason=told)


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


def _mark_fault(error: SubmissionError) -> str:
    items = "".join(
        f"<li><b>{escape(each.field)}</b> {escape(each.sentence)}</li>" for each in error.complaints
    )
    return (
        '<div class="failure" role="alert">'
        f"<b>{say('The submission does not pass the checks yet.')}</b> "
        f"{say('Nothing was saved. What you wrote is still in the form.')}<ul>{items}</ul></div>"
    )


def _mark_success(entry: Entry, said: Sequence[str], *, kept: bool) -> str:
    name, id = escape(entry.record.dataset.name), entry.id
    if not kept:
        sentence = say("Nothing is wrong with it. This is the row that it would make:")
    elif entry.moderated:
        sentence = say(
            "Kept as {id}. The board shows it after its operators have accepted it.", id=id
        )
    else:
        link = f'<a href="?board={name}&amp;run={id}">{id}</a>'
        sentence = say("On the board: {row}.", row=link)
    notes = "".join(f'<p class="note">{escape(each)}</p>' for each in said)
    return f'<p class="success" role="status">{sentence}</p>{notes}{run_html(entry, History())}'
