"""The store that the environment names: a folder, or a folder that follows a Hub repository."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

from huggingface_hub import constants

from leaderboard.errors import MirrorError
from leaderboard.judging.votes import Vote
from leaderboard.store.entries import Entry, Event
from leaderboard.store.folder_store import Board, FolderStore
from leaderboard.store.mirror import Mirror, Synced, trouble_told

EMBEDDED = Path(__file__).parents[1] / "data"
SYNC_SECONDS = 60.0
"""Seconds after which a visitor makes the board look at the Hub again; so long it waits when the
Hub is away."""

FIRST_SYNC_SECONDS = 10.0
"""Seconds that the first visitor of a board without anything on disk waits for the Hub."""


class MirroredStore(FolderStore):
    """A FolderStore whose folder follows the Hub: with `sync`, or in the background."""

    def __init__(self, root: Path, mirror: Mirror) -> None:
        super().__init__(root)
        self.mirror = mirror
        self._trouble: MirrorError | None = None
        self._looked = -SYNC_SECONDS
        self._wanted, self._first = threading.Event(), threading.Event()
        self._first.set()
        self._soon: threading.Timer | None = None

    def follow(self) -> None:
        """Sync from now on in the background: at once, after every change and for visitors."""
        if not self.mirror.was_there:
            self._first.clear()
        threading.Thread(target=self._follow, daemon=True).start()

    def sync(self) -> Synced:
        """Fetch what came, commit what is only here. Raises MirrorError as Mirror.sync does."""
        try:
            done = self.mirror.sync()
            self._trouble = None
            return done
        except MirrorError as error:
            self._trouble = error
            raise
        finally:
            self._looked = time.monotonic()
            self._first.set()

    def add(self, entry: Entry) -> Path:
        """See FolderStore.add; it goes up as soon as the Hub takes it."""
        path = super().add(entry)
        self._wanted.set()
        return path

    def add_vote(self, vote: Vote) -> bool:
        """Add a vote as FolderStore does, and upload it within SYNC_SECONDS, with others.

        The Hub would refuse a commit for each of a person's quick answers.
        """
        added = super().add_vote(vote)
        self._go_up_soon()
        return added

    def undo_vote(self, vote: Vote) -> bool:
        """See FolderStore.undo_vote; it goes up as votes do."""
        undone = super().undo_vote(vote)
        self._go_up_soon()
        return undone

    def _go_up_soon(self) -> None:
        if self._soon is None or not self._soon.is_alive():
            self._soon = threading.Timer(SYNC_SECONDS, self._wanted.set)
            self._soon.daemon = True
            self._soon.start()

    def load(self) -> Board:
        """See FolderStore.load; a Hub that is away is named among the problems."""
        self._first.wait(FIRST_SYNC_SECONDS)
        if time.monotonic() - self._looked > SYNC_SECONDS:
            self._wanted.set()
        board = super().load()
        if trouble := self._trouble:  # it came in the background, which speaks nobody's language
            told = trouble_told(trouble.__cause__, self.mirror.repo)
            return replace(board, problems=(*board.problems, told))
        return board

    def _note(self, id: str, event: str, content: Event) -> None:
        super()._note(id, event, content)
        self._wanted.set()

    def _follow(self) -> None:
        while True:
            self._wanted.clear()
            try:
                self.sync()
            except MirrorError:
                self._wanted.wait(SYNC_SECONDS)
            else:
                self._wanted.wait()


def open_store(
    root: Path | None = None, repo: str | None = None, *, follow: bool = True
) -> FolderStore:
    """The store in `root` or LEADERBOARD_ROOT, which follows `repo` or LEADERBOARD_REPO if set.

    Without a root it is the one that comes with the project, or a folder for the repository in
    the Hub's cache. Unless told to `follow` in the background, it waits for `sync`.
    """
    repo = repo or os.environ.get("LEADERBOARD_REPO")
    given = root or os.environ.get("LEADERBOARD_ROOT")
    if not repo:
        return FolderStore(Path(given or EMBEDDED))
    folder = Path(given or Path(constants.HF_HOME, "boards", repo.replace("/", "--")))
    store = MirroredStore(folder, Mirror(folder, repo))
    if follow:
        store.follow()
    return store
