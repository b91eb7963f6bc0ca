"""From a photo that was sent to its result: all of it, a piece, and the file that is downloaded."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import BoundedSemaphore, Event

import numpy as np

from deblur.catalog import AUTO, GENERAL_MODEL
from deblur.color import blended
from deblur.errors import OutputError
from deblur.files import replacing
from deblur.image_io import (
    OUTPUT_FORMATS,
    DecodedImage,
    check_output,
    decode_image,
    encode_file,
    left_out,
    preview_of,
    stem_of,
    suffix_of,
    write_image,
)
from deblur.language import say
from deblur.page.restorers import MAX_PIXELS, open_restorer
from deblur.page.screen import PREVIEW_SIDE, as_png, cut, write_for_screen
from deblur.page.visiting.opening import Opened
from deblur.page.visiting.visits import Photo, Piece, Result
from deblur.restorer import Progress, Restorer
from deblur.restoring.guide import Guidance, guide

PIECE = 512
"""Pixels of the side of a piece."""

_MARGIN = 128
"""Pixels around a piece that the network sees, too."""

_encoding = BoundedSemaphore(2)


def restore_photo(
    photo: Photo,
    model: str,
    engine: str,
    format: str,
    on_progress: Callable[[Progress], None],
    cancel: Event,
) -> Result:
    """Restore a photo and keep the files of what came of it. Raises a DeblurError.

    `format` is the one that it will be saved in: where it cannot hold the photo, nothing is done.
    What was found as the photo came holds, unless its pixels say more than a screen shows.
    """
    check_format(photo.opened, format)
    restorer = open_restorer(model, engine, cancel)
    image = decode_image(photo.path, max_pixels=MAX_PIXELS)
    known = photo.found if photo.opened.bits == 8 and not photo.opened.transparent else None
    restored, report = restorer.restore_reported(
        image, on_progress=on_progress, cancel=cancel, found=known
    )
    number = next(photo.numbers)
    pixels, shown = _keep(restored, photo.folder / f"{number}.npy")
    notes = {each: left_out(restored, each) for each in OUTPUT_FORMATS}
    return Result(number, model, engine, report, pixels, shown, notes)


def _keep(restored: DecodedImage, shown: Path) -> tuple[Path, Path]:
    """Write all pixels, those at 8 bits and a preview. Raises OutputError for lack of room."""
    is_shown = restored.pixels.dtype == np.uint8 and restored.alpha is None
    pixels = shown if is_shown else shown.with_stem(f"{shown.stem}-whole")
    try:
        np.save(pixels, restored.pixels)
        if not is_shown:
            write_for_screen(restored, shown)
    except OSError as error:
        raise OutputError(
            say(
                "the machine that serves this page can keep no more ({reason}); try again later",
                reason=error.strerror,
            )
        ) from error
    write_image(preview_of(restored, PREVIEW_SIDE), shown.with_suffix(".jpg"))
    return pixels, shown


def restore_piece(
    photo: Photo,
    model: str,
    engine: str,
    middle: tuple[float, float],
    cancel: Event | None = None,
) -> Piece:
    """Restore the piece around a place, and tell how long the whole photo would take."""
    opened = photo.opened
    left, top = (
        int(min(max(at - PIECE / 2, 0), max(side - PIECE, 0)))
        for at, side in zip(middle, (opened.width, opened.height), strict=True)
    )
    width, height = min(PIECE, opened.width), min(PIECE, opened.height)
    picked, reduction = _picked(photo) if model == AUTO else (model, 1)
    margin = reduction * _MARGIN
    before_x, before_y = min(left, margin), min(top, margin)
    around = cut(
        photo.shown,
        left - before_x,
        top - before_y,
        before_x + width + margin,
        before_y + height + margin,
    )
    restorer = open_restorer(picked, engine, cancel)
    started = time.perf_counter()
    restored = restorer.restore(DecodedImage(around, None, "PNG"), reduction=reduction)
    spent = time.perf_counter() - started
    rows, columns = slice(before_y, before_y + height), slice(before_x, before_x + width)
    file = photo.folder / f"piece-{len(photo.pieces) + 1}.png"
    file.write_bytes(as_png(restored.pixels[rows, columns], photo.colours))
    all_work = _work(restorer, opened.height, opened.width, reduction)
    whole = all_work / _work(restorer, around.shape[0], around.shape[1], reduction)
    piece = Piece(model, left, top, width, height, spent * whole, file)
    photo.pieces.append(piece)
    return piece


def _picked(photo: Photo) -> tuple[str, int]:
    """What does most of a photo when its diagnosis picks, or would if it were blurred.

    A model, and at what part of its size it sees the photo.
    """
    guidance = guide(photo.found) if photo.found else Guidance.whole()
    if not guidance.models:
        return GENERAL_MODEL, 1
    return guidance.models[int(guidance.parts.mean((0, 1)).argmax())], guidance.reduction


def _work(restorer: Restorer, height: int, width: int, reduction: int) -> int:
    """Pixels that go through the network for a photo of that size."""
    plan = restorer.plan(height, width, reduction)
    return len(plan) * plan.rows.side * plan.columns.side


def file_of(photo: Photo, result: Result, format: str, strength: int) -> Path:
    """The file that is downloaded, made when it is first wanted. Raises a DeblurError."""
    suffix = suffix_of(format or photo.opened.output)
    place = (
        photo.folder / f"{result.number}-{strength}" / f"{stem_of(photo.path)}-deblurred{suffix}"
    )
    if not place.is_file():
        place.parent.mkdir(exist_ok=True)
        with _encoding, replacing(place) as unfinished:
            image = decode_image(photo.path, max_pixels=MAX_PIXELS)
            restored = np.load(result.pixels, mmap_mode="r")
            mixed = image.with_pixels(blended(image.pixels, restored, strength))
            encode_file(mixed, unfinished, format=format or photo.opened.output)
    return place


def check_format(opened: Opened, format: str) -> None:
    """Raise OutputError where a format cannot hold a photo."""
    dtype = np.uint16 if opened.bits > 8 else np.uint8
    plane = np.broadcast_to(np.zeros((), dtype), (opened.height, opened.width))
    image = DecodedImage(plane[..., None], plane if opened.transparent else None, opened.format)
    check_output(image, format or opened.output, None)
