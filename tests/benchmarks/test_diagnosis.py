"""The benchmark of the diagnosis, on few tiles."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks import diagnosis as measured
from benchmarks.__main__ import app
from benchmarks.datasets import MINI, open_dataset
from benchmarks.errors import DatasetError
from deblur.diagnosis import Kind
from deblur.image_io import decode_image, write_image
from deblur.synthesis.tiles import TileLabels
from tests.diagnosis.blurring import blurred, line
from tests.diagnosis.reports import tile


def labels(kind: Kind, **fields: float) -> TileLabels:
    known = {"length": 10.0, "angle": 20.0, "radius": 4.0, "noise": 2.0, "quality": 90}
    return TileLabels(kind, **(known | fields))  # type: ignore[arg-type]


def test_tiles_are_scored_by_kind_and_by_relative_error() -> None:
    figures = {"length": 12.0, "angle": 170.0, "radius": 3.0, "noise": 3.0, "quality": 80.0}
    scores = measured._scored(
        [
            (labels(Kind.motion), tile(Kind.motion, **figures)),
            (labels(Kind.motion), tile(Kind.both, **figures)),
            (labels(Kind.focus), tile(Kind.focus, **figures)),
            (labels(Kind.sharp, length=0.0), tile(Kind.sharp, **figures)),
        ]
    )
    assert (scores.count, scores.right) == (4, 0.75)
    assert scores.confusion[Kind.motion, Kind.both] == 1
    assert scores.length == pytest.approx(0.2)
    assert scores.angle == pytest.approx(30)
    assert scores.radius == pytest.approx(0.25)
    assert (scores.noise, scores.quality) == (1, 10)


def test_the_same_seed_gives_the_same_tiles() -> None:
    photos = measured.large_enough(MINI / "sharp")
    assert measured.measure_tiles(photos, 176, 3) == measured.measure_tiles(photos, 176, 3)


def test_the_extent_goes_with_the_psnr_of_one_scene(tmp_path: Path) -> None:
    (tmp_path / "blur").mkdir()
    (tmp_path / "sharp").mkdir()
    image = decode_image(MINI / "sharp" / "chelsea.webp")
    for length in (4, 8, 16, 32):
        name = f"{length:02}.png"
        write_image(blurred(image, line(length, 30)), tmp_path / "blur" / name)
        write_image(image, tmp_path / "sharp" / name)
    opened = open_dataset("pairs", tmp_path)
    scores = measured.measure_pairs({"one": opened, "again": opened})
    assert [(each.title, each.count) for each in scores] == [
        ("one", 4),
        ("again", 4),
        ("all together", 8),
    ]
    assert max(each.correlation for each in scores) < -0.9


def test_photos_without_sharp_ones_are_no_pairs() -> None:
    with pytest.raises(DatasetError, match="no sharp picture"):
        measured.measure_pairs({"photos": open_dataset("photos", MINI / "sharp")})


def test_a_folder_without_pictures_or_with_small_ones_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no pictures"):
        measured.measure_sharp(tmp_path)
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "small.png")
    with pytest.raises(DatasetError, match="no photo of"):
        measured.large_enough(tmp_path)


def test_the_command_prints_every_figure_beside_its_goal() -> None:
    told = CliRunner().invoke(app, ["diagnosis", "--tiles", "176", "--threads", "1"])
    assert told.exit_code == 0, told.output
    for figure in ("kind of tile right", "error of length", "called sharp", "extent and PSNR"):
        assert figure in told.stdout
    assert "at least 90.0%" in told.stdout
    assert "soft on purpose" in told.stdout
