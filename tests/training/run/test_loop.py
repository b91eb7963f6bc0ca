"""The training loop: what it learns, how it stops, and how it goes on."""

import itertools
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from deblur.errors import CheckpointError, ConfigError, TrainingDataError, TrainingError
from deblur.training.config import (
    Adversarial,
    CropStage,
    Optimizer,
    Schedule,
    SourceConfig,
    TrainingConfig,
)
from deblur.training.learning import learner
from deblur.training.run import loop, state
from deblur.training.run.checkpoint import load_checkpoint
from deblur.training.run.clock import Clock
from deblur.training.run.devices import open_accelerator
from deblur.training.run.loop import train
from deblur.training.run.reports import Report
from tests.training.runs import make_pairs, make_photos, tiny_run


def reports(config: TrainingConfig, folder: Path, **options: object) -> list[Report]:
    seen: list[Report] = []
    train(config, folder, device="cpu", on_report=seen.append, **options)  # type: ignore[arg-type]
    return seen


def assert_same_state(one: Path, other: Path) -> None:
    first, second = load_checkpoint(one), load_checkpoint(other)
    assert first.step == second.step
    for name, value in first.network.items():
        assert torch.equal(second.network[name], value), name
        assert torch.equal(second.ema[name], first.ema[name]), name
    for name, value in first.game.get("critic", {}).items():
        assert torch.equal(second.game["critic"][name], value), name


def test_training_learns(pairs: SourceConfig, tmp_path: Path) -> None:
    learn = tiny_run(
        pairs, steps=80, validate_every=40, optimizer=Optimizer("adamw", 3e-3), ema=0.5
    )
    gains = [each.gain for each in reports(learn, tmp_path / "run") if each.gain is not None]
    assert len(gains) == 2
    assert gains[-1] > 3


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "optimizer": Optimizer("muon", 1e-3),
            "centred": True,
            "crops": (CropStage(0, 24, 3), CropStage(0.5, 32, 2)),
        },
        {"schedule": Schedule("plateau", 0, patience=0), "validate_every": 1},
        {"adversarial": Adversarial("wgan-gp", "none", sigmoid=False, critic_steps=2)},
    ],
)
def test_a_killed_run_goes_on_and_ends_bit_identical(
    photos: SourceConfig, tmp_path: Path, changes: dict[str, object]
) -> None:
    run = tiny_run(photos, **changes)
    if run.adversarial:
        run = replace(run, crops=(CropStage(0, 48, 2),))
    whole = train(run, tmp_path / "whole", device="cpu")

    def pull_the_plug(report: Report) -> None:
        if report.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(run, tmp_path / "cut", device="cpu", on_report=pull_the_plug)
    resumed = train(run, tmp_path / "cut", device="cpu", resume=True)
    assert resumed.step == 6
    assert_same_state(whole.path, resumed.path)
    losses = [
        [each["loss"] for each in load_checkpoint(run.path).history if "loss" in each]
        for run in (whole, resumed)
    ]
    assert losses[0] == losses[1] != []


def test_a_run_that_is_asked_to_stop_saves_and_goes_on_from_there(
    photos: SourceConfig, tmp_path: Path
) -> None:
    whole = train(tiny_run(photos), tmp_path / "whole", device="cpu")
    wishes = iter([False, False, True])
    run = tiny_run(photos, checkpoint_every=100)
    stopped = train(run, tmp_path / "cut", device="cpu", should_stop=lambda: next(wishes))
    assert (stopped.step, stopped.reason) == (2, "stopped")
    resumed = train(run, tmp_path / "cut", device="cpu", resume=True)
    assert resumed.reason == "finished"
    assert_same_state(whole.path, resumed.path)


def test_the_time_limit_stops_and_saves(photos: SourceConfig, tmp_path: Path) -> None:
    outcome = train(tiny_run(photos), tmp_path / "run", device="cpu", time_limit=0)
    assert outcome.reason == "time limit"
    assert load_checkpoint(outcome.path).step == outcome.step == 0


def test_another_run_is_neither_overwritten_nor_resumed(
    photos: SourceConfig, tmp_path: Path
) -> None:
    path = train(tiny_run(photos), tmp_path / "run", device="cpu").path
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="go on with"):
        train(tiny_run(photos), tmp_path / "run", device="cpu")
    with pytest.raises(CheckpointError, match="another configuration, of another seed:"):
        train(tiny_run(photos, seed=1), tmp_path / "run", device="cpu", resume=True)
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        train(tiny_run(photos), tmp_path / "none", device="cpu", resume=True)
    assert path.read_bytes() == before


