"""The board's folder and a dataset repository on the Hugging Face Hub: each gets what it lacks.

Files of a store are written once and never change, so what the one side has and the other does
not is all there is to know: nothing is queued anywhere but in the folder itself.
"""

import re
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import RepoFile

from leaderboard.errors import MirrorError
from leaderboard.files import write_once

MOST_FILES = 200
"""So many files go up in one commit."""

TURNS = 8
"""So often is looked again when others committed in between."""

_PART = re.compile(r"[A-Za-z0-9_@(+-][A-Za-z0-9._ +@()-]{0,119}")
_CONFLICTS = {409, 412}


@dataclass(frozen=True)
class Synced:
    """How many files came and went."""

    pulled: int = 0
    pushed: int = 0


class Mirror:
    """A store's folder that follows the dataset repository `repo`, owner/name."""

    def __init__(self, root: Path, repo: str, api: HfApi | None = None) -> None:
        self.root, self.repo = root, repo
        self._api = api or HfApi()
        self._one_at_a_time = threading.Lock()

    def files(self) -> list[str]:
        """The paths of the store's files here."""
        found = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*.json"))
        return sorted(filter(is_file_of_store, found))

    def sync(self) -> Synced:
        """Fetch what came since, and commit what is only here.

        Raises MirrorError when the Hub does not take part; everything stays here for the next
        time. Files that came are whole, and none is replaced.
        """
        with self._one_at_a_time:
            try:
                return self._sync()
            except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
                raise MirrorError(_sentence(error, self.repo)) from error

    def _sync(self) -> Synced:
        pulled = pushed = conflicts = 0
        while conflicts < TURNS:
            head, there = self._listing()
            here = {*self.files()}
            pulled += self._fetch(sorted(there - here), head)
            missing = sorted(here - there)[:MOST_FILES]
            if not missing:
                return Synced(pulled, pushed)
            try:
                self._commit(missing, head)
            except HfHubHTTPError as error:
                if error.response.status_code not in _CONFLICTS:
                    raise
                conflicts += 1
            else:
                pushed += len(missing)
        raise MirrorError(f"others kept committing to {self.repo}; what is new here goes up later")

    def _listing(self) -> tuple[str, frozenset[str]]:
        """The last commit, and the store's files in it."""
        head = str(self._api.repo_info(self.repo, repo_type="dataset").sha)
        tree = self._api.list_repo_tree(
            self.repo, revision=head, recursive=True, repo_type="dataset"
        )
        paths = (each.path for each in tree if isinstance(each, RepoFile))
        return head, frozenset(filter(is_file_of_store, paths))

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
                write_once(self.root / path, text)
        return len(paths)

    def _commit(self, paths: Sequence[str], head: str) -> None:
        added = [CommitOperationAdd(path, self.root / path) for path in paths]
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        self._api.create_commit(
            self.repo,
            added,
            commit_message=f"Add {paths[0]}{more}",
            repo_type="dataset",
            parent_commit=head,
        )


def is_file_of_store(path: str) -> bool:
    """Whether a path can be one of a store's: JSON in a folder, and nothing hidden or outside."""
    parts = PurePosixPath(path).parts
    return (
        path.endswith(".json")
        and 2 <= len(parts) <= 6
        and all(_PART.fullmatch(part) for part in parts)
    )


def _sentence(error: Exception, repo: str) -> str:
    """What stands in the way, and what to do."""
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if isinstance(error, GatedRepoError) or status in (401, 403):
        return f"the Hub lets nobody with this token change {repo}: set HF_TOKEN to one that may"
    if isinstance(error, RepositoryNotFoundError | HFValidationError):
        return (
            f"the Hub has no dataset {repo} that this token sees: create it, or correct "
            "LEADERBOARD_REPO or HF_TOKEN"
        )
    return f"the Hub cannot be reached ({type(error).__name__}); what is new goes up later"
