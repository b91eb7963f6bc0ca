"""`python -m deblur diagnose`: what happened to a photo, before anything is done to it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deblur.cli.console import ERR, OUT, plain_errors, worded
from deblur.cli.options import Threads
from deblur.errors import ImageError, OutputError, OutputExistsError
from deblur.image_io import DecodedImage, decode_image, write_image

_Map = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write a map of the blur in one photo."),
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for each photo.")]
_Largest = Annotated[float, typer.Option(min=0, max=1e6, metavar="N", help="Refuse larger photos.")]


def diagnose(
    photos: Annotated[list[Path], typer.Argument(help="Photos.", metavar="PHOTOS...")],
    map: _Map = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a map that exists.")] = False,
    as_json: _AsJson = False,
    max_megapixels: _Largest = 100.0,
    threads: Threads = None,
) -> None:
    """Find out whether photos are sharp, shaken or out of focus, how much, and what to expect.

    Exit codes: 0 all are diagnosed, 1 some could not be read, 2 wrong command line.
    """
    failed = False
    with plain_errors():
        if map is not None:
            _check_map(map, photos, overwrite)
        for path in photos:
            try:
                image = decode_image(path, max_pixels=int(max_megapixels * 1e6))
            except ImageError as error:
                failed = True
                _refuse(path, error, as_json)
            else:
                _report(path, image, map, as_json, threads)
    if failed:
        raise typer.Exit(1)


def _check_map(map: Path, photos: list[Path], overwrite: bool) -> None:
    """Before anything is looked at."""
    if len(photos) > 1:
        raise OutputError(f"--map {map} is for one photo, and {len(photos)} came")
    if map.exists() and not overwrite:
        raise OutputExistsError(f"{map} is there already; pass --overwrite or name another")


def _report(
    path: Path, image: DecodedImage, map: Path | None, as_json: bool, threads: int | None
) -> None:
    from deblur.diagnosis import diagnose, heat_map, sentences

    found = diagnose(image, threads=threads)
    said = sentences(found)
    if map is not None:
        write_image(heat_map(image, found), map, overwrite=True)
    if as_json:
        OUT.print(json.dumps({"input": str(path), "said": said, **found.as_json()}))
    else:
        OUT.print(f"{path}  {' '.join(said)}")


def _refuse(path: Path, error: ImageError, as_json: bool) -> None:
    if as_json:
        refusal = {"input": str(path), "error": type(error).__name__, "message": worded(error)}
        OUT.print(json.dumps(refusal))
    else:
        ERR.print(f"{path}: {worded(error)}", style="red")
