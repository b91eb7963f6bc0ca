"""Which name a submitted model may have: none of the project's, none that reads like another's."""

import re
from collections.abc import Iterable, Iterator
from typing import get_args

import pandas as pd

from deblur.catalog import AUTO, CATALOG
from deblur.language import say
from deblur.records.run_result import ModelRecord, RunResult
from deblur.spec import Precision
from leaderboard.errors import Complaint
from leaderboard.store.naming import folded

RESERVED = ("blurred", AUTO, "automatic")
"""What the pages call something else than a submitted model."""

_VARIANT = re.compile(rf"[^\w]*({'|'.join(get_args(Precision))})\W?$", re.IGNORECASE)
"""A precision after a name: the board shows it as a variant of the model of that name."""


def check_name(record: RunResult, rows: pd.DataFrame) -> Iterator[Complaint]:
    """Whether a model has a name of the project's, or one of the project's models another name.

    Names that read alike are the same name: see `folded`. `rows` are those of the board.
    """
    model = record.model
    original = next((name for name in CATALOG if _is_of_catalog(model, name)), None)
    if original and model.name != original:
        text = say(
            "these are the weights of {original}; submit them under that name", original=original
        )
        yield Complaint("model.name", text)
    elif original is None:
        measured = rows[rows["kind"] == "measured"]
        taken = _taken(measured)
        named = (_VARIANT.sub("", model.name), model.name, model.title)
        called = next((taken[each] for each in map(folded, named) if each in taken), None)
        if called and not _was_measured(model, measured):
            text = say(
                "looks like {called}, a name of this project; give yours another name",
                called=called,
            )
            yield Complaint("model.name", text)
    yield from _check_like_others(model.name, rows["model"].unique())


def _taken(measured: pd.DataFrame) -> dict[str, str]:
    """The project's names, by what they look like."""
    ours = {spec.name: (spec.name, spec.title) for spec in CATALOG.values()}
    others = {name: (name,) for name in (*RESERVED, *measured["model"].unique())}
    return {folded(text): name for name, texts in (others | ours).items() for text in texts}


def _was_measured(model: ModelRecord, measured: pd.DataFrame) -> bool:
    """Whether the operator measured just this: these weights, or a baseline, which has none."""
    same = measured[measured["model"] == model.name]
    if model.weights_sha256 is None:
        return bool((same["model_kind"] == "baseline").any()) and model.kind == "baseline"
    return bool((same["weights_sha256"] == model.weights_sha256).any())


def _check_like_others(name: str, others: Iterable[str]) -> Iterator[Complaint]:
    """A name that is spelt otherwise than one that reads alike misleads."""
    spelt = {folded(each): each for each in others}.get(folded(name), name)
    if spelt != name and name not in set(others):
        text = say(
            "looks like {spelt}, which is on the board: use this spelling, or give yours "
            "another name",
            spelt=repr(spelt),
        )
        yield Complaint("model.name", text)


def _is_of_catalog(model: ModelRecord, name: str) -> bool:
    return model.weights_sha256 in {weights.sha256 for weights in CATALOG[name].weights}
