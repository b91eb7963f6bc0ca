"""Submissions: everything wrong with one is said at once, otherwise it is kept."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from benchmarks.datasets import DATASETS
from benchmarks.datasets.manifest import Manifest, read_manifest
from deblur.language import say
from deblur.records.commands import without_places
from deblur.records.digests import digest_of_json
from deblur.records.protocol import EvalProtocol
from deblur.records.run_result import (
    SCHEMA_VERSION,
    Mean,
    RunResult,
    category_means,
    dataset_digest,
    mean_scores,
    renewed,
)
from leaderboard.errors import Complaint, SubmissionError
from leaderboard.intake.bounds import check_bounds
from leaderboard.intake.model_names import check_name
from leaderboard.intake.plausibility import check_against_board, check_scores, named
from leaderboard.store.entries import About, Entry, complaints_of
from leaderboard.store.folder_store import Board, FolderStore
from leaderboard.store.naming import folded
from leaderboard.store.rows import ranking_scores

MAX_RECORD_BYTES = 20_000_000
MAX_COUNT = 1e15
"""No count of parameters, pixels or bytes is larger."""

DATE = "%Y-%m-%dT%H:%M:%SZ"
CLOCKS_DIFFER = timedelta(days=1)
SAME_SCORE = 1e-6
"""Scores that lie nearer together are the same."""

Tell = Callable[[str], None]
REQUIRED = ("licence", "training_data", "contact")


def submit(
    store: FolderStore,
    content: str | bytes,
    about: Mapping[str, str],
    *,
    moderated: bool = False,
    tell: Tell = lambda _: None,
) -> Entry:
    """Check a record, as JSON, and keep it as self-reported; `moderated` makes it wait.

    `tell` gets a sentence for each thing that is kept otherwise than it came. Raises
    SubmissionError with everything that is wrong.
    """
    entry = examine(content, about, store.load(), moderated=moderated, tell=tell)
    store.add(entry)
    return entry


def examine(
    content: str | bytes,
    about: Mapping[str, str],
    board: Board,
    *,
    moderated: bool = False,
    scored_here: bool = False,
    tell: Tell = lambda _: None,
) -> Entry:
    """The entry that `submit` would keep; `scored_here` where our harness made the record.

    Raises SubmissionError with everything that is wrong.
    """
    told, complaints = parse_about(about)
    record = _parse_record(content)
    if isinstance(record, list):
        raise SubmissionError([*complaints, *record])
    record = _without_places(record, tell)
    entry = Entry(
        kind="self-reported",
        record=record,
        about=told,
        submitted=datetime.now(UTC).strftime("%Y-%m-%d"),
        moderated=moderated,
        scored_here=scored_here,
    )
    if complaints := [*complaints, *check_submission(entry, board)]:
        raise SubmissionError(complaints)
    return _of_today(entry, tell)


def check_submission(entry: Entry, board: Board) -> list[Complaint]:
    """Everything wrong with an entry's record, beside what its types refuse."""
    record = entry.record
    if complaints := [*check_bounds(record)]:
        return complaints
    complaints = [
        *_check_sums(record),
        *_check_numbers(record),
        *_check_date(record, board),
        *_check_new(entry, board),
        *check_name(record, board.rows),
        *check_scores(record),
        *check_against_board(record, board.rows),
    ]
    manifest = _manifest_of(record)
    if manifest is None:
        return [_unknown_dataset(record), *complaints]
    return [*_check_pictures(record, manifest), *_check_rules(record), *complaints]


def parse_about(about: Mapping[str, str]) -> tuple[About, list[Complaint]]:
    """What the sender says, and what is wrong with it."""
    missing = [
        Complaint(f"about.{name}", say("is empty; the board shows it next to the scores"))
        for name in REQUIRED
        if not about.get(name, "").strip()
    ]
    try:
        return About.model_validate(about), missing
    except ValidationError as error:
        return About(), [*complaints_of(error, "about"), *missing]


def _parse_record(content: str | bytes) -> RunResult | list[Complaint]:
    if len(content) > MAX_RECORD_BYTES:
        sentence = say(
            "has {count} bytes; {most} are allowed: submit one run",
            count=f"{len(content):,}",
            most=f"{MAX_RECORD_BYTES:,}",
        )
        return [Complaint("record", sentence)]
    try:
        return RunResult.model_validate_json(content)
    except ValidationError as error:
        return complaints_of(error, "record")


