"""decode_image: any photo that people have, as upright pixels."""

import dataclasses
import io
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import pillow_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from deblur.errors import (
    DeblurError,
    ImageTooLargeError,
    UnreadableImageError,
    UnsupportedImageError,
)
from deblur.image_io import pixels
from deblur.image_io.decoded import Array, DecodedImage
from deblur.image_io.metadata import (
    Metadata,
    cms_transform,
    exif_from_tags,
    metadata_of,
)
from deblur.image_io.signatures import INPUT_KINDS, kind_of

DEFAULT_MAX_PIXELS = 100_000_000
INPUT_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".tif", ".tiff"}
    | {".heic", ".heif", ".hif", ".avif", ".bmp", ".dib", ".gif"}
)
_GREY_OR_RGB = {0: 1, 1: 1, 2: 3}
_WHITE_IS_ZERO = 0
_PREMULTIPLIED = 1


def decode_image(
    source: Path | str | bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> DecodedImage:
    """Read a photo from a path or from the bytes of a file, turned upright.

    JPEG, PNG, WebP, TIFF, HEIC, AVIF, BMP and GIF; uint8, or uint16 where more was stored. Grey
    stays grey, palettes become RGB, CMYK becomes sRGB; RGB keeps its values and its profile. Of
    several frames or pages the first is taken, and `notes` say so. Raises ImageTooLargeError,
    before anything is decoded, above `max_pixels` (width x height); UnreadableImageError for
    what is missing, empty, damaged or no picture; UnsupportedImageError for other pictures.
    """
    name = "the picture" if isinstance(source, bytes) else Path(source).name or str(source)
    with _opened(source, name) as stream, _failures_reported(name):
        kind = kind_of(stream.read(512))
        if kind not in INPUT_KINDS:
            raise _not_taken(name, kind)
        stream.seek(0)
        return _READERS[kind](_Input(stream, name, kind, max_pixels))


@dataclass(frozen=True)
class _Input:
    stream: BinaryIO
    name: str
    kind: str
    max_pixels: int

    def data(self) -> bytes:
        self.stream.seek(0)
        return self.stream.read()

    def check_size(self, width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise UnreadableImageError(
                f"{self.name} says that it is {width} x {height} pixels, which is no picture; "
                "save or copy it again"
            )
        if width * height > self.max_pixels:
            raise ImageTooLargeError(
                f"{self.name} is {width} x {height} pixels ({width * height / 1e6:.1f} "
                f"megapixels), and the limit is {self.max_pixels / 1e6:g} megapixels; "
                "make it smaller, or raise the limit (max_pixels)"
            )

    def unsupported(self, what: str) -> UnsupportedImageError:
        return UnsupportedImageError(
            f"{self.name} is {what}, which is not handled; "
            "save it as PNG or TIFF with 8 or 16 bits a channel and try again"
        )


@contextmanager
def _opened(source: Path | str | bytes, name: str) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        stream: BinaryIO = io.BytesIO(source)
    else:
        stream = _opened_file(Path(source), name)
    with stream:
        yield stream


def _opened_file(path: Path, name: str) -> BinaryIO:
    try:
        if path.is_dir():
            raise UnreadableImageError(f"{name} is a folder; name a picture file in it")
        return path.open("rb")
    except FileNotFoundError as error:
        raise UnreadableImageError(f"there is no file {path}; check the path") from error
    except (OSError, ValueError) as error:
        raise UnreadableImageError(
            f"{name} cannot be opened ({error}); check that it may be read"
        ) from error


@contextmanager
def _failures_reported(name: str) -> Iterator[None]:
    """Name the file and what to do; a damaged file can make a decoder raise anything."""
    try:
        yield
    except DeblurError:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise ImageTooLargeError(
            f"{name} needs more memory than there is to decode ({error}); make it smaller"
        ) from error
    except Exception as error:
        raise UnreadableImageError(
            f"{name} is damaged or cut short, a whole picture was expected "
            f"({str(error).strip() or type(error).__name__}); save, copy or download it again"
        ) from error


def _not_taken(name: str, kind: str) -> DeblurError:
    expected = "a JPEG, PNG, WebP, TIFF, HEIC, AVIF, BMP or GIF was expected"
    if kind == "empty":
        return UnreadableImageError(
            f"{name} is empty (0 bytes), {expected}; save, copy or download it again"
        )
    if kind == "":
        return UnreadableImageError(f"{name} is not a picture, {expected}; choose another file")
    return UnsupportedImageError(
        f"{name} is {kind}, {expected}; save it as one of these and try again"
    )


def _decoded(
    given: _Input,
    array: Array,
    metadata: Metadata,
    *,
    premultiplied: bool = False,
) -> DecodedImage:
    colours, alpha = pixels.pixels_and_alpha(array, metadata.orientation)
    if premultiplied and alpha is not None:
        colours = pixels.divided_by_alpha(colours, alpha)
    return DecodedImage(
        colours, alpha, given.kind, metadata.icc_profile, metadata.exif, metadata.notes
    )


def _first_of(frames: int) -> tuple[str, ...]:
    return (f"animated, {frames} frames: the first one is used",) if frames > 1 else ()


def _read_jpeg(given: _Input) -> DecodedImage:
    return _read_with_pillow(given, JpegImagePlugin.jpeg_factory(given.stream, ""))


def _read_png(given: _Input) -> DecodedImage:
    image = PngImagePlugin.PngImageFile(given.stream)
    given.check_size(*image.size)
    notes = _first_of(image.n_frames if image.is_animated else 1)
    data = given.data()
    if data[24] != 16:
        given.stream.seek(0)
        return _read_with_pillow(given, PngImagePlugin.PngImageFile(given.stream), notes)
    array = imagecodecs.png_decode(data)
    metadata = metadata_of(_png_chunk(data, b"eXIf"), image.info.get("icc_profile"), notes)
    return _decoded(given, array, metadata)


def _png_chunk(data: bytes, kind: bytes) -> bytes | None:
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == kind:
            return data[at + 8 : at + 8 + length]
        at += 12 + length
    return None


def _read_bmp(given: _Input) -> DecodedImage:
    return _read_with_pillow(given, BmpImagePlugin.BmpImageFile(given.stream))


def _read_gif(given: _Input) -> DecodedImage:
    image = GifImagePlugin.GifImageFile(given.stream)
    given.check_size(*image.size)
    return _read_with_pillow(given, image, _first_of(image.n_frames))


def _read_with_pillow(
    given: _Input, image: ImageFile.ImageFile, notes: tuple[str, ...] = ()
) -> DecodedImage:
    given.check_size(*image.size)
    image.load()
    given.check_size(*image.size)
    exif = image.info.get("exif")
    if not exif and "Raw profile type exif" in image.info:
        exif = image.getexif().tobytes()
    metadata = metadata_of(exif, image.info.get("icc_profile"), notes)
    return _decoded_by_pillow(given, image, metadata)


def _decoded_by_pillow(
    given: _Input, image: ImageFile.ImageFile, metadata: Metadata
) -> DecodedImage:
    if image.mode not in pixels.PILLOW_MODES:
        raise given.unsupported(f"a {given.kind} with pixels of the kind {image.mode}")
    profile, notes = metadata.icc_profile, metadata.notes
    colours, alpha = pixels.pixels_of_pillow(image, metadata.orientation, profile)
    if image.mode in ("CMYK", "LAB"):
        sound = (profile and cms_transform(profile, image.mode)) or image.mode == "LAB"
        how = "" if sound else ", without a sound colour profile: colours may differ slightly"
        profile, notes = None, (*notes, f"{image.mode}: converted to sRGB{how}")
    return DecodedImage(colours, alpha, given.kind, profile, metadata.exif, notes)


def _read_webp(given: _Input) -> DecodedImage:
    image = WebPImagePlugin.WebPImageFile(given.stream)
    given.check_size(*image.size)
    if image.n_frames > 1:
        return _read_with_pillow(given, image, _first_of(image.n_frames))
    array = np.empty((image.height, image.width, len(image.mode)), np.uint8)
    imagecodecs.webp_decode(given.data(), hasalpha=image.mode == "RGBA", out=array)
    return _decoded(
        given, array, metadata_of(image.info.get("exif"), image.info.get("icc_profile"))
    )


def _read_avif(given: _Input) -> DecodedImage:
    image = AvifImagePlugin.AvifImageFile(given.stream)
    given.check_size(*image.size)
    if image.n_frames > 1:
        return _read_with_pillow(given, image, _first_of(image.n_frames))
    data = given.data()
    array = imagecodecs.avif_decode(data)
    if array.dtype == np.uint16:
        array = pixels.spread_to_16_bit(array, _avif_bits(data))
    return _decoded(
        given, array, metadata_of(image.info.get("exif"), image.info.get("icc_profile"))
    )


def _avif_bits(data: bytes) -> int:
    """Bits a channel, from the third byte of the AV1 configuration box: 8, 10 or 12."""
    flags = data[data.index(b"av1C") + 6]
    return 8 + 2 * bool(flags & 0x40) + 2 * bool(flags & 0x20)


def _read_heif(given: _Input) -> DecodedImage:
    container = pillow_heif.open_heif(given.data(), convert_hdr_to_8bit=False)
    image = container[container.primary_index]
    given.check_size(*image.size)
    array = np.asarray(image)
    if array.dtype == np.uint16:
        array = array | (array >> image.info["bit_depth"])
    several = f"holds {len(container)} pictures: the main one is used"
    notes = (several,) if len(container) > 1 else ()
    info: dict[str, Any] = image.info
    metadata = metadata_of(info.get("exif"), info.get("icc_profile"), notes)
    # The container turns the picture itself, whatever its EXIF goes on to say.
    metadata = dataclasses.replace(metadata, orientation=1)
    return _decoded(given, array, metadata, premultiplied=image.premultiplied_alpha)


def _read_tiff(given: _Input) -> DecodedImage:
    tags, exif = _tiff_tags(given.stream)
    _refuse_unusual_tiff(given, tags)
    given.check_size(tags[256], tags[257])
    photometric, bits = tags.get(262, 1), set(tags.get(258, (1,)))
    metadata = _tiff_metadata(tags, exif)
    if photometric in _GREY_OR_RGB and bits in ({8}, {16}):
        return _read_plain_tiff(given, tags, metadata)
    try:
        given.stream.seek(0)
        image = TiffImagePlugin.TiffImageFile(given.stream, "")
    except SyntaxError as error:
        raise given.unsupported(f"a TIFF of an unusual kind ({error})") from error
    image.load()
    decoded = _decoded_by_pillow(given, image, metadata)
    if max(bits) == 16:
        reduced = "its 16 bits a channel were reduced to 8"
        return dataclasses.replace(decoded, notes=(*decoded.notes, reduced))
    return decoded


def _tiff_tags(stream: BinaryIO) -> tuple[TiffImagePlugin.ImageFileDirectory_v2, Image.Exif]:
    """The first directory, as a table for this file's layout and as EXIF with its own parts."""
    header = stream.read(8)
    is_big = header[2] == 43
    tags = TiffImagePlugin.ImageFileDirectory_v2(header + stream.read(8) if is_big else header)
    first = tags.next
    stream.seek(first)
    tags.load(stream)
    exif = Image.Exif()
    exif.bigtiff = is_big
    exif.endian = "<" if header.startswith(b"II") else ">"
    exif.load_from_fp(stream, first)
    return tags, exif


def _refuse_unusual_tiff(given: _Input, tags: TiffImagePlugin.ImageFileDirectory_v2) -> None:
    sub_directories, digital_negative, reduced_size = 330 in tags, 50706 in tags, tags.get(254) == 1
    if digital_negative or (sub_directories and reduced_size):
        raise given.unsupported("a raw file of a camera")
    bits = max(tags.get(258, (1,)))
    kinds = set(tags.get(339, (1,)))
    if 3 in kinds:
        raise given.unsupported(f"a TIFF of {bits}-bit floating-point numbers")
    if not kinds <= {1, 4} or bits not in (1, 2, 4, 8, 16):
        raise given.unsupported(f"a TIFF of {bits}-bit numbers of an unusual kind")


def _tiff_metadata(tags: TiffImagePlugin.ImageFileDirectory_v2, exif: Image.Exif) -> Metadata:
    notes = ("has more than one page: the first one is used",) if tags.next else ()
    return metadata_of(exif_from_tags(exif), tags.get(34675), notes)


def _read_plain_tiff(
    given: _Input, tags: TiffImagePlugin.ImageFileDirectory_v2, metadata: Metadata
) -> DecodedImage:
    """Grey or RGB of 8 or 16 bits, with or without alpha."""
    colours, samples = _GREY_OR_RGB[tags.get(262, 1)], tags.get(277, 1)
    shape: tuple[int, ...] = (tags[257], tags[256], samples)
    planar = tags.get(284, 1) == 2 and samples > 1
    if planar:
        shape = (samples, tags[257], tags[256])
    array: Any = np.empty(shape if samples > 1 else shape[:2], f"u{tags[258][0] // 8}")
    imagecodecs.tiff_decode(given.data(), index=0, out=array)
    array = np.moveaxis(array, 0, -1) if planar else array.reshape(*array.shape[:2], samples)
    if tags.get(262, 1) == _WHITE_IS_ZERO:
        array[..., 0] = ~array[..., 0]
    extra = tags.get(338, (2,))[0] if samples > colours else 0
    array = array[..., : colours + (extra != 0)]
    return _decoded(given, array, metadata, premultiplied=extra == _PREMULTIPLIED)


_READERS: dict[str, Callable[[_Input], DecodedImage]] = {
    "JPEG": _read_jpeg,
    "PNG": _read_png,
    "WEBP": _read_webp,
    "TIFF": _read_tiff,
    "HEIF": _read_heif,
    "AVIF": _read_avif,
    "BMP": _read_bmp,
    "GIF": _read_gif,
}
