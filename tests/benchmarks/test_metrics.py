"""Metrics: those that ship, and those of pyiqa."""

import hashlib
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyiqa
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from pyiqa.utils import download_util

import benchmarks
from benchmarks.datasets import MINI
from benchmarks.errors import MetricError
from benchmarks.metrics import METRICS, find_metric, no_reference, pyiqa_metrics
from benchmarks.metrics.no_reference import brisque, niqe, rgb_8_bit
from benchmarks.running.journal import UNFINISHED
from benchmarks.running.runner import run
from deblur.errors import BackendUnavailableError, UnsupportedImageError
from deblur.image_io import DecodedImage
from tests.benchmarks.records import pairs_dataset, task
from tests.pictures import scene

FOLDER = Path(benchmarks.__file__).parent / "parameters"
PARAMETERS = {
    "niqe": FOLDER / "niqe_modelparameters.mat",
    "brisque": FOLDER / "brisque_svm_weights.pth",
}
Judge = Callable[[NDArray[Any]], float]
both = pytest.mark.parametrize("judge", [niqe, brisque])

WITHOUT_NETWORK = """
import socket

def refuse(*_, **__):
    raise AssertionError("something was looked up or fetched")

socket.socket.connect = socket.getaddrinfo = refuse
from benchmarks.metrics.no_reference import brisque, niqe
from tests.pictures import scene
print(niqe(scene(200, 300)), brisque(scene(200, 300)))
"""


@both
@pytest.mark.parametrize("size", [(210, 400), (192, 193)])
def test_scores_are_those_of_pyiqa_with_the_same_parameters(
    judge: Judge, size: tuple[int, int]
) -> None:
    name = judge.__name__
    metric = pyiqa.create_metric(
        name, device=torch.device("cpu"), pretrained_model_path=str(PARAMETERS[name])
    )
    picture = scene(*size)
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    assert judge(picture) == pytest.approx(float(metric(tensor)), rel=1e-9)


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_parameters_are_the_published_ones(name: str) -> None:
    digest = hashlib.sha256(PARAMETERS[name].read_bytes()).hexdigest()
    told = (FOLDER / "NOTICE").read_text().partition(PARAMETERS[name].name)[2]
    assert told.partition("sha256")[2].split()[0] == digest


@both
def test_noise_raises_the_score(judge: Judge) -> None:
    calm = scene(200, 300, seed=3)
    noise = np.random.default_rng(0).normal(0, 40, calm.shape)
    assert judge((calm + noise).clip(0, 255).astype(np.uint8)) > judge(calm)


@both
def test_a_picture_of_any_memory_layout_scores_the_same(judge: Judge) -> None:
    picture = scene(200, 210)
    turned = np.asfortranarray(picture)
    grey = np.broadcast_to(picture[..., :1], picture.shape)
    assert judge(turned) == judge(picture)
    assert judge(grey) == judge(grey.copy())


