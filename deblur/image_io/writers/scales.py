"""One scale of quality: HEVC's and AV1's settings that come as near to a photo as a JPEG's.

Measured by `python scripts/qualities.py PHOTOS`, as the mean PSNR of RGB.
"""

import numpy as np

_JPEG = (1, 10, 30, 50, 70, 80, 85, 90, 95, 97, 98, 99, 100)
_AS_NEAR = {
    "HEIF": (10, 19, 34, 40, 46, 50, 54, 59, 71, 79, 86, 93, 100),
    "AVIF": (8, 14, 39, 49, 59, 66, 72, 82, 92, 96, 98, 100, 100),
}


def same_error(format: str, quality: int) -> int:
    """The encoder's quality for HEIF or AVIF, 1 to 100, that errs as a JPEG of `quality` does."""
    return round(float(np.interp(quality, _JPEG, _AS_NEAR[format])))
