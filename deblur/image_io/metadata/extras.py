"""What a photo says besides its pixels, its EXIF and its ICC profile."""

from dataclasses import dataclass, replace

from deblur.image_io.metadata.colour import ColourSignal

INCH = 0.0254


@dataclass(frozen=True)
class Resolution:
    """Pixels a metre to the right and down; a bare ratio of the two where not `absolute`."""

    x: float
    y: float
    absolute: bool = True

    @classmethod
    def per_inch(cls, x: float, y: float) -> "Resolution | None":
        """None for a resolution that nothing can have."""
        return cls(x / INCH, y / INCH) if 0 < x < 1e6 and 0 < y < 1e6 else None

    @property
    def dots_per_inch(self) -> tuple[float, float]:
        """Both sides, whole where a whole number was rounded to whole pixels a metre."""
        x, y = (side * INCH for side in (self.x, self.y))
        return tuple(  # type: ignore[return-value]
            round(side) if abs(side - round(side)) < 0.01 else side for side in (x, y)
        )

    def turned(self, orientation: int) -> "Resolution":
        """As it is once the photo stands upright; `orientation` is EXIF's, 1 to 8."""
        return replace(self, x=self.y, y=self.x) if orientation >= 5 else self


@dataclass(frozen=True)
class JpegCoding:
    """How a JPEG was coded: its quality by libjpeg's scale, and its chroma subsampling.

    `subsampling` is "4:4:4", "4:2:2", "4:2:0", or "" for another and for grey.
    """

    quality: int
    subsampling: str


@dataclass(frozen=True)
class Extras:
    """XMP, IPTC, texts, resolution and colours; `coding` says how a JPEG was coded.

    `extended_xmp` is the part of a JPEG's XMP that did not fit into its first segment. `iptc` is
    a run of IPTC-IIM records. `texts` are pairs of a keyword and a text: PNG's own, and a
    comment by the keyword "Comment".
    """

    xmp: bytes | None = None
    extended_xmp: bytes | None = None
    iptc: bytes | None = None
    texts: tuple[tuple[str, str], ...] = ()
    resolution: Resolution | None = None
    colour: ColourSignal | None = None
    coding: JpegCoding | None = None


NO_EXTRAS = Extras()
