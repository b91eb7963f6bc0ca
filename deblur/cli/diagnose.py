"""`python -m deblur diagnose`: what happened to a photo, before anything is done to it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deblur.cli.console import ERR, OUT, plain_errors
from deblur.cli.options import Threads
from deblur.errors import ImageError, OutputError
from deblur.image_io import DecodedImage, decode_image, write_image

_Map = Annotated[
    Path | None,
    typer.Option(help="Write the photo, coloured by what is found where (one photo only)."),
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for each photo.")]


def diagnose(
    photos: Annotated[list[Path], typer.Argument(help="Photos.")],
    map: _Map = None,
    as_json: _AsJson = False,
    overwrite: Annotated[bool, typer.Option(help="Replace a map that exists.")] = False,
    threads: Threads = None,
) -> None:
    """Tell sharp from shaken and out of focus, how far, how noisy, and what to expect."""
    failed = False
    with plain_errors():
        if map is not None and len(photos) > 1:
            raise OutputError(f"--map {map} is for one photo, and {len(photos)} came")
        for path in photos:
            try:
                image = decode_image(path)
            except ImageError as error:
                failed = True
                _refuse(path, error, as_json)
            else:
                _tell(path, image, map, as_json, overwrite, threads)
    if failed:
        raise typer.Exit(1)


def _tell(
    path: Path,
    image: DecodedImage,
    map: Path | None,
    as_json: bool,
    overwrite: bool,
    threads: int | None,
) -> None:
    from deblur.diagnosis import diagnose, heat_map, sentences

    found = diagnose(image, threads=threads)
    said = sentences(found)
    if map is not None:
        write_image(heat_map(image, found), map, overwrite=overwrite)
    if as_json:
        OUT.print(json.dumps({"input": str(path), "said": said, **found.as_json()}))
    else:
        OUT.print(f"{path}  {' '.join(said)}")


def _refuse(path: Path, error: ImageError, as_json: bool) -> None:
    if as_json:
        refusal = {"input": str(path), "error": type(error).__name__, "message": str(error)}
        OUT.print(json.dumps(refusal))
    else:
        ERR.print(f"{path}: {error}", style="red")
