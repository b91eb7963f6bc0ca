"""What a row of the board holds: flat, so that it fits a Parquet file."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from deblur.language import say
from deblur.records.run_result import (
    Mean,
    MetricRecord,
    ReportedScore,
    ReportedScores,
    RunResult,
    mean_scores,
)
from leaderboard.errors import EntryError
from leaderboard.store.entries import Entry, History

Row = dict[str, Any]
_TEXTS = (
    *("id", "kind", "checked", "status", "withdrawn_because"),
    *("dataset", "variant", "subset_of", "dataset_digest", "protocol_digest"),
    *("model", "title", "model_kind", "link", "licence", "trained_on", "contamination", "source"),
    *("backend", "device", "precision", "provider", "date", "metrics", "weights_sha256"),
)
_NUMBERS = (
    *("images", "parameters", "macs_per_megapixel", "weights_bytes"),
    *("seconds_per_megapixel", "spread", "peak_memory_bytes"),
)
FIELDS: dict[str, pa.DataType] = {
    **dict.fromkeys(_TEXTS, pa.string()),
    **dict.fromkeys(_NUMBERS, pa.float64()),
    "categories": pa.string(),
    "scores": pa.list_(pa.float64()),
}
"""What every row has; `metrics` and `categories` are JSON.

`scores` are those of the ranking metric in the order of image ids, `categories` its means.
"""

REPORTED_ID = "reported:"
"""What papers say has no record; its ids begin so."""

_OF_A_MEAN = ("", "_low", "_high", "_left_out")
_TAKEN = (*FIELDS, "key", "rank", "group", "memory", "model_variant", "mos")
"""Columns of the table that are no metric's, though a metric's name might be theirs."""

PICTURES = "_pictures"
"""How the table's column ends that says of how many pictures a mean is."""

_METRIC_NAME = re.compile(r"[a-z0-9][a-z0-9_+.-]{0,39}")
_FAMILIES = {"gopro": "gopro", "realblur": "realblur", "hide": "hide", "lai": "lai"} | {
    "koehler": "k(?:o|oe|ö)hler"
}
"""Datasets of which a training set may be a part, as they are spelt."""

ON_TEST, ON_TRAIN, ON_NEITHER = (
    "trained on its test split",
    "trained on its train split",
    "neither is stated",
)


def entry_row(entry: Entry, history: History) -> Row:
    """The row of an entry. Raises EntryError for metrics and numbers that fit no column."""
    record, about = entry.record, entry.about
    trained_on = [*filter(None, [about.training_data]), *record.model.trained_on]
    return {
        "id": entry.id,
        "kind": _kind(entry, history),
        "checked": _checked(entry, history),
        "status": status(entry, history),
        "withdrawn_because": history.withdrawn.reason if history.withdrawn else None,
        **_dataset_cells(record),
        **_model_cells(record),
        "link": link_of(entry),
        "licence": about.licence or record.model.licence,
        "trained_on": "; ".join(trained_on),
        "contamination": contamination(trained_on, record.dataset.name),
        **_engine_cells(record),
        "date": record.date,
        **metric_cells(mean_scores(record.images, [*record.metrics]), record.metrics),
        "categories": _category_cell(record),
        "scores": ranking_scores(record),
    }


def reported_rows(reported: ReportedScores) -> list[Row]:
    """The rows of what papers say. Raises EntryError as `entry_row` does."""
    return [_reported_row(reported, each) for each in reported.rows]


def ranking_scores(record: RunResult) -> list[float]:
    """The scores of the metric that the dataset ranks by, in the order of image ids."""
    ordered = sorted(record.images, key=lambda image: image.id)
    return [image.scores[record.ranking_metric] for image in ordered] if record.metrics else []


def _category_cell(record: RunResult) -> str | None:
    """The ranking metric's mean in each category, as JSON."""
    if not record.metrics:
        return None
    means = {
        name: each[record.ranking_metric].value
        for name, each in record.categories.items()
        if record.ranking_metric in each and math.isfinite(each[record.ranking_metric].value)
    }
    return json.dumps(means) if means else None


def contamination(trained_on: Iterable[str], dataset: str) -> str:
    """Whether training data, in words, is a dataset's own; its train split where none is named."""
    family = _FAMILIES.get(dataset.partition("-")[0])
    splits = set(_splits(trained_on, family)) if family else set()
    if "test" in splits:
        return ON_TEST
    return ON_TRAIN if splits else ON_NEITHER


def schema_for(rows: Sequence[Row]) -> pa.Schema:
    """The columns of some rows: what every row has, and their metrics."""
    metrics = {name: pa.float64() for row in rows for name in row if name not in FIELDS}
    return pa.schema(FIELDS | metrics)


