"""A file that was handed in: its bytes, its name, and what a reader may ask of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from deblur.errors import ImageTooLargeError, UnreadableImageError, UnsupportedImageError
from deblur.image_io.signatures import RAW
from deblur.language import say

MAX_RECORD_BYTES = 16 << 20
"""Bytes that one record of metadata (a profile, XMP, a text) may take in memory."""
MAX_SAMPLES = 4
_MAX_SAMPLE_BYTES = 2
_MAX_HEADER_BYTES = 64 << 20


@dataclass(frozen=True)
class GivenFile:
    """An open file, what it is called, one of INPUT_KINDS, and the most pixels it may have."""

    stream: BinaryIO
    name: str
    kind: str
    max_pixels: int

    @property
    def max_bytes(self) -> int:
        """What decoded samples may take: four of 16 bits for every pixel that is allowed."""
        return self.max_pixels * MAX_SAMPLES * _MAX_SAMPLE_BYTES

    def data(self) -> bytes:
        """The whole file; ImageTooLargeError where it is longer than any picture would be."""
        length = self.stream.seek(0, 2)
        if length > self.max_bytes + _MAX_HEADER_BYTES:
            raise self.too_large(
                say(
                    "is a file of {size} MB, and a picture of {megapixels} megapixels "
                    "takes {most} MB at most",
                    size=f"{length / 1e6:.0f}",
                    megapixels=f"{self.max_pixels / 1e6:g}",
                    most=f"{self.max_bytes / 1e6:.0f}",
                )
            )
        self.stream.seek(0)
        return self.stream.read()

    def check_size(self, width: int, height: int, *, spare: int = 0) -> None:
        """Raise ImageTooLargeError above the limit, UnreadableImageError for sides below 1.

        Of each side, `spare` pixels may be cut off before the picture is shown.
        """
        if width < 1 or height < 1:
            raise UnreadableImageError(
                say(
                    "{name} says that it is {width} x {height} pixels, which is no "
                    "picture; save or copy it again",
                    name=self.name,
                    width=width,
                    height=height,
                )
            )
        if max(1, width - spare) * max(1, height - spare) > self.max_pixels:
            raise ImageTooLargeError(
                say(
                    "{name} is {width} x {height} pixels ({megapixels} megapixels), and the limit "
                    "is {most} megapixels; {advice}",
                    name=self.name,
                    width=width,
                    height=height,
                    megapixels=_millions(width * height, self.max_pixels),
                    most=f"{self.max_pixels / 1e6:.12g}",
                    advice=say("make it smaller, or raise the limit (max_pixels)"),
                )
            )

    @staticmethod
    def check_length(stored: int, needed: float, what: str) -> None:
        """Raise OSError where fewer bytes are stored than pixels, packed at best, would take."""
        if stored < needed:
            raise OSError(f"{needed:.0f} bytes of {what} are expected, and it has {stored}")

    def too_large(self, what: str) -> ImageTooLargeError:
        """`what` says what is too much and how much there may be, without the file's name."""
        return ImageTooLargeError(
            say("{name} {what}; save it again in another program", name=self.name, what=what)
        )

    def unsupported(self, what: str) -> UnsupportedImageError:
        """`what` names a kind of picture that no reader handles."""
        return UnsupportedImageError(
            say(
                "{name} is {what}, which is not supported; save it as PNG or TIFF with 8 or "
                "16 bits a channel and try again",
                name=self.name,
                what=what,
            )
        )

    def raw(self, maker: str) -> UnsupportedImageError:
        """For a raw file of a camera that looks like a TIFF; `maker` is its kind, if known."""
        return raw_file(self.name, RAW + (f" ({maker})" if maker else ""))

    @property
    def suffix(self) -> str:
        """The ending of the name, in lower case."""
        return Path(self.name).suffix.lower()


def _millions(pixels: int, limit: int) -> str:
    """To one decimal, and exactly where that would read as within the limit."""
    rounded = f"{pixels / 1e6:.1f}"
    return rounded if float(rounded) * 1e6 > limit else f"{pixels / 1e6:.12g}"


def raw_file(name: str, kind: str) -> UnsupportedImageError:
    """`kind` says that it is a raw file, and whose where that is known."""
    return UnsupportedImageError(
        say(
            "{name} is {kind}, which holds what the sensor saw and no finished "
            "picture; develop it (the camera's own program, darktable, "
            "RawTherapee), save it as TIFF or JPEG and restore that",
            name=name,
            kind=kind,
        )
    )
