"""Opening a stranger's photo in a process of its own, whose time and memory have limits.

`python -m deblur.page.visiting.opening FILE PREVIEW MAX_PIXELS SIDE LANGUAGE` is that process: it
writes a picture for the browser and beside it all pixels at 8 bits, and says on its output, as
JSON, what came or what is wrong.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deblur.errors import DeblurError, ImageError, ImageTooLargeError, UnreadableImageError
from deblur.image_io import decode_image, output_format, preview_of, write_image
from deblur.language import Language, say, speaking, spoken_now
from deblur.page.screen import busiest, write_for_screen

SECONDS, PROCESSOR_SECONDS = 90.0, 20
"""Time that a photo may take to open, and how much of a processor: one of 100 MP takes 3 to 6."""

_THUMBNAIL_SIDE = 320
"""Pixels of a thumbnail's longer side."""

_BASE_MEMORY = 1_500_000_000
_MEMORY_A_PIXEL = 40
"""Bytes of address space: what the process takes itself, and a decoder for a pixel."""

_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


@dataclass(frozen=True)
class Opened:
    """What came: sides in pixels, format, bits a sample, and the format that a result gets.

    `middle` is that of the part with most detail, (x, y) in pixels.
    """

    width: int
    height: int
    format: str
    bits: int
    transparent: bool
    notes: tuple[str, ...]
    output: str
    middle: tuple[int, int] = (0, 0)

    @property
    def megapixels(self) -> float:
        """Pixels of the photo, in millions."""
        return self.width * self.height / 1e6


def open_photo(
    photo: Path, preview: Path, *, max_pixels: int, side: int, seconds: float = SECONDS
) -> Opened:
    """Write a preview of a photo, its longer side at most `side`, and say what the photo is.

    Beside the preview lie a thumbnail, `small.jpg`, and all pixels at 8 bits, as `.npy`; see
    `write_for_screen`. Raises ImageError when it cannot be used, also where it takes too long or
    too much memory.
    """
    arguments = [str(photo.absolute()), str(preview.absolute()), str(max_pixels), str(side)]
    arguments.append(spoken_now())
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_THREADS},
            cwd=Path(__file__).parents[3],
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableImageError(
            say(
                "{name} takes longer than {seconds} s to open: save it again with "
                "another program, and try that",
                name=photo.name,
                seconds=f"{seconds:.0f}",
            )
        ) from error
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        raise ImageTooLargeError(
            say(
                "{name} needs more memory or time to open than one photo may use: save it "
                "again with another program, and try that",
                name=photo.name,
            )
        ) from error
    if "error" in told:
        raise ImageError(told["error"])
    lists = {name: tuple(told[name]) for name in ("notes", "middle")}
    return Opened(**{**told, **lists})


def _open(photo: Path, preview: Path, max_pixels: int, side: int) -> Opened:
    image = decode_image(photo, max_pixels=max_pixels)
    small = preview_of(image, side)
    write_image(small, preview)
    write_image(preview_of(small, _THUMBNAIL_SIDE), preview.with_name("small.jpg"))
    write_for_screen(image, preview.with_suffix(".npy"))
    return Opened(
        width=image.width,
        height=image.height,
        format=image.format,
        bits=8 * image.pixels.itemsize,
        transparent=image.alpha is not None,
        notes=image.notes,
        output=output_format(image, None),
        middle=busiest(small.pixels, image.height, image.width),
    )


def _limit(max_pixels: int) -> None:
    """Bound this process where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    memory = _BASE_MEMORY + _MEMORY_A_PIXEL * max_pixels
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> None:
    """The process."""
    photo, preview, max_pixels, side, language = arguments
    _limit(int(max_pixels))
    with speaking(Language(language)):
        told = _told(Path(photo), Path(preview), int(max_pixels), int(side))
    sys.stdout.write(json.dumps(told))


def _told(photo: Path, preview: Path, max_pixels: int, side: int) -> dict[str, Any]:
    """What came, or what is wrong."""
    try:
        return asdict(_open(photo, preview, max_pixels, side))
    except ImageTooLargeError as error:
        ours = say("make it smaller, or raise the limit (max_pixels)")
        return {"error": str(error).replace(ours, say("make it smaller"))}
    except DeblurError as error:
        return {"error": str(error)}
    except MemoryError:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