def poison_steps(monkeypatch: pytest.MonkeyPatch, *bad: int) -> None:
    """The losses of these steps of a run, the first one 0, are no numbers."""
    measured = learner.weighted_loss

    def poisoned(config: TrainingConfig) -> torch.nn.Module:
        loss = measured(config)
        plain, steps = loss.forward, itertools.count()

        def forward(restored: torch.Tensor, sharp: torch.Tensor) -> object:
            total, parts = plain(restored, sharp)
            return (total * math.nan if next(steps) in bad else total), parts

        monkeypatch.setattr(loss, "forward", forward)
        return loss

    monkeypatch.setattr(learner, "weighted_loss", poisoned)


def test_steps_without_a_finite_gradient_are_counted_and_not_taken(
    photos: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison_steps(monkeypatch, 1, 2)
    seen = reports(tiny_run(photos), tmp_path / "run")
    assert [each.skipped for each in seen] == [0, 1, 2, 2, 2, 2]
    saved = load_checkpoint(tmp_path / "run" / "checkpoint.pt")
    assert saved.skipped == 2
    assert all(value.isfinite().all() for value in saved.network.values())


def test_too_many_of_them_end_a_run_only_when_no_good_one_lies_between(
    photos: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MAX_SKIPPED_IN_A_ROW", 2)
    with monkeypatch.context() as here:
        poison_steps(here, 0, 2, 4)
        assert reports(tiny_run(photos), tmp_path / "apart")[-1].skipped == 3
    poison_steps(monkeypatch, 1, 2)
    with pytest.raises(TrainingError, match=r"2 steps in a row .* lower the learning rate"):
        train(tiny_run(photos), tmp_path / "in a row", device="cpu")


def test_the_best_weights_are_kept_and_a_stalled_run_ends(
    pairs: SourceConfig, tmp_path: Path
) -> None:
    stalled = tiny_run(
        pairs,
        steps=50,
        validate_every=1,
        optimizer=Optimizer("sgd", 1e-30),
        schedule=Schedule(warmup=0, stop_after=3),
    )
    outcome = train(stalled, tmp_path / "run", device="cpu")
    assert outcome.reason == "nothing better was learned"
    assert outcome.step == 4
    assert load_checkpoint(tmp_path / "run" / "best.pt").step == 1


def test_weights_that_forget_the_general_set_are_not_kept_as_the_best(
    pairs: SourceConfig, photos: SourceConfig, tmp_path: Path
) -> None:
    """Learning to brighten halved pictures ruins photos, which need no brightening."""
    tuned = tiny_run(
        pairs,
        general=(photos,),
        steps=80,
        validate_every=10,
        optimizer=Optimizer("adamw", 3e-3),
        ema=0.0,
    )
    seen = [each for each in reports(tuned, tmp_path / "run") if each.gain is not None]
    assert seen[-1].general is not None
    assert seen[-1].general < -1
    assert seen[-1].gain > 3  # type: ignore[operator]
    assert load_checkpoint(tmp_path / "run" / "best.pt").step == 0


def test_a_run_that_only_forgets_ends_when_it_has_waited_long_enough(
    pairs: SourceConfig, photos: SourceConfig, tmp_path: Path
) -> None:
    run = tiny_run(
        pairs,
        general=(photos,),
        forgetting=0.0,
        steps=40,
        validate_every=1,
        optimizer=Optimizer("adamw", 3e-3),
        schedule=Schedule("plateau", 0, stop_after=5),
        ema=0.0,
    )
    outcome = train(run, tmp_path / "run", device="cpu")
    assert outcome.reason == "nothing better was learned"
    assert load_checkpoint(tmp_path / "run" / "best.pt").step + 5 == outcome.step < 40


def test_what_was_learned_is_saved_before_bad_data_ends_the_run(
    photos: SourceConfig, tmp_path: Path
) -> None:
    """A file that is cut short shows only when it is decoded."""
    for path in Path(photos.path).iterdir():
        path.with_name(f"{path.stem}-good.png").write_bytes(path.read_bytes())
    cut = Path(photos.path) / "0.png"
    cut.write_bytes(cut.read_bytes()[:2000])
    good = SourceConfig("pairs", str(make_pairs(tmp_path / "pairs")))
    run = tiny_run(photos, validation=(good,), steps=100, checkpoint_every=1000)
    seen: list[Report] = []
    with pytest.raises(TrainingDataError, match=r"0\.png"):
        train(run, tmp_path / "run", device="cpu", on_report=seen.append)
    assert load_checkpoint(tmp_path / "run" / "checkpoint.pt").step == len(seen) > 0


def test_every_file_that_is_left_out_is_told(
    photos: SourceConfig, pairs: SourceConfig, tmp_path: Path
) -> None:
    """Whether it was to be learned from, validated on, or not to be forgotten."""
    (Path(photos.path) / "bad.png").write_text("no photo")
    bad = [make_pairs(tmp_path / name) / "blur" / "0.png" for name in ("one", "other")]
    for path in bad:
        path.write_text("no photo")
    one, other = (SourceConfig("pairs", str(path.parents[1])) for path in bad)
    run = tiny_run(photos, validation=(one,), general=(other,), skip_bad=True, steps=1)
    last = reports(run, tmp_path / "run")[-1]
    written = (tmp_path / "run" / "left-out.txt").read_text().splitlines()
    assert [*last.left_out] == written
    assert len(written) == 3
    for path in (Path(photos.path) / "bad.png", *bad):
        assert any(str(path) in line for line in written), path


def test_the_general_set_is_blurred_by_the_default_recipe(
    photos: SourceConfig, tmp_path: Path
) -> None:
    """Else a run on still pictures could not see that it forgets shake."""
    whole = SourceConfig("photos", str(make_photos(tmp_path / "large", side=160)))
    still = replace(tiny_run(photos).recipe, sharp=1.0)
    run = tiny_run(photos, recipe=still, general=(whole,), start_from="srcnn", steps=1)
    first = reports(run, tmp_path / "run")[0]
    assert first.step == 0
    assert first.general is not None
    assert first.general > -5
    assert first.gain < -5  # type: ignore[operator]


def test_a_report_tells_pace_and_waiting(photos: SourceConfig, tmp_path: Path) -> None:
    last = reports(tiny_run(photos), tmp_path / "run")[-1]
    assert last.images_per_second > 0
    assert 0 < last.waiting < 1
    assert set(last.losses) == {"l1"}


class OneOfTwo:
    """An accelerator that takes itself for the first of two processes."""

    num_processes = 2

    def __init__(self, alone: Accelerator) -> None:
        self.alone = alone

    def __getattr__(self, name: str) -> object:
        return getattr(self.alone, name)


def test_the_pace_counts_the_pictures_of_all_processes(
    photos: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def open_one_of_two(*arguments: object) -> Iterator[OneOfTwo]:
        with open_accelerator(*arguments) as alone:  # type: ignore[arg-type]
            yield OneOfTwo(alone)

    monkeypatch.setattr(loop, "open_accelerator", open_one_of_two)
    monkeypatch.setattr(Clock, "here", 2.0)
    last = reports(tiny_run(photos, steps=3), tmp_path / "run")[-1]
    assert last.images_per_second == 3 * 2 / 2.0, "3 steps of 2 crops, one by each process"


def test_an_adversarial_run_reports_both_sides(photos: SourceConfig, tmp_path: Path) -> None:
    run = tiny_run(photos, adversarial=Adversarial(after=3), crops=(CropStage(0, 48, 2),))
    seen = reports(run, tmp_path / "run")
    assert "critic" not in seen[2].losses
    assert {"l1", "critic", "adversarial"} <= set(seen[3].losses)


def test_runs_are_tracked_with_figures_and_pictures(photos: SourceConfig, tmp_path: Path) -> None:
    run = tiny_run(photos, validate_every=3)
    train(run, tmp_path / "run", device="cpu", tracker="tensorboard")
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("events.out.tfevents.*"))
    for tag in (b"gain", b"images_per_second", b"l1", b"blurred, restored, sharp"):
        assert tag in written


def test_fp16_needs_a_gpu(photos: SourceConfig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fp16 trains on a GPU only"):
        train(tiny_run(photos, precision="fp16"), tmp_path / "run", device="cpu")


def test_a_folder_that_is_unfit_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = tiny_run(SourceConfig("photos", str(tmp_path / "empty")))
    with pytest.raises(TrainingDataError, match="empty"):
        train(run, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_run_leaves_its_configuration(photos: SourceConfig, tmp_path: Path) -> None:
    run = tiny_run(photos)
    train(run, tmp_path / "run", device="cpu")
    written = (tmp_path / "run" / "config.json").read_text()
    assert TrainingConfig.from_json(written) == run
    assert json.loads(written)["recipe"]["length"] == [1, 8]
