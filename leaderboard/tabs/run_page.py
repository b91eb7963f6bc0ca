"""A row's own page: its scores, where they come from, and its best and worst pictures."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from benchmarks.datasets import open_dataset
from deblur import catalog
from deblur.catalog import CATALOG
from deblur.errors import DeblurError
from deblur.files import without_folders
from deblur.language import say
from deblur.records.commands import without_places
from deblur.records.run_result import (
    DatasetRecord,
    ImageScore,
    MetricRecord,
    RunResult,
    mean_scores,
)
from deblur.spec import NPM
from leaderboard.errors import EntryError, StoreError
from leaderboard.store.entries import HUB, Entry, History
from leaderboard.store.folder_store import FolderStore
from leaderboard.store.rows import REPORTED_ID, contamination, status
from leaderboard.table import words
from leaderboard.tabs.comparison import Restore

RUN = "run"
"""The word of an address that opens a row's page."""

CARDS = Path(catalog.__file__).parent / "pretrained"
EXTREMES = 3
"""Number of best pictures, and of worst pictures, that are named."""

Facts = Mapping[str, str | None]

_WRITE_ADDRESS = """
(id) => {
  const address = new URL(window.location);
  if (id) address.searchParams.set("run", id);
  else address.searchParams.delete("run");
  window.history.replaceState(null, "", address);
  if (id) document.getElementById("run-page").scrollIntoView({ behavior: "smooth" });
  return id;
}
"""

GO_THERE = """
(id) => {
  const reach = () => document.getElementById("run-page")?.scrollIntoView({ block: "start" });
  if (id) [0, 300, 1000].forEach((wait) => setTimeout(reach, wait));
  return id;
}
"""
"""A deep link scrolls to what it opens, and again when pictures above have found their height."""


class RunPage:
    """Lays the page out inside the current block, closed; `outputs` are what `show` updates.

    The best and worst pictures are shown where `places` has their dataset and `restore` can run
    the model.
    """

    def __init__(
        self, store: FolderStore, places: Mapping[str, Path | None], restore: Restore
    ) -> None:
        self._store, self._places, self._restore = store, places, restore
        self.id = gr.Textbox(visible=False)
        with gr.Column(visible=False, elem_id="run-page") as self._page:
            self._text = gr.HTML()
            with gr.Accordion(say("Model card"), open=False, visible=False) as self._fold:
                self._card = gr.Markdown()
            self.gallery = gr.Gallery(
                visible=False,
                label=say("Restored: the best three and the worst three pictures"),
                show_label=False,
                columns=6,
                height=220,
                object_fit="contain",
                buttons=[],
            )
            with gr.Row():
                self._pictures = [
                    gr.Image(
                        visible=False,
                        interactive=False,
                        label=label,
                        buttons=["fullscreen"],
                        min_width=280,
                    )
                    for label in (
                        say("Learning: gain by step"),
                        say("Blurred, restored, sharp, at 100 %"),
                    )
                ]
            self._close = gr.Button(say("Close"), size="sm")
        self.outputs = [self.id, self._page, self._text, self._fold, self._card, *self._pictures]

    def opened_by(self, table: gr.HTML) -> None:
        """Open when a row is chosen, close by the button; the address says which is open."""

        def open_row(chosen: gr.EventData) -> list[Any]:
            return self.show(str(chosen.id))

        for listen, reply in ((table.select, open_row), (self._close.click, self.show)):
            listen(reply, outputs=self.outputs, api_visibility="private").then(
                None, self.id, js=_WRITE_ADDRESS
            ).then(self.show_pictures, self.id, self.gallery, api_visibility="private")

    def show(self, id: str = "") -> list[Any]:
        """Updates for `outputs`: the page of a row, or nothing without an id."""
        if not id:
            closed = [gr.Column(visible=False), "", gr.Accordion(visible=False), ""]
            return ["", *closed, *[gr.Image(visible=False)] * 2]
        model, text = self._describe(id)
        card = _card_text(model)
        fold = gr.Accordion(visible=bool(card))
        pictures = map(_picture, _card_pictures(model))
        return [id, gr.Column(visible=True), text, fold, card, *pictures]

    def show_pictures(self, id: str) -> Any:
        """An update for the gallery: the pictures of `best_and_worst`, restored again."""
        if not id or id.startswith(REPORTED_ID):
            return gr.Gallery(visible=False)
        try:
            entry, history = self._store.entry(id), self._store.history(id)
            waits = status(entry, history) == "waiting"
            pictures = [] if waits else self._pictures_of(entry.record)
        except DeblurError:
            return gr.Gallery(visible=False)
        return gr.Gallery(pictures, visible=bool(pictures))

    def _pictures_of(self, record: RunResult) -> list[tuple[str, str]]:
        name, model = record.dataset.name, record.model.name
        if name not in self._places or not (spec := CATALOG.get(model)) or not spec.weights:
            return []
        blurred = {item.id: item.blurred for item in open_dataset(name, self._places[name]).items}
        chosen = [each for images in best_and_worst(record) for each in images]
        metric = record.ranking_metric
        digits = record.metrics[metric].digits
        return [
            (
                str(self._restore(model, blurred[each.id])),
                f"{each.id} · {each.scores[metric]:.{digits}f}",
            )
            for each in chosen
        ]

    def _describe(self, id: str) -> tuple[str | None, str]:
        """The model of a row, and its page as HTML."""
        if id.startswith(REPORTED_ID):
            return None, self._reported(id)
        try:
            entry, history = self._store.entry(id), self._store.history(id)
        except (EntryError, StoreError) as error:
            return None, f'<p class="failure">{escape(without_folders(str(error)))}</p>'
        if status(entry, history) == "waiting":
            waits = say("{id} is waiting for the operators of this board to accept it.", id=id)
            return None, f"<p>{escape(waits)}</p>"
        return entry.record.model.name, run_html(entry, history)

    def _reported(self, id: str) -> str:
        rows = self._store.load().rows
        row = rows[rows["id"] == id]
        if row.empty:
            missing = say("There is no row {id}.", id=id)
            return f'<p class="failure">{escape(missing)}</p>'
        model, source = row[["model", "source"]].iloc[0]
        return f"<h2>{escape(model)}</h2>" + facts_html(
            {
                say("Kind of row"): say("reported: figures from a paper, not measured here"),
                say("Source"): source,
            }
        )


