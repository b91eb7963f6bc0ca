"""What a run of the command begins with: model, weights, folder."""

import errno
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from deblur.training.config import SourceConfig
from deblur.training.data.split import split_source
from deblur.training.run.loop import train
from deblur.training.run.run_folder import LOCK, claimed
from tests.cli.command_line import deblur, files_in
from tests.training.runs import make_pairs, make_photos, tiny_run


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_photos(tmp_path_factory.mktemp("data") / "photos", 12)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of SRCNN."""
    folder = tmp_path_factory.mktemp("data")
    pairs = SourceConfig("pairs", str(make_pairs(folder / "pairs")))
    return train(tiny_run(pairs, validate_every=3), folder / "run", device="cpu").path.parent


def configured(folder: Path, photos: Path, *options: object) -> dict[str, Any]:
    written = folder / "written.json"
    done = deblur("train", "--data", photos, *options, "--write-config", written)
    assert done.code == 0, done.said
    return dict(json.loads(written.read_text()))


def as_file(folder: Path, fields: object) -> Path:
    path = folder / "fields.json"
    path.write_text(json.dumps(fields))
    return path


def test_a_configuration_may_name_the_model(tmp_path: Path, photos: Path) -> None:
    named = as_file(tmp_path, {"model": "unet"})
    for options in (("--config", named), ("--config", named, "--model", "unet")):
        written = configured(tmp_path, photos, *options)
        assert (written["model"], written["architecture"]) == ("unet", "unet")
    over_it = configured(tmp_path, photos, "--config", named, "--model", "srcnn")
    assert (over_it["model"], over_it["architecture"]) == ("srcnn", "srcnn")


def test_the_configuration_of_a_run_that_is_there_can_be_taken_whatever_its_name(
    tmp_path: Path, photos: Path
) -> None:
    arguments = {"width": 8, "blocks": 1, "levels": 2, "stem": 2}
    own = {"model": "mine", "architecture": "residual_unet", "arguments": arguments, "ema": 0.5}
    config = as_file(tmp_path, own)
    taken = configured(tmp_path, photos, "--config", config)
    assert {name: taken[name] for name in own} == own
    borrowed = configured(tmp_path, photos, "--config", config, "--model", "unet")
    assert (borrowed["model"], borrowed["architecture"]) == ("unet", "unet")
    assert borrowed["ema"] == 0.5
    assert borrowed["arguments"] != arguments


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"learning_rat": 1}, "did you mean 'optimizer.learning_rate'?"),
        ({"crops": 4}, "crops: expected a list, not 4"),
        ([["model", "unet"]], "expected a JSON object of fields"),
        ({"optimizer": {"clip": -1}}, "optimizer.clip: expected a number above 0"),
        ({"optimizer": {"learning_rate": 10**400}}, "learning_rate: expected a number"),
        ({"adversarial": {"critic_steps": 0}}, "adversarial.critic_steps: expected"),
        ({"schedule": {"factor": 5.0}}, "schedule.factor: expected a number in (0, 1]"),
        ({"value_range": [1.0, 0.0]}, "value_range: expected [lowest, highest], not [1.0, 0.0]"),
        ({"recipe": {"focal": [0, 0]}}, "recipe.focal: expected [lowest, highest], each above 0"),
        (
            {"keep_identity": True, "optimizer": {"weight_decay": 0.1}, "model": "unet"},
            "weight decay would move the weights that are held still",
        ),
        ({"optimizer": {"name": "mun"}}, "adamw, adam, sgd and muon are usual"),
        ({"model": 5}, "model: expected a text, not 5"),
        ({"schedule": 5}, "schedule: expected an object, not 5"),
        ({"steps": "many"}, "steps: expected a whole number, not 'many'"),
        ({"start_from": 5}, "start_from: expected a text, not 5"),
        (
            {"architecture": "resnet"},
            "the architecture 'resnet' of residual-unet-xs is not trained here",
        ),
        ({"arguments": {"depth": 3}}, "does not take {"),
    ],
    ids=str,
)
def test_what_no_run_can_begin_with_is_said_before_its_plan(
    tmp_path: Path, photos: Path, fields: Mapping[str, Any], words: str
) -> None:
    written = tmp_path / "run.json"
    options = ("--config", as_file(tmp_path, fields), "--write-config", written)
    refused = deblur("train", "--data", photos, *options)
    assert refused.code == 1
    assert words in refused.said
    assert not written.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--model", "nafnet-reds"),
            "the architecture 'onnx' of nafnet-reds is not trained here",
        ),
        (("--model", "gan", "--crop", 16), "too small for the critic: choose 24 or more"),
        (("--init-from", "mine.onnx", "--model", "srcnn"), "name the best.pt of the run"),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_said_in_a_sentence(
    tmp_path: Path, photos: Path, options: tuple[object, ...], words: str
) -> None:
    config = as_file(tmp_path, {"recipe": {"length": [1, 8], "defocus": [0.5, 1]}})
    chosen = ("--config", config, "--device", "cpu", "--steps", 1, "-o", tmp_path / "run")
    refused = deblur("train", "--data", photos, *options, *chosen)
    assert refused.code == 1
    assert words in refused.said
    assert not (tmp_path / "run").exists()


def test_the_epochs_of_seed_are_of_what_is_learned_from(tmp_path: Path, photos: Path) -> None:
    written = configured(tmp_path, photos, "--preset", "seed", "--batch", 2)
    learned = len(split_source(SourceConfig("photos", str(photos)))["train"])
    assert learned < 12
    assert written["validate_every"] == -(-learned // 2)
    assert written["steps"] == 100 * written["validate_every"]


def test_a_run_begins_from_the_best_of_another_by_its_folder(
    tmp_path: Path, photos: Path, run: Path
) -> None:
    written = configured(tmp_path, photos, "--init-from", run)
    assert (written["start_from"], written["model"]) == (str(run / "best.pt"), "srcnn")


def test_pairs_are_not_taken_for_photos(tmp_path: Path) -> None:
    pairs = make_pairs(tmp_path / "pairs")
    refused = deblur("train", "--data", f"photos:{pairs}")
    assert refused.code == 1
    assert f"name pairs:{pairs}, or photos:{pairs / 'sharp'}" in refused.said
    deeper = deblur("train", "--data", f"photos:{tmp_path}")
    assert deeper.code == 1
    assert f"name pairs:{pairs}, or photos:{pairs / 'sharp'}" in deeper.said


# --- the folder -----------------------------------------------------------------------------


def quick(tmp_path: Path, photos: Path) -> tuple[object, ...]:
    fields = {
        "validation_pictures": 2,
        "precision": "fp32",
        "recipe": {"length": [1, 8], "defocus": [0.5, 1]},
    }
    small = ("--model", "srcnn", "--steps", 2, "--batch", 2, "--crop", 32, "--device", "cpu")
    return ("train", *small, "--config", as_file(tmp_path, fields), "--data", photos, "-o")


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path, photos: Path) -> None:
    command, folder = quick(tmp_path, photos), tmp_path / "run"
    folder.mkdir()
    with FileLock(folder / LOCK):
        refused = deblur(*command, folder)
        assert refused.code == 1
        assert f"another run is at work in {folder}" in refused.said
        assert [path.name for path in folder.iterdir()] == [LOCK]
    assert deblur(*command, folder).code == 0
    with FileLock(folder / LOCK):
        resumed = deblur("train", "--resume", folder, "--device", "cpu")
        assert resumed.code == 1
        assert "another run is at work" in resumed.said
    assert {"checkpoint.pt", "config.json"} <= {*files_in(folder)}


def test_a_run_that_is_refused_leaves_no_trace_in_the_others_folder(
    tmp_path: Path, photos: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with FileLock(folder / LOCK):
        refused = deblur(*quick(tmp_path, photos), folder, "--track", "tensorboard")
        assert refused.code == 1
        assert [path.name for path in folder.iterdir()] == [LOCK]


def test_where_nothing_can_be_locked_a_run_goes_on_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(lock: FileLock) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    with pytest.warns(UserWarning, match="No locks available"), claimed(tmp_path / "run"):
        (tmp_path / "run" / "kept").touch()
    with pytest.warns(UserWarning, match="No locks available"), claimed(tmp_path / "gone"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_goes_meanwhile_does_not_hide_what_went_wrong(tmp_path: Path) -> None:
    def fail() -> None:
        with claimed(tmp_path / "deep" / "run"):
            shutil.rmtree(tmp_path / "deep")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_a_folder_that_cannot_be_one_is_said_before_the_photos_are_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    photos = make_photos(tmp_path / "photos")
    (photos / "0.png").write_bytes(b"no photo")
    for place in (tmp_path / "file", tmp_path / "file" / "run"):
        for extra in ((), ("--within", "1h")):
            command = [*quick(tmp_path, photos), place, *extra]
            if extra:
                del command[command.index("--steps") : command.index("--steps") + 2]
            refused = deblur(*command)
            assert refused.code == 1
            assert "cannot be the folder of a run" in refused.said
            assert "name another with --output" in refused.said


def test_no_time_at_all_is_a_time(tmp_path: Path, photos: Path) -> None:
    stopped = deblur(*quick(tmp_path, photos), tmp_path / "run", "--time-limit", "0s")
    assert stopped.code == 0
    assert "time limit at step 0" in stopped.said
