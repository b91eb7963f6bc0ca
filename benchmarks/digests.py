"""Short digests, by which pictures, protocols and records are told apart."""

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

LENGTH = 16
"""Hexadecimal digits that are kept of a SHA-256."""


def digest_of_pixels(pixels: NDArray[Any]) -> str:
    """The digest of a picture as decoded: the same for any lossless file format."""
    head = f"{pixels.dtype.name} {pixels.shape}\n".encode()
    return hashlib.sha256(head + np.ascontiguousarray(pixels).tobytes()).hexdigest()[:LENGTH]


def digest_of_json(content: Any) -> str:
    """The digest of what JSON can say, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
