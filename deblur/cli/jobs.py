"""Which file is restored into which: from the paths on a command line to a list of jobs."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from deblur.errors import OutputError, UnreadableImageError
from deblur.files import files_below
from deblur.image_io import (
    INPUT_SUFFIXES,
    OUTPUT_SUFFIXES,
    natural_suffix,
    requested_format,
    stem_of,
    suffix_of,
)
from deblur.image_io.signatures import INPUT_KINDS, kind_of_file

STREAM = Path("-")
"""Stands for standard input or standard output."""
_MARK = "-deblurred"
_ENDING = re.compile(r"\.[A-Za-z~][\w~]{0,15}")


@dataclass(frozen=True)
class Job:
    """One photo to restore, and where it goes; what is there already stays unless it may go.

    Either may be STREAM.
    """

    blurred: Path
    restored: Path
    may_replace: bool = False


def plan_jobs(
    inputs: list[Path], output: str | None, format: str | None
) -> tuple[list[Job], list[Job]]:
    """The jobs that can be done, one for every photo, and those that would replace an original.

    All photos in and below a folder are taken. A single file may go to a file; everything else
    goes into a folder, which keeps the structure below the folders given. Without `output` a
    restored photo lies beside its original, with `-deblurred` in its name. Photos that would
    become one get names that differ. What an earlier run left in a folder is not restored again.
    Raises UnreadableImageError for a folder without photos, OutputError for an `output` that does
    not fit the photos or `format`, one of OUTPUT_FORMATS.
    """
    if STREAM in inputs or output == str(STREAM):
        return [_stream_job(inputs, output, format)], []
    if output is not None and _is_file_name(output, inputs):
        jobs = [Job(inputs[0], _output_file(Path(output), format))]
    else:
        folder = None if output is None else Path(output)
        found = {
            Job(photo, _destination(photo, below, folder, format)): None
            for given in inputs
            for photo, below in _photos(given, folder)
        }
        jobs = list(found)
    jobs, refused = _without_originals(jobs)
    jobs, more = _without_originals(_kept_apart(jobs))
    return jobs, refused + more


def _without_originals(jobs: list[Job]) -> tuple[list[Job], list[Job]]:
    originals = {os.path.realpath(job.blurred) for job in jobs}
    refused = {job: None for job in jobs if os.path.realpath(job.restored) in originals}
    return [job for job in jobs if job not in refused], [*refused]


def _stream_job(inputs: list[Path], output: str | None, format: str | None) -> Job:
    given, place = inputs[0], Path(output or STREAM)
    if len(inputs) != 1 or given.is_dir():
        raise OutputError("- is one photo, and there are several; restore them into a folder")
    if place != STREAM and (place.is_dir() or not place.suffix):
        raise OutputError(
            f"a photo from standard input has no name to get in the folder {place}; name a file, "
            "or - for standard output"
        )
    return Job(given, place if place == STREAM else _output_file(place, format))


def _is_file_name(output: str, inputs: list[Path]) -> bool:
    if output.endswith(("/", os.sep)) or Path(output).is_dir():
        return False
    suffix = Path(output).suffix
    if len(inputs) == 1 and not inputs[0].is_dir():
        return _ENDING.fullmatch(suffix) is not None
    if suffix.lower() in INPUT_SUFFIXES:
        raise OutputError(f"{output} is one file, but there are several photos; name a folder")
    return False


def _output_file(output: Path, format: str | None) -> Path:
    if output.suffix.lower() not in OUTPUT_SUFFIXES:
        raise OutputError(
            f"{output}: {output.suffix} is not an output format; choose .png, .jpg, .webp, "
            f".tif, .heic or .avif (a folder of that name is written {output}/)"
        )
    if format not in (None, requested_format(output, None)):
        raise OutputError(
            f"{output} is to end in {output.suffix}, and --format says {format}; leave one out, "
            "or let them agree"
        )
    return output


def _photos(given: Path, output: Path | None) -> Iterator[tuple[Path, Path]]:
    if given.is_dir():
        found = _without_results(list(filter(_is_photo, files_below(given))), given, output)
        if not found:
            raise UnreadableImageError(f"{given} holds no photo; give a folder with photos in it")
        yield from ((path, path.relative_to(given)) for path in found)
    else:
        yield given, Path(given.name)


def _is_photo(path: Path) -> bool:
    """By the ending; of a name without one, by the content."""
    if path.suffix.lower() in INPUT_SUFFIXES:
        return True
    return not _ENDING.fullmatch(path.suffix) and kind_of_file(path) in INPUT_KINDS


def _without_results(photos: list[Path], given: Path, output: Path | None) -> list[Path]:
    if output is None:
        names = {photo.with_name(name) for photo in photos for name in _names_of(photo)}
        originals = {path: path.with_name(path.stem.removesuffix(_MARK)) for path in photos}
        return [p for p in photos if not p.stem.endswith(_MARK) or originals[p] not in names]
    if given.resolve() in output.resolve().parents:
        return [path for path in photos if output.resolve() not in path.resolve().parents]
    return photos


def _names_of(photo: Path) -> tuple[str, str]:
    """What stands before the mark in a result: the usual name, and the one after a clash."""
    return stem_of(photo), f"{stem_of(photo)}-{_own_ending(photo)}"


def _own_ending(photo: Path) -> str:
    return photo.suffix[1:].lower() if photo.suffix.lower() in INPUT_SUFFIXES else "file"


def _destination(photo: Path, below: Path, output: Path | None, format: str | None) -> Path:
    suffix = suffix_of(format) if format else natural_suffix(photo)
    if output is None:
        return photo.with_name(f"{stem_of(photo)}{_MARK}{suffix}")
    return output / below.with_name(f"{stem_of(photo)}{suffix}")


Distinction = Callable[[int, Job], str]
_DISTINCTIONS: tuple[Distinction, ...] = (
    lambda number, job: _own_ending(job.blurred),
    lambda number, job: job.blurred.absolute().parent.name,
    lambda number, job: str(number),
)


def _kept_apart(jobs: list[Job]) -> list[Job]:
    """The jobs; those whose names clash get an ending, a folder or a number in their names."""
    apart = jobs
    for distinction in _DISTINCTIONS:
        apart = _distinguished(apart, distinction)
    while len({os.path.realpath(job.restored) for job in apart}) < len(apart):
        apart = _distinguished(apart, _DISTINCTIONS[-1])
    return apart


def _distinguished(jobs: list[Job], distinction: Distinction) -> list[Job]:
    groups = defaultdict[str, list[int]](list)
    for index, job in enumerate(jobs):
        groups[os.path.realpath(job.restored)].append(index)
    apart = list(jobs)
    for group in groups.values():
        words = [distinction(number, jobs[index]) for number, index in enumerate(group, 1)]
        if len(set(words)) > 1:
            for index, word in zip(group, words, strict=True):
                apart[index] = replace(jobs[index], restored=_with(jobs[index].restored, word))
    return apart


def _with(place: Path, word: str) -> Path:
    stem = place.stem.removesuffix(_MARK)
    mark = place.stem[len(stem) :]
    return place.with_name(f"{stem}-{word}{mark}{place.suffix}")
