"""How large the pictures inside HEIF and AVIF are, by the streams themselves.

Sources: AV1 bitstream specification, 5.3 to 5.5; ITU-T H.265, 7.3.1 to 7.3.3.
"""

from collections.abc import Iterator

_SEQUENCE_HEADER = 1
_PARAMETER_SET = 33
_MAX_UNITS = 100_000


class _Bits:
    """A reader of bits; beyond the end it reads zeros."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def read(self, count: int) -> int:
        self._left -= count
        shifted = self._value >> self._left if self._left >= 0 else 0
        return shifted & ((1 << count) - 1)

    def variable(self) -> int:
        """An exponential Golomb number."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                return 0
        return (1 << zeros) - 1 + self.read(zeros)


def av1_sizes(stream: bytes) -> Iterator[tuple[int, int]]:
    """Width and height of every sequence header in a run of open bitstream units."""
    at = 0
    for _ in range(_MAX_UNITS):
        if at >= len(stream):
            return
        head, at = stream[at], at + 1 + (stream[at] >> 2 & 1)
        length = len(stream) - at
        if head & 2:
            length, at = _leb128(stream, at)
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            yield _sequence_size(_Bits(stream[at : at + min(length, 256)]))
        at += length


def _leb128(stream: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(stream[at : at + 8]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    return len(stream), at + 8


def _sequence_size(bits: _Bits) -> tuple[int, int]:
    bits.read(4)
    if bits.read(1):
        bits.read(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    return bits.read(width_bits) + 1, bits.read(height_bits) + 1


def _skip_operating_points(bits: _Bits) -> None:
    delay = 0
    if bits.read(1):
        bits.read(64)
        if bits.read(1):
            bits.variable()
        if bits.read(1):
            delay = bits.read(5) + 1
            bits.read(42)
    display_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if delay and bits.read(1):
            bits.read(2 * delay + 1)
        if display_delay and bits.read(1):
            bits.read(4)


def hevc_sizes(units: Iterator[bytes]) -> Iterator[tuple[int, int]]:
    """Width and height of every sequence parameter set among NAL units."""
    for unit in units:
        of_first_layer = len(unit) > 2 and not (unit[0] & 1 or unit[1] >> 3)
        if of_first_layer and unit[0] >> 1 & 63 == _PARAMETER_SET:
            yield _parameter_set_size(_Bits(unit[2:256].replace(b"\0\0\3", b"\0\0")))


def _parameter_set_size(bits: _Bits) -> tuple[int, int]:
    bits.read(4)
    layers = bits.read(3)
    bits.read(1)
    bits.read(96)
    present = [(bits.read(1), bits.read(1)) for _ in range(layers)]
    bits.read(2 * (8 - layers) if layers else 0)
    for profile, level in present:
        bits.read(88 * profile + 8 * level)
    bits.variable()
    if bits.variable() == 3:
        bits.read(1)
    return bits.variable(), bits.variable()


def nal_units(stream: bytes, length_size: int) -> Iterator[bytes]:
    """The units of a stream in which each is preceded by its length; beginnings of long ones."""
    at = 0
    for _ in range(_MAX_UNITS):
        if at + length_size >= len(stream):
            return
        length = int.from_bytes(stream[at : at + length_size], "big")
        at += length_size
        yield stream[at : at + min(length, 256)]
        at += length


def configured_units(configuration: bytes) -> Iterator[bytes]:
    """The parameter sets in an hvcC box."""
    at, arrays = 23, configuration[22] if len(configuration) > 22 else 0
    for _ in range(arrays):
        count = int.from_bytes(configuration[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            length = int.from_bytes(configuration[at : at + 2], "big")
            yield configuration[at + 2 : at + 2 + length]
            at += 2 + length
