"""The network of the diagnosis, and what its training feeds it."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from deblur.networks.diagnosis import DiagnosisNetwork, DiagnosisReading, log_noise, split_answer
from deblur.synthesis.kinds import Kind
from deblur.synthesis.tiles import RECIPES, SIDE
from scripts import diagnosis_training as training
from tests.pictures import scene


def photos() -> list[np.ndarray]:
    return [scene(training.MIN_SIDE, training.MIN_SIDE, seed=seed) for seed in range(2)]


def test_the_bands_see_neither_brightness_nor_slopes() -> None:
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    smooth = torch.stack([torch.full((40, 40), 0.7), 0.3 + 0.01 * x, 0.3 + 0.01 * y])
    with torch.no_grad():
        whole, half, quarter = DiagnosisNetwork().filter(smooth[:, None])
    for seen in (whole[..., 3:-3, 3:-3], half[..., 2:-2, 2:-2], quarter[..., 2:-2, 2:-2]):
        assert seen.abs().max() < 1e-5


def test_a_reading_is_in_units() -> None:
    network = DiagnosisNetwork().eval()
    luma = torch.rand(3, 1, 96, 96)
    with torch.no_grad():
        odds, figures = DiagnosisReading(network)(luma)
        _, length, turn, radius, noise, quality, text = split_answer(network(luma))
    assert odds.shape == (3, len(Kind))
    torch.testing.assert_close(odds.sum(1), torch.ones(3))
    torch.testing.assert_close(figures[:, 0], 2 ** length[:, 0])
    torch.testing.assert_close(figures[:, 1:3], turn)
    torch.testing.assert_close(figures[:, 3], 2 ** radius[:, 0])
    torch.testing.assert_close(log_noise(figures[:, 4]), noise[:, 0].clamp_min(-2))
    torch.testing.assert_close(figures[:, 5], 100 * quality[:, 0])
    torch.testing.assert_close(figures[:, 6], text[:, 0].sigmoid())


def test_the_exported_file_answers_alike_for_any_number_of_tiles(tmp_path: Path) -> None:
    network = DiagnosisNetwork().eval()
    path = tmp_path / "model.onnx"
    training.write_onnx(network, path)
    session = onnxruntime.InferenceSession(str(path))
    for count in (1, 3):
        luma = torch.rand(count, 1, SIDE, SIDE)
        with torch.no_grad():
            expected = DiagnosisReading(network)(luma)
        found = session.run(["kinds", "figures"], {"luma": luma.numpy()})
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_allclose(one.numpy(), other, atol=1e-3)


def test_mirrored_and_turned_tiles_have_the_angle_that_is_seen() -> None:
    pool = training.Pool([], [], np.random.default_rng(0))
    angle = np.radians(25)
    y, x = np.mgrid[:SIDE, :SIDE]
    across = x * np.sin(angle) + y * np.cos(angle)  # y counts down
    pool.tiles[0] = (127 + 100 * np.sin(across / 3)).astype(np.uint8)
    pool.rows[0] = [2, 9, np.cos(2 * angle), np.sin(2 * angle), 0, 0, 100, 0]
    pool.drawn = 1
    tiles, rows = pool.batch(112)
    assert tiles.shape == (training.BATCH, 1, 112, 112)
    seen = set()
    for tile, row in zip(tiles[:, 0].numpy(), rows, strict=True):
        down, right = np.gradient(tile.astype(float))
        steepest = 0.5 * np.arctan2(-2 * (right * down).mean(), (right**2 - down**2).mean())
        along = 2 * (steepest + np.pi / 2)
        assert row[2] == pytest.approx(np.cos(along), abs=0.03)
        assert row[3] == pytest.approx(np.sin(along), abs=0.03)
        seen.add((bool(row[2] > 0), bool(row[3] > 0)))
    assert len(seen) == 4


def test_figures_count_only_where_the_kind_has_them() -> None:
    raw = torch.zeros(2, 12)
    sharp = torch.tensor([[0, 0, -1, 0, 1.0, 0, 100.0, 0]] * 2)
    moved = sharp.clone()
    moved[:, 0] = 2
    moved[:, 1] = 8.0
    longer = moved.clone()
    longer[:, 1] = 16.0
    assert training.loss_of(raw, longer) - training.loss_of(raw, moved) == pytest.approx(1.0)
    wide = sharp.clone()
    wide[:, 4] = 9.0
    assert training.loss_of(raw, wide) == pytest.approx(float(training.loss_of(raw, sharp)))


def test_some_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    pool = training.Pool(photos(), [], np.random.default_rng(0))
    for recipe in (RECIPES[0], RECIPES[5]):
        pool.draw(recipe)
    network = DiagnosisNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    losses = [float(training._step(network, optimizer, *pool.batch(112))[0]) for _ in range(8)]
    assert losses[-1] < 0.9 * losses[0]
