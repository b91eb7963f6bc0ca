"""The board as a folder: one immutable file an entry, and one for each thing that became of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from deblur.errors import RecordError
from deblur.files import create_once
from deblur.language import Language, say, spoken_now
from deblur.records.run_result import ReportedScores
from leaderboard.errors import EntryError, StoreError
from leaderboard.judging.opinions import Opinions, opinions_of, with_opinions
from leaderboard.judging.votes import Vote, VoteFolder, Votes
from leaderboard.store.cache import Reading, RowCache
from leaderboard.store.entries import (
    EVENTS,
    Acceptance,
    Entry,
    Event,
    History,
    Verification,
    Withdrawal,
    complaints_of,
    read_entry,
    read_event,
)
from leaderboard.store.files import EntryFiles, Found, path_of, place_of, scan, unreadable
from leaderboard.store.rows import Row, entry_row, reported_rows, schema_for


@dataclass(frozen=True, eq=False)
class Board:
    """All rows, as `rows.FIELDS` describes them; `problems` names files that gave none.

    Many share one board: nobody changes its rows.
    """

    rows: pd.DataFrame
    problems: tuple[str, ...] = ()


class FolderStore:
    """Entries at ROOT/DATASET/MODEL/ID.json, what papers report at ROOT/reported/*.json, and
    people's votes at ROOT/votes.

    Many processes may use it at once: files are written whole, and never replaced.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._cache = RowCache(root)
        self._votes = VoteFolder(root)
        self._heard: tuple[tuple[Vote, ...], Opinions] = ((), {})
        self._loaded: dict[Language, tuple[object, Board]] = {}

    def add(self, entry: Entry) -> Path:
        """Keep an entry, and say where; of two with the same record the first one stays.

        Raises EntryError when something else lies in its place, OSError when it cannot be written.
        """
        path = self.root / place_of(entry.record)
        if not create_once(path, f"{entry.model_dump_json(indent=1)}\n"):
            self._read_whole(path)
        return path

    def load(self) -> Board:
        """All rows, the same board for as long as no file changes and nothing is wrong.

        Each language has its own, since some rows have words in them. A file that is damaged or
        foreign is named, and left alone.
        """
        found, votes = scan(self.root), self.votes()
        state = [each.key for each in (*found.entries, *found.reported)], votes
        before, board = self._loaded.get(spoken_now(), (None, None))
        if board is None or state != before or found.problems or board.problems:
            board = self._read(found, votes)
            self._loaded[spoken_now()] = state, board
        return board

    def _read(self, found: Found, votes: Votes) -> Board:
        rows = self._cache.refresh(found.entries, self._reading)
        reported, troubles = _reported(found.reported)
        table = pa.concat_tables([rows.table.drop(["key"]), reported], promote_options="default")
        problems = (*found.problems, *rows.problems, *troubles, *votes.problems)
        return Board(with_opinions(table.to_pandas(), self._opinions(votes.votes)), problems)

    def _opinions(self, votes: tuple[Vote, ...]) -> Opinions:
        """What votes say, remembered for as long as they are the same."""
        if self._heard[0] is not votes:
            self._heard = votes, opinions_of(votes)
        return self._heard[1]

    def add_vote(self, vote: Vote) -> bool:
        """Keep a vote; False when this person has answered that question before.

        Raises OSError when it cannot be written.
        """
        return self._votes.add(vote)

    def undo_vote(self, vote: Vote) -> bool:
        """Take the answer to a vote's question back; False when there is none.

        Raises OSError when that cannot be written.
        """
        return self._votes.undo(vote)

    def votes(self) -> Votes:
        """All votes. A file that is damaged or foreign is named, and left alone."""
        return self._votes.load()

    def rebuild(self) -> Board:
        """All rows, from the entries alone."""
        self._cache.clear()
        self._loaded.clear()
        return self.load()

    def entry(self, id: str) -> Entry:
        """An entry by its id. Raises StoreError for no such entry, EntryError for a damaged one."""
        return self._read_whole(self._path(id))

    def history(self, id: str) -> History:
        """What became of an entry. Raises StoreError and EntryError as `entry` does."""
        return _history(self._path(id))

    def accept(self, id: str) -> None:
        """Accept a waiting submission. Raises StoreError when it does not wait."""
        if not self.entry(id).moderated:
            raise StoreError(say("{id} does not wait for anybody", id=id))
        self._note(id, "accepted", Acceptance(date=_today()))

    def withdraw(self, id: str, reason: str) -> None:
        """Take a row off the board; its files stay.

        Raises StoreError when it is off already, and for a reason that cannot be shown.
        """
        try:
            withdrawal = Withdrawal(reason=reason, date=_today())
        except ValidationError as error:
            raise StoreError("; ".join(map(str, complaints_of(error, "withdrawn")))) from error
        self._note(id, "withdrawn", withdrawal)

    def add_verification(self, id: str, verification: Verification) -> None:
        """Keep what verified a claim. Raises StoreError when that was done before, or is none."""
        if self.entry(id).kind == "measured":
            raise StoreError(say("{id} was measured here: there is no claim to verify", id=id))
        self._note(id, "verified", verification)

    def _note(self, id: str, event: str, content: Event) -> None:
        path = self._path(id)
        if not create_once(path.with_suffix(f".{event}.json"), content.model_dump_json(indent=1)):
            raise StoreError(say("{id} was {event} before", id=id, event=event))

    def _path(self, id: str) -> Path:
        path = path_of(self.root, id)
        if path is None:
            raise StoreError(
                say(
                    "there is no entry {id} in {folder}; an id has 16 digits from 0 to f, "
                    "as the table shows them",
                    id=repr(id),
                    folder=self.root,
                )
            )
        return path

    def _read_whole(self, path: Path) -> Entry:
        """Read an entry that is what its path says. Raises EntryError otherwise."""
        entry = read_entry(path)
        place = self.root / place_of(entry.record)
        if str(place).casefold() != str(path).casefold():
            raise EntryError(
                say(
                    "{file} was altered or moved: what it says belongs at {place}",
                    file=path,
                    place=place,
                )
            )
        return entry

    def _reading(self, files: EntryFiles) -> Reading:
        problems: list[str] = []
        try:
            row = self._row(files.path, _history(files.path, problems))
        except EntryError as error:
            return Reading(None, (*problems, str(error)))
        except OSError as error:
            return Reading(None, (*problems, unreadable(files.path, error)))
        return Reading(row, problems)

    def _row(self, path: Path, history: History) -> Row:
        entry = self._read_whole(path)
        try:
            return entry_row(entry, history)
        except EntryError as error:
            raise EntryError(f"{path}: {error}") from error


def _reported(files: Sequence[EntryFiles]) -> tuple[pa.Table, list[str]]:
    """What papers report, and which files do not say it."""
    rows: list[Row] = []
    problems: list[str] = []
    for each in files:
        try:
            rows += reported_rows(ReportedScores.read(each.path))
        except RecordError as error:
            problems.append(str(error))
        except EntryError as error:
            problems.append(f"{each.path}: {error}")
    return pa.Table.from_pylist(rows, schema=schema_for(rows)), problems


def _history(path: Path, problems: list[str] | None = None) -> History:
    """What became of the entry at `path`; damaged files are named in `problems`, if it is given."""
    history = History()
    for event in _events(path, problems):
        match event:
            case Verification():
                history = replace(history, verified=event)
            case Withdrawal():
                history = replace(history, withdrawn=event)
            case Acceptance():
                history = replace(history, accepted=event)
    return history


def _events(path: Path, problems: list[str] | None) -> Iterator[Event]:
    for event in EVENTS:
        file = path.with_suffix(f".{event}.json")
        if file.is_file():
            try:
                yield read_event(file, event)
            except EntryError as error:
                if problems is None:
                    raise
                problems.append(str(error))


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")