def run_html(entry: Entry, history: History) -> str:
    """The page of an entry, as safe HTML."""
    record = entry.record
    title = escape(record.model.name)
    return "".join(
        [
            f"<h2>{title}</h2>",
            _links_html(entry),
            _scores_html(record),
            facts_html(_provenance(entry, history)),
            _extremes_html(record),
        ]
    )


def _links_html(entry: Entry) -> str:
    """Where the model is described, and where its weights are."""
    spec = CATALOG.get(entry.record.model.name)
    paper = entry.record.model.paper or (spec.paper if spec else None) or ""
    repo = next((each.repo for each in spec.weights if each.repo), None) if spec else None
    hub = repo and not repo.startswith(NPM)
    links = {
        say("Paper"): paper if paper.startswith("https://") else None,
        say("Weights"): f"{HUB}{repo}" if hub else None,
        say("Card"): entry.about.url or None,
    }
    made = "".join(
        f'<a href="{escape(url)}" target="_blank" rel="noopener nofollow">{escape(text)} ↗</a>'
        for text, url in links.items()
        if url
    )
    return f'<p class="links">{made}</p>' if made else ""


def facts_html(facts: Facts) -> str:
    """Terms and what they are, those that are known."""
    known = {term: text for term, text in facts.items() if text}
    terms = "".join(
        f"<div><dt>{escape(term)}</dt><dd>{escape(text)}</dd></div>" for term, text in known.items()
    )
    return f'<dl class="facts">{terms}</dl>'


