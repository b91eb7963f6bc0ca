"""Restored pictures that somebody hands in: unpacked with care, and scored by the harness."""

import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from benchmarks.datasets import DATASETS
from benchmarks.datasets.manifest import read_manifest
from benchmarks.results import RunResult
from leaderboard.entries import text_fault
from leaderboard.errors import Complaint, HarnessError, SubmissionError
from leaderboard.harness import run_harness
from leaderboard.plausibility import named

SUFFIXES = (".png", ".tif", ".tiff", ".webp", ".bmp", ".jpg", ".jpeg")
MOST_FILES = 20_000
MOST_BYTES = 8_000_000_000
MOST_BYTES_EACH = 200_000_000
_MARKS = {".DS_Store", "Thumbs.db"}
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)


def scored_datasets(setting: str = "") -> dict[str, Path | None]:
    """What pictures can be scored for here: the embedded dataset, and what a setting names.

    `setting` is "NAME=FOLDER,NAME=FOLDER", as LEADERBOARD_DATASETS has it. Raises ValueError
    for a dataset that is not known.
    """
    found: dict[str, Path | None] = {
        name: None for name, spec in DATASETS.items() if spec.embedded is not None
    }
    for each in filter(None, setting.split(",")):
        name, _, folder = each.partition("=")
        if name not in DATASETS or not folder or not Path(folder).is_dir():
            raise ValueError(f"LEADERBOARD_DATASETS: {each!r} is not NAME=FOLDER of a dataset")
        found[name] = Path(folder)
    return found


def score_pictures(
    archive: Path, model: str, dataset: str, known: Mapping[str, Path | None]
) -> RunResult:
    """The record of a zip with a restored picture for every id of a dataset.

    Raises SubmissionError with everything that is wrong with the archive, or with the first
    thing that the harness finds wrong with a picture.
    """
    if complaints := [*_check_names(model, dataset, known)]:
        raise SubmissionError(complaints)
    with tempfile.TemporaryDirectory() as folder:
        unpack(archive, Path(folder), dataset)
        place = known[dataset]
        options = [
            f"--model={model}",
            f"--dataset={dataset}={place}" if place else f"--dataset={dataset}",
            f"--images-from={folder}",
        ]
        try:
            record = run_harness(options, quiet=True)
        except HarnessError as error:
            sentence = str(error).replace(f"{folder}/", "").replace(folder, "the archive")
            raise SubmissionError([Complaint("pictures", sentence)]) from error
    return record.model_copy(update={"command": ""})


def unpack(archive: Path, folder: Path, dataset: str) -> None:
    """Write a zip's pictures below a folder, under their ids. Raises SubmissionError.

    Nothing is written outside the folder, and no more than MOST_BYTES.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if _is_meant(info.filename)]
            placed = _placed(members)
            if complaints := [*_check_members(members), *_check_ids(placed, dataset)]:
                raise SubmissionError(complaints)
            for name, info in placed.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(opened.read(info))
    # zipfile: NotImplementedError for an unknown compression, RuntimeError for a password
    except (*_DAMAGED, NotImplementedError, RuntimeError) as error:
        raise SubmissionError(
            [Complaint("pictures", f"are not in a zip that can be read ({error}); zip them again")]
        ) from error
    except OSError as error:
        raise SubmissionError(
            [Complaint("pictures", f"cannot be unpacked here ({error.strerror}); see their names")]
        ) from error


def _is_meant(name: str) -> bool:
    """Neither a folder, nor what file managers leave behind."""
    parts = name.split("/")
    return parts[-1] not in ("", ".") and parts[0] != "__MACOSX" and parts[-1] not in _MARKS


def _placed(members: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """By path, `restored/a.png` as `a.png` where a zip holds one folder with all."""
    names = [info.filename for info in members]
    tops = {name.partition("/")[0] for name in names}
    shared = len(tops) == 1 and all("/" in name for name in names)
    return {
        name.partition("/")[2] if shared else name: info
        for name, info in zip(names, members, strict=True)
    }


def _check_names(model: str, dataset: str, known: Mapping[str, Path | None]) -> Iterator[Complaint]:
    if not model.strip():
        yield Complaint("model", "has no name; say what restored the pictures")
    elif fault := text_fault(model, 100):
        yield Complaint("model", fault)
    if dataset not in known:
        yield Complaint(
            "dataset",
            f"is {dataset or 'none'}; pictures are scored here for {', '.join(known)}: for others "
            "hand in a record that the harness made",
        )


def _check_members(members: Sequence[zipfile.ZipInfo]) -> Iterator[Complaint]:
    if not members:
        yield Complaint("pictures", "are none in this zip")
    if len(members) > MOST_FILES:
        yield Complaint("pictures", f"are {len(members):,}; {MOST_FILES:,} are allowed")
        return
    total = sum(info.file_size for info in members)
    if total > MOST_BYTES:
        yield Complaint("pictures", f"unpack to {total:,} bytes; {MOST_BYTES:,} are allowed")
    for sentence, wrong in {
        "has a path that leads out of the archive": _leads_out,
        "is no plain file": _is_no_file,
        "is encrypted": lambda info: bool(info.flag_bits & 1),
        f"is no picture ({', '.join(SUFFIXES)})": _is_no_picture,
        f"unpacks to more than {MOST_BYTES_EACH:,} bytes": _is_huge,
    }.items():
        found = [info.filename[:80] for info in members if wrong(info)]
        if found:
            yield Complaint("pictures", f"{named(found)} {sentence}")


def _check_ids(names: Iterable[str], dataset: str) -> Iterator[Complaint]:
    given = {str(PurePosixPath(name).with_suffix("")) for name in names if name}
    manifest = read_manifest(dataset)
    known = {each.id for each in manifest.images} if manifest and manifest.images else None
    if known is None:
        return
    for ids, sentence in (
        (sorted(known - given), "are missing"),
        (sorted(given - known), "are no ids of the dataset"),
    ):
        if ids:
            yield Complaint("pictures", f"{len(ids)} {sentence} ({named(ids)})")


def _leads_out(info: zipfile.ZipInfo) -> bool:
    name = info.filename
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name


def _is_no_file(info: zipfile.ZipInfo) -> bool:
    kind = (info.external_attr >> 16) & 0o170000
    return kind not in (0, 0o100000)


def _is_no_picture(info: zipfile.ZipInfo) -> bool:
    return PurePosixPath(info.filename).suffix.lower() not in SUFFIXES


def _is_huge(info: zipfile.ZipInfo) -> bool:
    return info.file_size > MOST_BYTES_EACH
