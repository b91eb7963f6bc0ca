"""Putting a model's files on the Hugging Face Hub, in one commit or none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    ModelInfo,
    constants,
)
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from deblur.errors import PublishError
from deblur.hub import parse_place

_VARIANT = re.compile(r"onnx/model_\w+\.onnx")


@dataclass(frozen=True)
class Pushed:
    """The commit that the repository is at, and whether it is a new one."""

    commit: str
    changed: bool
    url: str


def check_name(repo: str) -> None:
    """Raises PublishError unless `repo` can name a repository: owner/name."""
    place = parse_place(repo)
    if place is None or place.id != repo:
        raise PublishError(f"{repo!r} cannot name a repository on the Hub: write owner/name")


def push(repo: str, files: Mapping[str, Path], message: str, *, private: bool = False) -> Pushed:
    """Make `repo` hold the files, by their paths in it, and no variant of an earlier model.

    A repository that is not there is made; one that holds them already gets no commit. Raises
    PublishError, with the next step, when the Hub does not take part: then nothing is changed.
    """
    check_name(repo)
    try:
        return _push(HfApi(), repo, files, message, private)
    except (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        raise PublishError(_sentence(error, repo)) from error


def _push(api: HfApi, repo: str, files: Mapping[str, Path], message: str, private: bool) -> Pushed:
    api.create_repo(repo, private=private or None, exist_ok=True)
    before = api.model_info(repo)
    if private and not before.private:
        raise PublishError(
            f"{repo} is there and public: make it private in its settings, or leave out --private"
        )
    added = [CommitOperationAdd(path, file) for path, file in files.items()]
    removed = [CommitOperationDelete(path) for path in _variants(before) if path not in files]
    done = api.create_commit(
        repo, [*added, *removed], commit_message=message, parent_commit=before.sha
    )
    return Pushed(done.oid, done.oid != before.sha, f"{constants.ENDPOINT}/{repo}")


def _variants(info: ModelInfo) -> list[str]:
    names = (each.rfilename for each in info.siblings or ())
    return [name for name in names if _VARIANT.fullmatch(name)]


def _sentence(error: Exception, repo: str) -> str:
    """What stands in the way, and what to do."""
    hub = constants.ENDPOINT
    if isinstance(error, HfHubHTTPError):
        return _refusal(error.response.status_code, error.server_message or "", repo)
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE keeps this program from the Hub: unset it, or use --dry-run"
    if isinstance(error, httpx2.HTTPError):
        return f"{hub} cannot be reached ({type(error).__name__}): connect, and publish again"
    return f"the Hub does not take {repo}: {' '.join(str(error).split())}"


def _refusal(status: int, said: str, repo: str) -> str:
    why = f"{status}: {said}" if said else str(status)
    if status == 401:
        return (
            f"the Hub does not know who publishes ({why}): set HF_TOKEN to a token that may write"
        )
    if status == 403:
        return (
            f"the Hub does not let this token write to {repo} ({why}): name a repository of your "
            "own, or set HF_TOKEN to a token that may write there"
        )
    if status == 404:
        return f"the Hub has no place for {repo} ({why}): is its owner spelt right?"
    if status in (402, 413, 507):
        return f"the Hub has no room for {repo} ({why}): free some of your storage there"
    if status in (409, 412):
        return f"somebody else changed {repo} at the same time ({why}): publish again"
    if status == 429:
        return f"the Hub has had too many requests ({why}): publish again later"
    return f"the Hub is in trouble ({why}): publish again later"