def metric_cells(
    means: dict[str, Mean], metrics: dict[str, MetricRecord]
) -> dict[str, str | float | None]:
    """Mean, interval and left out scores of each metric. Raises EntryError for odd names."""
    for name in metrics:
        if not is_metric_name(name):
            raise EntryError(
                say(
                    "{name} cannot name a metric: it has odd characters, or is taken",
                    name=repr(name),
                )
            )
    cells: dict[str, str | float | None] = {
        "metrics": json.dumps({name: each.model_dump() for name, each in metrics.items()})
    }
    for name in metrics:
        mean = means.get(name)
        values = (mean.value, mean.low, mean.high, mean.left_out) if mean else (None,) * 4
        cells |= zip((f"{name}{end}" for end in _OF_A_MEAN), map(_number, values), strict=True)
    return cells


def is_metric_name(name: str) -> bool:
    """Whether a metric can have a column of that name."""
    taken = name in _TAKEN or name.endswith((*_OF_A_MEAN[1:], PICTURES))
    return _METRIC_NAME.fullmatch(name) is not None and not taken


def _kind(entry: Entry, history: History) -> str:
    claimed = entry.kind == "self-reported"
    return "verified" if claimed and history.verified else entry.kind


def _checked(entry: Entry, history: History) -> str:
    """Who or what stands behind the scores, and since when."""
    if entry.kind == "measured":
        return f"measured here, {entry.record.date[:10]}"
    if history.verified:
        by = f" by {history.verified.by}" if history.verified.by else ""
        return f"measured again{by}, {history.verified.date}"
    what = "pictures scored here" if entry.scored_here else "sums recomputed"
    return f"{what}, {entry.submitted}"


def status(entry: Entry, history: History) -> str:
    """Whether a row is shown, was withdrawn, or waits to be accepted."""
    if history.withdrawn:
        return "withdrawn"
    return "waiting" if entry.moderated and not history.accepted else "shown"


def _dataset_cells(record: RunResult) -> Row:
    return {
        "dataset": record.dataset.name,
        "variant": record.dataset.variant,
        "subset_of": record.dataset.subset_of,
        "images": _number(record.dataset.images),
        "dataset_digest": record.dataset.digest,
        "protocol_digest": record.rules,
    }


def _model_cells(record: RunResult) -> Row:
    model = record.model
    return {
        "model": model.name,
        "title": model.title,
        "model_kind": model.kind,
        "parameters": _number(model.parameters),
        "macs_per_megapixel": _number(model.macs_per_megapixel),
        "weights_bytes": _number(model.weights_bytes),
        "weights_sha256": model.weights_sha256,
    }


def _engine_cells(record: RunResult) -> Row:
    engine, cost = record.engine, record.cost
    return {
        "backend": engine.backend,
        "device": engine.device,
        "precision": engine.precision,
        "provider": engine.execution_provider,
        "seconds_per_megapixel": cost.seconds_per_megapixel if cost else None,
        "spread": cost.spread if cost else None,
        "peak_memory_bytes": _number(cost.peak_memory_bytes) if cost else None,
    }


def _reported_row(reported: ReportedScores, score: ReportedScore) -> Row:
    means = {
        name: Mean(value=value, low=math.nan, high=math.nan, count=0)
        for name, value in score.scores.items()
    }
    via = say(", read in {source}", source=score.via) if score.via else ""
    return {
        "id": f"{REPORTED_ID}{reported.dataset}:{score.model}",
        "kind": "reported",
        "checked": "not checked",
        "status": "shown",
        "dataset": reported.dataset,
        "model": score.model,
        "title": score.model,
        "contamination": ON_NEITHER,
        "source": f"{score.source}{via}",
        "date": str(score.year) if score.year else None,
        "parameters": _number(score.parameters),
        **metric_cells(means, reported.metrics),
    }


def link_of(entry: Entry) -> str | None:
    """Where a row's title leads: what the sender says, else the paper, if that is an address."""
    paper = entry.record.model.paper or ""
    return entry.about.url or (paper if paper.startswith("https://") else None)


def _splits(trained_on: Iterable[str], family: str) -> Iterator[str]:
    """The first split that each text names after the dataset."""
    pattern = re.compile(rf"(?<![a-z])(?:{family})(?![a-z])(?:.*?\b(train|test))?")
    for text in trained_on:
        for match in pattern.finditer(text.casefold().replace("_", " ")):
            yield match[1] or "train"


def _number(value: float | None) -> float | None:
    try:
        return None if value is None else float(value)
    except OverflowError as error:
        raise EntryError(say("a number is beyond all bounds")) from error
