"""The board's folder and a dataset repository on the Hugging Face Hub: each gets what it lacks.

Files of a store are written once and never change, so what the one side has and the other does
not is all there is to know: the folder itself is the queue of what has yet to go up.
"""

import json
import re
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import RepoFile

from deblur.files import create_once, replace_file
from deblur.language import say
from leaderboard.errors import EntryError, MirrorError
from leaderboard.store.cache import FOLDER
from leaderboard.store.entries import read_entry
from leaderboard.store.files import REPORTED, VOTES

MAX_FILES = 200
"""Number of files in one commit."""

MAX_CONFLICTS = 8
"""Commits that are tried again because others committed in between."""

MAX_ATTEMPTS = 3
"""Times that one commit is sent while the Hub answers with errors of its own (5xx)."""

_PART = re.compile(r"[A-Za-z0-9_@(+-][A-Za-z0-9._ +@()-]{0,119}")
_FILE = re.compile(r"[0-9a-f]{16}(\.[a-z]+)?\.json")
_ACCEPTED = ".accepted.json"
_CONFLICTS = {409, 412}


@dataclass(frozen=True)
class Synced:
    """How many files came and went."""

    pulled: int = 0
    pushed: int = 0


@dataclass(frozen=True)
class Seen:
    """What the Hub had when it was last looked at: the last commit, and the store's files in it."""

    head: str
    files: frozenset[str]