def best_and_worst(record: RunResult) -> tuple[list[ImageScore], list[ImageScore]]:
    """Up to EXTREMES pictures with the best and with the worst scores of the ranking metric."""
    metric = record.ranking_metric
    finite = [each for each in record.images if math.isfinite(each.scores[metric])]
    higher = record.metrics[metric].better == "higher"
    ordered = sorted(finite, key=lambda each: each.scores[metric], reverse=higher)
    few = min(EXTREMES, len(ordered) // 2)
    return ordered[:few], ordered[len(ordered) - few :][::-1]


def _pictures(dataset: DatasetRecord) -> str:
    if dataset.subset_of:
        return say("{count} pictures of {title}", title=dataset.title, count=dataset.images)
    return say("{title}, {count} pictures", title=dataset.title, count=dataset.images)


def _provenance(entry: Entry, history: History) -> Facts:
    record, about = entry.record, entry.about
    engine, cost, model = record.engine, record.cost, record.model
    trained_on = [*filter(None, [about.training_data]), *model.trained_on]
    machine = record.machines[0] if record.machines else None
    return {
        say("Model"): record.model.title,
        say("Kind of row"): _kind(entry, history),
        say("Dataset"): _pictures(record.dataset),
        say("Ran on"): f"{engine.execution_provider}, {engine.precision}",
        say("Machine"): say(
            "{processor}, {count} cores", processor=machine.processor, count=machine.cores
        )
        if machine
        else None,
        say("Time"): f"{cost.seconds_per_megapixel:.2f} s/MP (±{cost.spread:.2f})"
        if cost and cost.seconds_per_megapixel is not None
        else None,
        say("Parameters"): f"{model.parameters:,}" if model.parameters else None,
        say("Trained on"): "; ".join(trained_on),
        say("Seen before"): words.seen_before(contamination(trained_on, record.dataset.name)),
        say("Licence"): about.licence or model.licence,
        say("Contact"): about.contact,
        say("Note"): about.note,
        say("Weights, sha256"): model.weights_sha256,
        say("Protocol"): record.rules,
        say("Date"): record.date,
        say("Versions"): ", ".join(f"{name} {is_at}" for name, is_at in machine.versions.items())
        if machine
        else None,
        say("Command"): without_places(record.command),
        "Id": entry.id,
    }


def _kind(entry: Entry, history: History) -> str:
    if history.withdrawn:
        taken = history.withdrawn
        return say("withdrawn on {date}: {reason}", date=taken.date, reason=taken.reason)
    if entry.kind == "measured":
        return say("measured here")
    if proof := history.verified:
        by = proof.by or say("the operators of this board")
        return say(
            "verified on {date} by {by}: measured again, every score agrees",
            date=proof.date,
            by=by,
        )
    if entry.scored_here:
        return say(
            "self-reported on {date}: the pictures were submitted, and scored here",
            date=entry.submitted,
        )
    return say(
        "self-reported on {date}: its means and digests agree with its own scores; it has not "
        "been measured again yet",
        date=entry.submitted,
    )


def _scores_html(record: RunResult) -> str:
    rows, means = [], mean_scores(record.images, [*record.metrics])
    for name, described in record.metrics.items():
        if mean := means.get(name):
            digits = described.digits
            low, high = f"{mean.low:.{digits}f}", f"{mean.high:.{digits}f}"
            span = say("{low} to {high}", low=low, high=high) if mean.count > 1 else say("none")
            lacking = say("{count} left out", count=mean.left_out)
            left_out = f", {lacking}" if mean.left_out else ""
            rows.append(
                [
                    described.title,
                    f"{mean.value:.{digits}f}",
                    span,
                    f"{mean.count}{left_out}",
                    f"{words.defined(described.definition)}; {words.better(described.better)}",
                ]
            )
    headers = [say("metric"), say("mean"), say("95 % interval"), say("pictures")]
    return _table([*headers, say("definition")], rows)


def _extremes_html(record: RunResult) -> str:
    metrics = list(record.metrics)
    headers = [say("picture"), *(record.metrics[each].title for each in metrics)]
    best, worst = best_and_worst(record)
    return "".join(
        f"<h3>{title}</h3>" + _table(headers, list(_picture_rows(images, record.metrics)))
        for title, images in ((say("Best pictures"), best), (say("Worst pictures"), worst))
        if images
    )


def _picture_rows(
    images: Sequence[ImageScore], metrics: Mapping[str, MetricRecord]
) -> Iterator[list[str]]:
    for each in images:
        yield [
            each.id,
            *(f"{each.scores[name]:.{metric.digits}f}" for name, metric in metrics.items()),
        ]


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in headers)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _card_text(model: str | None) -> str:
    """The card of a model that comes with the project, without its header and its pictures."""
    file = CARDS / model / "README.md" if model in CATALOG else None
    if file is None or not file.is_file():
        return ""
    text = re.sub(r"\A---\n.*?\n---\n", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"!\[[^\]]*\]\([^)]*\)\n*", "", text).strip()


def _card_pictures(model: str | None) -> list[Path | None]:
    """The learning curve and the crops of the card of a model that comes with the project."""
    folder = CARDS / model if model in CATALOG else None
    files = [folder / name if folder else None for name in ("curve.png", "crops.png")]
    return [file if file and file.is_file() else None for file in files]


def _picture(file: Path | None) -> Any:
    return gr.Image(str(file), visible=True) if file else gr.Image(visible=False)
