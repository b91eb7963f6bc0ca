"""Checkpoints: whole, the last one or the new one, and readable by later versions."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deblur.catalog import CATALOG
from deblur.errors import CheckpointError
from deblur.training.config import SourceConfig
from deblur.training.presets import build_config
from deblur.training.run.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from deblur.training.run.loop import train
from tests.training.runs import tiny_run


def empty_checkpoint(photos: SourceConfig) -> Checkpoint:
    weights = {"weight": torch.arange(1000.0)}
    return Checkpoint(tiny_run(photos).to_json(), 3, weights, weights, {}, {}, {}, {})


def test_a_run_from_before_a_field_went_goes_on(photos: SourceConfig, tmp_path: Path) -> None:
    run = tiny_run(photos)
    path = train(run, tmp_path / "run", device="cpu", time_limit=0).path
    saved = load_checkpoint(path)
    older = json.loads(saved.config) | {"distill_from": None, "distill_weight": 1.0}
    save_checkpoint(replace(saved, config=json.dumps(older)), path)
    assert train(run, tmp_path / "run", device="cpu", resume=True).step == run.steps
    assert build_config("fast", CATALOG["srcnn"], None, older).steps == run.steps


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    damaged = tmp_path / "checkpoint.pt"
    damaged.write_bytes(b"half a checkpoint")
    with pytest.raises(
        CheckpointError, match=r"checkpoint\.pt is not a checkpoint, or it was cut short"
    ):
        load_checkpoint(damaged)


def test_a_checkpoint_whose_weights_were_damaged_is_named(
    photos: SourceConfig, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(empty_checkpoint(photos), path)
    whole, weights = path.read_bytes(), torch.arange(1000.0).numpy().tobytes()
    place = whole.index(weights) + 1000
    path.write_bytes(whole[:place] + b"damage" + whole[place + 6 :])
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt is damaged"):
        load_checkpoint(path)


def test_a_full_disk_leaves_the_last_checkpoint(
    photos: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(empty_checkpoint(photos), path)
    before = path.read_bytes()

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        save_checkpoint(empty_checkpoint(photos), path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["checkpoint.pt"]


def test_a_checkpoint_is_on_the_disk_before_it_replaces_the_last(
    photos: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.pt"
    there: list[bool] = []
    monkeypatch.setattr("os.fsync", lambda handle: there.append(path.exists()))
    save_checkpoint(empty_checkpoint(photos), path)
    assert there[:1] == [False]


def test_a_checkpoint_has_the_same_bytes_wherever_it_lies(
    photos: SourceConfig, tmp_path: Path
) -> None:
    first, second = tmp_path / "checkpoint.pt", tmp_path / "best.pt"
    for path in (first, second):
        save_checkpoint(empty_checkpoint(photos), path)
    assert first.read_bytes() == second.read_bytes()
