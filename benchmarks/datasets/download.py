"""Fetching datasets that have a home on the Hugging Face Hub; for others, where they come from."""

import shutil
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

import httpx2
from huggingface_hub import snapshot_download
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

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".txt"}
_LEARNT = "train/"
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

    What was fetched before is not fetched again, and a cut connection is taken up where it was:
    that is the Hub client's doing, which honours HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.
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


def _where_from(spec: DatasetSpec) -> str:
    return (
        f"{spec.name} has no home on the Hub. It comes from {spec.home.page}; terms: "
        f"{spec.home.terms}. Lay it out as {spec.home.wanted}, and name the folder: "
        f"`python -m benchmarks run --dataset {spec.name}=FOLDER`; or name a mirror with --repo"
    )


def _fetch(repo: str, revision: str | None, folder: Path) -> Path:
    try:
        return Path(
            snapshot_download(
                repo,
                repo_type="dataset",
                revision=revision,
                local_dir=folder,
                ignore_patterns=[f"{_LEARNT}*"],
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
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise DatasetError(
            f"{repo} could not be fetched ({error}); run the same command again to go on"
        ) from error


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with ZipFile(archive) as opened:
            for member in opened.infolist():
                place = _place(member)
                if place is not None and not _is_there(folder / place, member):
                    (folder / place).parent.mkdir(parents=True, exist_ok=True)
                    with opened.open(member) as source, (folder / place).open("wb") as target:
                        shutil.copyfileobj(source, target)
    except BadZipFile as error:
        raise DatasetError(
            f"{archive} is damaged ({error}); remove it and download again"
        ) from error


def _place(member: ZipInfo) -> Path | None:
    """Where a member belongs: from its `test/` on, where it has one; None if nowhere."""
    path = Path(member.filename)
    if member.is_dir() or path.is_absolute() or ".." in path.parts:
        return None
    if path.suffix.lower() not in _PICTURES or "train" in path.parts:
        return None
    return Path(*path.parts[path.parts.index("test") :]) if "test" in path.parts else path


def _is_there(path: Path, member: ZipInfo) -> bool:
    return path.is_file() and path.stat().st_size == member.file_size


def _copy_pictures(fetched: Path, folder: Path) -> None:
    for path in fetched.rglob("*"):
        if path.suffix.lower() in _PICTURES and ".cache" not in path.parts:
            place = folder / path.relative_to(fetched)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)
