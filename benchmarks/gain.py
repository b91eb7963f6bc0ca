"""What models gain over the blurred input on pairs, in PSNR and NIQE: a first measure."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.metrics import NIQE_VARIANT, niqe, rgb_8_bit
from deblur.errors import UnreadableImageError
from deblur.image_io import DecodedImage, decode_image
from deblur.quality import psnr
from deblur.restorer import Restorer


@dataclass(frozen=True)
class PairGain:
    """One model on one pair.

    `blurred` and `restored` are PSNR in dB against the sharp photo, RGB, values as stored, over
    the whole picture; `niqe_blurred` and `niqe_restored` are None where NIQE was left out.
    """

    model: str
    name: str
    blurred: float
    restored: float
    niqe_blurred: float | None = None
    niqe_restored: float | None = None

    @property
    def gain(self) -> float:
        """dB that restoring added; negative where it harmed."""
        return self.restored - self.blurred


@dataclass(frozen=True)
class GainRun:
    """Every model on every pair of a folder, and the mean over the pairs of each model."""

    root: str
    niqe_variant: str | None
    pairs: tuple[PairGain, ...]
    means: tuple[PairGain, ...]


def measure_gains(
    restorers: Mapping[str, Restorer],
    root: Path,
    *,
    with_niqe: bool = True,
    tell: Callable[[str], None] = lambda text: None,
) -> GainRun:
    """Restore every `root/blur/NAME` with every model and compare it with `root/sharp/NAME`.

    `restorers` are the models by the name to report. Restored pictures are rounded to the depth
    of the input, as they would be saved; `tell` hears of every pair. Raises UnreadableImageError
    when there are no pairs, or a sharp partner is missing or of another size, and what `niqe`
    raises.
    """
    names = sorted(path.name for path in (root / "blur").glob("*"))
    if not names:
        raise UnreadableImageError(f"{root} holds no pairs: blur/NAME beside sharp/NAME")
    pairs: list[PairGain] = []
    for done, name in enumerate(names, 1):
        tell(f"{done}/{len(names)} {name}")
        pairs.extend(_gains(restorers, root, name, with_niqe))
    return GainRun(
        root=str(root),
        niqe_variant=NIQE_VARIANT if with_niqe else None,
        pairs=tuple(pairs),
        means=tuple(_mean(pairs, model) for model in restorers),
    )


def _gains(
    restorers: Mapping[str, Restorer], root: Path, name: str, with_niqe: bool
) -> Iterator[PairGain]:
    blurred, sharp = decode_image(root / "blur" / name), decode_image(root / "sharp" / name)
    if blurred.pixels.shape != sharp.pixels.shape:
        raise UnreadableImageError(
            f"{name}: blur is {blurred.pixels.shape} and sharp {sharp.pixels.shape}; the two of "
            "a pair must be of one size and both grey or both RGB"
        )
    before, niqe_before = _psnr(blurred, sharp), _niqe(blurred) if with_niqe else None
    for model, restorer in restorers.items():
        restored = restorer.restore(blurred)
        niqe_after = _niqe(restored) if with_niqe else None
        after = _psnr(restored, sharp)
        yield PairGain(model, name, before, after, niqe_before, niqe_after)


def _psnr(picture: DecodedImage, sharp: DecodedImage) -> float:
    return psnr(picture.pixels, sharp.pixels, peak=np.iinfo(sharp.pixels.dtype).max)


def _niqe(picture: DecodedImage) -> float:
    return niqe(rgb_8_bit(picture))


def _mean(pairs: Sequence[PairGain], model: str) -> PairGain:
    mine = [pair for pair in pairs if pair.model == model]
    before = [pair.niqe_blurred for pair in mine if pair.niqe_blurred is not None]
    after = [pair.niqe_restored for pair in mine if pair.niqe_restored is not None]
    return PairGain(
        model=model,
        name="mean",
        blurred=statistics.fmean(pair.blurred for pair in mine),
        restored=statistics.fmean(pair.restored for pair in mine),
        niqe_blurred=statistics.fmean(before) if before else None,
        niqe_restored=statistics.fmean(after) if after else None,
    )
