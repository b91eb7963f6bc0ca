"""What a Hub on this machine holds, and what goes wrong with it."""

import math
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path
from typing import Literal, NamedTuple

import huggingface_hub
import pytest
from huggingface_hub.hf_api import api as default_client

TOKEN = "hf_loopback"
Kind = Literal["model", "dataset"]


class Request(NamedTuple):
    """What was asked for: method and path in one line, the range, and whether with a token."""

    line: str
    range: str
    signed: bool


@dataclass
class Repo:
    """A repository: the files of every commit, and the branches and tags that name commits.

    A `gated` one shows its files to nobody who has not agreed: set it to False to agree.
    """

    name: str
    kind: Kind = "model"
    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.commit({})

    def commit(self, changes: Mapping[str, bytes | None], branch: str = "main") -> str:
        """Add, replace or (None) remove files on a branch, and give the new commit's sha."""
        head = self.refs.get(branch) or self.refs.get("main", "")
        files = {**self.commits.get(head, {}), **changes}
        commit = sha1(f"{self.kind} {self.name} {len(self.commits)}".encode()).hexdigest()
        self.commits[commit] = {path: data for path, data in files.items() if data is not None}
        self.refs[branch] = commit
        return commit

    def tag(self, name: str, revision: str = "main") -> None:
        """Name a commit."""
        self.refs[name] = self.refs.get(revision, revision)

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """Path -> content at a revision. Raises KeyError when there is no such revision."""
        return self.commits[self.refs.get(revision, revision)]


@dataclass
class Fault:
    """An answer that requests get instead of theirs; see Hub.fail."""

    status: int | None
    matching: str
    times: float
    headers: dict[str, str]
    body: bytes


@dataclass
class Hub:
    """What the server holds, what it was asked, and what goes wrong with it.

    No answer of the CDN holds more than `cut` bytes before the connection breaks, and after
    so many `pieces` none at all. The next `spoilt` answers of the CDN are not the file. With
    `hold`, the second half of a file comes once that is set.
    """

    url: str
    repos: dict[tuple[str, str], Repo] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    cut: int | None = None
    pieces: float = math.inf
    spoilt: int = 0
    hold: threading.Event | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lines(self) -> list[str]:
        """Method and path of every request."""
        return [request.line for request in self.requests]

    def add_repo(
        self, name: str, kind: Kind = "model", *, private: bool = False, gated: bool = False
    ) -> Repo:
        """A new repository, empty but for its first commit."""
        return self.repos.setdefault((kind, name), Repo(name, kind, private, gated))

    def fail(
        self,
        status: int | None,
        *,
        times: float = math.inf,
        matching: str = "",
        code: str = "",
        retry_after: int | None = None,
        body: bytes = b"",
    ) -> None:
        """Answer requests whose line holds `matching` with a status, so many times.

        Without a status the connection breaks instead. `code` is the Hub's own name for what
        is wrong: GatedRepo, RepoNotFound, ...
        """
        headers = {"X-Error-Code": code} if code else {}
        headers |= {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.faults.append(Fault(status, matching, times, headers, body))

    def recover(self) -> None:
        """Nothing goes wrong any more."""
        self.faults.clear()
        self.cut, self.pieces, self.spoilt = None, math.inf, 0

    def environment(self, home: Path, **more: str) -> dict[str, str]:
        """What a child process needs to find this Hub, with its cache below `home`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        kept |= {"HF_ENDPOINT": self.url, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
        return kept | {"NO_PROXY": "127.0.0.1,localhost", "OMP_NUM_THREADS": "1"} | more

    def adopt(self, patch: pytest.MonkeyPatch, home: Path, token: str | None = None) -> None:
        """Turn this process's client to this Hub until the test ends; it does not wait to retry."""
        constants = huggingface_hub.constants
        template = f"{self.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        patch.setattr(constants, "ENDPOINT", self.url)
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        patch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
        patch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(default_client, "endpoint", self.url)
        patch.setattr("time.sleep", lambda seconds: None)
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        patch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
        patch.setenv("HF_TOKEN", token or "")
        huggingface_hub.close_session()