def _without_places(record: RunResult, tell: Tell) -> RunResult:
    """The record whose command names no folder of anybody's machine."""
    command = without_places(record.command)
    if command == record.command:
        return record
    tell(
        say(
            "file paths were removed from the command; it is kept as: {command}",
            command=command,
        )
    )
    return record.model_copy(update={"command": command})


def _of_today(entry: Entry, tell: Tell) -> Entry:
    """The entry with its record in the schema of today."""
    version = entry.record.schema_version
    if version == SCHEMA_VERSION:
        return entry
    tell(
        say(
            "the record has schema {version}; it is kept as schema {today}",
            version=version,
            today=SCHEMA_VERSION,
        )
    )
    return entry.model_copy(update={"record": renewed(entry.record)})


def _check_sums(record: RunResult) -> Iterator[Complaint]:
    """Whether means, categories and digests are those of the pictures' scores."""
    names = [*record.metrics]
    if not _same_means(record.means, mean_scores(record.images, names)):
        yield Complaint(
            "means", say("are not those of the pictures' scores; submit the whole record")
        )
    categories = category_means(record.images, names)
    same = categories.keys() == record.categories.keys() and all(
        _same_means(record.categories[name], each) for name, each in categories.items()
    )
    if not same:
        yield Complaint("categories", say("are not those of the pictures' scores"))
    if record.dataset.digest != dataset_digest(record.images):
        yield Complaint("dataset.digest", say("is not that of the pictures' digests"))
    spec = record.model.spec
    if spec is not None and record.model.spec_sha256 != digest_of_json(spec):
        yield Complaint("model.spec_sha256", say("is not that of the spec"))
    if names and names[0] not in record.means:
        yield Complaint(
            f"means.{names[0]}", say("is missing: no picture has a finite score to rank by")
        )


def _same_means(stated: Mapping[str, Mean], computed: Mapping[str, Mean]) -> bool:
    return stated.keys() == computed.keys() and all(
        math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-6)
        for name, mean in computed.items()
        for ours, theirs in zip(_figures(mean), _figures(stated[name]), strict=True)
    )


def _figures(mean: Mean) -> tuple[float, ...]:
    """What is compared: intervals are made anew from the scores, by the board's own rule."""
    return mean.value, mean.count, mean.left_out


def _check_numbers(record: RunResult) -> Iterator[Complaint]:
    cost = record.cost.model_dump() if record.cost else {}
    figures = {f"cost.{name}": value for name, value in cost.items()} | {
        "model.parameters": record.model.parameters,
        "model.weights_bytes": record.model.weights_bytes,
        "model.macs_per_megapixel": record.model.macs_per_megapixel,
        "images.seconds": max(image.seconds for image in record.images),
        "images.width": min(image.width for image in record.images) - 1,
        "images.height": min(image.height for image in record.images) - 1,
    }
    for field, value in figures.items():
        if value is not None and not 0 <= value <= MAX_COUNT:
            yield Complaint(field, say("is not a plausible number"))


def _check_date(record: RunResult, board: Board) -> Iterator[Complaint]:
    """Whether the date exists, and does not lie ahead by more than clocks differ.

    The latest of the rows that were measured here counts as today where this machine's clock is
    behind it.
    """
    try:
        date = datetime.strptime(record.date, DATE).replace(tzinfo=UTC)
    except ValueError:
        yield Complaint("date", say("{date} is not a valid date and time", date=record.date))
        return
    ours = board.rows[board.rows["kind"] == "measured"]["date"].dropna()
    latest = [datetime.strptime(each, DATE).replace(tzinfo=UTC) for each in sorted(ours)[-1:]]
    today = max([datetime.now(UTC), *latest])
    if date > today + CLOCKS_DIFFER:
        yield Complaint(
            "date",
            say(
                "{date} is later than this board's clock, {now}: correct the clock of the "
                "machine that measured, or ask the operator to correct the board's",
                date=record.date,
                now=today.strftime(DATE),
            ),
        )


def _check_new(entry: Entry, board: Board) -> Iterator[Complaint]:
    """Whether these scores of these weights on these pictures are on the board already."""
    if entry.id in set(board.rows["id"]):
        yield Complaint("record", say("is on the board already, as {id}", id=entry.id))
        return
    alike = board.rows[board.rows["dataset_digest"] == entry.record.dataset.digest]
    same = next((row["id"] for row in alike.to_dict("records") if _is_same(entry, row)), None)
    if same:
        yield Complaint(
            "record",
            say("has the scores, pictures and weights of {same}, on the board already", same=same),
        )


