"""What models do to photos that have no sharp partner: NIQE, and how much they change."""

import math
import re
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.metrics import NIQE_VARIANT, niqe, rgb_8_bit
from deblur.errors import ImageError, UnreadableImageError
from deblur.image_io import INPUT_SUFFIXES, DecodedImage, decode_image, write_image
from deblur.quality import psnr
from deblur.restorer import Restorer


@dataclass(frozen=True)
class PhotoScore:
    """One model on one photo, whose size is in pixels.

    `niqe_input` and `niqe_restored` are lower for what looks more natural. `psnr` is that of
    the restored picture against the input, in dB, infinite where nothing was changed: of a
    sharp photo it says how untouched it came out.
    """

    model: str
    name: str
    width: int
    height: int
    niqe_input: float
    niqe_restored: float
    psnr: float


@dataclass(frozen=True)
class PhotoSummary:
    """One model over all photos.

    The NIQE are means, `lowered` is the number of photos whose NIQE fell. `psnr` is the mean
    over the photos that were changed, infinite without any; `unchanged` counts the others.
    """

    model: str
    photos: int
    niqe_input: float
    niqe_restored: float
    lowered: int
    psnr: float
    worst_psnr: float
    unchanged: int


@dataclass(frozen=True)
class PhotoRun:
    """Every model on every photo that was taken of a folder."""

    folder: str
    niqe_variant: str
    summaries: tuple[PhotoSummary, ...]
    photos: tuple[PhotoScore, ...]


def measure_photos(
    restorers: Mapping[str, Restorer],
    folder: Path,
    *,
    limit: int | None = None,
    save: Path | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> PhotoRun:
    """Restore the photos of a folder, subfolders included, with every model, and score them.

    `restorers` are the models by the name to report. With `limit`, so many photos are taken,
    evenly from the sorted names. Restored pictures are rounded to the depth of the input, and
    with `save` written as `save/MODEL/NAME.png`; `tell` hears of every photo. Raises
    UnreadableImageError for a folder without photos, ImageError naming the photo that cannot be
    read or scored, and OutputError when writing fails.
    """
    photos = _take_evenly(_list_photos(folder), limit)
    scores: list[PhotoScore] = []
    for done, name in enumerate(photos, 1):
        tell(f"{done}/{len(photos)} {name}")
        try:
            scores.extend(_scores(restorers, folder, name, save))
        except ImageError as error:
            raise type(error)(f"{folder / name}: {error}") from error
    summaries = tuple(_summary(scores, model) for model in restorers)
    return PhotoRun(str(folder), NIQE_VARIANT, summaries, tuple(scores))


def _list_photos(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix.lower() in INPUT_SUFFIXES)
    photos = sorted(path.relative_to(folder) for path in found if path.is_file())
    if not photos:
        raise UnreadableImageError(f"{folder} holds no photos: name a folder with pictures in it")
    return photos


def _take_evenly(photos: Sequence[Path], limit: int | None) -> Sequence[Path]:
    if limit is None or limit >= len(photos):
        return photos
    return [photos[index * len(photos) // limit] for index in range(limit)]


def _scores(
    restorers: Mapping[str, Restorer], folder: Path, name: Path, save: Path | None
) -> Iterator[PhotoScore]:
    photo = decode_image(folder / name)
    before = niqe(rgb_8_bit(photo))
    for model, restorer in restorers.items():
        restored = restorer.restore(photo)
        if save is not None:
            _save(restored, save / _folder_name(model) / f"{name}.png")
        yield PhotoScore(
            model=model,
            name=name.as_posix(),
            width=photo.width,
            height=photo.height,
            niqe_input=before,
            niqe_restored=niqe(rgb_8_bit(restored)),
            psnr=psnr(restored.pixels, photo.pixels, peak=np.iinfo(photo.pixels.dtype).max),
        )


def _save(restored: DecodedImage, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(restored, path)


def _folder_name(model: str) -> str:
    return re.sub(r"[^\w.-]+", "_", model)


def _summary(scores: Sequence[PhotoScore], model: str) -> PhotoSummary:
    mine = [score for score in scores if score.model == model]
    changed = [score.psnr for score in mine if math.isfinite(score.psnr)]
    return PhotoSummary(
        model=model,
        photos=len(mine),
        niqe_input=statistics.fmean(score.niqe_input for score in mine),
        niqe_restored=statistics.fmean(score.niqe_restored for score in mine),
        lowered=sum(score.niqe_restored < score.niqe_input for score in mine),
        psnr=statistics.fmean(changed) if changed else math.inf,
        worst_psnr=min(score.psnr for score in mine),
        unchanged=len(mine) - len(changed),
    )
