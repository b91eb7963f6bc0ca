"""Which file is restored into which: from the paths on a command line to a list of jobs."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deblur.errors import OutputError, UnreadableImageError
from deblur.image_io import INPUT_SUFFIXES, OUTPUT_SUFFIXES, natural_suffix, suffix_of

_MARK = "-deblurred"


@dataclass(frozen=True)
class Job:
    """One photo to restore, and where it goes; what is there already stays unless it may go."""

    blurred: Path
    restored: Path
    may_replace: bool = False


def plan_jobs(inputs: list[Path], output: Path | None, format: str | None) -> list[Job]:
    """One job for every file, and for every photo in and below every folder.

    A single file may go to a file; everything else goes into a folder, which keeps the
    structure below the folders given. Without `output` a restored photo lies beside its
    original, with `-deblurred` in its name. What an earlier run left in a folder is not
    restored again. Raises UnreadableImageError for a folder without photos, OutputError when
    two photos would become one or a photo would be replaced by itself.
    """
    if output is not None and _is_file_name(output):
        if len(inputs) != 1 or inputs[0].is_dir():
            raise OutputError(f"{output} is one file, but there are several photos; name a folder")
        if format is None and output.suffix.lower() not in OUTPUT_SUFFIXES:
            raise OutputError(
                f"{output}: {output.suffix} is not a format that is written; "
                "choose .png, .jpg, .webp or .tif"
            )
        jobs = [Job(inputs[0], output)]
    else:
        jobs = [
            Job(photo, _destination(photo, below, output, format))
            for given in inputs
            for photo, below in _photos(given, output)
        ]
    _check_apart(jobs)
    return jobs


def _is_file_name(output: Path) -> bool:
    return not output.is_dir() and output.suffix.lower() in INPUT_SUFFIXES


def _photos(given: Path, output: Path | None) -> Iterator[tuple[Path, Path]]:
    if given.is_dir():
        found = sorted(
            path
            for path in given.rglob("*")
            if path.suffix.lower() in INPUT_SUFFIXES and path.is_file()
        )
        found = _without_results(found, given, output)
        if not found:
            raise UnreadableImageError(f"{given} holds no photo; give a folder with photos in it")
        yield from ((path, path.relative_to(given)) for path in found)
    else:
        yield given, Path(given.name)


def _without_results(photos: list[Path], given: Path, output: Path | None) -> list[Path]:
    if output is None:
        names = {path.with_suffix("") for path in photos}
        originals = {path: path.with_name(path.stem.removesuffix(_MARK)) for path in photos}
        return [p for p in photos if not p.stem.endswith(_MARK) or originals[p] not in names]
    if given.resolve() in output.resolve().parents:
        return [path for path in photos if output.resolve() not in path.resolve().parents]
    return photos


def _destination(photo: Path, below: Path, output: Path | None, format: str | None) -> Path:
    suffix = suffix_of(format.upper()) if format else natural_suffix(photo)
    if output is None:
        return photo.with_name(f"{photo.stem}{_MARK}{suffix}")
    return (output / below).with_suffix(suffix)


def _check_apart(jobs: list[Job]) -> None:
    taken: dict[str, Job] = {}
    originals = {os.path.realpath(job.blurred) for job in jobs}
    for job in jobs:
        place = os.path.realpath(job.restored)
        if place in originals:
            raise OutputError(f"{job.restored} is one of the originals; choose another folder")
        if place in taken:
            raise OutputError(
                f"{taken[place].blurred} and {job.blurred} would both become {job.restored}; "
                "restore them into different folders"
            )
        taken[place] = job
