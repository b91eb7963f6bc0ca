"""XMP packets, as bytes: what of them stays true of a restored photo, and the two parts as one."""

import re
from collections.abc import Iterable

MOTION_PHOTO = re.compile(rb'(?:MotionPhoto|MicroVideo)(?:="|>)1')
GAIN_MAP = re.compile(rb"hdrgm:Version|HDRGainMapVersion|ns\.apple\.com/HDRGainMap")
_ORIENTATION = re.compile(rb'(tiff:Orientation(?:\s*=\s*["\']|>))[2-8](?=["\'<])')
# What tells of pictures and videos behind the photo, which a restored one no longer has.
_ATTACHED = re.compile(
    rb'\s(?:hdrgm:\w+|HDRGainMap:\w+|(?:GCamera|Camera):(?:MotionPhoto|MicroVideo)\w*)="[^"]*"'
)
_DROPPED_ELEMENTS = (
    b"xmp:Thumbnails",
    b"xap:Thumbnails",
    b"Container:Directory",
    b"GContainer:Directory",
)
_EXTENDED = re.compile(rb'\sxmpNote:HasExtendedXMP="[^"]*"')
_NAMESPACE = re.compile(rb'\sxmlns:([\w.-]+)="([^"]*)"')
_ROOT, _ROOT_END = b"<rdf:RDF", b"</rdf:RDF>"


def still_true(packet: bytes) -> bytes:
    """The packet saying upright, without thumbnails and without what points behind the photo."""
    packet = _ATTACHED.sub(b"", _ORIENTATION.sub(rb"\g<1>1", packet))
    for name in _DROPPED_ELEMENTS:
        packet = _without_element(packet, name)
    return packet


def _without_element(packet: bytes, name: bytes) -> bytes:
    start, end_tag = packet.find(b"<" + name), b"</" + name + b">"
    end = packet.find(end_tag, start)
    return packet[:start] + packet[end + len(end_tag) :] if 0 <= start < end else packet


def extended_guid(packet: bytes) -> bytes | None:
    """The name of the extended part that a packet announces."""
    found = re.search(rb'xmpNote:HasExtendedXMP(?:="|>)(\w{32})', packet)
    return found.group(1) if found else None


def without_extension(packet: bytes) -> bytes:
    """The packet that announces no extended part."""
    return _without_element(_EXTENDED.sub(b"", packet), b"xmpNote:HasExtendedXMP")


def renamed_extension(packet: bytes, guid: bytes) -> bytes:
    """The packet whose announced extended part has another name."""
    return re.sub(rb'(xmpNote:HasExtendedXMP(?:="|>))\w{32}', rb"\g<1>" + guid, packet, count=1)


def merged(packet: bytes, extended: bytes | None) -> bytes | None:
    """Main and extended part as one packet; None where they cannot be put together."""
    if extended is None:
        return packet
    packet = without_extension(packet)
    start, end = extended.find(_ROOT), extended.rfind(_ROOT_END)
    root, close = packet.find(_ROOT), packet.rfind(_ROOT_END)
    if min(start, root) < 0 or end < start or close < root:
        return None
    body = extended.find(b">", start) + 1
    known = dict(_NAMESPACE.findall(packet[: packet.find(b">", root)]))
    needed = dict(_NAMESPACE.findall(extended[:body]))
    if any(known.get(prefix, uri) != uri for prefix, uri in needed.items()):
        return None
    missing = _declarations((p, u) for p, u in needed.items() if p not in known)
    head = packet[: root + len(_ROOT)] + missing + packet[root + len(_ROOT) : close]
    return head + extended[body:end] + packet[close:]


def _declarations(namespaces: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b' xmlns:%s="%s"' % pair for pair in namespaces)


def announcing(guid: bytes) -> bytes:
    """A packet that says nothing but where its extended part is to be found."""
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/"'
        b' xmpNote:HasExtendedXMP="%s"/></rdf:RDF></x:xmpmeta>' % guid
    )
