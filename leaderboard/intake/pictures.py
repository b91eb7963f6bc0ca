"""Submitted restored pictures: unpacked with care, and scored by the harness."""

import lzma
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from benchmarks.datasets import DATASETS
from benchmarks.datasets.manifest import read_manifest
from deblur.files import (
    ArchiveLimits,
    Placement,
    check_placements,
    is_inner_path,
    list_members,
    unpack_members,
    without_folders,
)
from deblur.language import say
from deblur.records.run_result import RunResult
from leaderboard.errors import Complaint, HarnessError, SubmissionError
from leaderboard.intake.harness import run_harness
from leaderboard.intake.plausibility import named
from leaderboard.store.naming import name_fault

SUFFIXES = (".png", ".tif", ".tiff", ".webp", ".bmp", ".jpg", ".jpeg")
LIMITS = ArchiveLimits(members=20_000, bytes=8_000_000_000, bytes_each=200_000_000)
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
    archive: Path,
    model: str,
    dataset: str,
    known: Mapping[str, Path | None],
    run: Callable[..., RunResult] | None = None,
) -> RunResult:
    """The record of a zip with a restored picture for every id of a dataset.

    `run` is `run_harness`, or that within limits. Raises SubmissionError with everything that is
    wrong with the archive, or with the first thing that the harness finds wrong with a picture.
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
            record = (run or run_harness)(options, quiet=True)
        except HarnessError as error:
            sentence = str(error).replace(f"{folder}/", "").replace(folder, say("the archive"))
            sentence = without_folders(sentence)
            raise SubmissionError([Complaint("pictures", sentence)]) from error
    return record.model_copy(update={"command": ""})


def unpack(archive: Path, folder: Path, dataset: str) -> None:
    """Write a zip's pictures below a folder, under their ids. Raises SubmissionError.

    Nothing is written before every path is known to stay below the folder.
    """
    try:
        placed = _placed([each for each in list_members(archive, LIMITS) if _is_meant(each)])
        if complaints := [*_check_members(placed, folder), *_check_ids(placed, dataset)]:
            raise SubmissionError(complaints)
        unpack_members(archive, placed, folder, LIMITS)
    # zipfile: NotImplementedError for an unknown compression, RuntimeError for a password
    except (*_DAMAGED, NotImplementedError, RuntimeError) as error:
        raise SubmissionError(
            [
                Complaint(
                    "pictures",
                    say("are not in a zip that can be read ({error}); zip them again", error=error),
                )
            ]
        ) from error
    except OSError as error:
        raise SubmissionError(
            [
                Complaint(
                    "pictures",
                    say(
                        "cannot be unpacked here ({reason}); see their names",
                        reason=error.strerror,
                    ),
                )
            ]
        ) from error


def _is_meant(member: zipfile.ZipInfo) -> bool:
    """Neither a folder, nor what file managers leave behind."""
    parts = member.filename.split("/")
    return parts[-1] not in ("", ".") and parts[0] != "__MACOSX" and parts[-1] not in _MARKS


def _placed(members: Sequence[zipfile.ZipInfo]) -> list[Placement]:
    """By path, `restored/a.png` as `a.png` where a zip holds one folder with all."""
    names = [info.filename for info in members]
    tops = {name.partition("/")[0] for name in names}
    shared = len(tops) == 1 and all("/" in name for name in names) and is_inner_path(*tops)
    return [
        Placement(info, name.partition("/")[2] if shared else name)
        for name, info in zip(names, members, strict=True)
    ]


def _check_names(model: str, dataset: str, known: Mapping[str, Path | None]) -> Iterator[Complaint]:
    if fault := name_fault(model):
        yield Complaint("model", fault)
    if dataset not in known:
        yield Complaint(
            "dataset",
            say(
                "is {dataset}; the board scores pictures of {known} only: for others, submit "
                "a record that the harness made",
                dataset=dataset or say("none"),
                known=", ".join(known),
            ),
        )


def _check_members(placed: Sequence[Placement], folder: Path) -> Iterator[Complaint]:
    if not placed:
        yield Complaint("pictures", say("are none in this zip"))
    strange = [each.member.filename for each in placed if not _is_picture(each.path)]
    faults = [*check_placements(placed, folder, LIMITS)]
    if strange:
        faults.append((say("is no picture ({suffixes})", suffixes=", ".join(SUFFIXES)), strange))
    for sentence, names in faults:
        shortened = [name[:80] for name in names]
        yield Complaint("pictures", f"{named(shortened)} {sentence}" if names else sentence)


def _check_ids(placed: Sequence[Placement], dataset: str) -> Iterator[Complaint]:
    given = Counter(str(PurePosixPath(each.path).with_suffix("")) for each in placed if each.path)
    twice = sorted(id for id, times in given.items() if times > 1)
    if twice:
        yield Complaint(
            "pictures",
            say("{count} have several files each ({names})", count=len(twice), names=named(twice)),
        )
    manifest = read_manifest(dataset)
    known = {each.id for each in manifest.images} if manifest and manifest.images else None
    if known is None:
        return
    for ids, sentence in (
        (sorted(known - given.keys()), say("are missing")),
        (sorted(given.keys() - known), say("are no ids of the dataset")),
    ):
        if ids:
            yield Complaint(
                "pictures",
                f"{len(ids)} {sentence} ({named(ids)})",
            )


def _is_picture(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in SUFFIXES
