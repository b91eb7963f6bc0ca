"""Short digests, which identify pictures, protocols and records."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LENGTH = 16
"""Hexadecimal digits that are kept of a SHA-256."""


def digest_of_pixels(pixels: NDArray[Any]) -> str:
    """The digest of a picture as decoded: the same for any lossless file format."""
    head = f"{pixels.dtype.name} {pixels.shape}\n".encode()
    return hashlib.sha256(head + np.ascontiguousarray(pixels).tobytes()).hexdigest()[:LENGTH]


def state_of_file(path: Path | None) -> tuple[str, int, int] | None:
    """Path, size and time of the last change: another state, another content. None for no file."""
    if path is None or not path.is_file():
        return None
    found = path.stat()
    return str(path), found.st_size, found.st_mtime_ns


def digest_of_json(content: Any) -> str:
    """The digest of what JSON can say, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
