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
from benchmarks.speed import NetworkSpeed, PhotoCost, SpeedRun, measure_speed
from benchmarks.timing import in_own_process, matrix_product_rate, time_calls
from deblur.errors import UnreadableImageError
from deblur.restorer import Restorer
from tests.pictures import scene


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    for seed in range(2):
        for kind in ("blur", "sharp"):
            (tmp_path / kind).mkdir(exist_ok=True)
            picture = scene(40, 48, seed=seed)
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


def test_gain_is_the_difference_of_two_psnrs(pairs: Path) -> None:
    gains = list(measure_gains(Restorer.open("srcnn", engine="onnx"), pairs))
    assert [pair.name for pair in gains] == ["0.png", "1.png"]
    assert all(pair.blurred == pytest.approx(48.1, abs=0.5) for pair in gains)
    assert PairGain("a", 20.0, 21.5).gain == 1.5


def test_a_folder_without_pairs_is_refused(tmp_path: Path, pairs: Path) -> None:
    restorer = Restorer.open("srcnn", engine="onnx")
    with pytest.raises(UnreadableImageError, match="holds no pairs"):
        list(measure_gains(restorer, tmp_path / "nothing"))
    (pairs / "sharp" / "1.png").unlink()
    with pytest.raises(UnreadableImageError, match=r"1\.png"):
        list(measure_gains(restorer, pairs))


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
    shown = CliRunner().invoke(app, ["gain", str(pairs), "--model", "srcnn"])
    assert shown.exit_code == 0
    assert "mean" in shown.stdout


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "gain", str(tmp_path / "nothing")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "holds no pairs" in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
