"""Colours that are said otherwise than by an ICC profile, and the ICC profile that says the same.

Sources: ITU-T H.273 (code points), PNG 3rd edition (gAMA, cHRM, cICP), ICC.1:2022 (profiles).
"""

import io
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_D65 = (0.3127, 0.329)
_C = (0.31, 0.316)
Chromaticities = tuple[tuple[float, float], ...]
_BT709: Chromaticities = (_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_PRIMARIES: dict[int, Chromaticities] = {
    1: _BT709,
    2: _BT709,
    4: (_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    7: (_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    9: (_D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    11: ((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    12: (_D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    22: (_D65, (0.63, 0.34), (0.295, 0.605), (0.155, 0.077)),
}
_NAMES = {1: "sRGB", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
_SRGB, _UNSAID = 13, 2
_BT601, _BT2020 = 6, 9
_BROADCAST = (1, 6, 14, 15)
# Of the broadcast curves the screen's counts, BT.1886, which browsers use for a PNG too.
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, **dict.fromkeys(_BROADCAST, 2.4)}
_HDR = {16: "PQ", 18: "HLG"}
_SRGB_GAMMA = 1 / 2.2
_XYZ_TO_CONES = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D50 = np.array([0.9642, 1.0, 0.8249])


@dataclass(frozen=True)
class ColourSignal:
    """What a file says of its colours without a profile; None for what it does not say.

    `code_points` are H.273's primaries, transfer and matrix, and 1 for full range; `gamma` is
    PNG's, the exponent of encoding; `chromaticities` are x, y of white, red, green and blue;
    `intent` is the rendering intent of a PNG that says sRGB.
    """

    code_points: tuple[int, int, int, int] | None = None
    gamma: float | None = None
    chromaticities: Chromaticities | None = None
    intent: int | None = None

    @property
    def hdr(self) -> str:
        """PQ or HLG, "" for what an ordinary screen shows as it is."""
        return _HDR.get(self.code_points[1], "") if self.code_points else ""

    @property
    def name(self) -> str:
        """What people call these colours."""
        if self.code_points is None:
            return "sRGB" if self.intent is not None else "PNG gAMA/cHRM"
        primaries, transfer = self.code_points[:2]
        name = _NAMES.get(primaries, f"primaries {primaries}")
        return f"{name} {_HDR[transfer]}" if transfer in _HDR else name

    @property
    def is_srgb(self) -> bool:
        """Whether a picture that says nothing looks the same."""
        if self.code_points is None:
            return self.intent is not None or (self.gamma is None and self.chromaticities is None)
        primaries, transfer = self.code_points[:2]
        return primaries in (1, _UNSAID) and transfer in (_SRGB, _UNSAID)

    @property
    def is_still(self) -> bool:
        """Whether the code points mean the same in a HEIC or AVIF.

        Of the broadcast curves viewers of those show sRGB's, and of a PNG's the screen's.
        """
        return self.code_points is not None and self.code_points[1] not in _BROADCAST

    def icc_profile(self, channels: int) -> bytes | None:
        """A profile of the same colours for grey (1) or RGB (3); None where none can say them."""
        if self.code_points is None:
            primaries, gamma = self.chromaticities or _BT709, self.gamma
            curve = _SRGB_CURVE if gamma is None else _gamma_curve(1 / gamma)
        else:
            number, transfer = self.code_points[:2]
            if number not in _PRIMARIES or transfer not in _CURVES:
                return None
            primaries, curve = _PRIMARIES[number], _CURVES[transfer]
        return _profile(self.name, primaries, curve, channels)


def code_point_signal(primaries: int, transfer: int) -> ColourSignal | None:
    """The signal of a HEIC, AVIF or JPEG XL, as RGB; None where it says sRGB or nothing
    that H.273 knows.

    Viewers show stills of the broadcast curves by sRGB's, so that is what the signal says.
    """
    transfer = _SRGB if transfer in _BROADCAST else transfer
    signal = ColourSignal((primaries, transfer, 0, 1))
    return None if signal.is_srgb or max(primaries, transfer) > 255 else signal


def code_points_of(signal: ColourSignal | None, icc_profile: bytes | None) -> tuple[int, int, int]:
    """Primaries, transfer and matrix for a HEIC or AVIF: those of the signal, else sRGB's.

    Beside a profile the first two are left unsaid. The matrix is BT.2020's or BT.601's.
    """
    if signal and signal.code_points:
        primaries, transfer = signal.code_points[:2]
        return primaries, transfer, _BT2020 if primaries == _BT2020 else _BT601
    return (_UNSAID, _UNSAID, _BT601) if icc_profile else (1, _SRGB, _BT601)


def calibration(gamma: float | None, chromaticities: Chromaticities | None) -> ColourSignal | None:
    """The signal of PNG's gAMA and cHRM; None where they say nothing that a screen could show."""
    if gamma is not None and not 0.05 <= gamma <= 20:
        gamma = None
    if chromaticities is not None and not _is_sound(chromaticities):
        chromaticities = None
    if gamma is None and chromaticities is None:
        return None
    return ColourSignal(gamma=gamma, chromaticities=chromaticities)


def _is_sound(chromaticities: Chromaticities) -> bool:
    if any(y <= 0.001 or not 0 <= x <= 1 or y > 1 for x, y in chromaticities):
        return False
    (_, red, green, blue) = chromaticities
    area = (green[0] - red[0]) * (blue[1] - red[1]) - (blue[0] - red[0]) * (green[1] - red[1])
    return abs(area) > 0.001


def _xyz(place: tuple[float, float]) -> NDArray[np.float64]:
    x, y = place
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _profile(name: str, primaries: Chromaticities, curve: bytes, channels: int) -> bytes:
    white = _xyz(primaries[0])
    cones = (_XYZ_TO_CONES @ _D50) / (_XYZ_TO_CONES @ white)
    adapted = np.linalg.inv(_XYZ_TO_CONES) @ np.diag(cones) @ _XYZ_TO_CONES
    tags = {
        b"desc": _text(name),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(_D50),
        b"chad": b"sf32\0\0\0\0" + _fixed(adapted.ravel()),
    }
    if channels == 1:
        tags[b"kTRC"] = curve
    else:
        colorants = np.stack([_xyz(place) for place in primaries[1:]], axis=1)
        colorants = adapted @ (colorants * np.linalg.solve(colorants, white))
        for letter, colorant in zip("rgb", colorants.T, strict=True):
            tags[f"{letter}XYZ".encode()] = b"XYZ \0\0\0\0" + _fixed(colorant)
            tags[f"{letter}TRC".encode()] = curve
    return _file(tags, b"GRAY" if channels == 1 else b"RGB ")


def _file(tags: dict[bytes, bytes], space: bytes) -> bytes:
    at = 128 + 4 + 12 * len(tags)
    table, contents = struct.pack(">I", len(tags)), b""
    for tag, content in tags.items():
        table += tag + struct.pack(">II", at + len(contents), len(content))
        contents += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", at + len(contents), b"\0" * 4, 0x04300000, b"mntr", space, b"XYZ "
    )
    header += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(_D50)
    return header.ljust(128, b"\0") + table + contents


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(encoded), 28) + encoded


def _fixed(values: NDArray[np.float64]) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(value) * 65536) for value in values))


def _gamma_curve(exponent: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HHi", 0, 0, round(exponent * 65536))


def _srgb_curve() -> bytes:
    parameters = np.array([2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(parameters)


_SRGB_CURVE = _srgb_curve()
_CURVES = {_SRGB: _SRGB_CURVE, _UNSAID: _SRGB_CURVE}
_CURVES |= {transfer: _gamma_curve(exponent) for transfer, exponent in _GAMMAS.items()}


def cms_transform(
    icc_profile: bytes, mode: str, output_mode: str = "RGB"
) -> ImageCms.ImageCmsTransform | None:
    """From the colours of the profile to sRGB; None when the profile does not fit or is damaged."""
    try:
        return ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(icc_profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            output_mode,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def profile_changes_colours(icc_profile: bytes, channels: int) -> bool:
    """Whether 8-bit colours read through the profile differ by more than 1 from sRGB."""
    mode = "L" if channels == 1 else "RGB"
    transform = cms_transform(icc_profile, mode)
    if transform is None:
        return False
    levels = np.linspace(0, 255, 18).astype(np.uint8)
    colours = np.stack(np.meshgrid(*[levels] * channels), axis=-1).reshape(18, -1, channels)
    stored = Image.fromarray(colours[..., 0] if channels == 1 else colours)
    shown = transform.apply(stored)
    difference = np.asarray(stored.convert("RGB"), np.int16) - np.asarray(shown, np.int16)
    return bool(np.abs(difference).max() > 1)
