"""`python -m benchmarks`, as its user types it."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.baselines import BASELINES
from benchmarks.datasets import DATASETS
from benchmarks.metrics import METRICS, Metric
from deblur import catalog
from deblur.catalog import CATALOG
from tests.benchmarks.records import write_pairs

SRCNN = Path(catalog.__file__).parent / "pretrained" / "srcnn" / "model.onnx"
WIDE = {"COLUMNS": "200"}


def benchmarks(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(each) for each in arguments], env=WIDE)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def said(result: Result) -> str:
    return " ".join(result.stderr.split())


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return write_pairs(tmp_path / "pairs", count=3)


def test_what_there_is_is_listed() -> None:
    for command, names in (
        ("datasets", DATASETS),
        ("models", [*CATALOG, *BASELINES]),
        ("metrics", METRICS),
    ):
        shown = benchmarks(command).stdout
        assert all(name in shown for name in names)


def test_several_models_on_several_datasets_give_tables_and_records(
    pairs: Path, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    result = benchmarks(
        *("run", "--dataset", f"pairs={pairs}", "--dataset", f"photos={pairs / 'blur'}"),
        *("--model", "blurred", "--model", "srcnn", "--metrics", "brisque", "--no-cost"),
        *("--backend", "onnx", "-o", results),
    )
    assert result.exit_code == 0, result.output
    assert "pairs, 3 pictures" in result.stdout
    assert "photos, 3 pictures" in result.stdout
    records = sorted(
        path.parent.relative_to(results).as_posix() for path in results.rglob("*.json")
    )
    assert records == ["pairs/blurred", "pairs/srcnn", "photos/blurred", "photos/srcnn"]
    assert "brisque" in said(result)
    again = benchmarks("show", results)
    assert again.stdout.split() == result.stdout.split()


def test_records_of_other_pictures_have_a_table_of_their_own(pairs: Path, tmp_path: Path) -> None:
    others = write_pairs(tmp_path / "others", count=2)
    for folder in (pairs, others):
        common = ("--model", "blurred", "--metrics", "psnr", "--no-cost", "-o", tmp_path / "both")
        assert benchmarks("run", "--dataset", f"pairs={folder}", *common).exit_code == 0
    shown = benchmarks("show", tmp_path / "both").stdout
    assert "pairs, 3 pictures" in shown
    assert "pairs, 2 pictures" in shown


def test_a_models_name_is_not_taken_for_markup(pairs: Path, tmp_path: Path) -> None:
    result = benchmarks(
        *("run", "--images-from", pairs / "blur", "--model", "mine [v2 /best]", "--no-cost"),
        *("--dataset", f"pairs={pairs}", "--metrics", "psnr", "-o", tmp_path / "results"),
    )
    assert result.exit_code == 0, result.output
    assert "mine [v2 /best]" in result.stdout


def test_two_records_are_compared(pairs: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    for model, path in (("blurred", first), ("unsharp-mask", second)):
        common = ("--dataset", "pairs", "--root", pairs, "--metrics", "psnr", "--no-cost")
        result = benchmarks("run", "--model", model, *common, "-o", path)
        assert result.exit_code == 0, result.output
    record = json.loads(second.read_text())
    assert record["model"]["name"] == "unsharp-mask"
    assert record["command"].startswith("python -m benchmarks")
    shown = benchmarks("compare", first, second).stdout
    assert "0 of 3" in shown
    assert "blurred" in shown
    record["dataset"]["digest"] = "0"
    second.write_text(json.dumps(record))
    refused = benchmarks("compare", first, second)
    assert refused.exit_code == 1
    assert "different pictures" in said(refused)


def test_what_has_no_finite_score_is_left_out_of_a_comparison(pairs: Path, tmp_path: Path) -> None:
    for model in ("blurred", "unsharp-mask"):
        common = ("--dataset", f"pairs={pairs}", "--metrics", "change,psnr", "--no-cost")
        assert not benchmarks("run", "--model", model, *common, "-o", tmp_path).exit_code
    files = sorted((tmp_path / "pairs").rglob("*.json"))
    shown = benchmarks("compare", *files)
    assert "PSNR" in shown.stdout.upper()
    assert "change" not in shown.stdout


def test_records_that_a_board_does_not_take_are_all_kept_and_named(
    pairs: Path, tmp_path: Path
) -> None:
    about = tmp_path / "about.json"
    about.write_text("{}")
    result = benchmarks(
        *("run", "--model", "blurred", "--model", "unsharp-mask", "--dataset", f"pairs={pairs}"),
        *("--metrics", "psnr", "--no-cost", "-o", tmp_path / "results"),
        *("--submit", "http://127.0.0.1:9", "--about", about),
    )
    assert result.exit_code == 1
    for path in (tmp_path / "results").rglob("*.json"):
        assert f"{path}: http://127.0.0.1:9 did not take" in said(result)
    assert said(result).count("did not take the record") == 2


def test_the_speed_of_a_model_that_is_not_there_is_a_sentence() -> None:
    result = benchmarks("speed", "--model", "nobody")
    assert result.exit_code == 1
    assert "no model 'nobody'" in said(result)


def test_pictures_of_another_program_are_scored(pairs: Path, tmp_path: Path) -> None:
    result = benchmarks(
        *("run", "--model", "theirs", "--images-from", pairs / "sharp", "--metrics", "psnr,ssim"),
        *("--dataset", f"pairs={pairs}", "-o", tmp_path / "theirs.json"),
    )
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "theirs.json").read_text())
    assert [image["scores"]["psnr"] for image in record["images"]] == ["Infinity"] * 3
    assert record["means"]["ssim"]["value"] == 1
    assert "psnr" not in record["means"]
    assert record["cost"] is None


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--dataset", "nowhere"], "no dataset 'nowhere'"),
        (["--dataset", "gopro"], "where does gopro lie?"),
        (["--dataset", "gopro=/nowhere"], "no folder /nowhere"),
        (["--dataset", "gopro={pairs}"], "not of GoPro's layout"),
        (["--dataset", "pairs={pairs}", "--dataset", "mini", "--root", "/"], "NAME=FOLDER"),
        (["--dataset", "pairs={pairs}", "--limit", "2"], "add --subset NAME"),
        (["--dataset", "photos={pairs}/blur", "--metrics", "psnr"], "no sharp pictures"),
        (["--dataset", "pairs={pairs}", "--metrics", "beauty"], "no metric 'beauty'"),
        (["--dataset", "pairs={pairs}", "--model", "nobody"], "no model 'nobody'"),
        (["--dataset", "gopro-subset5={pairs}"], "missing: GOPR0384_11_00-000001"),
        (["--images-from", "{pairs}"], "name it by --model"),
        (["--dataset", "pairs={pairs}", "-o", "{pairs}/one.json"], "do not fit into"),
        (
            ["--model", "srcnn", "-o", "{pairs}/blur/1.png"],
            "1.png cannot hold results",
        ),
        (["--model", "srcnn", "-o", "{pairs}/taken.json"], "taken.json is a folder"),
        (["--model", "srcnn", "-o", "{pairs}/of-mini.json"], "is no record, so it is not replaced"),
        (["--dataset", "pairs={pairs}", "--model", "srcnn", "--tile", "8"], "are too small"),
        (
            ["--model", "srcnn", "--model", str(SRCNN), "--save", "{pairs}/x"],
            "are both called srcnn",
        ),
        (
            ["--backend", "onnx", "--backend", "torch", "--save", "{pairs}/x"],
            "name one dataset and one backend",
        ),
        (["--model", "blured"], "or a baseline, blurred, unsharp-mask"),
        (
            ["--dataset", "pairs={pairs}", "--manifest", "{pairs}/of-mini.json"],
            "is of mini, not",
        ),
        (["--dataset", "pairs={pairs}", "--manifest", "{pairs}/blur/1.png"], "is no manifest; `py"),
        (["--dataset", "pairs={pairs}", "--manifest", "{pairs}/nothing"], "cannot be read"),
    ],
)
def test_what_is_wrong_is_one_sentence(pairs: Path, arguments: list[str], complaint: str) -> None:
    (pairs / "taken.json").mkdir()
    (pairs / "of-mini.json").write_text('{"dataset": "mini"}')
    result = benchmarks("run", *(each.format(pairs=pairs) for each in arguments))
    assert result.exit_code == 1
    assert complaint in said(result)
    assert "Traceback" not in result.output


def test_a_manifest_tells_when_pictures_changed(pairs: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    assert benchmarks("manifest", "pairs", "--root", pairs, "-o", manifest).exit_code == 0
    command = ("run", "--dataset", f"pairs={pairs}", "--manifest", manifest, "--model", "blurred")
    options = ("--metrics", "psnr", "--no-cost", "-o", tmp_path / "results")
    assert benchmarks(*command, *options).exit_code == 0
    (pairs / "blur" / "1.png").write_bytes((pairs / "blur" / "2.png").read_bytes())
    altered = benchmarks(*command, *options)
    assert altered.exit_code == 1
    assert "the blurred picture 1 is not the one" in said(altered)
    for part in ("blur", "sharp"):
        (pairs / part / "1.png").unlink()
    assert "missing: 1" in said(benchmarks(*command, *options))


def test_pictures_without_a_score_are_told(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moody(restored: np.ndarray) -> float:
        raise ValueError("not today")

    moods = Metric("moods", "Moods", moody, "nothing", "higher", 1, "none")
    monkeypatch.setattr("benchmarks.metrics.METRICS", {**METRICS, "moods": moods})
    options = ("--dataset", f"pairs={pairs}", "--model", "blurred", "--metrics", "psnr,moods")
    result = benchmarks("run", *options, "-o", tmp_path / "results")
    assert result.exit_code == 0, result.output
    assert "pictures lack a score; " in said(result)
    assert ": moods: not today" in said(result)


def test_a_stopped_run_says_that_it_goes_on(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("benchmarks.running.runner.carry_out", stop)
    options = ("--dataset", f"pairs={pairs}", "--model", "blurred", "-o", tmp_path / "results")
    stopped = benchmarks("run", *options)
    assert stopped.exit_code == 130
    assert "the same command goes on from there" in said(stopped)


def test_a_folder_without_records_is_named(tmp_path: Path) -> None:
    result = benchmarks("show", tmp_path)
    assert result.exit_code == 1
    assert "there are no records there" in said(result)


def test_a_part_is_recorded_under_its_own_name(pairs: Path, tmp_path: Path) -> None:
    result = benchmarks(
        *("run", "--dataset", f"pairs={pairs}", "--subset", "two", "--limit", "2"),
        *("--model", "blurred", "--metrics", "psnr", "-o", tmp_path / "part.json"),
    )
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "part.json").read_text())["dataset"]
    assert (record["name"], record["subset_of"], record["images"]) == ("pairs-two", "pairs", 2)
    assert {path.name for path in tmp_path.iterdir()} == {"pairs", "part.json"}


def test_where_a_dataset_comes_from_is_said(tmp_path: Path) -> None:
    result = benchmarks("download", "hide", "--root", tmp_path)
    assert result.exit_code == 1
    for word in ("HA_deblur", "cite the paper", "--dataset hide=FOLDER"):
        assert word in said(result)
