"""Samples, augmentation and batches: what training sees, and what it refuses."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deblur.errors import ConfigError, TrainingDataError
from deblur.synthesis.recipe import BlurRecipe
from deblur.training.config import Augmentation, CropStage, SourceConfig, TrainingConfig
from deblur.training.data import batches
from deblur.training.data import photos as photos_module
from deblur.training.data.archive import pack
from deblur.training.data.augment import Crop, Pixels, draw_crop, reach
from deblur.training.data.batches import Batch, training_batches, validation_batches
from deblur.training.data.folders import list_items
from deblur.training.data.samples import Sample, TrainingSamples
from deblur.training.tree import DataFile
from tests.pictures import scene

CPU = torch.device("cpu")
RECIPE = BlurRecipe(length=(1, 8), defocus=(0.7, 2), sharp=0.0)
DEFAULT = Augmentation()
NONE = Augmentation(shift=False, flip=False, turns=False)
EVERYTHING = Augmentation(channels=True, rotation=30, zoom=0.3)


@pytest.fixture
def photos(tmp_path: Path) -> SourceConfig:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, suffix in enumerate(("png", "webp", "jpg")):
        Image.fromarray(scene(100, 120, seed=seed)).save(folder / f"{seed}.{suffix}")
    return SourceConfig("photos", str(folder))


@pytest.fixture
def pairs(tmp_path: Path) -> SourceConfig:
    """Pairs whose blurred picture is the sharp one at half its brightness."""
    for seed in range(3):
        for kind, factor in (("sharp", 1.0), ("blur", 0.5)):
            (tmp_path / "pairs" / kind).mkdir(parents=True, exist_ok=True)
            picture = (scene(100, 120, seed=seed) * factor).astype(np.uint8)
            Image.fromarray(picture).save(tmp_path / "pairs" / kind / f"{seed}.png")
    return SourceConfig("pairs", str(tmp_path / "pairs"))


def clip(folder: Path, shift: int) -> SourceConfig:
    """Fifteen frames of a scene that moves by `shift` pixels a frame."""
    folder.mkdir()
    for index in range(15):
        picture = np.roll(scene(100, 120), index * shift, 1)
        Image.fromarray(picture).save(folder / f"{index:03}.png")
    return SourceConfig("frames", str(folder))


def config(*sources: SourceConfig, **changes: object) -> TrainingConfig:
    tiny = TrainingConfig(
        model="srcnn",
        architecture="srcnn",
        arguments={},
        sources=sources,
        steps=6,
        crops=(CropStage(0.0, 24, 4),),
        recipe=RECIPE,
    )
    return replace(tiny, **changes)  # type: ignore[arg-type]


def samples(
    *sources: SourceConfig,
    augmentation: Augmentation = DEFAULT,
    side: int = 24,
    skip_bad: bool = False,
) -> TrainingSamples:
    return TrainingSamples(
        sources,
        largest=side,
        seed=0,
        recipe=RECIPE,
        augmentation=augmentation,
        skip_bad=skip_bad,
    )


def real(sample: Sample) -> tuple[torch.Tensor, torch.Tensor]:
    assert sample.blurred is not None
    assert sample.blur is None
    return sample.blurred, sample.sharp


def same(one: Batch, other: Batch) -> bool:
    return torch.equal(one.blurred, other.blurred) and torch.equal(one.sharp, other.sharp)


def test_batches_depend_on_seed_and_step_alone(photos: SourceConfig, pairs: SourceConfig) -> None:
    run = config(photos, pairs, augmentation=EVERYTHING)
    from_start = list(training_batches(run, 0, CPU))
    from_four = list(training_batches(run, 4, CPU))
    in_processes = list(training_batches(replace(run, workers=2), 4, CPU))
    assert len(from_start) == 6
    assert all(map(same, from_start[4:], from_four))
    assert all(map(same, from_start[4:], in_processes))
    other = next(training_batches(replace(run, seed=1), 0, CPU))
    assert not torch.equal(other.sharp, from_start[0].sharp)


def test_an_archive_is_read_by_every_process_for_itself(
    photos: SourceConfig, tmp_path: Path
) -> None:
    pack([photos], tmp_path / "set.zip", 1 << 20)
    run = config(SourceConfig("photos", str(tmp_path / "set.zip")))
    here = list(training_batches(run, 0, CPU))
    assert all(map(same, here, training_batches(replace(run, workers=2), 0, CPU)))


def test_stages_follow_one_another_without_repeating_a_sample(photos: SourceConfig) -> None:
    run = config(photos, steps=4, crops=(CropStage(0.0, 16, 4), CropStage(0.5, 32, 2)))
    seen = list(training_batches(run, 0, CPU))
    assert [len(batch.sharp) for batch in seen] == [4, 4, 2, 2]
    assert [batch.sharp.shape[-1] for batch in seen] == [16, 16, 32, 32]
    assert all(map(same, seen[3:], training_batches(run, 3, CPU)))
    keys = [key for step in batches._Steps(run, 0, 0, 1) for key in step]
    assert [index for index, _ in keys] == list(range(12))


def test_processes_share_the_batch_of_one(photos: SourceConfig, pairs: SourceConfig) -> None:
    run = config(photos, pairs)
    whole = next(training_batches(run, 2, CPU))
    for rank in range(2):
        share = next(training_batches(run, 2, CPU, rank=rank, world=2))
        torch.testing.assert_close(share.sharp, whole.sharp[rank::2])
        torch.testing.assert_close(share.blurred, whole.blurred[rank::2], atol=5e-3, rtol=0)
    with pytest.raises(ConfigError, match="batch of 4 cannot be shared by 3 processes"):
        training_batches(run, 0, CPU, world=3)


def test_photos_are_blurred_and_cut_to_size(photos: SourceConfig) -> None:
    batch = next(training_batches(config(photos), 0, CPU))
    assert batch.blurred.shape == batch.sharp.shape == (4, 3, 24, 24)
    assert batch.blurred.min() >= 0
    assert batch.blurred.max() <= 1
    assert not torch.equal(batch.blurred, batch.sharp)


def test_a_mixed_batch_keeps_the_order_of_its_samples(
    photos: SourceConfig, pairs: SourceConfig
) -> None:
    run = config(photos, pairs, augmentation=NONE, crops=(CropStage(0.0, 24, 12),), steps=1)
    batch = next(training_batches(run, 0, CPU))
    drawn = samples(photos, pairs, augmentation=NONE)
    kinds = set()
    for index in range(12):
        sample = drawn[index, 24]
        kinds.add(sample.blur is None)
        if sample.blur is None:
            torch.testing.assert_close(batch.sharp[index], sample.sharp / 255)
    assert kinds == {True, False}


def test_validation_draws_other_crops_than_training(photos: SourceConfig) -> None:
    run = config(photos, augmentation=Augmentation(flip=False, turns=False))
    learned = next(training_batches(run, 0, CPU)).sharp
    validated = next(validation_batches(run, [photos], 4, CPU)).sharp
    assert learned.shape == validated.shape
    assert not any(torch.equal(one, other) for one, other in zip(learned, validated, strict=True))


def test_validation_is_fixed_and_not_augmented(pairs: SourceConfig) -> None:
    run = config(pairs)
    one, other = (list(validation_batches(run, [pairs], 6, CPU)) for _ in range(2))
    assert [len(batch.sharp) for batch in one] == [4, 2]
    assert all(map(same, one, other))
    pictures = [torch.from_numpy(scene(100, 120, seed=seed)).permute(2, 0, 1) for seed in range(3)]
    windows = torch.stack(pictures).unfold(2, 24, 1).unfold(3, 24, 1)
    crop = (one[0].sharp[0] * 255).round().byte()
    found = (windows == crop[None, :, None, None]).flatten(4).all(-1).all(1)
    assert found.any()


@given(
    height=st.integers(40, 90),
    width=st.integers(40, 90),
    seed=st.integers(0, 2**32),
    rotation=st.sampled_from([0.0, 10.0, 45.0, 180.0]),
    zoom=st.sampled_from([0.0, 0.2, 0.5]),
    shift=st.booleans(),
)
def test_no_border_is_invented(
    height: int, width: int, seed: int, rotation: float, zoom: float, shift: bool
) -> None:
    augmentation = Augmentation(rotation=rotation, zoom=zoom, channels=True, shift=shift)
    crop = draw_crop((height, width), 40, augmentation, np.random.default_rng(seed))
    half = reach(40, crop.angle, crop.scale) / 2 - 1e-6
    for middle, length in zip(crop.centre, (height, width), strict=True):
        assert half <= middle <= length - half
    white = crop.cut(np.full((height, width, 3), 255, np.uint8))
    assert white.shape == (40, 40, 3)
    assert white.min() == 255


@pytest.mark.parametrize("augmentation", [NONE, Augmentation(), EVERYTHING])
def test_both_pictures_of_a_pair_are_augmented_alike(
    pairs: SourceConfig, augmentation: Augmentation
) -> None:
    drawn = samples(pairs, augmentation=augmentation, side=40)
    for index in range(12):
        blurred, sharp = real(drawn[index, 40])
        difference = (blurred.float() - sharp.float() / 2).abs()
        unclipped = (sharp > 30) & (sharp < 225)
        assert difference[unclipped].max() <= 4


def test_every_augmentation_can_be_switched_off(pairs: SourceConfig) -> None:
    middles = [scene(100, 120, seed=seed)[38:62, 48:72] for seed in range(3)]
    drawn = samples(pairs, augmentation=NONE)
    for index in range(6):
        _, sharp = real(drawn[index, 24])
        crop = sharp.permute(1, 2, 0).numpy()
        assert any(np.array_equal(crop, middle) for middle in middles)


@pytest.mark.parametrize(
    ("augmentation", "views"),
    [
        (NONE, 1),
        (replace(NONE, flip=True), 2),
        (replace(NONE, turns=True), 4),
        (replace(NONE, flip=True, turns=True), 8),
        (replace(NONE, channels=True), 6),
    ],
)
def test_switches_give_as_many_views_as_they_say(augmentation: Augmentation, views: int) -> None:
    photo, random = scene(30, 30), np.random.default_rng(0)
    seen = {draw_crop((30, 30), 30, augmentation, random).cut(photo).tobytes() for _ in range(150)}
    assert len(seen) == views


def test_a_turned_and_enlarged_crop_shows_the_right_place() -> None:
    """A quarter turn by resampling is the quarter turn by slicing."""
    photo = scene(60, 60)
    plain = Crop(20, (30.0, 26.0)).cut(photo)
    turned = Crop(20, (30.0, 26.0), angle=np.pi / 2, scale=1.0).cut(photo)
    difference = np.abs(np.rot90(plain).astype(int) - turned.astype(int))
    assert difference.max() <= 1
    enlarged = Crop(40, (30.0, 26.0), scale=2.0).cut(photo).astype(float)
    coarse = enlarged.reshape(20, 2, 20, 2, 3).mean((1, 3))
    assert np.abs(coarse - plain).mean() < 8


def test_frames_that_stand_still_stay_sharp(tmp_path: Path) -> None:
    drawn = samples(clip(tmp_path / "still", 0), side=90, augmentation=EVERYTHING)
    for index in range(6):
        blurred, sharp = real(drawn[index, 90])
        assert (blurred.int() - sharp.int()).abs().max() <= 1


def test_frames_that_move_are_averaged_around_the_sharp_one(tmp_path: Path) -> None:
    still = samples(clip(tmp_path / "still", 0), side=90)
    moving = samples(clip(tmp_path / "moving", 1), side=90)
    for index in range(6):
        blurred, sharp = real(moving[index, 90])
        assert blurred.float().std() < 0.97 * sharp.float().std()
        expected = real(still[index, 90])[1].float().std().item()
        assert sharp.float().std().item() == pytest.approx(expected, rel=0.1)


def test_frames_are_averaged_as_stored_or_as_light_one_as_often_as_the_other(
    tmp_path: Path,
) -> None:
    """As GoPro's `blur` and `blur_gamma` are: of black and white in turn, a half is lighter."""
    folder = tmp_path / "flicker"
    folder.mkdir()
    for index in range(15):
        Image.new("RGB", (100, 100), ("black", "white")[index % 2]).save(folder / f"{index:03}.png")
    drawn = samples(SourceConfig("frames", str(folder)))
    means = [float(real(drawn[index, 24])[0].float().mean()) / 255 for index in range(60)]
    stored = [mean for mean in means if mean < 0.6]
    light = [mean for mean in means if mean > 0.65]
    assert len(stored) + len(light) == 60
    assert len(stored) == pytest.approx(30, abs=12)
    shares = {n / of for of in (7, 9, 11, 13) for n in (of // 2, of // 2 + 1)}
    for mean in stored:
        assert min(abs(mean - share) for share in shares) < 0.5 / 255 + 1e-6
    for mean in light:
        assert min(abs(mean - share ** (1 / 2.2)) for share in shares) < 0.5 / 255 + 1e-6


def test_no_average_reaches_over_a_bad_frame(tmp_path: Path) -> None:
    source = clip(tmp_path / "clip", 1)
    (tmp_path / "clip" / "001.png").write_bytes(b"not a picture")
    drawn = samples(source, skip_bad=True)
    assert [item[0].name for item in drawn.sources[0].items] == ["002.png"]
    (tmp_path / "clip" / "007.png").write_bytes(b"not a picture")
    with pytest.raises(TrainingDataError, match="holds 13 usable frames; 13 in a row are needed"):
        samples(source, skip_bad=True)


@pytest.mark.parametrize(
    ("limit", "used", "decoded"), [("max", "0", 1), ("1000", "0", 2), (str(2**40), str(2**40), 2)]
)
def test_photos_are_kept_while_they_fit_into_memory(
    tmp_path: Path,
    photos: SourceConfig,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    used: str,
    decoded: int,
) -> None:
    """A container may hold less than its machine, and hold something already."""
    told = tmp_path / "memory.max"
    told.write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text(f"{int(used) + 500}\n")
    (tmp_path / "memory.stat").write_text("anon 7\ninactive_file 500\n")
    monkeypatch.setattr(photos_module, "CONTAINER_LIMIT", told)
    calls, decode = list[DataFile](), photos_module.decode

    def counted(file: DataFile) -> Pixels:
        calls.append(file)
        return decode(file)

    monkeypatch.setattr(photos_module, "decode", counted)
    cache, ((file,), *_) = photos_module.PhotoCache(processes=2), list_items(photos)
    first, again = cache.read(file), cache.read(file)
    np.testing.assert_array_equal(first, again)
    assert len(calls) == decoded


def test_sources_are_drawn_by_their_weights(photos: SourceConfig, pairs: SourceConfig) -> None:
    drawn = samples(replace(photos, weight=1), replace(pairs, weight=3))
    share = np.mean([drawn[index, 8].blur is None for index in range(300)])
    assert share == pytest.approx(0.75, abs=0.08)


def test_photos_that_are_too_small_are_named_with_what_is_needed(tmp_path: Path) -> None:
    Image.fromarray(scene(20, 20)).save(tmp_path / "tiny.png")
    needed = 24 + 2 * RECIPE.margin
    with pytest.raises(
        TrainingDataError, match=rf"tiny\.png is 20x20; at least {needed}x{needed} is needed"
    ):
        training_batches(config(SourceConfig("photos", str(tmp_path))), 0, CPU)


def test_pairs_of_unequal_size_are_named(pairs: SourceConfig) -> None:
    Image.fromarray(scene(90, 120)).save(Path(pairs.path) / "blur" / "1.png")
    with pytest.raises(TrainingDataError, match=r"blur/1\.png is 120x90 .* must be of one size"):
        samples(pairs)


def test_bad_files_are_left_out_and_counted(photos: SourceConfig, pairs: SourceConfig) -> None:
    folder = Path(photos.path)
    Image.fromarray(scene(20, 20)).save(folder / "small.png")
    (folder / "text.jpg").write_text("not a photo")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:-3000])
    Image.fromarray(scene(90, 120)).save(Path(pairs.path) / "blur" / "1.png")
    run = config(photos, pairs, skip_bad=True, workers=1)
    drawn = training_batches(run, 0, CPU)
    names = {file.name: reason for file, reason in drawn.skipped.items()}
    assert set(names) == {"small.png", "text.jpg", "cut.png", "sharp/1.png"}
    assert "cannot be read as a photo" in names["cut.png"]
    assert "one size" in names["sharp/1.png"]
    assert len(list(drawn)) == 6
    for path in folder.iterdir():
        path.write_text("nothing")
    with pytest.raises(TrainingDataError, match="none of its 6 photos is usable"):
        training_batches(run, 0, CPU)


def test_bad_files_to_validate_on_are_left_out_and_counted_too(
    photos: SourceConfig, pairs: SourceConfig
) -> None:
    Image.fromarray(scene(90, 120)).save(Path(pairs.path) / "blur" / "1.png")
    run = config(photos, skip_bad=True)
    validation = validation_batches(run, [pairs], 4, CPU)
    assert [file.name for file in validation.skipped] == ["sharp/1.png"]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_file_that_is_cut_short_is_named_in_one_sentence(tmp_path: Path, workers: int) -> None:
    path = tmp_path / "cut.png"
    Image.fromarray(scene(100, 120)).save(path)
    path.write_bytes(path.read_bytes()[:-3000])
    drawn = training_batches(config(SourceConfig("photos", str(tmp_path)), workers=workers), 0, CPU)
    sentence = rf"\A{re.escape(str(path))}: cannot be read as a photo \([^\n]*\Z"
    with pytest.raises(TrainingDataError, match=sentence):
        next(drawn)
