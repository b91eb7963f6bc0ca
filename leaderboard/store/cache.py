"""The rows of a store in one Parquet file, so that the board is there at once.

It can be deleted at any time: what is missing or has changed is read from the entries again.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from deblur.files import replace_file, replacing
from deblur.records.digests import digest_of_json
from leaderboard.store.files import EntryFiles
from leaderboard.store.rows import FIELDS, Row, schema_for

FOLDER = ".cache"
_LAYOUT = 3
_VERSION = digest_of_json([_LAYOUT, {name: str(kind) for name, kind in FIELDS.items()}])
_KEY = pa.field("key", pa.string())


@dataclass(frozen=True)
class Reading:
    """What reading an entry gave: its row unless it is no entry, and what was wrong."""

    row: Row | None = None
    problems: Sequence[str] = ()


@dataclass
class Rows:
    """Rows of entries, one for each of `key`, and what was wrong with others."""

    table: pa.Table
    problems: list[str] = field(default_factory=list)


class RowCache:
    """The Parquet file below a store's root. Safe to share: it is replaced as a whole."""

    def __init__(self, root: Path) -> None:
        self.path = root / FOLDER / "rows.parquet"

    def refresh(self, entries: Sequence[EntryFiles], read: Callable[[EntryFiles], Reading]) -> Rows:
        """The rows of entries: kept where no file has changed since, and read where one has.

        An entry with something wrong is never kept, so that it is named every time.
        """
        known = self._load()
        keys = pa.array([each.key for each in entries], pa.string())
        kept = known.filter(pc.is_in(known["key"], keys))
        there = set(kept["key"].to_pylist())
        fresh = {each.key: read(each) for each in entries if each.key not in there}
        clean = {key: each.row for key, each in fresh.items() if each.row and not each.problems}
        faulty = {key: each.row for key, each in fresh.items() if each.row and each.problems}
        table = _joined(kept, _table(clean))
        if clean or len(kept) < len(known):
            self._save(table)
        problems = [problem for each in fresh.values() for problem in each.problems]
        return Rows(_joined(table, _table(faulty)).sort_by("key"), problems)

    def clear(self) -> None:
        """Throw it away."""
        self.path.unlink(missing_ok=True)

    def _load(self) -> pa.Table:
        """What was kept; nothing when it is damaged or of another version."""
        try:
            table = pq.read_table(self.path)
        except (OSError, pa.ArrowException):
            return _table({})
        metadata = table.schema.metadata or {}
        return table if metadata.get(b"version") == _VERSION.encode() else _table({})

    def _save(self, table: pa.Table) -> None:
        """Losing the cache costs only time, so a folder that cannot be written is no failure."""
        with suppress(OSError):
            replace_file(self.path.with_name(".gitignore"), "*\n")
            with replacing(self.path) as temporary:
                pq.write_table(table.replace_schema_metadata({"version": _VERSION}), temporary)


def _table(rows: dict[str, Row]) -> pa.Table:
    schema = schema_for(list(rows.values())).append(_KEY)
    return pa.Table.from_pylist([{**row, "key": key} for key, row in rows.items()], schema=schema)


def _joined(first: pa.Table, second: pa.Table) -> pa.Table:
    return pa.concat_tables([first, second], promote_options="default")
