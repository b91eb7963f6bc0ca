"""What a visitor wants to see of the board, and the address that shows it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from leaderboard.table.table import COLUMNS, Column, Table

KINDS = ("measured", "verified", "self-reported", "reported")
DEVICES = ("CPU", "GPU")
NONE_STATED = "none stated"
SIZES = {"any": None, "up to 1 M": 1e6, "up to 10 M": 1e7, "up to 100 M": 1e8}
"""Parameters, by what the filter calls it."""

ASIDE = (
    *("group", "title", "link", "images", "provider", "precision", "trained_on", "source"),
    *("backend", "device", "id"),
)
"""Columns that are shown when they are asked for; the downloads have all."""

ALWAYS, AS_CHIPS = ("rank", "model"), "model_variant"
CHOOSABLE = {each.title: each.name for each in COLUMNS if each.name not in (*ALWAYS, AS_CHIPS)}
USUAL = tuple(title for title, name in CHOOSABLE.items() if name not in ASIDE)


@dataclass(frozen=True)
class View:
    """A dataset's rows that fit every filter, and the columns of them.

    `kinds`, `devices`, `backends` and `licences` keep a row that has one of them; empty, they
    keep all. `size` is a name out of SIZES, `columns` are titles, those of the metrics aside.
    """

    board: str = ""
    kinds: tuple[str, ...] = KINDS
    search: str = ""
    devices: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    size: str = "any"
    columns: tuple[str, ...] = USUAL

    @classmethod
    def of_choices(cls, *choices: Any) -> "View":
        """What the choices on the page say, in the order of the fields."""
        values: list[Any] = [tuple(each) if isinstance(each, list) else each for each in choices]
        return cls(*values)

    @classmethod
    def of_address(cls, asked: Mapping[str, str]) -> "View":
        """What an address asks for; anything that is not understood is left at the usual.

        `dataset` is another word for `board`, for links that people write.
        """
        given: dict[str, Any] = {}
        asked = {"board": asked.get("dataset", ""), **asked}
        for field in fields(cls):
            text = asked.get(field.name)
            if text is not None:
                several = isinstance(field.default, tuple)
                given[field.name] = tuple(filter(None, text.split(","))) if several else text
        if given.get("size") not in SIZES:
            given.pop("size", None)
        for name, known in (("kinds", KINDS), ("columns", tuple(CHOOSABLE))):
            if name in given:
                given[name] = tuple(each for each in given[name] if each in known)
        return cls(**given)

    @staticmethod
    def stated(rows: pd.DataFrame, name: str) -> list[str]:
        """What there is to choose from in a column of the board's rows."""
        return sorted({*rows[name].fillna(NONE_STATED)})

    @property
    def choices(self) -> list[Any]:
        """The values of the choices on the page, in the order of the fields."""
        values = (getattr(self, field.name) for field in fields(self))
        return [[*each] if isinstance(each, tuple) else each for each in values]

    def narrow(self, table: Table) -> pd.DataFrame:
        """The rows that fit; ranks stay as they are."""
        frame = table.frame
        kept = frame["kind"].isin(self.kinds)
        if self.devices:
            on_cpu = frame["device"].str.startswith("cpu")
            kept &= on_cpu.map({True: "CPU", False: "GPU"}).isin(self.devices)
        for name, wanted in (("backend", self.backends), ("licence", self.licences)):
            if wanted:
                kept &= frame[name].fillna(NONE_STATED).isin(wanted)
        if (most := SIZES[self.size]) is not None:
            kept &= (frame["parameters"] <= most).fillna(False)
        return _with_words(frame[kept.astype(bool)], table.columns, self.search)

    def shown(self, table: Table) -> list[Column]:
        """The columns to show: rank, model and the ranking metric first, then the other metrics.

        A usual one is shown only where a row fills it.
        """
        usual = {each.name for each in COLUMNS}
        chosen = {CHOOSABLE[title] for title in self.columns} | {*ALWAYS}
        shown = [
            each
            for each in table.columns
            if each.name not in usual
            or each.name in ALWAYS
            or (each.name in chosen and table.frame[each.name].notna().any())
        ]
        first = [each for each in shown if each.name in ALWAYS]
        metrics = [each for each in shown if each.name not in usual]
        return [*first, *metrics, *(each for each in shown if each not in (*first, *metrics))]


def _with_words(frame: pd.DataFrame, columns: Sequence[Column], text: str) -> pd.DataFrame:
    """The rows that have every word of a text in a cell."""
    words = text.casefold().split()
    if not words:
        return frame
    texts = [
        " ".join(column.text(row[column.name]) for column in columns).casefold()
        for row in frame.to_dict("records")
    ]
    fitting = [all(word in each for word in words) for each in texts]
    return frame[pd.Series(fitting, frame.index, dtype=bool)]
