from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from deblur.errors import CheckpointError, ConfigError, TrainingDataError
from deblur.synthesis.pairs import BlurRecipe
from deblur.training import loop
from deblur.training.batches import training_batches
from deblur.training.checkpoint import load_checkpoint
from deblur.training.config import SourceConfig, TrainingConfig
from deblur.training.loop import Report, learning_rate, train
from deblur.training.samples import TrainingSamples
from tests.pictures import scene

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few validation pictures, and one thread, which is the fastest for such small crops."""
    monkeypatch.setattr(loop, "VALIDATION_PICTURES", 4)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        Image.fromarray(scene(100, 120, seed=seed)).save(folder / f"{seed}.png")
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Pairs whose blurred picture is the sharp one, darker: easy to learn."""
    for seed in range(3):
        for kind, factor in (("sharp", 1.0), ("blur", 0.5)):
            (tmp_path / "pairs" / kind).mkdir(parents=True, exist_ok=True)
            picture = (scene(100, 120, seed=seed) * factor).astype(np.uint8)
            Image.fromarray(picture).save(tmp_path / "pairs" / kind / f"{seed}.png")
    return tmp_path / "pairs"


def clip(folder: Path, shift: int) -> TrainingSamples:
    """Samples of fifteen frames of a scene that moves by `shift` pixels a frame."""
    folder.mkdir()
    for index in range(15):
        picture = np.roll(scene(100, 120), index * shift, 1)
        Image.fromarray(picture).save(folder / f"{index:03}.png")
    sources = [SourceConfig("frames", str(folder))]
    return TrainingSamples(sources, side=90, seed=0, start=0, count=6)


def spread(pixels: torch.Tensor) -> float:
    return pixels.float().std().item()


def config(*sources: SourceConfig, steps: int = 6, **changes: object) -> TrainingConfig:
    tiny = TrainingConfig(
        preset="srcnn",
        architecture="srcnn",
        arguments={},
        sources=sources,
        steps=steps,
        batch=2,
        crop=24,
        precision="fp32",
        warmup=2,
        validate_every=100,
        checkpoint_every=3,
        recipe=BlurRecipe(length=(1, 8), kernel_size=9),
    )
    return replace(tiny, **changes)  # type: ignore[arg-type]


def photo_config(photos: Path, **changes: object) -> TrainingConfig:
    return config(SourceConfig("photos", str(photos)), **changes)  # type: ignore[arg-type]


def test_training_learns(pairs: Path, tmp_path: Path) -> None:
    gains: list[float] = []

    def keep(report: Report) -> None:
        if report.gain is not None:
            gains.append(report.gain)

    learn = config(
        SourceConfig("pairs", str(pairs)),
        steps=80,
        validate_every=40,
        learning_rate=3e-3,
        ema=0.5,
    )
    train(learn, tmp_path / "run", device="cpu", on_report=keep)
    assert len(gains) == 2
    assert gains[-1] > 3


def test_a_resumed_run_ends_bit_identical(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = photo_config(photos)
    whole = load_checkpoint(train(run, tmp_path / "whole", device="cpu"))

    def pull_the_plug(report: Report) -> None:
        if report.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(run, tmp_path / "cut", device="cpu", on_report=pull_the_plug)
    resumed = load_checkpoint(train(run, tmp_path / "cut", device="cpu", resume=True))
    assert resumed.step == whole.step == 6
    for name, value in whole.network.items():
        assert torch.equal(resumed.network[name], value), name
        assert torch.equal(resumed.ema[name], whole.ema[name]), name


def test_another_run_is_neither_overwritten_nor_resumed(photos: Path, tmp_path: Path) -> None:
    path = train(photo_config(photos), tmp_path / "run", device="cpu")
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="resume it or name another folder"):
        train(photo_config(photos), tmp_path / "run", device="cpu")
    with pytest.raises(CheckpointError, match="another configuration"):
        train(photo_config(photos, seed=1), tmp_path / "run", device="cpu", resume=True)
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        train(photo_config(photos), tmp_path / "none", device="cpu", resume=True)
    assert path.read_bytes() == before


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    damaged = tmp_path / "checkpoint.pt"
    damaged.write_bytes(b"half a checkpoint")
    with pytest.raises(
        CheckpointError, match=r"checkpoint\.pt is not a checkpoint, or it was cut short"
    ):
        load_checkpoint(damaged)


def test_batches_depend_on_seed_and_step_alone(photos: Path) -> None:
    from_start = list(training_batches(photo_config(photos), 0, CPU))
    from_four = list(training_batches(photo_config(photos), 4, CPU))
    in_a_process = list(training_batches(photo_config(photos, workers=1), 4, CPU))
    for one, two, three in zip(from_start[4:], from_four, in_a_process, strict=True):
        assert torch.equal(one.blurred, two.blurred)
        assert torch.equal(one.sharp, two.sharp)
        assert torch.equal(one.blurred, three.blurred)
    other = next(training_batches(photo_config(photos, seed=1), 0, CPU))
    assert not torch.equal(other.sharp, from_start[0].sharp)


