"""IPTC records and the Photoshop resource that holds them."""

import struct

PHOTOSHOP = b"Photoshop 3.0\0"
_SIGNATURE = b"8BIM"
_IPTC = 0x0404


def iptc_of(resources: bytes) -> bytes | None:
    """The IPTC records in a run of Photoshop resources, or in the bytes themselves."""
    if resources.startswith(b"\x1c"):
        return resources
    at = 0
    while resources[at : at + 4] == _SIGNATURE and at + 8 <= len(resources):
        (number,) = struct.unpack_from(">H", resources, at + 4)
        name = (resources[at + 6] + 2) // 2 * 2
        start = at + 6 + name + 4
        if start > len(resources):
            return None
        (length,) = struct.unpack_from(">I", resources, start - 4)
        if number == _IPTC:
            return resources[start : start + length] or None
        at = start + length + length % 2
    return None


def resource_of(iptc: bytes) -> bytes:
    """IPTC records as a Photoshop resource."""
    head = _SIGNATURE + struct.pack(">HHI", _IPTC, 0, len(iptc))
    return head + iptc + bytes(len(iptc) % 2)
