"""The table: one dataset under one protocol, its rows ranked, and its columns from one list."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from deblur.language import Language, say, spoken_now
from deblur.records.run_result import MetricRecord
from leaderboard.errors import TableError
from leaderboard.store.folder_store import Board
from leaderboard.store.rows import PICTURES
from leaderboard.table.models import below_their_models, standing_for_models
from leaderboard.table.ranking import ranks

Direction = Literal["higher", "lower"]

_MAX_NAMED = 3
"""Number of rows that are named where more have the same peculiarity."""


@dataclass(frozen=True)
class Column:
    """A column of the table, its sort, its tooltip and its docs.

    `value` takes it from the rows, `format` writes its numbers, `direction` says which are
    better, and `brief` whether a terminal, which is narrow, shows it.
    """

    name: str
    title: str
    value: Callable[[pd.DataFrame], "pd.Series[float] | pd.Series[str]"]
    format: str = ""
    direction: Direction | None = None
    note: str = ""
    brief: bool = False

    def text(self, value: object) -> str:
        """A cell as people read it."""
        if pd.isna(value):  # type: ignore[call-overload]
            return "-"
        return f"{value:{self.format}}"


@dataclass(frozen=True)
class Table:
    """Rows of `dataset` under one protocol: `frame` has a column for each of `columns`, and after
    them NAME_pictures for each metric of which a row's mean leaves pictures out.

    The models of group 1 are ranked together; those of further groups, which have other pictures
    or definitions, only among themselves; reported rows have neither group nor rank. One row stands
    for a model; its other ones follow it, have no rank, and `model_variant` says what they are
    (`models.models_of` gives a row a model).
    `other_protocols` counts the rows that were measured under other rules, by their digests.
    """

    dataset: str
    protocol_digest: str | None
    other_protocols: Mapping[str, int]
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


def cell(column: Column, row: Mapping[Any, Any]) -> str:
    """A cell of a table's frame as people read it; a mean of some pictures says of how many."""
    text, count = column.text(row[column.name]), row.get(f"{column.name}{PICTURES}")
    if count is None or pd.isna(count) or count == row["images"]:
        return text
    return f"{text} ({count:.0f} of {row['images']:.0f})"


def _field(name: str, scale: float = 1) -> Callable[[pd.DataFrame], "pd.Series[float]"]:
    return lambda rows: rows[name] if scale == 1 else rows[name] / scale


_BEFORE = (
    Column("rank", "rank", _field("rank"), ".0f", "lower", "shared where it may be chance", True),
    Column("group", "group", _field("group"), ".0f", note="ranked among themselves only"),
    Column("model", "model", _field("model"), brief=True),
    Column(
        "model_variant",
        "variant",
        _field("model_variant"),
        note="of the model above, by what differs from its ranked row; takes no rank",
        brief=True,
    ),
    Column("title", "title", _field("title")),
    Column("link", "link", _field("link"), note="the model's card or paper"),
    Column(
        "kind",
        "kind",
        _field("kind"),
        note="measured here; self-reported; verified: measured again; reported: figures from "
        "a paper",
        brief=True,
    ),
    Column(
        "checked",
        "checked",
        _field("checked"),
        note="how the scores were checked: measured here; measured again, and by whom; "
        "pictures scored here; or only the means recomputed from the submitted scores",
    ),
)
_AFTER = (
    Column(
        "mos",
        "MOS",
        _field("mos"),
        ".2f",
        "higher",
        "mean opinion of people who rated its pictures blind, 1 to 5",
    ),
    Column(
        "seconds_per_megapixel",
        "s/MP",
        _field("seconds_per_megapixel"),
        ".2f",
        "lower",
        "seconds per megapixel, median",
        True,
    ),
    Column("parameters", "parameters", _field("parameters"), ",.0f", "lower", brief=True),
    Column(
        "macs_per_megapixel",
        "GMAC/MP",
        _field("macs_per_megapixel"),
        ",.1f",
        "lower",
        "multiply-accumulates per megapixel, 1e9",
    ),
    Column(
        "memory", "MB", _field("peak_memory_bytes", 1e6), ",.0f", "lower", "peak, 1e6 bytes", True
    ),
    Column("images", "pictures", _field("images"), ",.0f", note="that were scored"),
    Column("licence", "licence", _field("licence")),
    Column("trained_on", "training data", _field("trained_on")),
    Column(
        "contamination",
        "seen before",
        _field("contamination"),
        note="whether the model was trained on this dataset, as far as its author says",
    ),
    Column("backend", "backend", _field("backend"), brief=True),
    Column("device", "device", _field("device"), brief=True),
    Column("precision", "precision", _field("precision")),
    Column("provider", "provider", _field("provider"), note="the execution provider that ran"),
    Column("date", "date", _field("date")),
    Column("source", "source", _field("source"), note="where a reported row was published"),
    Column("id", "id", _field("id"), note="for `python -m leaderboard show ID`", brief=True),
)
COLUMNS = (*_BEFORE, *_AFTER)
"""All columns but those of the metrics, which the rows bring along after `kind`."""