def test_batches_are_crops_in_range_and_photos_are_blurred(photos: Path) -> None:
    batch = next(training_batches(photo_config(photos), 0, CPU))
    assert batch.blurred.shape == batch.sharp.shape == (2, 3, 24, 24)
    assert batch.blurred.min() >= 0
    assert batch.blurred.max() <= 1
    assert not torch.equal(batch.blurred, batch.sharp)


def test_pairs_are_cut_and_turned_alike(pairs: Path) -> None:
    batch = next(training_batches(config(SourceConfig("pairs", str(pairs))), 0, CPU))
    halved = (batch.sharp * 255 * 0.5).floor()
    torch.testing.assert_close(batch.blurred * 255, halved, atol=1.01, rtol=0)


def test_frames_that_stand_still_stay_sharp(tmp_path: Path) -> None:
    for index in range(6):
        blurred, sharp, synthesise = clip(tmp_path / str(index), 0)[index]
        assert not synthesise
        assert (blurred.int() - sharp.int()).abs().max() <= 1


def test_frames_that_move_are_averaged_around_the_sharp_one(tmp_path: Path) -> None:
    still, moving = clip(tmp_path / "still", 0), clip(tmp_path / "moving", 1)
    for index in range(6):
        blurred, sharp, _ = moving[index]
        assert spread(blurred) < 0.97 * spread(sharp)
        assert spread(sharp) == pytest.approx(spread(still[index][1]), rel=0.1)


def test_sources_are_drawn_by_their_weights(photos: Path, pairs: Path) -> None:
    sources = [SourceConfig("photos", str(photos), 3), SourceConfig("pairs", str(pairs), 1)]
    samples = TrainingSamples(sources, side=24, seed=0, start=0, count=400)
    share = np.mean([samples[index][2] for index in range(400)])
    assert share == pytest.approx(0.75, abs=0.07)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("photos:a/b", SourceConfig("photos", "a/b")),
        ("frames:a@0.25", SourceConfig("frames", "a", 0.25)),
        ("a/b@2", SourceConfig("photos", "a/b", 2.0)),
        ("C:/photos", SourceConfig("photos", "C:/photos")),
    ],
)
def test_sources_are_read(text: str, expected: SourceConfig) -> None:
    assert SourceConfig.parse(text) == expected


def test_a_folder_with_blur_holds_pairs(pairs: Path) -> None:
    assert SourceConfig.parse(str(pairs)).kind == "pairs"


def test_a_configuration_survives_json(photos: Path) -> None:
    run = photo_config(photos, arguments={"width": 8})
    assert TrainingConfig.from_json(run.to_json()) == run


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"sources": ()}, "nothing to learn from"),
        ({"ema": 1.0}, "ema must lie in"),
    ],
)
def test_a_configuration_that_cannot_be_trained_is_refused(
    photos: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        photo_config(photos, **change)


def test_a_misspelt_field_is_named(photos: Path) -> None:
    text = photo_config(photos).to_json().replace('"crop"', '"corp"')
    with pytest.raises(ConfigError, match="corp"):
        TrainingConfig.from_json(text)


def test_photos_that_are_too_small_are_named_with_what_is_needed(tmp_path: Path) -> None:
    Image.fromarray(scene(20, 20)).save(tmp_path / "tiny.png")
    with pytest.raises(TrainingDataError, match=r"tiny\.png is 20x20; at least 40x40"):
        train(photo_config(tmp_path), tmp_path / "run", device="cpu")


def test_pairs_of_unequal_size_and_without_partner_are_named(pairs: Path, tmp_path: Path) -> None:
    run = config(SourceConfig("pairs", str(pairs)))
    for seed in range(3):
        Image.fromarray(scene(90, 120)).save(pairs / "blur" / f"{seed}.png")
    with pytest.raises(TrainingDataError, match="a pair must be of one size"):
        train(run, tmp_path / "run", device="cpu")
    (pairs / "blur" / "2.png").unlink()
    with pytest.raises(TrainingDataError, match=r"2\.png has no partner"):
        train(run, tmp_path / "run", device="cpu")


def test_the_rate_rises_then_falls_to_nothing(photos: Path) -> None:
    run = photo_config(photos, steps=100, warmup=10, learning_rate=1.0)
    rates = [learning_rate(run, step) for step in range(101)]
    assert rates[:10] == sorted(rates[:10])
    assert max(rates) == rates[9] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0)


def test_a_run_can_start_from_another_ones_weights(photos: Path, tmp_path: Path) -> None:
    first = train(photo_config(photos), tmp_path / "first", device="cpu")
    still = photo_config(photos, start_from=str(first), learning_rate=0.0, steps=1, loss="l2")
    second = load_checkpoint(train(still, tmp_path / "second", device="cpu"))
    for name, value in load_checkpoint(first).ema.items():
        assert torch.equal(second.ema[name], value), name


def test_weights_of_another_network_are_refused_as_a_start(photos: Path, tmp_path: Path) -> None:
    first = train(photo_config(photos), tmp_path / "first", device="cpu")
    other = photo_config(photos, architecture="residual_unet", start_from=str(first))
    with pytest.raises(CheckpointError, match="holds srcnn"):
        train(other, tmp_path / "second", device="cpu")
