"""How much a record may hold, and what a text in it may be."""

from collections.abc import Iterator, Mapping
from typing import Any

from deblur.language import say
from deblur.records.run_result import RunResult
from leaderboard.errors import Complaint
from leaderboard.store.naming import MAX_NAME_CHARACTERS, name_fault, text_fault
from leaderboard.store.rows import is_metric_name

MAX_IMAGES = 20_000
MAX_METRICS = 20
MAX_CATEGORIES = 50
MAX_TEXT_CHARACTERS = 500
MAX_CHARACTERS: Mapping[str, int] = {
    "record.model.title": MAX_NAME_CHARACTERS,
    "record.dataset.title": 100,
    "record.metrics.title": 40,
    "record.metrics.definition": 200,
    "record.images.id": 200,
    "record.images.categories": MAX_NAME_CHARACTERS,
    "record.command": 2000,
}
"""Characters of texts by their places, where MAX_TEXT_CHARACTERS is not the limit."""

MAX_LIST_LENGTH = 100
"""Number of notes, of machines and of training sets that a record may have."""


def check_bounds(record: RunResult) -> Iterator[Complaint]:
    """What is too much or too long in a record, or cannot be shown."""
    yield from _check_sizes(record)
    yield from _check_lists(record)
    yield from _check_texts(record.model_dump(), "record")


def _check_sizes(record: RunResult) -> Iterator[Complaint]:
    categories = {name for image in record.images for name in image.categories}
    for field, count, most in (
        ("images", len(record.images), MAX_IMAGES),
        ("metrics", len(record.metrics), MAX_METRICS),
        ("categories", len(categories), MAX_CATEGORIES),
    ):
        if count > most:
            yield Complaint(
                field,
                say(
                    "has {count}; at most {most} are allowed", count=f"{count:,}", most=f"{most:,}"
                ),
            )
    if not record.images:
        yield Complaint(
            "images", say("has none; a record of the harness has every picture's scores")
        )
    for name in record.metrics:
        if not is_metric_name(name):
            yield Complaint("metrics", say("{name} cannot name a metric", name=repr(name[:40])))


def _check_texts(content: Any, field: str) -> Iterator[Complaint]:
    """Every text of a record, names of fields in it included."""
    if isinstance(content, str):
        fault = name_fault(content) if field == "record.model.name" else None
        if fault := fault or text_fault(content, _longest(field)):
            yield Complaint(field, fault)
    elif isinstance(content, Mapping):
        for name, each in content.items():
            yield from _check_texts(name, field)
            yield from _check_texts(each, f"{field}.{name}"[:100])
    elif isinstance(content, list | tuple):
        for each in content:
            yield from _check_texts(each, field)


def _longest(field: str) -> int:
    if field.startswith("record.metrics."):
        field = f"record.metrics.{field.rpartition('.')[2]}"
    return MAX_CHARACTERS.get(field, MAX_TEXT_CHARACTERS)


def _check_lists(record: RunResult) -> Iterator[Complaint]:
    lists = {
        "model.trained_on": len(record.model.trained_on),
        "engine.notes": len(record.engine.notes),
        "machines": len(record.machines),
        "machines.versions": max((len(each.versions) for each in record.machines), default=0),
        "images.notes": max((len(each.notes) for each in record.images), default=0),
    }
    for field, count in lists.items():
        if count > MAX_LIST_LENGTH:
            yield Complaint(
                field,
                say(
                    "has {count}; at most {most} are allowed",
                    count=f"{count:,}",
                    most=MAX_LIST_LENGTH,
                ),
            )
