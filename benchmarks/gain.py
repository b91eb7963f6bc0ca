"""What a model gains over the blurred input on pairs: a first measure, in PSNR."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deblur.errors import UnreadableImageError
from deblur.image_io import DecodedImage, decode_image
from deblur.quality import psnr
from deblur.restorer import Restorer


@dataclass(frozen=True)
class PairGain:
    """PSNR in dB against the sharp photo, RGB, values as stored, over the whole picture."""

    name: str
    blurred: float
    restored: float

    @property
    def gain(self) -> float:
        """dB that restoring added; negative where it harmed."""
        return self.restored - self.blurred


def measure_gains(restorer: Restorer, root: Path) -> Iterator[PairGain]:
    """Restore every `root/blur/NAME` and compare it with `root/sharp/NAME`.

    Restored pictures are rounded to the depth of the input, as they would be saved. Raises
    UnreadableImageError when there are no pairs, or a sharp partner is missing.
    """
    names = sorted(path.name for path in (root / "blur").glob("*"))
    if not names:
        raise UnreadableImageError(f"{root} holds no pairs: blur/NAME beside sharp/NAME")
    for name in names:
        blurred, sharp = decode_image(root / "blur" / name), decode_image(root / "sharp" / name)
        restored = restorer.restore(blurred)
        yield PairGain(name, _psnr(blurred, sharp), _psnr(restored, sharp))


def _psnr(picture: DecodedImage, sharp: DecodedImage) -> float:
    return psnr(picture.pixels, sharp.pixels, peak=np.iinfo(sharp.pixels.dtype).max)
