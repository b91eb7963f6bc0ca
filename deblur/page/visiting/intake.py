"""Photos as they come in: each is checked before anything that is there is touched."""

import os
import secrets
import shutil
from pathlib import Path

import numpy as np

from deblur.diagnosis import Diagnosis, diagnose
from deblur.errors import DeblurError, ImageTooLargeError, OutputError, UnreadableImageError
from deblur.image_io import DecodedImage
from deblur.language import say
from deblur.page.restorers import MAX_PIXELS
from deblur.page.screen import PREVIEW_SIDE
from deblur.page.visiting.opening import open_photo
from deblur.page.visiting.visits import MAX_PHOTOS, Photo, Visit, Visits

MAX_BYTES = 200_000_000
"""Size of a photo's file."""


def take_in(visits: Visits, visit: Visit, file: Path, *, look: bool = True) -> Photo:
    """Add a file that was sent to a visit, and `look` at it.

    Raises a DeblurError, and then nothing has changed.
    """
    if len(visit.photos) >= MAX_PHOTOS:
        raise OutputError(
            say(
                "{name} cannot be added: {most} photos are kept at a time; delete some of "
                "them first",
                name=file.name,
                most=MAX_PHOTOS,
            )
        )
    _check_size(file)
    folder = visits.new_folder()
    try:
        path = folder / file.name
        _link(file, path)
        opened = open_photo(path, folder / "before.jpg", max_pixels=MAX_PIXELS, side=PREVIEW_SIDE)
        visits.require_room()
    except (DeblurError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise _no_longer(file, error) from error
        raise
    photo = Photo(secrets.token_hex(8), folder, path, opened, visits.now())
    photo.found = _diagnosis(photo)
    visit.add(photo, look=look)
    return photo


def _diagnosis(photo: Photo) -> Diagnosis | None:
    """What happened to a photo, as far as 8 bits tell; nothing where that cannot be told."""
    try:
        return diagnose(DecodedImage(np.load(photo.shown, mmap_mode="r"), None, "PNG"))
    except DeblurError:
        return None


def _check_size(file: Path) -> None:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise _no_longer(file, error) from error
    if size > MAX_BYTES:
        raise ImageTooLargeError(
            say(
                "{name} has {size} MB; at most {most} MB are accepted",
                name=file.name,
                size=f"{size / 1e6:,.0f}",
                most=f"{MAX_BYTES / 1e6:,.0f}",
            )
        )


def _no_longer(file: Path, error: OSError) -> UnreadableImageError:
    return UnreadableImageError(
        say(
            "{name} is no longer here ({reason}): choose it again",
            name=file.name,
            reason=error.strerror,
        )
    )


def _link(file: Path, path: Path) -> None:
    """Give a file a second name; another visitor who sent the same file keeps the first."""
    try:
        os.link(file, path)
    except OSError:
        shutil.copyfile(file, path)