def ranking_column(table: Table) -> Column:
    """The column that the dataset is ranked by: its first metric."""
    usual = {column.name for column in COLUMNS}
    return next(column for column in table.columns if column.name not in usual)


def datasets_of(board: Board) -> list[str]:
    """The datasets that the board shows, those with the most measured rows first."""
    shown = board.rows[board.rows["status"] == "shown"]
    counts = (shown["kind"] == "measured").groupby(shown["dataset"]).sum()
    return sorted(counts.index, key=lambda name: (-counts[name], name))


def build_table(board: Board, dataset: str, protocol_digest: str | None = None) -> Table:
    """The table of a dataset, under the protocol with the most rows unless one is named.

    Raises TableError when there are no such rows.
    """
    made = _MADE.setdefault(board, {})
    wanted = dataset, protocol_digest, spoken_now()
    if wanted not in made:
        made[wanted] = _build(board, dataset, protocol_digest)
    return made[wanted]


_MADE: WeakKeyDictionary[Board, dict[tuple[str, str | None, Language], Table]] = WeakKeyDictionary()
"""Tables are remembered as long as their board: many visitors look at the same one."""


def _build(board: Board, dataset: str, protocol_digest: str | None) -> Table:
    ours = board.rows[board.rows["dataset"] == dataset]
    shown = ours[ours["status"] == "shown"]
    if shown.empty:
        known = ", ".join(datasets_of(board))
        if not known:
            raise TableError(say("the board has no rows to show yet"))
        raise TableError(
            say(
                "the board shows no rows of {dataset}; it has rows of: {known}",
                dataset=repr(dataset),
                known=known,
            )
        )
    protocols = shown["protocol_digest"].dropna().value_counts(sort=False).sort_index()
    ours_first = protocols + len(shown) * _measured_by_protocol(shown).reindex(protocols.index)
    chosen = protocol_digest or (str(ours_first.idxmax()) if len(protocols) else None)
    if protocol_digest and protocol_digest not in protocols:
        raise TableError(
            say(
                "no row of {dataset} was taken under protocol {digest}; there are {known}",
                dataset=dataset,
                digest=repr(protocol_digest),
                known=", ".join(map(str, protocols.index)) or say("none"),
            )
        )
    reported = shown["kind"] == "reported"
    rows = _ranked(shown[reported | (shown["protocol_digest"] == chosen)])
    columns = (*_BEFORE, *_metric_columns(rows), *_AFTER)
    cells = {each.name: each.value(rows) for each in columns} | dict(_pictures(rows, columns))
    frame = pd.DataFrame(cells)
    others = {str(name): int(count) for name, count in protocols.items() if name != chosen}
    return Table(
        dataset,
        chosen,
        others,
        columns,
        frame.convert_dtypes().reset_index(drop=True),
        (*_left_out(rows, columns), *_notes(ours, others)),
    )


def _measured_by_protocol(rows: pd.DataFrame) -> "pd.Series[int]":
    """How many rows of each protocol were measured here, so that others' cannot outnumber them."""
    return (rows["kind"] == "measured").astype(int).groupby(rows["protocol_digest"]).sum()


@cache
def _definitions(metrics: str) -> dict[str, MetricRecord]:
    return {name: MetricRecord(**fields) for name, fields in json.loads(metrics).items()}


