"""HEIC and AVIF, in their own depth and colours."""

import io
import struct
from dataclasses import replace
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
from PIL import AvifImagePlugin

from deblur.errors import UnreadableImageError
from deblur.image_io import pixels
from deblur.image_io.decoded import DecodedImage
from deblur.image_io.given import GivenFile
from deblur.image_io.metadata.carried import note_on
from deblur.image_io.metadata.colour import code_point_signal
from deblur.image_io.metadata.extras import Extras
from deblur.image_io.metadata.found import Metadata, metadata_of
from deblur.image_io.readers.boxes import Containers, containers_of
from deblur.image_io.readers.from_pillow import decoded, decoded_by_pillow, first_of
from deblur.language import say

_APPLES_GAIN_MAP = b"aux:hdrgainmap"
_HEVC = {"hvc1", "hev1"}
_MAX_BOX_BYTES = 64 << 20
_MAX_BLOCK_SIDE = 64
_GRID_OVERHEAD = 4


def read_avif(given: GivenFile) -> DecodedImage:
    """Read an AVIF or the first frame of one; see decode_image for what is raised."""
    data = given.data()
    containers = _checked(given, data)
    image = AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    given.check_size(*image.size)
    notes = (*first_of(image.n_frames), *_gain_map(containers))
    metadata = _metadata(image.info, containers, notes)
    if image.n_frames > 1:
        image.load()
        return decoded_by_pillow(given, image, metadata)
    array = imagecodecs.avif_decode(data)
    if array.dtype == np.uint16:
        array = pixels.spread_to_16_bit(array, _avif_bits(data))
    return decoded(given, array, metadata)


def _avif_bits(data: bytes) -> int:
    """Bits a channel, from the third byte of the AV1 configuration box: 8, 10 or 12."""
    flags = data[data.index(b"av1C") + 6]
    return 8 + 2 * bool(flags & 0x40) + 2 * bool(flags & 0x20)


def read_heif(given: GivenFile) -> DecodedImage:
    """Read the main picture of a HEIC; see decode_image for what is raised."""
    data = given.data()
    containers = _checked(given, data)
    for coding in containers.codings() - _HEVC:
        raise given.unsupported(say("a HEIF coded as {coding}, not as HEVC", coding=repr(coding)))
    container = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
    image = container[container.primary_index]
    given.check_size(*image.size)
    array = np.asarray(image)
    if array.dtype == np.uint16:
        array = array | (array >> image.info["bit_depth"])
    notes = (*_left_behind(container, image), *_gain_map(containers))
    if containers.has_video:
        notes = (*notes, note_on("Motion photo"))
    metadata = _metadata(image.info, containers, notes)
    # The container turns the picture itself, whatever its EXIF goes on to say.
    metadata = replace(metadata, orientation=1)
    return decoded(given, array, metadata, premultiplied=image.premultiplied_alpha)


def _left_behind(container: Any, image: Any) -> tuple[str, ...]:
    notes = []
    if len(container) > 1:
        notes.append(f"holds {len(container)} pictures: the main one is used")
    if image.info.get("depth_images"):
        notes.append(note_on("Depth map"))
    return tuple(notes)


def _gain_map(containers: Containers) -> tuple[str, ...]:
    """A note where a picture of ISO 21496-1, or Apple's, says how much brighter it can be."""
    apples = any(_APPLES_GAIN_MAP in bytes(name) for name in containers.helpers())
    has_one = apples or b"tmap" in containers.kinds.values()
    return (note_on("Gain map (Ultra HDR, Apple)"),) if has_one else ()


def _checked(given: GivenFile, data: bytes) -> Containers:
    """The boxes, once no picture in them is larger than it may be, or than it says it is."""
    try:
        containers = containers_of(data)
    except (IndexError, struct.error) as error:
        raise ValueError(f"its boxes are damaged ({error})") from error
    # A stream is coded in blocks, of which the container cuts off what is too much.
    spare = _MAX_BLOCK_SIDE - 1
    for width, height in containers.sizes():
        given.check_size(width, height, spare=spare)
    if any(len(content) > _MAX_BOX_BYTES for _, content in containers.properties):
        raise given.too_large(say("holds a box of more than {most} MB", most=_MAX_BOX_BYTES >> 20))
    coded: dict[int, int] = {}
    for item, (width, height) in containers.coded_sizes():
        given.check_size(width, height, spare=spare)
        coded[item] = max(coded.get(item, 0), width * height)
        _check_agreement(given, containers.size_of(item), (width, height))
    whole = sum(coded.get(part, 0) for part in containers.parts.get(containers.primary, []))
    if whole > _GRID_OVERHEAD * given.max_pixels:
        raise given.too_large(
            say(
                "is put together from parts of {megapixels} megapixels",
                megapixels=f"{whole / 1e6:.0f}",
            )
        )
    return containers


def _check_agreement(
    given: GivenFile, said: tuple[int, int] | None, coded: tuple[int, int]
) -> None:
    if said is None:
        return
    most = _GRID_OVERHEAD * (said[0] + _MAX_BLOCK_SIDE) * (said[1] + _MAX_BLOCK_SIDE)
    if coded[0] * coded[1] > most:
        raise UnreadableImageError(
            say(
                "{name} is damaged: it says {width} x {height} pixels in one place "
                "and {other_width} x {other_height} in another; save, copy or download it again",
                name=given.name,
                width=said[0],
                height=said[1],
                other_width=coded[0],
                other_height=coded[1],
            )
        )


def _metadata(info: dict[Any, Any], containers: Containers, notes: tuple[str, ...]) -> Metadata:
    points = containers.code_points()
    extras = Extras(
        xmp=info.get("xmp") or None,
        colour=code_point_signal(*points) if points else None,
    )
    return metadata_of(info.get("exif"), info.get("icc_profile"), notes, extras)
