"""Photos in folders that the tests of training data make."""

from pathlib import Path

from PIL import ExifTags, Image

from deblur.training.config import SourceConfig, SourceKind
from deblur.training.data.folders import list_items
from deblur.training.tree import DataFile
from tests.pictures import scene

SEQUENCES = ("GOPR0372_07_00", "GOPR0374_11_01", "GOPR0374_11_02")


def write(path: Path, height: int = 40, width: int = 50, seed: int = 0, when: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if when:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = when
    Image.fromarray(scene(height, width, seed=seed)).save(path, exif=exif)


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def source(kind: SourceKind, path: Path) -> SourceConfig:
    return SourceConfig(kind, str(path))


def list_photos(folder: Path) -> list[DataFile]:
    return [photo for (photo,) in list_items(SourceConfig("photos", str(folder)))]
