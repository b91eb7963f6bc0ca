"""Pack a training set into one small ZIP archive that training reads as it is."""

import itertools
import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from PIL import ExifTags, Image

from deblur.errors import OutputExistsError, TrainingDataError
from deblur.files import replace_file
from deblur.training.config import SourceConfig
from deblur.training.data.folders import Item, list_items, open_source
from deblur.training.data.photos import check_sizes, decode
from deblur.training.data.split import MAX_BURST_FRAMES, split_source, taken
from deblur.training.tree import MANIFEST

STEPS = ((1.0, 95), (1.0, 90), (1.0, 85), (1.0, 80), (0.8, 80), (0.64, 80), (0.5, 80))
"""Shares of the long side, and WebP qualities, from the best to the smallest."""

_PROBES = 16
_ZIP_OVERHEAD_BYTES = 250
"""Bytes that a file costs in a ZIP besides its content, generously."""


@dataclass(frozen=True)
class PackedSource:
    """A source in an archive, in the folder `path`: how many of the photos or pairs `found`."""

    kind: str
    path: str
    found: int
    packed: int


@dataclass(frozen=True)
class Packed:
    """The manifest of an archive of WebP pictures of `quality`, at most `long_side` pixels."""

    quality: int
    long_side: int
    licence: str
    sources: tuple[PackedSource, ...]


