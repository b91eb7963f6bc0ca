"""What a dataset consists of: which pictures, of which size, and what their pixels digest to."""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from PIL.ExifTags import Base
from pillow_heif import register_heif_opener
from pydantic import BaseModel, ConfigDict

from benchmarks.datasets.items import Item, ItemDigests, LoadedItem, load_item
from benchmarks.errors import DatasetError
from deblur.files import replace_file

FOLDER = Path(__file__).parent / "manifests"
_MAKE_ONE = "`python -m benchmarks manifest NAME --root FOLDER -o FILE` makes one"
_SIDEWAYS = {5, 6, 7, 8}
"""Orientations in EXIF of which the stored width is the height."""
_MAX_NAMED = 5
"""Number of files that a message names; the others are counted."""

register_heif_opener()


class ManifestImage(BaseModel):
    """One picture: (width, height), and digests of its pixels where they are known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    size: tuple[int, int] | None = None
    blurred: str | None = None
    sharp: str | None = None


class Manifest(BaseModel):
    """The pictures of a dataset by id, or only how many lie in each folder.

    `digest` is that of a record which scored all of them; None where digests are not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    images: tuple[ManifestImage, ...] = ()
    folders: dict[str, int] = {}
    size: tuple[int, int] | None = None

    @property
    def by_id(self) -> dict[str, ManifestImage]:
        """The pictures by their id."""
        return {image.id: image for image in self.images}

    def check(self, items: Sequence[Item], *, partial: bool = False) -> list[str]:
        """What is wrong with what lies there, a sentence each: missing, extra, of another size.

        Of a `partial` dataset nothing is missed.
        """
        there = {item.id for item in items}
        known = {image.id for image in self.images}
        wrong = [] if partial else _named_files("missing", sorted(known - there))
        if known:
            wrong += _named_files("not part of it", sorted(there - known))
        elif not partial:
            wrong += self._check_folders(items)
        return wrong or self._check_sizes(items)

    def check_pixels(self, loaded: LoadedItem) -> None:
        """Raises DatasetError when a picture was altered."""
        known = self.by_id.get(loaded.id)
        if known is None:
            return
        for kind in ("blurred", "sharp"):
            expected, found = getattr(known, kind), getattr(loaded.digests, kind)
            if expected and expected != found:
                raise DatasetError(
                    f"the {kind} picture {loaded.id} is not the one in the manifest of "
                    f"{self.dataset} (its pixels digest to {found}, expected {expected}): get it "
                    "again, or note what is there now with `python -m benchmarks manifest` and "
                    "measure it as --dataset pairs or photos"
                )

    def _check_folders(self, items: Sequence[Item]) -> list[str]:
        there = Counter(item.id.rpartition("/")[0] for item in items)
        return [
            f"{folder or 'the folder'} holds {there[folder]} of "
            f"{self.folders.get(folder, 0)} pictures"
            for folder in sorted(self.folders.keys() | there.keys())
            if there[folder] != self.folders.get(folder, 0)
        ]

    def _check_sizes(self, items: Sequence[Item]) -> list[str]:
        known = self.by_id
        wrong = []
        for item in items:
            expected = known[item.id].size if item.id in known else self.size
            if expected and (found := _size_of(item.blurred)) != expected:
                wrong.append(f"{item.id} ({found[0]}x{found[1]}, not {expected[0]}x{expected[1]})")
        return _named_files("of another size", wrong)


def read_manifest(dataset: str) -> Manifest | None:
    """The manifest that ships for a dataset, if one does."""
    path = FOLDER / f"{dataset}.json"
    return Manifest.model_validate_json(path.read_text()) if path.is_file() else None


def make_manifest(dataset: str, items: Sequence[Item]) -> Manifest:
    """Decode all pictures and note what they are. Raises what `load_item` raises."""
    with ThreadPoolExecutor() as pool:
        digests = pool.map(_sized_digests, items)
        images = [
            ManifestImage(id=item.id, size=size, blurred=each.blurred, sharp=each.sharp)
            for item, (size, each) in zip(items, digests, strict=True)
        ]
    return Manifest(dataset=dataset, images=tuple(images))


def write_manifest(manifest: Manifest, path: Path) -> None:
    """One picture a line, so that a change shows."""
    rows = [
        json.dumps(image.model_dump(mode="json", exclude_none=True)) for image in manifest.images
    ]
    head = json.dumps({"dataset": manifest.dataset})[:-1]
    replace_file(path, f'{head}, "images": [\n' + ",\n".join(rows) + "\n]}\n")


def load_manifest(path: Path) -> Manifest:
    """Read a manifest that a user made. Raises DatasetError when it is not one."""
    try:
        return Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror}); {_MAKE_ONE}") from error
    except ValueError as error:  # no text, no JSON, or other fields
        raise DatasetError(f"{path} is no manifest; {_MAKE_ONE}") from error


def _sized_digests(item: Item) -> tuple[tuple[int, int], ItemDigests]:
    loaded = load_item(item)
    return (loaded.blurred.width, loaded.blurred.height), loaded.digests


def _size_of(path: Path) -> tuple[int, int]:
    """Width and height of a picture as it stands upright, without decoding its pixels."""
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            turned = picture.getexif().get(Base.Orientation) in _SIDEWAYS
    except (OSError, Image.DecompressionBombError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); get the file again") from error
    return (height, width) if turned else (width, height)


def _named_files(what: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return [f"{what}: {', '.join(names[:_MAX_NAMED])}{more}"]
