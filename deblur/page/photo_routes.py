"""Addresses of photos: previews, pieces at full resolution, and files to download.

`photos/VISIT/PHOTO/…`, where VISIT is a key that only its browser knows. `before` is the photo,
a number one of its results.
"""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from deblur.errors import DeblurError, OutputError
from deblur.files import replacing, without_folders
from deblur.image_io import OUTPUT_FORMATS
from deblur.language import say
from deblur.page.restoring import check_format, file_of
from deblur.page.screen import MAX_CUT_SIDE, as_png, cut
from deblur.page.visiting.visits import Photo, Result, Visit, Visits

CACHE_HEADERS = {"Cache-Control": "private, max-age=3600, immutable"}
MAX_CUTS = 4

_cutting = BoundedSemaphore(MAX_CUTS)
_PLACE = re.compile(r"(\d{1,7})-(\d{1,7})-(\d{1,4})-(\d{1,4})")


def photo_address(visit: Visit, photo: Photo, rest: str) -> str:
    """Where a browser finds something of a photo, relative to the page."""
    return f"photos/{visit.key}/{photo.id}/{rest}"


def photo_routes(visits: Visits) -> list[Route]:
    """What answers at the addresses of photos."""
    answers: dict[str, Callable[[Visits, Request], Response]] = {
        "{photo}/pieces/{file}": _tried,
        "{photo}/{which}/preview.jpg": _preview,
        "{photo}/small.jpg": _small,
        "{photo}/{which}/{place}.png": _piece_of,
        "{photo}/{which}/download": _download,
        "all/zip": _all,
    }
    return [
        Route(f"/photos/{{key}}/{path}", _answering(visits, answer), methods=["GET"])
        for path, answer in answers.items()
    ]


def _answering(visits: Visits, answer: Callable[[Visits, Request], Response]) -> Any:
    def answered(request: Request) -> Response:
        try:
            return answer(visits, request)
        except DeblurError as error:
            return PlainTextResponse(f"{without_folders(str(error))}{say('.')}", 404)
        except OSError:
            return PlainTextResponse(say("The file is here no longer."), 404)

    return answered


def _named(visits: Visits, request: Request) -> Photo:
    return visits.find(request.path_params["key"], request.path_params["photo"])


def _kept(visits: Visits, request: Request) -> Path:
    """The pixels of what is named, at 8 bits."""
    photo, which = _named(visits, request), request.path_params["which"]
    return photo.shown if which == "before" else _result(photo, which).shown


def _result(photo: Photo, which: str) -> Result:
    for result in (*photo.results, *photo.beside):
        if f"{result.number}" == which:
            return result
    raise FileNotFoundError(which)


def _preview(visits: Visits, request: Request) -> Response:
    return FileResponse(_kept(visits, request).with_suffix(".jpg"), headers=CACHE_HEADERS)


def _small(visits: Visits, request: Request) -> Response:
    return FileResponse(_named(visits, request).folder / "small.jpg", headers=CACHE_HEADERS)


def _piece_of(visits: Visits, request: Request) -> Response:
    found = _PLACE.fullmatch(request.path_params["place"])
    if not found:
        raise FileNotFoundError(request.path_params["place"])
    left, top, width, height = map(int, found.groups())
    kept = _kept(visits, request)
    with _cutting:
        pixels = cut(kept, left, top, min(width, MAX_CUT_SIDE), min(height, MAX_CUT_SIDE))
        if not pixels.size:
            raise FileNotFoundError(request.path_params["place"])
        content = as_png(pixels, _named(visits, request).colours)
    return Response(content, media_type="image/png", headers=CACHE_HEADERS)


def _tried(visits: Visits, request: Request) -> Response:
    for piece in _named(visits, request).pieces:
        if piece.file.name == request.path_params["file"]:
            return FileResponse(piece.file, headers=CACHE_HEADERS)
    raise FileNotFoundError(request.path_params["file"])


def _wishes(request: Request) -> tuple[str, int]:
    """The format, or nothing for the photo's own, and the strength in percent."""
    format = request.query_params.get("format", "")
    strength = request.query_params.get("strength", "100")
    return (
        format if format in OUTPUT_FORMATS else "",
        min(int(strength), 100) if strength.isdecimal() else 100,
    )


def _download(visits: Visits, request: Request) -> Response:
    photo = _named(visits, request)
    file = file_of(photo, _result(photo, request.path_params["which"]), *_wishes(request))
    return FileResponse(file, filename=file.name)


def _all(visits: Visits, request: Request) -> Response:
    """Every photo that was restored, as one zip; photos of one name are numbered.

    One that the wished format cannot hold is in its own.
    """
    wished, strength = _wishes(request)
    visit = visits.of(request.path_params["key"])
    done = [(photo, photo.result) for photo in visit.photos.values() if photo.result]
    if not done:
        raise FileNotFoundError("all")
    place = visits.new_folder() / "deblurred.zip"
    names = set[str]()
    with replacing(place) as unfinished, zipfile.ZipFile(unfinished, "w") as archive:
        for photo, result in done:
            file = file_of(photo, result, _fitting(photo, wished), strength)
            name, number = file.name, 1
            while name in names:
                number += 1
                name = f"{file.stem} ({number}){file.suffix}"
            names.add(name)
            archive.write(file, name)
    return FileResponse(place, filename=place.name)


def _fitting(photo: Photo, format: str) -> str:
    try:
        check_format(photo.opened, format)
    except OutputError:
        return ""
    return format