@both
def test_several_threads_at_once_give_the_same_scores(judge: Judge) -> None:
    no_reference._niqe_network.cache_clear()
    no_reference._brisque_network.cache_clear()
    pictures = [scene(192, 200, seed=seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(judge, pictures))
    assert together == [judge(picture) for picture in pictures]
    assert len(set(together)) == len(together)


def test_what_is_left_over_of_whole_blocks_does_not_count() -> None:
    picture = scene(192, 200)
    changed = picture.copy()
    changed[:, 192:] = 0
    assert niqe(changed) == niqe(picture)


def test_nothing_is_downloaded(tmp_path: Path) -> None:
    homes = {name: str(tmp_path) for name in ("HOME", "TORCH_HOME", "HF_HOME", "XDG_CACHE_HOME")}
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK],
        env={**homes, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    scores = [float(word) for word in result.stdout.split()[-2:]]
    picture = scene(200, 300)
    assert scores == pytest.approx([niqe(picture), brisque(picture)], rel=1e-4)


@pytest.mark.parametrize(
    ("pixels", "complaint"),
    [
        (scene(200, 200).astype(np.float32), "not float32"),
        (scene(200, 200).astype(np.uint16), "not uint16"),
        (scene(200, 200)[..., 0], r"not uint8 \(200, 200\)"),
        (scene(200, 200, 4), r"not uint8 \(200, 200, 4\)"),
        (np.full((200, 200, 3), 9, np.uint8), "without texture"),
        (np.zeros((200, 200, 3), np.uint8), "without texture"),
        (scene(200, 200) // 255 * np.array([0, 0, 1], np.uint8), "without texture"),
    ],
)
@both
@pytest.mark.filterwarnings("ignore:cov")
def test_what_cannot_be_judged_is_refused(
    judge: Judge, pixels: NDArray[Any], complaint: str
) -> None:
    with pytest.raises(UnsupportedImageError, match=f"^{judge.__name__.upper()}.*{complaint}"):
        judge(pixels)


@pytest.mark.parametrize(
    ("judge", "height", "width", "complaint"),
    [
        (niqe, 150, 190, "190x150 is too small for NIQE"),
        (niqe, 95, 400, "400x95 is too small for NIQE"),
        (brisque, 31, 200, "200x31 is too small for BRISQUE"),
        (brisque, 200, 31, "31x200 is too small for BRISQUE"),
    ],
)
def test_what_is_too_small_is_refused_and_a_little_more_is_not(
    judge: Judge, height: int, width: int, complaint: str
) -> None:
    with pytest.raises(UnsupportedImageError, match=complaint):
        judge(scene(height, width))
    assert np.isfinite(judge(scene(height + 1, width + 2)))


@both
def test_a_missing_pyiqa_is_one_sentence(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    no_reference._niqe_network.cache_clear()
    no_reference._brisque_network.cache_clear()
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    with pytest.raises(BackendUnavailableError, match=f"^{judge.__name__.upper()} needs pyiqa"):
        judge(scene(200, 200))


def test_grey_and_16_bit_photos_become_rgb_of_8_bit() -> None:
    values = np.array([[[0], [128], [65535 - 128], [65535]]], np.uint16)
    pixels = rgb_8_bit(DecodedImage(values, alpha=None, format="PNG"))
    assert pixels.dtype == np.uint8
    assert pixels[0].tolist() == [[0] * 3, [0] * 3, [255] * 3, [255] * 3]
    picture = scene(4, 5)
    assert (rgb_8_bit(DecodedImage(picture, alpha=None, format="PNG")) == picture).all()


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_every_metric_scores_a_pair_and_knows_what_is_better(metric: Any) -> None:
    sharp = np.array(Image.open(MINI / "sharp" / "chelsea.webp"))[:200, :210]
    noise = np.random.default_rng(0).normal(0, 40, sharp.shape)
    worse = (sharp + noise).clip(0, 255).astype(np.uint8)
    slightly = (sharp + noise / 20).round().clip(0, 255).astype(np.uint8)
    others = [] if metric.against == "nothing" else [sharp]
    good, bad = metric.score(slightly, *others), metric.score(worse, *others)
    assert np.isfinite([good, bad]).all()
    assert (good > bad) == (metric.better == "higher")


@pytest.mark.parametrize(
    "metric", [each for each in METRICS.values() if each.against == "sharp"], ids=lambda m: m.name
)
def test_metrics_against_the_sharp_picture_take_what_was_moved(metric: Any) -> None:
    restored, sharp = scene(40, 50, seed=1), scene(40, 50, seed=2)
    as_floats = metric.score(restored.astype(np.float64), sharp.astype(np.float64))
    assert metric.score(restored, sharp) == pytest.approx(as_floats, abs=1e-9)


def test_an_unknown_metric_lists_the_names() -> None:
    with pytest.raises(
        MetricError, match=r"no metric 'pnsr'; choose one of psnr, .*any of pyiqa's"
    ):
        find_metric("pnsr")


def test_without_pyiqa_its_metrics_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    assert find_metric("psnr") is METRICS["psnr"]
    with pytest.raises(MetricError, match="no metric 'lpips'"):
        find_metric("lpips")


@pytest.mark.parametrize(
    ("name", "against", "better"),
    [("lpips", "sharp", "lower"), ("musiq", "nothing", "higher"), ("ssimc", "sharp", "higher")],
)
def test_a_metric_of_pyiqa_is_known_before_its_weights_are(
    name: str, against: str, better: str
) -> None:
    found = find_metric(name)
    assert (found.against, found.better) == (against, better)


def test_a_metric_of_pyiqa_gives_what_pyiqa_gives() -> None:
    metric = pyiqa.create_metric("ssimc", device=torch.device("cpu"))
    restored, sharp = scene(40, 50, seed=1), scene(40, 50, seed=2)
    tensors = [
        torch.from_numpy(each).permute(2, 0, 1)[None].float() / 255 for each in (restored, sharp)
    ]
    expected = float(metric(*tensors))
    assert find_metric("ssimc").score(restored, sharp) == pytest.approx(expected)
    floats = [each.astype(np.float64) for each in (restored, sharp)]
    assert find_metric("ssimc").score(*floats) == pytest.approx(expected)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[object]:
    """Nothing is cached, and nothing can be reached; gives what was asked for."""
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(download_util, "DEFAULT_CACHE_DIR", str(tmp_path))
    pyiqa_metrics._network.cache_clear()
    return asked


def test_weights_that_cannot_be_fetched_are_one_sentence(no_network: list[object]) -> None:
    metric = find_metric("musiq")
    assert not no_network
    with pytest.raises(
        MetricError, match=r"cannot set up musiq .*unreachable.*--metrics"
    ) as caught:
        metric.score(scene(64, 64))
    assert "\n" not in str(caught.value)
    assert no_network


def test_a_run_finds_out_before_its_work(no_network: list[object], tmp_path: Path) -> None:
    wanted = replace(task(pairs_dataset(tmp_path / "pairs")), metrics=("psnr", "musiq"))
    steps: list[object] = []
    with pytest.raises(MetricError, match="cannot set up musiq"):
        list(run([wanted], tmp_path / "results", on_progress=steps.append))
    assert not steps
    assert not (tmp_path / "results" / UNFINISHED).exists()


@pytest.mark.parametrize("error", [RuntimeError("broken"), ImportError("no clip"), KeyError("url")])
def test_whatever_keeps_pyiqa_from_starting_is_told(
    error: Exception, no_network: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pyiqa, "create_metric", refuse)
    with pytest.raises(MetricError, match=rf"cannot set up lpips \({error}\)"):
        find_metric("lpips").score(scene(64, 64), scene(64, 64))
    assert not no_network


def test_a_metric_that_failed_once_is_tried_again(
    no_network: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MetricError):
        find_metric("musiq").score(scene(64, 64))
    monkeypatch.setattr(pyiqa, "create_metric", lambda *_, **__: lambda picture: picture.max())
    assert find_metric("musiq").score(np.full((8, 8, 3), 51, np.uint8)) == pytest.approx(0.2)
    pyiqa_metrics._network.cache_clear()