@dataclass(frozen=True)
class _Entry:
    """An item to be packed, with its files' names in the archive."""

    item: Item
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Group:
    """A source to be packed."""

    kind: str
    path: str
    found: int
    entries: tuple[_Entry, ...]

    def thinned(self, share: float) -> "_Group":
        """About that share of it, evenly spread; of a clip, the first frames."""
        total = len(self.entries)
        if self.kind == "frames":
            count = min(total, max(MAX_BURST_FRAMES, int(total * share)))
            kept = self.entries[:count]
        else:
            count = max(1, int(total * share))
            kept = tuple(self.entries[index * total // count] for index in range(count))
        return _Group(self.kind, self.path, self.found, kept)


def pack(
    sources: Sequence[SourceConfig],
    path: Path,
    max_bytes: int,
    *,
    long_side: int = 1400,
    licence: str = "",
    overwrite: bool = False,
) -> Packed:
    """Write the sources into a ZIP of at most `max_bytes`, each as KIND/NAME/ in there.

    The quality falls first, then the long side, and then photos are left out evenly, until it
    fits. Pictures keep their names and times; GoPro's train part becomes pairs by sequence.
    The same input gives the same bytes.

    Raises OutputExistsError when `path` exists and may not be overwritten, TrainingDataError
    for what cannot be read, or when not even a few small pictures fit.
    """
    if path.suffix.lower() != ".zip":
        raise TrainingDataError(f"{path}: an archive is known by its name, which must end in .zip")
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{path} exists already; name another file or pass --overwrite")
    groups = _groups(sources)
    side, quality, expected = _probe(groups, max_bytes, long_side)
    if expected > max_bytes:
        groups = [group.thinned(max_bytes / expected) for group in groups]
    pictures = _encode_all([each for group in groups for each in group.entries], side, quality)
    while True:
        packed = Packed(quality, side, licence, tuple(map(_packed_source, groups)))
        content = _archive(packed, groups, pictures)
        if len(content) <= max_bytes:
            replace_file(path, content)
            return packed
        fewer = [group.thinned(min(0.98, max_bytes / len(content))) for group in groups]
        if fewer == groups:
            raise TrainingDataError(
                f"{path}: {max_bytes / 2**20:.2f} MiB are too few for even {len(pictures)} "
                f"pictures of {side} pixels; allow more"
            )
        groups = fewer


def _groups(sources: Sequence[SourceConfig]) -> list[_Group]:
    groups: list[_Group] = []
    for source in sources:
        items = split_source(source)[source.split] if source.split else list_items(source)
        kind = "pairs" if source.kind == "gopro" else source.kind
        wanted = f"{kind}/{Path(source.path).stem or 'data'}"
        taken_names = {group.path for group in groups}
        others = (f"{wanted}~{number}" for number in itertools.count(2))
        folder = next(name for name in itertools.chain([wanted], others) if name not in taken_names)
        inner = open_source(source).inner
        names = [tuple(_name(file.name, inner, source.kind) for file in item) for item in items]
        stems = [name[-1].rpartition(".")[0] for name in names]
        alike = Counter(stems)
        entries = [
            _Entry(item, tuple(f"{folder}/{_webp(each, alike[stem] > 1)}" for each in name))
            for item, name, stem in zip(items, names, stems, strict=True)
        ]
        groups.append(_Group(kind, folder, len(items), tuple(entries)))
    return groups


def _name(name: str, inner: str, kind: str) -> str:
    """A file's name relative to its source, in the layout that it is packed in."""
    name = name.removeprefix(inner)
    if kind != "gopro":
        return name
    _, sequence, folder, file = PurePosixPath(name).parts
    return f"{'sharp' if folder == 'sharp' else 'blur'}/{sequence}/{file}"


def _webp(name: str, ambiguous: bool) -> str:
    """Its name as a WebP; the old suffix stays where files differ by nothing else."""
    return f"{name}.webp" if ambiguous else f"{name.rpartition('.')[0]}.webp"


def _packed_source(group: _Group) -> PackedSource:
    return PackedSource(group.kind, group.path, group.found, len(group.entries))


def _probe(groups: Sequence[_Group], max_bytes: int, long_side: int) -> tuple[int, int, float]:
    """The best of STEPS at which all should fit, or the last, and the bytes expected."""
    entries = [entry for group in groups for entry in group.entries]
    count = min(_PROBES, len(entries))
    probes = [entries[index * len(entries) // count] for index in range(count)]

    def expected(step: tuple[float, int]) -> float:
        tried = _encode_all(probes, max(1, round(long_side * step[0])), step[1]).values()
        return sum(len(content) + _ZIP_OVERHEAD_BYTES for content in tried) * len(entries) / count

    first = bisect_left(STEPS[:-1], True, key=lambda step: expected(step) <= max_bytes)
    share, quality = STEPS[first]
    return max(1, round(long_side * share)), quality, expected(STEPS[first])


def _encode_all(entries: Sequence[_Entry], side: int, quality: int) -> dict[str, bytes]:
    """The content of each file of the archive, by name."""

    with ThreadPoolExecutor() as threads:
        encoded = threads.map(lambda entry: _encode(entry.item, side, quality), entries)
        return {
            name: content
            for entry, contents in zip(entries, encoded, strict=True)
            for name, content in zip(entry.names, contents, strict=True)
        }


def _encode(item: Item, side: int, quality: int) -> tuple[bytes, ...]:
    check_sizes(item, 1)
    contents = []
    for photo in item:
        image = Image.fromarray(decode(photo))
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        exif, time = Image.Exif(), taken(photo)
        if time:
            moment = time.strftime("%Y:%m:%d %H:%M:%S")
            exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = moment
        content = BytesIO()
        image.save(content, "WEBP", quality=quality, method=4, exif=exif)
        contents.append(content.getvalue())
    return tuple(contents)


def _archive(packed: Packed, groups: Sequence[_Group], pictures: dict[str, bytes]) -> bytes:
    names = [name for group in groups for entry in group.entries for name in entry.names]
    manifest = json.dumps(asdict(packed), indent=1, ensure_ascii=False).encode()
    content = BytesIO()
    with ZipFile(content, "w", ZIP_STORED) as archive:
        archive.writestr(_undated(MANIFEST), manifest)
        for name in sorted(names):
            archive.writestr(_undated(name), pictures[name])
    return content.getvalue()


def _undated(name: str) -> ZipInfo:
    """An entry that does not tell when and where it was packed."""
    entry = ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
