"""Training and what belongs to it, as somebody at a terminal meets it."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deblur.networks import build_network
from deblur.training.config import SourceConfig, TrainingConfig
from deblur.training.durations import duration
from deblur.training.run.checkpoint import Checkpoint, save_checkpoint
from deblur.weights import find_model
from tests.cli.command_line import deblur, files_in, picture, process, size_of
from tests.cli.tiny_runs import RECIPES, STEPS, TINY, config_file, config_of
from tests.pictures import scene
from tests.training.runs import make_pairs, make_photos


def test_a_run_leaves_configuration_split_and_checkpoints(trained: Path, photos: Path) -> None:
    assert files_in(trained) == ["best.pt", "checkpoint.pt", "config.json", "split.json"]
    config = config_of(trained)
    assert (config["model"], config["preset"], config["steps"]) == ("srcnn", "fast", STEPS)
    assert config["crops"] == [{"start": 0.0, "side": 32, "batch": 2}]
    assert [(each["path"], each["split"]) for each in config["sources"]] == [(str(photos), "train")]
    (split,) = json.loads((trained / "split.json").read_text())
    named = [*split["train"], *split["validation"], *split["test"]]
    assert sorted(named) == sorted(path.name for path in photos.iterdir())
    assert len(set(named)) == len(named)


def test_a_run_is_not_trained_over(trained: Path, photos: Path, tiny: Path) -> None:
    before = (trained / "checkpoint.pt").read_bytes()
    refused = deblur("train", *TINY, "--config", tiny, "--data", photos, "-o", trained)
    assert refused.code == 1
    assert "holds a run" in refused.said
    assert (trained / "checkpoint.pt").read_bytes() == before


def test_a_run_stops_in_time_and_resumes_by_its_folder_alone(
    tmp_path: Path, trained: Path, photos: Path, tiny: Path
) -> None:
    import torch

    from deblur.training.run.checkpoint import load_checkpoint

    run = tmp_path / "run"
    options = ("--config", tiny, "--data", photos, "-o", run)
    stopped = deblur("train", *TINY, *options, "--time-limit", "0.000001s")
    assert stopped.code == 0
    assert f"train --resume {run}" in stopped.said
    assert load_checkpoint(run / "checkpoint.pt").step == 0
    assert process("train", "--resume", run, "--device", "cpu", cwd=tmp_path).code == 0
    resumed, whole = (load_checkpoint(each / "checkpoint.pt") for each in (run, trained))
    assert resumed.step == whole.step
    for name, value in whole.ema.items():
        torch.testing.assert_close(resumed.ema[name], value, rtol=1e-4, atol=1e-6)


def test_a_run_takes_the_steps_that_fit_into_a_time(
    tmp_path: Path, photos: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deblur.training.run import pace
    from deblur.training.run.checkpoint import load_checkpoint

    monkeypatch.setattr(pace, "MAX_TRIAL_SECONDS", 0.2)
    small = ("--model", "srcnn", "--batch", 2, "--crop", 32, "--device", "cpu")
    options = (*small, "--config", tiny, "--data", photos, "-o", tmp_path / "run")
    done = deblur("train", *options, "--within", "40s", "--time-limit", "5s")
    assert done.code == 0, done.err
    saved = load_checkpoint(tmp_path / "run" / "checkpoint.pt")
    assert 0 < saved.step <= saved.training_config().steps < 10_000
    for other, value in (("--steps", "5"), ("--write-config", tmp_path / "run.json")):
        refused = deblur("train", *options, "--within", "40s", other, value)
        assert refused.code == 1
        assert f"leave out {other}" in refused.said
    assert deblur("train", *options[:-1], tmp_path / "none", "--within", "0s").code == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("45", 45), ("9m", 540), ("1.5h", 5400), ("1h30m", 5400)]
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert math.isclose(duration(text), seconds)


def test_the_seed_preset_is_the_classic_recipe(tmp_path: Path, photos: Path) -> None:
    """Without --steps it counts in epochs; one second of it is enough to see what it will do."""
    done = deblur(
        "train",
        *("--preset", "seed", "--model", "srcnn", "--data", photos, "-o", tmp_path / "run"),
        *("--crop", "40", "--time-limit", "0.000001s", "--device", "cpu"),
        *("--config", config_file(tmp_path, {"recipe": {"length": [1, 8], "defocus": [0.5, 1]}})),
    )
    assert done.code == 0, done.err
    config = config_of(tmp_path / "run")
    assert config["optimizer"]["name"] == "adam"
    assert config["optimizer"]["learning_rate"] == 1e-4
    assert config["schedule"]["kind"] == "plateau"
    assert (config["schedule"]["factor"], config["schedule"]["patience"]) == (0.5, 3)
    assert config["steps"] == 100 * config["validate_every"]


@pytest.mark.parametrize(
    ("preset", "model", "held"),
    [("fast", "unet", True), ("fast", "residual-unet-s", False), ("seed", "unet", False)],
)
def test_the_fast_preset_holds_still_what_carries_the_picture(
    tmp_path: Path, photos: Path, preset: str, model: str, held: bool
) -> None:
    options = ("--preset", preset, "--model", model, "--data", photos)
    assert deblur("train", *options, "--write-config", tmp_path / "run.json").code == 0
    assert json.loads((tmp_path / "run.json").read_text())["keep_identity"] is held


def test_the_gan_gets_its_critic(tmp_path: Path, photos: Path, tiny: Path) -> None:
    options = ("--config", tiny, "--data", photos, "-o", tmp_path / "run", "--steps", 1)
    done = deblur("train", *TINY, *options, "--model", "gan", "--loss", "l1=0.5")
    assert done.code == 0, done.err
    config = config_of(tmp_path / "run")
    assert config["adversarial"]["objective"] == "bce"
    assert config["losses"] == {"l1": 0.5}
    assert config["value_range"] == [-1.0, 1.0]


def test_fine_tuning_starts_from_a_model(tmp_path: Path, tiny: Path) -> None:
    pairs = make_pairs(tmp_path / "pairs", 12)
    options = (*TINY, "--preset", "fine-tune", "--config", tiny, "--data", pairs)
    refused = deblur("train", *options, "-o", tmp_path / "run")
    assert refused.code == 1
    assert "--init-from" in refused.said
    done = deblur("train", *options, "-o", tmp_path / "run", "--init-from", "srcnn")
    assert done.code == 0, done.err
    assert config_of(tmp_path / "run")["optimizer"]["learning_rate"] < 1e-3


def test_a_run_that_starts_from_a_model_is_of_that_model(tmp_path: Path) -> None:
    pairs = make_pairs(tmp_path / "pairs", 12)
    options = ("--preset", "fine-tune", "--data", pairs, "--write-config", tmp_path / "run.json")
    assert deblur("train", *options, "--init-from", "residual-unet-s").code == 0
    assert json.loads((tmp_path / "run.json").read_text())["model"] == "residual-unet-s"


def test_bad_files_are_left_out_and_counted_when_asked(tmp_path: Path, tiny: Path) -> None:
    folder = make_photos(tmp_path / "photos", 12)
    (folder / "0.png").write_bytes((folder / "1.png").read_bytes()[:400])
    options = (*TINY, "--steps", 10, "--config", tiny, "--data", folder, "--validation", folder)
    done = deblur("train", *options, "-o", tmp_path / "run", "--skip-bad")
    assert done.code == 0, done.err
    assert "1 file was left out" in done.said


def test_a_run_that_took_no_step_leaves_nothing_in_the_way(tmp_path: Path, tiny: Path) -> None:
    folder, good = make_photos(tmp_path / "photos", 2), make_photos(tmp_path / "good", 2)
    options = (*TINY, "--config", tiny, "--data", folder, "--validation", good)
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    for path, content in whole.items():
        path.write_bytes(content[:-3000])
    refused = deblur("train", *options, "-o", tmp_path / "run")
    assert refused.code == 1
    assert "cannot be read as a photo" in refused.said
    for path, content in whole.items():
        path.write_bytes(content)
    assert deblur("train", *options, "-o", tmp_path / "run").code == 0


def test_a_bad_file_stops_a_run_that_may_then_leave_it_out(tmp_path: Path, tiny: Path) -> None:
    folder, run = make_photos(tmp_path / "photos", 12), tmp_path / "run"
    options = (*TINY, "--config", tiny, "--data", folder, "--validation", folder, "-o", run)
    assert deblur("train", *options, "--time-limit", "0.000001s").code == 0
    (folder / "0.png").write_text("no photo")
    refused = deblur("train", "--resume", run, "--device", "cpu")
    assert refused.code == 1
    assert "train --skip-bad" in refused.said
    done = deblur("train", "--resume", run, "--skip-bad", "--device", "cpu")
    assert done.code == 0, done.err
    assert "1 file was left out" in done.said


def test_both_exports_restore_alike_on_their_engines(tmp_path: Path, trained: Path) -> None:
    photo, restored = picture(tmp_path / "a.png"), {}
    for engine, suffix in (("onnx", ".onnx"), ("torch", ".safetensors")):
        model, out = tmp_path / f"mine{suffix}", tmp_path / f"{engine}.png"
        exported = deblur("export", trained / "checkpoint.pt", "-o", model)
        assert exported.code == 0, exported.err
        options = ("--model", model, "--backend", engine, "--device", "cpu", "--json")
        done = deblur("restore", photo, "-o", out, *options)
        assert done.code == 0, done.err
        assert (done.records[0]["backend"], done.records[0]["model"]) == (engine, "srcnn")
        restored[engine] = np.asarray(Image.open(out), int)
    assert np.abs(restored["onnx"] - restored["torch"]).max() <= 1


def test_a_packed_set_is_trained_on_without_unpacking(
    tmp_path: Path, photos: Path, tiny: Path
) -> None:
    archive = tmp_path / "set.zip"
    packed = deblur("pack", "--data", f"photos:{photos}", "-o", archive, "--max-mib", 1)
    assert packed.code == 0, packed.err
    options = ("--config", tiny, "--data", f"photos:{archive}", "-o", tmp_path / "run")
    done = deblur("train", *TINY, *options)
    assert done.code == 0, done.err


def test_the_sheet_shows_sharp_over_blurred(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.fromarray(scene(160, 160)).save(folder / "a.png")
    sheet = tmp_path / "sheet.png"
    options = ("--preview", sheet, "--count", 8, "--crop", 64)
    done = deblur("synthesize", folder, *options)
    assert done.code == 0, done.err
    with Image.open(sheet) as image:
        assert image.size == (6 * 64, 4 * 64)
        pixels = np.asarray(image, float)
    assert not np.array_equal(pixels[:64], pixels[64:128])


def test_of_several_configurations_the_later_wins_field_by_field(
    tmp_path: Path, photos: Path
) -> None:
    written, files = tmp_path / "run.json", list[object]()
    for number, length in enumerate(([1, 30], [1, 14])):
        (tmp_path / str(number)).mkdir()
        fields = {"recipe": {"length": length} | ({} if number else {"sharp": 0.25})}
        files += ["--config", config_file(tmp_path / str(number), fields)]
    told = deblur("train", *files, "--data", photos, "--write-config", written)
    assert told.code == 0, told.said
    recipe = json.loads(written.read_text())["recipe"]
    assert (recipe["length"], recipe["sharp"]) == ([1, 14], 0.25)


@pytest.mark.parametrize(
    ("model", "recipes"),
    [
        ("residual-unet-xs", ["motion"]),
        ("residual-unet-m", ["video", "gpu"]),
        ("unet", ["unet"]),
        ("srcnn", ["srcnn"]),
        ("gan", ["gan"]),
    ],
)
def test_the_recipes_of_the_shipped_weights_can_be_read(
    tmp_path: Path, photos: Path, model: str, recipes: list[str]
) -> None:
    files = [
        part for name in ("handheld", *recipes) for part in ("--config", RECIPES / f"{name}.json")
    ]
    written = tmp_path / "run.json"
    told = deblur("train", "--model", model, *files, "--data", photos, "--write-config", written)
    assert told.code == 0, told.said
    run = TrainingConfig.from_json(written.read_text())
    assert (run.model, run.recipe.grain_kept) == (model, 0.7)
    assert run.losses == json.loads((RECIPES / f"{recipes[-1]}.json").read_text())["losses"]


def test_what_a_file_began_is_trained_on_and_exported(
    tmp_path: Path, trained: Path, photos: Path, tiny: Path
) -> None:
    model, run = tmp_path / "documents.safetensors", tmp_path / "run"
    options = ("--config", tiny, "--data", photos, "--steps", 1, "--batch", 2, "--crop", 32)
    assert deblur("export", trained / "best.pt", "--name", "documents", "-o", model).code == 0
    done = deblur("train", "--init-from", model, *options, "--device", "cpu", "-o", run)
    assert done.code == 0, done.err
    exported = deblur("export", run / "best.pt", "-o", tmp_path / "[final] documents.onnx")
    assert exported.code == 0, exported.err
    assert "[final] documents.onnx" in exported.out
    assert find_model(str(tmp_path / "[final] documents.onnx")).name == "documents"


def test_a_checkpoint_tells_which_model_is_trained_on(
    tmp_path: Path, trained: Path, photos: Path
) -> None:
    options = ("--init-from", trained / "best.pt", "--write-config", tmp_path / "run.json")
    assert deblur("train", "--data", photos, *options).code == 0
    assert json.loads((tmp_path / "run.json").read_text())["model"] == "srcnn"


def test_a_network_of_other_depth_is_exported(tmp_path: Path) -> None:
    arguments = {"width": 8, "blocks": 1, "levels": 5, "stem": 2}
    sources = (SourceConfig("photos", "photos"),)
    config = TrainingConfig("residual-unet-s", "residual_unet", arguments, sources)
    weights = dict(build_network("residual_unet", arguments).state_dict())
    path = tmp_path / "deep.pt"
    save_checkpoint(Checkpoint(config.to_json(), 1, weights, weights, {}, {}, {}, {}), path)
    done = deblur("export", path, "-o", tmp_path / "deep.onnx")
    assert done.code == 0, done.err
    assert find_model(str(tmp_path / "deep.onnx")).size_multiple == 32


def test_a_sheet_that_is_there_stays_unless_told(tmp_path: Path) -> None:
    folder, sheet = make_photos(tmp_path / "photos", 1, side=200), tmp_path / "blur.png"
    sheet.write_bytes(b"precious")
    command = ("synthesize", folder, "--preview", sheet, "--count", 1, "--crop", 32)
    refused = deblur(*command)
    assert (refused.code, sheet.read_bytes()) == (1, b"precious")
    assert "exists already" in refused.said
    assert deblur(*command, "--overwrite").code == 0
    assert size_of(sheet)[1] == 64