def _is_same(entry: Entry, row: Mapping[Any, Any]) -> bool:
    """Whether a row has an entry's weights, or its name where no weights are known, and scores."""
    model, ours = entry.record.model, np.array(ranking_scores(entry.record))
    theirs = np.array(row["scores"], np.float64)
    known = model.weights_sha256 is not None
    same_model = (
        row["weights_sha256"] == model.weights_sha256
        if known
        else pd.isna(row["weights_sha256"]) and folded(row["model"]) == folded(model.name)
    )
    return bool(
        same_model
        and theirs.shape == ours.shape
        and np.allclose(theirs, ours, rtol=0, atol=SAME_SCORE, equal_nan=True)
    )


def _manifest_of(record: RunResult) -> Manifest | None:
    name = record.dataset.name
    return read_manifest(name) if name in DATASETS else None


def _unknown_dataset(record: RunResult) -> Complaint:
    known = [name for name in DATASETS if read_manifest(name)]
    return Complaint(
        "dataset.name",
        say(
            "{name} has no manifest, so its pictures cannot be checked; measure on one of {known}",
            name=record.dataset.name,
            known=", ".join(known),
        ),
    )


def _check_pictures(record: RunResult, manifest: Manifest) -> Iterator[Complaint]:
    """Whether the pictures are all those of the dataset, of their sizes and pixels."""
    if not manifest.images:
        yield from _check_folders(record, manifest)
        return
    known = manifest.by_id
    given = {image.id: image for image in record.images}
    shared = [(each, known[id]) for id, each in given.items() if id in known]
    size = [a.id for a, b in shared if b.size not in (None, (a.width, a.height))]
    pixels = [
        a.id
        for a, b in shared
        if b.blurred not in (None, a.blurred) or b.sharp not in (None, a.sharp)
    ]
    for ids, sentence in (
        (sorted(known.keys() - given.keys()), say("of the dataset are missing")),
        (sorted(given.keys() - known.keys()), say("are not part of the dataset")),
        (size, say("are of another size than the dataset's")),
        (
            pixels,
            say("differ from the dataset's pictures: their pixel digests do not match"),
        ),
    ):
        if ids:
            yield Complaint(
                "images",
                f"{len(ids)} {sentence} ({named(ids)})",
            )


def _check_folders(record: RunResult, manifest: Manifest) -> Iterator[Complaint]:
    """As far as it can be told of a dataset of which only counts and a size are known."""
    counts = Counter(image.id.rpartition("/")[0] for image in record.images)
    wrong = [
        say(
            "{folder}: {count}, not {expected}",
            folder=folder or say("no folder"),
            count=counts[folder],
            expected=manifest.folders.get(folder, 0),
        )
        for folder in sorted(manifest.folders.keys() | counts.keys())
        if counts[folder] != manifest.folders.get(folder, 0)
    ]
    if wrong:
        yield Complaint(
            "images", say("are not as many as the dataset has ({names})", names=named(wrong))
        )
    sizes = {(image.width, image.height) for image in record.images}
    if manifest.size and sizes != {manifest.size}:
        yield Complaint(
            "images",
            say(
                "must all be {width} x {height} pixels",
                width=manifest.size[0],
                height=manifest.size[1],
            ),
        )


def _check_rules(record: RunResult) -> Iterator[Complaint]:
    """Whether the protocol and the ranking metric are the dataset's own."""
    spec = DATASETS[record.dataset.name]
    theirs = record.protocol
    old = theirs.precision is not None
    free = {"tiling": theirs.tiling, "precision": record.engine.precision if old else None}
    ours = EvalProtocol(alignment=spec.alignment).model_copy(update=free)
    for field in EvalProtocol.model_fields:
        expected, given = getattr(ours, field), getattr(theirs, field)
        if expected != given:
            yield Complaint(
                f"protocol.{field}",
                say(
                    "is {given}; {name} takes {expected}",
                    given=given,
                    name=spec.name,
                    expected=expected,
                ),
            )
    first = next(iter(record.metrics), say("none"))
    if first != spec.metrics[0]:
        yield Complaint(
            "metrics",
            say(
                "begin with {first}, but {name} is ranked by {metric}: put it first",
                first=first,
                name=spec.name,
                metric=spec.metrics[0],
            ),
        )
