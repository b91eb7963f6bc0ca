"""What restoring costs: clocks, memory and the speed table."""

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.costs.cost import energy_counter
from benchmarks.costs.speed import NetworkSpeed, PhotoCost, SpeedRun, measure_speed
from benchmarks.costs.timing import in_own_process, matrix_product_rate, peak_memory_mb, time_calls
from deblur.backends import Wishes, choices
from deblur.catalog import CATALOG

ROOT = Path(__file__).parents[3]


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


def test_on_windows_the_peak_is_psutils(monkeypatch: pytest.MonkeyPatch) -> None:
    held = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=123_000_000))
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("psutil.Process", lambda: held)
    assert peak_memory_mb() == 123.0


def test_speed_is_measured_for_every_engine_and_photo() -> None:
    told: list[str] = []
    run = measure_speed(["srcnn"], [1], ROOT / "examples", told.append)
    ways = {(each.engine, each.precision) for each in choices(CATALOG["srcnn"], Wishes())}
    assert {(row.engine, row.precision) for row in run.networks} == ways
    for row in run.networks:
        assert row.gflops == pytest.approx(2 * 69.2 / row.seconds_per_megapixel, rel=1e-6)
        assert row.of_matrix_product > 0
        assert row.peak_memory_mb > 50
        assert row.parity is not None
        assert row.parity > 80
    assert all(rate > 0 for rate in run.convolution_gflops.values())
    assert {"onnx fp32", "onnx int8"} <= set(run.convolution_gflops)
    assert run.photos[0].engine == "onnx"
    for photo in run.photos:
        assert photo.megapixels == pytest.approx(1, rel=0.01)
        assert 0 < photo.overhead < 1
        assert photo.whole > photo.seconds
    assert len(told) == len(ways) + 3


def test_the_speed_command_prints_tables_and_writes_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = NetworkSpeed("srcnn", "onnx", "fp32", "CPU", 1.25, 0.1, 100.0, 0.9, 300.0)
    faster = NetworkSpeed("srcnn", "openvino", "bf16", "CPU", 0.5, 0.1, 250.0, 2.25, 300.0, 61.0)
    photo = PhotoCost("srcnn", "onnx", "fp32", 12.0, 8.0, 9.0, 0.1, 500.0)
    run = SpeedRun("a machine", 111.0, {"onnx int8": 333.0}, (network, faster), (photo,))
    monkeypatch.setattr("benchmarks.commands.measuring.measure_speed", lambda *_: run)
    output = tmp_path / "speed.json"
    shown = CliRunner().invoke(app, ["speed", "-o", str(output)])
    assert shown.exit_code == 0
    assert "90%" in shown.stdout
    assert "10%" in shown.stdout
    assert "2.50" in shown.stdout
    assert "61 dB" in shown.stdout
    assert "onnx int8 333" in shown.stdout
    assert json.loads(output.read_text())["networks"][0]["seconds_per_megapixel"] == 1.25


def test_energy_is_read_where_the_machine_tells(tmp_path: Path) -> None:
    assert energy_counter(tmp_path) is None
    (tmp_path / "energy_uj").write_text("2500000\n")
    assert energy_counter(tmp_path) == 2.5
    (tmp_path / "energy_uj").write_text("secret")
    assert energy_counter(tmp_path) is None