def _ranking_metric(metrics: str) -> tuple[str, MetricRecord] | None:
    return next(iter(_definitions(metrics).items()), None)


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `group` and `rank`, in the order of both; reported rows come last."""
    reported = rows["kind"] == "reported"
    measured = rows[~reported]
    metrics = [_ranking_metric(each) for each in measured["metrics"]]
    keys = pd.Series(list(map(str, metrics)), measured.index) + measured["dataset_digest"]
    sizes = keys.value_counts()
    order = sorted(sizes.index, key=lambda key: (-sizes[key], key))
    groups = [_ranked_group(measured[keys == key], number) for number, key in enumerate(order, 1)]
    last = _sorted(rows[reported]).assign(rank=np.nan, group=np.nan, model_variant=None)
    return pd.concat([*groups, last])


def _ranked_group(rows: pd.DataFrame, number: int) -> pd.DataFrame:
    """Models in the order of the rows that stand for them, which alone are ranked."""
    ordered = _sorted(rows)
    metric = _ranking_metric(rows["metrics"].iloc[0])
    if metric is None:
        return ordered.assign(rank=1, group=number, model_variant=None)
    name, described = metric
    ranked = ordered.index.isin(standing_for_models(ordered, name, described))
    models, variants = ordered[ranked], ordered[~ranked]
    found = ranks([*models["scores"]], described.digits, described.better)
    together = below_their_models(models.assign(rank=found), variants.assign(rank=np.nan))
    return together.assign(group=number)


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    """The best first in the rows' own ranking metric, those without a score last."""
    metric = _ranking_metric(rows["metrics"].iloc[0]) if len(rows) else None
    if metric is None:
        return rows.sort_values("model")
    name, described = metric
    return rows.sort_values(
        [name, "model", "date"], ascending=[described.better == "lower", True, True]
    )


def _metric_columns(rows: pd.DataFrame) -> Iterator[Column]:
    """A column for each metric, as the row that comes first defines it."""
    seen: dict[str, MetricRecord] = {}
    for metrics in rows["metrics"].drop_duplicates():
        for name, each in _definitions(metrics).items():
            seen.setdefault(name, each)
    for place, (name, each) in enumerate(seen.items()):
        yield Column(
            name,
            each.title,
            _field(name),
            f".{each.digits}f",
            each.better,
            f"{each.definition}; {each.better} is better",
            brief=place < 3 or name in ("niqe", "brisque"),
        )


def _lacking(rows: pd.DataFrame, column: Column) -> "pd.Series[float]":
    """Of how many pictures each row has no finite score that its mean could be made of."""
    name = f"{column.name}_left_out"
    return rows[name].fillna(0) if name in rows else pd.Series(0.0, rows.index)


def _pictures(
    rows: pd.DataFrame, columns: Sequence[Column]
) -> Iterator[tuple[str, "pd.Series[float]"]]:
    """Of how many pictures the means are, for each metric that lacks some in any row."""
    for column in columns:
        lacking = _lacking(rows, column)
        if lacking.any():
            counts = (rows["images"] - lacking).where(rows[column.name].notna())
            yield f"{column.name}{PICTURES}", counts


def _left_out(rows: pd.DataFrame, columns: Sequence[Column]) -> Iterator[str]:
    """Which means are those of other pictures than the means beside them."""
    for column in columns:
        lacking = rows[_lacking(rows, column) > 0]
        if len(lacking):
            of = [
                f"{row['model']} ({row[f'{column.name}_left_out']:.0f} of {row['images']:.0f})"
                for row in lacking.head(_MAX_NAMED).to_dict("records")
            ]
            left = len(lacking) - _MAX_NAMED
            more = say(" and {count} more rows", count=left) if left > 0 else ""
            yield say(
                "{metric} leaves out pictures without a finite score: {models}{more}. Ranks "
                "compare the pictures that two rows have in common",
                metric=column.title,
                models=", ".join(of),
                more=more,
            )


def _notes(rows: pd.DataFrame, others: Mapping[str, int]) -> Iterator[str]:
    for digest, count in others.items():
        one = say(
            "1 more row was measured under protocol {digest} and is not ranked with these",
            digest=digest,
        )
        several = say(
            "{count} more rows were measured under protocol {digest} and are not ranked with these",
            count=count,
            digest=digest,
        )
        yield one if count == 1 else several
    waiting = int((rows["status"] == "waiting").sum())
    if waiting:
        yield say("{count} waiting to be accepted", count=waiting)
    for row in rows[rows["status"] == "withdrawn"].itertuples():
        yield say(
            "{model} ({id}) was withdrawn: {reason}",
            model=row.model,
            id=row.id,
            reason=row.withdrawn_because,
        )
