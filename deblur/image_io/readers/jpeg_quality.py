"""The quality of a JPEG, from its quantisation tables.

libjpeg's scale: the luminance table of ITU-T T.81, annex K.1, times 5000 / quality percent below
50 and 200 - 2 quality percent above.
"""

import numpy as np

_LUMINANCE = np.fromstring(
    "16 11 12 14 12 10 16 14 13 14 18 17 16 19 24 40 26 24 22 22 24 49 35 37 29 40 58 51 61 60 57 "
    "51 56 55 64 72 92 78 64 68 87 69 55 56 80 109 81 87 95 98 103 104 103 62 77 113 121 112 100 "
    "120 92 101 103 99",
    dtype=np.int64,
    sep=" ",
)


def quality_of(table: bytes) -> int:
    """The quality, 1 to 100, whose luminance table lies nearest; `table` is a DQT's content."""
    precise = table[0] >> 4
    steps = np.frombuffer(table[1:], ">u2" if precise else "u1")[:64].astype(np.int64)
    distances = [np.abs(_scaled(quality)[: len(steps)] - steps).sum() for quality in range(1, 101)]
    return int(np.argmin(distances)) + 1


def _scaled(quality: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((_LUMINANCE * scale + 50) // 100, 1, 255)
