"""Packed sets: read as they are, fitted into a size."""

import json
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from deblur.cli.pack import pack as pack_command
from deblur.errors import OutputExistsError, TrainingDataError
from deblur.synthesis.recipe import BlurRecipe
from deblur.training.config import Augmentation, SourceConfig
from deblur.training.data.archive import pack
from deblur.training.data.folders import list_items
from deblur.training.data.photos import decode
from deblur.training.data.samples import TrainingSamples
from deblur.training.data.split import split_source
from deblur.training.tree import kind_of
from tests.training.data.folders import list_photos, source, write


def test_sources_of_alike_names_are_packed_apart(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(tmp_path / folder / "x~y" / "p.png")
    sources = [SourceConfig("photos", str(tmp_path / each / "x~y")) for each in ("one", "two")]
    pack(sources, tmp_path / "set.zip", 10_000)
    names = ZipFile(tmp_path / "set.zip").namelist()
    assert sorted(names) == ["manifest.json", "photos/x~y/p.webp", "photos/x~y~2/p.webp"]


@pytest.fixture
def mixed(tmp_path: Path, gopro: Path) -> list[SourceConfig]:
    for number in range(12):
        write(tmp_path / "own" / f"IMG_{number}.jpg", 120, 150, number, "2024:05:01 12:00:00")
    write(tmp_path / "own" / "IMG_1.png", 120, 150)
    for number in range(13):
        write(tmp_path / "clip" / f"{number:03}.png", 40, 50)
    return [
        source("photos", tmp_path / "own"),
        source("gopro", gopro),
        source("frames", tmp_path / "clip"),
    ]


def test_a_packed_set_is_read_as_it_is(mixed: list[SourceConfig], tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    packed = pack(mixed, path, 2 << 20, long_side=100, licence="CC0")
    assert [each.path for each in packed.sources] == [
        "photos/own",
        "pairs/GOPRO_Large",
        "frames/clip",
    ]
    with ZipFile(path) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {ZIP_STORED}
        assert json.loads(archive.read("manifest.json"))["licence"] == "CC0"
    inside = [SourceConfig("photos", str(path)), SourceConfig("pairs", str(path))]
    inside.append(SourceConfig("frames", f"{path}/frames/clip"))
    assert [len(list_items(each)) for each in inside] == [13, 6, 13]
    samples = TrainingSamples(
        inside, largest=24, seed=0, recipe=BlurRecipe(length=(1, 8)), augmentation=Augmentation()
    )
    assert all(len(samples[index, 24].sharp) == 3 for index in range(12))
    photo = list_items(inside[0])[0][0]
    assert decode(photo).shape == (80, 100, 3)
    original = np.asarray(
        Image.open(tmp_path / "own" / "IMG_0.jpg").resize((100, 80), Image.Resampling.LANCZOS)
    )
    assert np.abs(decode(photo).astype(int) - original).mean() < 12
    assert len(split_source(inside[1])["train"]) > 0
    assert sorted(map(len, split_source(inside[0]).values())) == [0, 1, 12], "times were lost"


def test_a_packed_set_fits_and_comes_out_the_same(
    mixed: list[SourceConfig], tmp_path: Path
) -> None:
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    pack(mixed, one, 100_000)
    pack(mixed, other, 100_000)
    assert one.read_bytes() == other.read_bytes()
    assert one.stat().st_size <= 100_000
    packed = pack(mixed, one, 40_000, overwrite=True)
    assert one.stat().st_size <= 40_000
    assert packed.sources[0].packed < packed.sources[0].found == 13
    with pytest.raises(OutputExistsError, match=r"one\.zip exists already"):
        pack(mixed, one, 100_000)
    with pytest.raises(TrainingDataError, match="too few"):
        pack(mixed, tmp_path / "tiny.zip", 2_000)
    assert not list(tmp_path.glob("*tiny*"))


def test_archives_say_what_they_hold(mixed: list[SourceConfig], tmp_path: Path) -> None:
    pack(mixed, tmp_path / "all.zip", 1 << 20, long_side=64)
    pack(mixed[1:2], tmp_path / "pairs.zip", 1 << 20, long_side=64)
    assert kind_of(tmp_path / "pairs.zip") == "pairs"
    assert kind_of(tmp_path / "all.zip" / "pairs" / "GOPRO_Large") == "pairs"
    with pytest.raises(TrainingDataError, match=r"several sources.*frames:.*all\.zip/frames/clip"):
        kind_of(tmp_path / "all.zip")
    with pytest.raises(TrainingDataError, match="0 sources of kind gopro"):
        list_items(source("gopro", tmp_path / "all.zip"))
    (tmp_path / "bad.zip").write_text("no archive")
    with pytest.raises(TrainingDataError, match=r"bad\.zip: cannot be read as a ZIP archive"):
        list_photos(tmp_path / "bad.zip")


def test_the_command_packs_and_tells(mixed: list[SourceConfig], tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(pack_command)
    photos, path = f"photos:{mixed[0].path}", tmp_path / "set.zip"
    told = CliRunner().invoke(app, ["--data", photos, "-o", str(path), "--max-mib", "1"])
    assert told.exit_code == 0, told.output
    assert "13 of 13" in told.output
    again = CliRunner().invoke(app, ["--data", photos, "-o", str(path)])
    assert again.exit_code == 1
    assert "exists already" in again.output
