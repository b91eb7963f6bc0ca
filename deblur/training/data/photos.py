"""Reading photos: decoded and kept, or only looked at."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import psutil
from PIL import Image

from deblur.errors import TrainingDataError
from deblur.training.data.augment import Pixels
from deblur.training.data.folders import Item
from deblur.training.tree import DataFile

CACHED_SHARE = 0.25
"""Of the free memory so much may hold decoded photos, in all processes together."""
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")
"""Where Linux tells it, as a number of bytes or `max`."""
UNREADABLE = (
    *(OSError, ValueError, SyntaxError, KeyError, EOFError, RuntimeError),
    *(BadZipFile, zlib.error, Image.DecompressionBombError),
)
"""What Pillow and zipfile raise of files that are damaged, or no photos."""


class PhotoCache:
    """Decoded photos, kept while they fit into memory that `processes` like this one share."""

    def __init__(self, processes: int = 1) -> None:
        self._budget = int(CACHED_SHARE * free_memory() / processes)
        self._kept: dict[DataFile, Pixels] = {}

    def read(self, photo: DataFile) -> Pixels:
        """RGB uint8 (h, w, 3). Raises TrainingDataError, naming the file, when it is no photo."""
        if photo in self._kept:
            return self._kept[photo]
        pixels = decode(photo)
        if pixels.nbytes <= self._budget:
            self._budget -= pixels.nbytes
            self._kept[photo] = pixels
        return pixels


def free_memory() -> int:
    """Bytes that are available on this machine, and no more than its container has left."""
    free: int = psutil.virtual_memory().available
    limit = CONTAINER_LIMIT.read_text().strip() if CONTAINER_LIMIT.exists() else "max"
    if limit == "max":
        return free
    return min(free, max(0, int(limit) - _held(CONTAINER_LIMIT.parent)))


def _held(container: Path) -> int:
    """Bytes in use, without what is kept of files and would be let go."""
    used = int((container / "memory.current").read_text())
    lines = (container / "memory.stat").read_text().splitlines()
    kept = {name: int(value) for name, value in map(str.split, lines)}
    return used - kept.get("inactive_file", 0)


def decode(photo: DataFile) -> Pixels:
    """RGB uint8 (h, w, 3). Raises TrainingDataError, naming the file, when it is no photo."""
    with _naming(photo):
        with photo.open() as stream:
            content = BytesIO(stream.read())
        with Image.open(content) as image:
            return _eight_bit(image)


def _eight_bit(image: Image.Image) -> Pixels:
    """RGB; 16-bit grey is scaled down, where Pillow would cut it off."""
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of mode {image.mode}; save it with 8 or 16 bits a channel")
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image).astype(np.uint32) + 128) // 257
        return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    return np.asarray(image.convert("RGB"))


def size_of(photo: DataFile) -> tuple[int, int]:
    """Height and width, by the header alone. Raises TrainingDataError when it is no photo."""
    with _naming(photo), photo.open() as stream, Image.open(stream) as image:
        return image.height, image.width


def check_items(
    items: Sequence[Item], check: Callable[[Item], None]
) -> list[TrainingDataError | None]:
    """What is wrong with each item, or None: `check` raises it, in several threads."""

    def verdict(item: Item) -> TrainingDataError | None:
        try:
            check(item)
        except TrainingDataError as error:
            return error
        return None

    with ThreadPoolExecutor() as threads:
        return list(threads.map(verdict, items))


def check_sizes(item: Item, side: int) -> None:
    """Raise TrainingDataError unless all pictures have one size, of `side` pixels at least."""
    sizes = {photo: size_of(photo) for photo in item}
    first, last = item[0], item[-1]
    if len(set(sizes.values())) > 1:
        raise TrainingDataError(
            f"{first} is {_show(sizes[first])} but {last} is {_show(sizes[last])}; a pair must "
            "be of one size"
        )
    if min(sizes[last]) < side:
        raise TrainingDataError(
            f"{last} is {_show(sizes[last])}; at least {side}x{side} is needed for this crop and "
            "the margin that blur reaches into: remove it, choose a smaller crop, or leave such "
            "files out (train --skip-bad)"
        )


def check_pixels(item: Item) -> None:
    """Decode all pictures. Raises TrainingDataError for one that is damaged."""
    for photo in item:
        decode(photo)


@contextmanager
def _naming(photo: DataFile) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise TrainingDataError(
            f"{photo}: cannot be read as a photo ({error}); repair or remove it, "
            "or leave such files out (train --skip-bad)"
        ) from error


def _show(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"
