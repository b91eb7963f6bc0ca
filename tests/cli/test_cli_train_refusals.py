"""What cannot be trained is said in a sentence."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.command_line import Outcome, deblur, picture
from tests.cli.tiny_runs import TINY, config_file
from tests.pictures import scene


def test_there_must_be_something_to_resume(tmp_path: Path) -> None:
    refused = deblur("train", "--resume", tmp_path / "none")
    assert refused.code == 1
    assert "none is not the folder of a run" in refused.said


def test_there_must_be_something_to_learn_from() -> None:
    refused = deblur("train")
    assert refused.code == 1
    assert "name a folder with --data" in refused.said


def bad_data(folder: Path, kind: str) -> tuple[str, tuple[str, ...]]:
    """A value for --data that is wrong in that way, and the words that must be said."""
    if kind == "missing folder":
        return str(folder / "gone"), (str(folder / "gone"),)
    if kind == "empty folder":
        return str(folder), (str(folder), "no photo")
    if kind == "weight that is no number":
        return f"{folder}@often", ("'often'", "must be a number")
    if kind == "broken photo":
        (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
        return str(folder), (str(folder / "broken.jpg"), "cannot be read as a photo")
    if kind == "photo that is too small":
        picture(folder / "small.png")
        return str(folder), (str(folder / "small.png"), "32x24", "at least")
    Image.fromarray(scene(96, 110)).save(picture(folder / "blur" / "a.png"))
    Image.fromarray(scene(96, 100)).save(picture(folder / "sharp" / "a.png"))
    if kind == "pair of two sizes":
        return str(folder), (str(folder / "blur" / "a.png"), "110x96", "100x96")
    (folder / "sharp" / "a.png").rename(folder / "sharp" / "b.png")
    return f"pairs:{folder}", (str(folder), "a.png", "partner")


@pytest.mark.parametrize(
    "kind",
    [
        "missing folder",
        "empty folder",
        "weight that is no number",
        "broken photo",
        "photo that is too small",
        "pair of two sizes",
        "photo without a partner",
    ],
)
def test_bad_data_is_named(tmp_path: Path, tiny: Path, kind: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    data, words = bad_data(folder, kind)
    options = ("--config", tiny, "--data", data, "--validation", data, "-o", tmp_path / "run")
    done = deblur("train", *TINY, *options)
    assert done.code == 1
    assert [word for word in words if word not in done.said] == []
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--model", "resnet"), 1, "there is no model 'resnet'"),
        (("--steps", "-1"), 1, "steps: expected a number at least 1"),
        (("--batch", "0"), 1, "crops: batch: expected a number at least 1"),
        (("--batch", "many"), 2, "--batch"),
        (("--device", "abacus"), 1, "no device 'abacus'"),
        (("--learning-rate", "-1"), 2, "--learning-rate"),
        (("--learning-rate", "0"), 1, "optimizer.learning_rate: expected a number above 0"),
        (("--crop", "0"), 1, "crops: side: expected a number at least 1"),
        (("--steps", "0"), 1, "steps: expected a number at least 1"),
        (("--data", "movies:a"), 1, "'movies' is no kind of data"),
        (("--resume", "runs/x"), 1, "does not go with --resume"),
        (("--general", "gone"), 1, "gone"),
        (("--loss", "l3"), 1, "l3"),
        (("--loss", "l1=much"), 1, "must be a number"),
        (("--time-limit", "soon"), 2, "not a time"),
        (("--preset", "slow"), 2, "--preset"),
        (("--init-from", "unet"), 1, "cannot start from"),
    ],
    ids=lambda value: "=".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_trained_is_said_in_a_sentence(
    tmp_path: Path, photos: Path, tiny: Path, options: tuple[str, ...], code: int, words: str
) -> None:
    chosen = ("--config", tiny, "--data", photos, "-o", tmp_path / "run")
    done = deblur("train", *TINY, *chosen, *options)
    assert done.code == code
    assert words in done.said


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"losses": {"l1": "x"}}, "losses.l1: expected a number, not 'x'"),
        ({"workers": "many"}, "workers: expected a whole number, not 'many'"),
        ({"general": "photos"}, "general: expected a list"),
        ({"recipe": {"length": [40, 1]}}, "recipe.length: expected [lowest, highest]"),
        ({"recipe": {"noisy": 7.0}}, "recipe.noisy: expected a number in [0, 1], not 7.0"),
        ({"optimizer": {"name": "mun"}}, "mun"),
        ({"seed": -1}, "seed: expected a number at least 0"),
        ({"precision": "fp8"}, "expected 'fp32' or 'bf16' or 'fp16', not 'fp8'"),
        ({"adversarial": {"objective": "wgan-gp"}}, "its critic must not end in a sigmoid"),
    ],
    ids=str,
)
def test_fields_that_are_wrong_are_named(
    tmp_path: Path, photos: Path, fields: dict[str, object], words: str
) -> None:
    path = config_file(tmp_path, fields)
    done = deblur("train", *TINY, "--config", path, "--data", photos, "-o", tmp_path / "run")
    assert done.code == 1
    assert words in done.said


def test_a_misspelt_field_is_named_with_what_is_near(tmp_path: Path, photos: Path) -> None:
    path = config_file(tmp_path, {"schedule": {"warmpu": 3}})
    done = deblur("train", *TINY, "--config", path, "--data", photos, "-o", tmp_path / "run")
    assert done.code == 1
    assert "'schedule.warmpu'; did you mean 'warmup'?" in done.said


@pytest.mark.parametrize(
    ("command", "missing", "extra"),
    [
        ("train", "accelerate", "train"),
        ("export", "torch", "torch"),
        ("synthesize", "torch", "torch"),
        ("pack", "torch", "torch"),
        ("card", "matplotlib", "train"),
    ],
)
def test_a_command_says_what_it_needs(
    tmp_path: Path,
    trained: Path,
    command: str,
    missing: str,
    extra: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "notes.md").touch()
    arguments: dict[str, tuple[object, ...]] = {
        "train": ("--data", tmp_path),
        "export": ("c.pt", "-o", "m.onnx"),
        "synthesize": (tmp_path,),
        "pack": ("--data", tmp_path, "-o", tmp_path / "a.zip"),
        "card": (
            *(trained / "best.pt", tmp_path / "m.onnx"),
            *("--notes", tmp_path / "notes.md", "--hardware", "a processor"),
        ),
    }
    monkeypatch.setitem(sys.modules, missing, None)
    done: Outcome = deblur(command, *arguments[command])
    assert done.code == 1
    assert f"pip install -e '.[{extra}]'" in done.said
