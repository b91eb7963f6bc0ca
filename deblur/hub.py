"""Fetching from the Hugging Face Hub, and one sentence for everything that can go wrong there.

The Hub's own client does the work: it honours HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE,
shows a progress bar in a terminal unless it is `watched`, takes a connection that is cut up where
it was, and renames what it fetched into place, so that processes that fetch the same file do not
harm each other.
"""

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx2
from huggingface_hub import (
    HfUri,
    constants,
    hf_hub_download,
    parse_hf_uri,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    HfUriError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from deblur.errors import ModelError, UnknownModelError, WeightsUnavailableError
from deblur.language import say

LICENCE_UNKNOWN = "not stated"

_BARE_NAME = re.compile(r"(?P<repo>\w[\w.-]*/\w[\w.-]*)(@(?P<revision>[\w./-]+))?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_PIECE = 1 << 16
"""Bytes between two progress reports of a watched file, at most."""

OnBytes = Callable[[str, int, int | None], None]
"""Gets the progress of a download: the file's name, the bytes so far, and the total if known."""

_watching: ContextVar[OnBytes | None] = ContextVar("watching", default=None)


def parse_place(name: str) -> HfUri | None:
    """The place on the Hub that a name stands for, None when it stands for none.

    A place is `owner/name`, `owner/name@revision`, `hf://owner/name@revision/path/to/file`, or
    an address copied from the Hub's pages. Raises UnknownModelError for one that is malformed,
    or where no models lie.
    """
    if bare := _BARE_NAME.fullmatch(name):
        revision = f"@{quote(bare['revision'], safe='')}" if bare["revision"] else ""
        name = f"hf://{bare['repo']}{revision}"
    if not name.startswith(("hf://", "https://")):
        return None
    try:
        place = parse_hf_uri(name, endpoint=constants.ENDPOINT)
    except HfUriError as error:
        raise UnknownModelError(
            say("{error}; expected hf://owner/name@revision/FILE", error=error)
        ) from error
    if place.type != "model":
        raise UnknownModelError(
            say("{name} is a {type} on the Hub, and not a model", name=name, type=place.type)
        )
    return place


@contextmanager
def watched(on_bytes: OnBytes) -> Iterator[None]:
    """Inside, downloads from the Hub are reported to `on_bytes`; the client shows no bar."""
    before, token = constants.DOWNLOAD_CHUNK_SIZE, _watching.set(on_bytes)
    constants.DOWNLOAD_CHUNK_SIZE = min(before, _PIECE)
    try:
        yield
    finally:
        constants.DOWNLOAD_CHUNK_SIZE = before
        _watching.reset(token)


def download(repo: str, file: str, revision: str | None = None, *, again: bool = False) -> Path:
    """A file of a model repository, fetched unless the cache has it (`again`: even then).

    Raises UnknownModelError when the Hub has no such repository, revision or file, and
    WeightsUnavailableError, with the next step, when it cannot be fetched.
    """
    on_bytes = _watching.get()
    bar: Any = _bar_that_tells(file, on_bytes) if on_bytes else None
    try:
        return Path(
            hf_hub_download(repo, file, revision=revision, force_download=again, tqdm_class=bar)
        )
    except (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        where = f"{repo}@{revision}" if revision else repo
        raise _as_model_error(_root(error), file, where) from error


def cached(repo: str, file: str, revision: str | None = None) -> Path | None:
    """Path in the cache of a file of a model repository, without a request; None if absent."""
    path = try_to_load_from_cache(repo, file, revision=revision)
    return Path(path) if isinstance(path, str) else None


def digest_on_the_hub(path: Path) -> str | None:
    """The SHA-256 that the Hub gave for a file in the cache; None for text, which has none.

    The client names a large file after it; where the cache cannot hold links, it is lost.
    """
    name = path.resolve().name
    return name if _SHA256.fullmatch(name) else None


def licence_of(repo: str, revision: str | None) -> str:
    """The licence in a repository's model card, or LICENCE_UNKNOWN."""
    from huggingface_hub import ModelCard

    try:
        card = ModelCard(download(repo, "README.md", revision).read_text(encoding="utf-8"))
    except (ModelError, ValueError):
        return LICENCE_UNKNOWN
    return str(getattr(card.data, "license", None) or LICENCE_UNKNOWN)


def explain(error: BaseException, what: str, repo: str) -> str:
    """One sentence, with the next step, for what kept `what` of a repository from being fetched.

    `error` is what the Hub's client raised.
    """
    hub = constants.ENDPOINT
    missing = say("{what} is incomplete in the cache, and", what=what)
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else 0
    if isinstance(error, GatedRepoError):
        return say(
            "{repo} asks for an agreement: accept it on {hub}/{repo}, and set HF_TOKEN",
            repo=repo,
            hub=hub,
        )
    if isinstance(error, OfflineModeIsEnabled):
        return say("{missing} HF_HUB_OFFLINE is set: connect, and unset it once", missing=missing)
    if isinstance(error, FileMetadataError):
        return say(
            "{hub} does not answer as a Hub: sign in to this network, or correct HF_ENDPOINT",
            hub=hub,
        )
    if status in (401, 403):
        return say(
            "the Hub refuses {what} ({status}): set HF_TOKEN to a token that may read it",
            what=what,
            status=status,
        )
    if status == 429:
        return say(
            "the Hub has had too many requests (429): fetch {what} later, or set HF_TOKEN",
            what=what,
        )
    if status:
        return say("the Hub is in trouble ({status}): fetch {what} later", status=status, what=what)
    if isinstance(error, (httpx2.ConnectError, httpx2.TimeoutException, httpx2.ProxyError)):
        return say(
            "{missing} {hub} cannot be reached: connect, and try again", missing=missing, hub=hub
        )
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return say(
            "there is no space left for {what} in {folder}: free some, or set HF_HOME",
            what=what,
            folder=constants.HF_HUB_CACHE,
        )
    if isinstance(error, OSError) and error.errno:
        reason = f"{error.strerror}: {error.filename}"
        return say(
            "{what} cannot be kept ({reason}): set HF_HOME to a folder that can be written",
            what=what,
            reason=reason,
        )
    return say(
        "{what} could not be fetched ({reason}): try again",
        what=what,
        reason=_first_line(error),
    )


def _bar_that_tells(file: str, on_bytes: OnBytes) -> type:
    """What the Hub's client takes for a class of progress bars."""

    class Bar:
        """Over Xet, bytes that came and bytes that were written are counted apart."""

        def __init__(self, *_: object, total: int | None = None, initial: int = 0, **__: object):
            self.total, self._came, self._written = total, initial, initial
            self._report_progress()

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def update(self, count: int = 1) -> None:
            self._written += count
            self._report_progress()

        def update_transfer(self, count: int) -> None:
            self._came += count
            self._report_progress()

        def _report_progress(self) -> None:
            on_bytes(file, max(self._came, self._written), self.total)

        def set_postfix_str(self, *_: object, **__: object) -> None: ...

        def set_transfer_postfix_str(self, *_: object, **__: object) -> None: ...

        def close(self) -> None: ...

    return Bar


def _root(error: Exception) -> BaseException:
    """What the client found before it looked into the cache, or was told not to."""
    wraps = isinstance(error, LocalEntryNotFoundError) or type(error) is ValueError
    return error.__cause__ if wraps and error.__cause__ else error


def _as_model_error(error: BaseException, file: str, where: str) -> ModelError:
    repo = where.partition("@")[0]
    if isinstance(error, GatedRepoError):
        return WeightsUnavailableError(explain(error, f"{file} of {where}", repo))
    if isinstance(error, (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError)):
        return UnknownModelError(
            say(
                "the Hub has no model repository {where}, or it is private (set HF_TOKEN)",
                where=where,
            )
        )
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        return UnknownModelError(
            say(
                "{where} holds no {file}; name a file of it: hf://{where}/FILE",
                where=where,
                file=file,
            )
        )
    return WeightsUnavailableError(explain(error, f"{file} of {where}", repo))


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
