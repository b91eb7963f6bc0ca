"""Metrics without a reference."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyiqa
import pytest
import torch

import benchmarks
from benchmarks import metrics
from benchmarks.metrics import niqe, rgb_8_bit
from deblur.errors import BackendUnavailableError, UnsupportedImageError
from deblur.image_io import DecodedImage
from tests.pictures import scene

PARAMETERS = Path(benchmarks.__file__).parent / "parameters" / "niqe_modelparameters.mat"

WITHOUT_NETWORK = """
import socket

def refuse(*_, **__):
    raise AssertionError("something was looked up or fetched")

socket.socket.connect = socket.getaddrinfo = refuse
from benchmarks.metrics import niqe
from tests.pictures import scene
print(niqe(scene(200, 300)))
"""


def test_niqe_is_that_of_pyiqa_with_the_same_parameters() -> None:
    metric = pyiqa.create_metric(
        "niqe", device=torch.device("cpu"), pretrained_model_path=str(PARAMETERS)
    )
    picture = scene(210, 400)
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    assert niqe(picture) == pytest.approx(float(metric(tensor)), rel=1e-9)


def test_the_parameters_are_the_published_ones() -> None:
    digest = hashlib.sha256(PARAMETERS.read_bytes()).hexdigest()
    assert digest in (PARAMETERS.parent / "NOTICE").read_text()


def test_noise_raises_niqe() -> None:
    calm = scene(200, 300, seed=3)
    noise = np.random.default_rng(0).normal(0, 40, calm.shape)
    assert niqe((calm + noise).clip(0, 255).astype(np.uint8)) > niqe(calm)


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
    assert float(result.stdout.split()[-1]) == pytest.approx(niqe(scene(200, 300)), rel=1e-6)


@pytest.mark.parametrize(
    ("pixels", "complaint"),
    [
        (scene(150, 190), "190x150 is too small for NIQE"),
        (scene(200, 200).astype(np.float32), "not float32"),
        (scene(200, 200)[..., 0], r"not uint8 \(200, 200\)"),
        (np.full((200, 200, 3), 9, np.uint8), "without texture"),
    ],
)
@pytest.mark.filterwarnings("ignore:cov")
def test_what_niqe_cannot_judge_is_refused(pixels: np.ndarray, complaint: str) -> None:
    with pytest.raises(UnsupportedImageError, match=complaint):
        niqe(pixels)


def test_a_missing_pyiqa_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics._niqe_network.cache_clear()
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    with pytest.raises(BackendUnavailableError, match="needs pyiqa"):
        niqe(scene(200, 200))


def test_grey_and_16_bit_photos_become_rgb_of_8_bit() -> None:
    values = np.array([[[0], [128], [65535 - 128], [65535]]], np.uint16)
    pixels = rgb_8_bit(DecodedImage(values, alpha=None, format="PNG"))
    assert pixels.dtype == np.uint8
    assert pixels[0].tolist() == [[0] * 3, [0] * 3, [255] * 3, [255] * 3]
    picture = scene(4, 5)
    assert (rgb_8_bit(DecodedImage(picture, alpha=None, format="PNG")) == picture).all()
