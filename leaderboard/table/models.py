"""Models and their variants: of a model's engines and precisions, one row stands for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, get_args

import pandas as pd

from deblur.records.run_result import MetricRecord
from deblur.spec import Precision

STANDING = {kind: place for place, kind in enumerate(("measured", "verified", "self-reported"))}
_FULLEST = {name: place for place, name in enumerate(get_args(Precision))}
_DISTINGUISHING = ("precision", "backend", "device", "kind")
"""What a variant is named after, where it differs from the row that stands for the model."""

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class ModelRows:
    """A model of a table: the row that is ranked, and its variants, as the table's frame has them.

    `row` is None where a filter keeps variants alone.
    """

    name: str
    row: Row | None
    variants: tuple[Row, ...]


def models_of(frame: pd.DataFrame) -> list[ModelRows]:
    """The models of a table's frame, in its order: one for each ranked or reported row."""
    return [*_gathered(frame.to_dict("records"))]


def _gathered(rows: Sequence[Row]) -> Iterator[ModelRows]:
    for (name, _), together in groupby(rows, lambda row: (row["model"], str(row["group"]))):
        first, *others = together
        if pd.isna(first["model_variant"]):
            yield ModelRows(name, first, tuple(others))
        else:
            yield ModelRows(name, None, (first, *others))


def standing_for_models(
    rows: pd.DataFrame, metric: str, described: MetricRecord
) -> "pd.Index[int]":
    """Which of the rows of one group stand for their models: the index of one for each name.

    What was checked comes before what is claimed, then the fullest precision, the most pictures,
    the best mean as far as it shows, and the fastest.
    """
    sign = -1 if described.better == "higher" else 1
    order = pd.DataFrame(
        {
            "model": rows["model"],
            "standing": rows["kind"].map(STANDING),
            "precision": rows["precision"].map(_FULLEST),
            "lacking": rows[f"{metric}_left_out"],
            "mean": sign * rows[metric].round(described.digits),
            "seconds": rows["seconds_per_megapixel"],
            "id": rows["id"],
        }
    )
    return order.sort_values([*order.columns]).drop_duplicates("model").index


def below_their_models(ranked: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame:
    """Ranked rows, each with its variants below it, which `model_variant` says what they are."""
    first = ranked.set_index("model")[[*_DISTINGUISHING]].to_dict("index")
    named = [
        _difference(row, first[row["model"]])
        for row in variants[["model", "date", *_DISTINGUISHING]].to_dict("records")
    ]
    variant_names = pd.Series(named, variants.index, dtype=object)
    together = pd.concat(
        [ranked.assign(model_variant=None), variants.assign(model_variant=variant_names)]
    )
    place = dict(zip(ranked["model"], range(len(ranked)), strict=True))
    return together.sort_values("model", key=lambda names: names.map(place), kind="stable")


def _difference(variant: Row, ranked: Row) -> str:
    """What a variant is, beside the row that stands for its model: `int8`, `torch, cuda:0`."""
    differing = [variant[name] for name in _DISTINGUISHING if variant[name] != ranked[name]]
    return ", ".join(differing) or f"run of {str(variant['date'])[:10]}"