class Mirror:
    """A store's folder that follows the dataset repository `repo`, owner/name."""

    def __init__(self, root: Path, repo: str, api: HfApi | None = None) -> None:
        self.root, self.repo = root, repo
        self._api = api or HfApi()
        self._one_at_a_time = threading.Lock()
        self._memory = root / FOLDER / f"{repo.replace('/', '--')}.json"
        self._seen = _recall(self._memory)
        self._moderated: dict[str, bool] = {}

    @property
    def was_there(self) -> bool:
        """Whether the Hub has ever answered."""
        return self._seen is not None

    def files(self) -> list[str]:
        """The paths of the store's files here."""
        found = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*.json"))
        return sorted(filter(is_file_of_store, found))

    def waiting(self) -> list[str]:
        """The files that have yet to go up, as far as is known without asking the Hub.

        What waits for a moderator does not go up, nor does anything beside it.
        """
        there = self._seen.files if self._seen else frozenset()
        here = self.files()
        accepted = {path.removesuffix(_ACCEPTED) for path in here if path.endswith(_ACCEPTED)}
        new = [path for path in here if path not in there]
        return [path for path in new if (it := _entry_of(path)) in accepted or not self._waits(it)]

    def _waits(self, entry: str) -> bool:
        """Whether the entry at a path without its ending is kept back until it is accepted."""
        if entry.startswith((f"{VOTES}/", f"{REPORTED}/")):
            return False
        if entry not in self._moderated:
            try:
                self._moderated[entry] = read_entry(self.root / f"{entry}.json").moderated
            except EntryError as error:  # a damaged one goes up as it is
                return isinstance(error.__cause__, OSError)
        return self._moderated[entry]

    def sync(self) -> Synced:
        """Fetch what came since, and commit what is only here.

        Raises MirrorError when the Hub does not take part; everything stays here for the next
        time. Files that came are whole, and none is replaced.
        """
        with self._one_at_a_time:
            try:
                return self._sync()
            except (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
                raise MirrorError(trouble_told(error, self.repo)) from error

    def _sync(self) -> Synced:
        pulled = pushed = failures = 0
        for _ in range(MAX_CONFLICTS):
            seen = self._list_hub()
            pulled += self._fetch(sorted(seen.files - {*self.files()}), seen.head)
            try:
                while waiting := self.waiting()[:MAX_FILES]:
                    self._commit(waiting)
                    pushed += len(waiting)
                return Synced(pulled, pushed)
            except (HfHubHTTPError, httpx2.TransportError) as error:
                status = error.response.status_code if isinstance(error, HfHubHTTPError) else 500
                if status not in _CONFLICTS:
                    failures += 1
                    if status < 500 or failures == MAX_ATTEMPTS:
                        raise
                    time.sleep(failures)
        raise MirrorError(trouble_told(None, self.repo))

    def _list_hub(self) -> Seen:
        """What the Hub has; files are listed only if there is a new commit."""
        head = str(self._api.dataset_info(self.repo, expand=["sha"]).sha)
        if self._seen is None or self._seen.head != head:
            tree = self._api.list_repo_tree(
                self.repo, revision=head, recursive=True, repo_type="dataset"
            )
            paths = (each.path for each in tree if isinstance(each, RepoFile))
            self._remember(Seen(head, frozenset(filter(is_file_of_store, paths))))
        assert self._seen is not None
        return self._seen

    def _fetch(self, paths: Sequence[str], head: str) -> int:
        if not paths:
            return 0
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(8) as pool:
            fetch = partial(
                self._api.hf_hub_download,
                self.repo,
                repo_type="dataset",
                revision=head,
                local_dir=folder,
            )
            for path, file in zip(paths, pool.map(fetch, paths), strict=True):
                text = Path(file).read_text(encoding="utf-8", errors="replace")
                create_once(self.root / path, text)
        return len(paths)

    def _commit(self, paths: Sequence[str]) -> None:
        """Commit files on top of the commit that was seen, so that no other files are replaced."""
        assert self._seen is not None
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        done = self._api.create_commit(
            self.repo,
            [CommitOperationAdd(path, self.root / path) for path in paths],
            commit_message=f"Add {paths[0]}{more}",
            repo_type="dataset",
            parent_commit=self._seen.head,
        )
        self._remember(Seen(str(done.oid), self._seen.files.union(paths)))

    def _remember(self, seen: Seen) -> None:
        self._seen = seen
        kept = {"head": seen.head, "files": sorted(seen.files)}
        replace_file(self._memory, json.dumps(kept))


def _recall(memory: Path) -> Seen | None:
    """What was seen before a restart; None when it is unknown, which costs a listing only."""
    try:
        kept = json.loads(memory.read_text())
        return Seen(str(kept["head"]), frozenset(kept["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_file_of_store(path: str) -> bool:
    """Whether a path can be one of a store's: FOLDER/FOLDER/ID[.EVENT].json, or reported/NAME.json.

    Nothing else travels, whatever lies in a folder that was named by mistake.
    """
    *folders, name = path.split("/")
    if not all(_PART.fullmatch(part) for part in (*folders, name)):
        return False
    return bool(
        (len(folders) == 2 and _FILE.fullmatch(name))
        or (folders == [REPORTED] and name.endswith(".json"))
    )


def _entry_of(path: str) -> str:
    """The path of the entry that a file belongs to, without its ending."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.partition('.')[0]}"


def trouble_told(error: BaseException | None, repo: str) -> str:
    """What stands in the way, and what to do; without an error, that others were faster."""
    if error is None:
        return say("others kept committing to {repo}; what is new here goes up later", repo=repo)
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if isinstance(error, OfflineModeIsEnabled):
        return say(
            "HF_HUB_OFFLINE keeps the board from the Hub; what is new goes up when it is unset"
        )
    if isinstance(error, GatedRepoError) or status in (401, 403):
        return say(
            "the Hub lets nobody with this token change {repo}: set HF_TOKEN to one that may",
            repo=repo,
        )
    if isinstance(error, RepositoryNotFoundError | HFValidationError):
        return say(
            "the Hub has no dataset {repo} that this token sees: create it, or correct "
            "LEADERBOARD_REPO or HF_TOKEN",
            repo=repo,
        )
    if isinstance(error, OSError) and error.errno and error.filename:
        return say(
            "{file}: {reason}; put that right, and the board follows again",
            file=error.filename,
            reason=error.strerror,
        )
    if status:
        return say("the Hub answers {status}; what is new goes up later", status=status)
    kind = type(error).__name__
    return say("the Hub cannot be reached ({reason}); what is new goes up later", reason=kind)
