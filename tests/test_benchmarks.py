import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.gain import PairGain, measure_gains
from benchmarks.metrics import niqe
from benchmarks.photos import measure_photos
from benchmarks.speed import NetworkSpeed, PhotoCost, SpeedRun, measure_speed
from benchmarks.tables import to_json
from benchmarks.timing import in_own_process, matrix_product_rate, time_calls
from deblur.backends.base import Batch
from deblur.catalog import CATALOG
from deblur.errors import OutputExistsError, UnreadableImageError
from deblur.image_io import decode_image
from deblur.restorer import Restorer
from tests.pictures import scene


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    for seed in range(2):
        for kind in ("blur", "sharp"):
            (tmp_path / kind).mkdir(exist_ok=True)
            picture = scene(100, 200, seed=seed)
            if kind == "blur":
                picture = np.clip(picture.astype(int) + 1, 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(tmp_path / kind / f"{seed}.png")
    return tmp_path


def fill_megabytes(count: int) -> int:
    return len(bytearray(count * 1_000_000))


def test_calls_are_timed_after_a_warm_up() -> None:
    calls: list[float] = []
    timing = time_calls(lambda: calls.append(time.perf_counter()), seconds=0.0, least=5)
    assert len(calls) == 6
    assert 0 <= timing.median < 1


def test_the_yardstick_is_a_plausible_rate() -> None:
    assert 0.1 < matrix_product_rate(side=256) < 1e6


def test_memory_is_that_of_the_work_and_not_of_this_process() -> None:
    ballast = bytearray(400_000_000)
    small, little = in_own_process(fill_megabytes, 1)
    large, much = in_own_process(fill_megabytes, 300)
    assert (small, large) == (1_000_000, 300_000_000)
    assert 250 < much - little < 350
    assert little < len(ballast) / 1e6


def test_speed_is_measured_for_every_engine_and_photo() -> None:
    told: list[str] = []
    run = measure_speed(["srcnn"], [1], told.append)
    assert {row.engine for row in run.networks} == {"onnx", "torch"}
    for row in run.networks:
        assert row.gflops == pytest.approx(2 * 69.2 / row.seconds_per_megapixel, rel=1e-6)
        assert row.of_matrix_product > 0
        assert row.peak_memory_mb > 50
    (photo,) = run.photos
    assert photo.megapixels == pytest.approx(1, rel=0.01)
    assert 0 < photo.overhead < 1
    assert len(told) == 3


@pytest.fixture(scope="module")
def srcnn() -> Restorer:
    return Restorer.open("srcnn", engine="onnx")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    Image.fromarray(scene(200, 210, seed=4)).save(folder / "a.png")
    Image.fromarray(scene(100, 220, seed=5)).convert("L").save(folder / "more" / "b.png")
    (folder / "notes.txt").write_text("not a photo")
    return folder


class Untouched:
    """A backend that answers what it was asked."""

    name = execution_provider = "untouched"
    device, precision, notes = "cpu", "fp32", ()

    def run(self, batch: Batch) -> Batch:
        return batch

    def at_full_precision(self) -> "Untouched":
        return self


def test_gain_is_the_difference_of_two_psnrs(pairs: Path, srcnn: Restorer) -> None:
    run = measure_gains({"mine": srcnn}, pairs)
    assert [(pair.model, pair.name) for pair in run.pairs] == [("mine", "0.png"), ("mine", "1.png")]
    assert all(pair.blurred == pytest.approx(48.1, abs=0.5) for pair in run.pairs)
    assert run.pairs[0].niqe_blurred == niqe(decode_image(pairs / "blur" / "0.png").pixels)
    (mean,) = run.means
    assert mean.restored == pytest.approx(sum(pair.restored for pair in run.pairs) / 2)
    assert PairGain("mine", "a", 20.0, 21.5).gain == 1.5


def test_gain_can_leave_niqe_out(
    pairs: Path, srcnn: Restorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.gain.niqe", None)
    run = measure_gains({"srcnn": srcnn}, pairs, with_niqe=False)
    assert {(pair.niqe_blurred, pair.niqe_restored) for pair in run.pairs} == {(None, None)}
    assert run.means[0].niqe_restored is None


def test_a_folder_without_pairs_is_refused(tmp_path: Path, pairs: Path, srcnn: Restorer) -> None:
    with pytest.raises(UnreadableImageError, match="holds no pairs"):
        measure_gains({"srcnn": srcnn}, tmp_path / "nothing")
    Image.fromarray(scene(100, 100)).save(pairs / "sharp" / "0.png")
    with pytest.raises(UnreadableImageError, match=r"0\.png.*of one size"):
        measure_gains({"srcnn": srcnn}, pairs)
    (pairs / "sharp" / "0.png").unlink()
    with pytest.raises(UnreadableImageError, match=r"0\.png"):
        measure_gains({"srcnn": srcnn}, pairs)


def test_photos_are_scored_before_and_after(photos: Path, tmp_path: Path) -> None:
    output, saved = tmp_path / "photos.json", tmp_path / "restored"
    command = ["photos", str(photos), "--model", "srcnn", "--json", str(output)]
    shown = CliRunner().invoke(app, [*command, "--save", str(saved), "--backend", "onnx"])
    assert shown.exit_code == 0, shown.output
    assert "2/2 more/b.png" in shown.stderr
    run = json.loads(output.read_text())
    first, second = run["photos"]
    assert (second["name"], second["width"], second["height"]) == ("more/b.png", 220, 100)
    pixels = decode_image(saved / "srcnn" / "a.png.png").pixels
    assert first["niqe_restored"] == pytest.approx(niqe(pixels), rel=1e-9)
    assert first["niqe_input"] == pytest.approx(niqe(decode_image(photos / "a.png").pixels))
    assert (saved / "srcnn" / "more" / "b.png.png").exists()
    (summary,) = run["summaries"]
    assert summary["photos"] == 2
    assert summary["worst_psnr"] == min(first["psnr"], second["psnr"])
    assert summary["psnr"] == pytest.approx((first["psnr"] + second["psnr"]) / 2)
    assert summary["lowered"] == sum(
        each["niqe_restored"] < each["niqe_input"] for each in (first, second)
    )


def test_a_photo_that_comes_out_untouched_is_counted(photos: Path, tmp_path: Path) -> None:
    restorer = Restorer(CATALOG["srcnn"], Untouched())
    run = measure_photos({"untouched": restorer}, photos, save=tmp_path / "restored")
    (summary,) = run.summaries
    assert (summary.unchanged, summary.lowered) == (2, 0)
    assert summary.psnr == summary.worst_psnr == float("inf")
    assert [row["psnr"] for row in json.loads(to_json(run))["photos"]] == [None, None]
    assert all(score.niqe_input == score.niqe_restored for score in run.photos)
    with pytest.raises(OutputExistsError, match=r"a\.png\.png"):
        measure_photos({"untouched": restorer}, photos, save=tmp_path / "restored")


def test_some_photos_are_taken_evenly(
    tmp_path: Path, srcnn: Restorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        (tmp_path / f"{number}.png").touch()
    taken: list[str] = []
    monkeypatch.setattr("benchmarks.photos._scores", lambda *_: ())
    monkeypatch.setattr("benchmarks.photos._summary", lambda *_: None)
    measure_photos({"srcnn": srcnn}, tmp_path, limit=3, tell=taken.append)
    assert taken == ["1/3 0.png", "2/3 2.png", "3/3 4.png"]


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_an_unreadable_photo_is_named(photos: Path, srcnn: Restorer, content: bytes) -> None:
    (photos / "broken.jpg").write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"photos/broken\.jpg"):
        measure_photos({"srcnn": srcnn}, photos)


def test_a_folder_without_photos_is_refused(tmp_path: Path, srcnn: Restorer) -> None:
    with pytest.raises(UnreadableImageError, match="holds no photos"):
        measure_photos({"srcnn": srcnn}, tmp_path)


def test_the_commands_print_tables_and_json(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = NetworkSpeed("srcnn", "onnx", "CPU", 1.25, 0.1, 100.0, 0.9, 300.0)
    run = SpeedRun("a machine", 111.0, (network,), (PhotoCost("srcnn", 12.0, 8.0, 0.1, 500.0),))
    monkeypatch.setattr("benchmarks.__main__.measure_speed", lambda *_: run)
    output = tmp_path / "speed.json"
    shown = CliRunner().invoke(app, ["speed", "-o", str(output)])
    assert shown.exit_code == 0
    assert "90%" in shown.stdout
    assert "10%" in shown.stdout
    assert json.loads(output.read_text())["networks"][0]["seconds_per_megapixel"] == 1.25
    command = ["gain", str(pairs), "--model", "srcnn", "--model", "unet", "--json", str(output)]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0, shown.output
    assert "NIQE" in shown.stdout
    run = json.loads(output.read_text())
    assert [(mean["model"], mean["name"]) for mean in run["means"]] == [
        ("srcnn", "mean"),
        ("unet", "mean"),
    ]
    assert [pair["name"] for pair in run["pairs"]] == ["0.png", "0.png", "1.png", "1.png"]
    shown = CliRunner().invoke(app, [*command, "--no-niqe"])
    assert "NIQE" not in shown.stdout


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "gain", str(tmp_path / "nothing")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "holds no pairs" in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
