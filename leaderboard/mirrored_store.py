"""The store that the environment names: a folder, or a folder that follows a Hub repository."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

from huggingface_hub import constants

from leaderboard.entries import Entry, Event
from leaderboard.errors import MirrorError
from leaderboard.mirror import Mirror
from leaderboard.store import Board, FolderStore

EMBEDDED = Path(__file__).parent / "data"
EVERY = 60.0
"""Seconds after which a visitor makes the board look at the Hub again."""


class MirroredStore(FolderStore):
    """A FolderStore that answers from its folder and follows the Hub in the background."""

    def __init__(self, root: Path, mirror: Mirror) -> None:
        super().__init__(root)
        self.mirror = mirror
        self._trouble: str | None = None
        self._looked = -EVERY
        self._wanted = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()
        self._wanted.set()

    def add(self, entry: Entry) -> Path:
        """See FolderStore.add; it goes up as soon as the Hub takes it."""
        path = super().add(entry)
        self._wanted.set()
        return path

    def load(self) -> Board:
        """See FolderStore.load; a Hub that is away is named among the problems."""
        if time.monotonic() - self._looked > EVERY:
            self._wanted.set()
        board = super().load()
        return replace(board, problems=(*board.problems, *filter(None, [self._trouble])))

    def _note(self, id: str, event: str, content: Event) -> None:
        super()._note(id, event, content)
        self._wanted.set()

    def _follow(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self.mirror.sync()
                self._trouble = None
            except MirrorError as error:
                self._trouble = str(error)
            self._looked = time.monotonic()


def open_store(root: Path | None = None, repo: str | None = None) -> FolderStore:
    """The store in `root` or LEADERBOARD_ROOT, which follows `repo` or LEADERBOARD_REPO if set.

    Without a root it is the one that comes with the project, or a folder for the repository in
    the Hub's cache.
    """
    repo = repo or os.environ.get("LEADERBOARD_REPO")
    given = root or os.environ.get("LEADERBOARD_ROOT")
    if not repo:
        return FolderStore(Path(given or EMBEDDED))
    folder = Path(given or Path(constants.HF_HOME, "boards", repo.replace("/", "--")))
    return MirroredStore(folder, Mirror(folder, repo))
