"""Fetching datasets that have a home on the Hugging Face Hub; for others, where they come from."""

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipInfo

import httpx2
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from benchmarks.datasets import DatasetSpec, find_dataset, open_dataset
from benchmarks.errors import DatasetError
from deblur.files import (
    ArchiveLimits,
    Placement,
    is_inner_path,
    list_members,
    replacing,
    unpack_members,
)

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".txt"}
LIMITS = ArchiveLimits(members=100_000, bytes=100_000_000_000, bytes_each=2_000_000_000)
"""Of the archives that a dataset comes in."""
_TRAINING_FOLDER = "train/"
"""Nothing is measured on what models learn from, and it is two thirds of GoPro."""


def download_dataset(
    name: str,
    root: Path,
    *,
    repo: str | None = None,
    revision: str | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Path:
    """Fetch a dataset into `root/NAME`, unpack its archives, and compare it with its manifest.

    Until all is unpacked, files that were fetched whole are not fetched again, and a connection
    that is cut is taken up where it was within the call: that is the Hub client's doing, which
    honours HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.
    Raises DatasetError when it has no home on the Hub (the message says where it comes from),
    cannot be fetched, or is not what the manifest says.
    """
    spec = find_dataset(name)
    if spec.embedded is not None:
        return spec.embedded
    source = repo or spec.home.repo
    if source is None:
        raise DatasetError(_where_from(spec))
    folder = root / name
    if folder.is_dir() and _is_complete(name, folder):
        tell(f"{folder} has all of it already")
        return folder
    tell(f"fetching {source} (terms: {spec.home.terms})")
    fetched = _fetch(source, revision, root / f".{name}-download")
    for archive in sorted(fetched.rglob("*.zip")):
        tell(f"unpacking {archive.name}")
        _unpack(archive, folder)
    _copy_pictures(fetched, folder)
    dataset = open_dataset(name, folder)
    tell(f"{len(dataset.items)} pictures, as the manifest has them")
    shutil.rmtree(fetched, ignore_errors=True)
    return folder


def _is_complete(name: str, folder: Path) -> bool:
    try:
        return bool(open_dataset(name, folder).items)
    except DatasetError:
        return False


def _where_from(spec: DatasetSpec) -> str:
    return (
        f"{spec.name} has no home on the Hub. It comes from {spec.home.page}; terms: "
        f"{spec.home.terms}. Lay it out as {spec.home.wanted}, and name the folder: "
        f"`python -m benchmarks run --dataset {spec.name}=FOLDER`; or name a mirror with --repo"
    )


def _fetch(repo: str, revision: str | None, folder: Path) -> Path:
    try:
        # By its commit: by a name, the client takes what lies in `folder` for all when it fails.
        commit = HfApi().dataset_info(repo, revision=revision).sha
        return Path(
            snapshot_download(
                repo,
                repo_type="dataset",
                revision=commit,
                local_dir=folder,
                ignore_patterns=[f"{_TRAINING_FOLDER}*"],
            )
        )
    except GatedRepoError as error:
        raise DatasetError(
            f"{repo} asks for an agreement: accept it on its page, and set HF_TOKEN"
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise DatasetError(
            f"the Hub has no dataset {repo}{f'@{revision}' if revision else ''}, or it is private "
            "(set HF_TOKEN)"
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise DatasetError(
            f"{repo} is not here and the Hub cannot be reached: connect, or unset HF_HUB_OFFLINE"
        ) from error
    except (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        raise DatasetError(
            f"{repo} could not be fetched ({_first_line(error)}); {_next_step(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _next_step(error: Exception) -> str:
    if isinstance(error, HfHubHTTPError) and error.response.status_code in (401, 403):
        return "set HF_TOKEN to a token that may read it"
    return "run the same command again to go on"


def _unpack(archive: Path, folder: Path) -> None:
    try:
        placed = [
            Placement(member, place)
            for member in list_members(archive, LIMITS)
            if (place := _place(member)) and not _is_there(folder / place, member)
        ]
        unpack_members(archive, placed, folder, LIMITS)
    except (BadZipFile, EOFError, RuntimeError, zlib.error) as error:
        raise DatasetError(
            f"{archive} is damaged ({error}); remove it and download again"
        ) from error


def _place(member: ZipInfo) -> str:
    """Where a member belongs: from its `test/` on, where it has one; empty if nowhere."""
    path = PurePosixPath(member.filename)
    if not is_inner_path(member.filename) or path.suffix.lower() not in _PICTURES:
        return ""
    if {"train", "__MACOSX"} & {*path.parts}:
        return ""
    return "/".join(path.parts[path.parts.index("test") :] if "test" in path.parts else path.parts)


def _is_there(path: Path, member: ZipInfo) -> bool:
    return path.is_file() and path.stat().st_size == member.file_size


def _copy_pictures(fetched: Path, folder: Path) -> None:
    for path in fetched.rglob("*"):
        below = path.relative_to(fetched)
        if path.suffix.lower() in _PICTURES and ".cache" not in below.parts:
            with replacing(folder / below) as temporary:
                shutil.copy2(path, temporary)
