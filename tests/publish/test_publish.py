"""From a checkpoint to a repository on the Hub, and back by name in another cache."""

import errno
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries
from PIL import Image

from deblur.errors import PublishError
from deblur.publish.evaluation import measured_in
from deblur.publish.push import Pushed, push
from deblur.records.protocol import EvalProtocol
from deblur.records.run_result import DatasetRecord, ImageScore, Mean, RunResult
from deblur.restorer import Restorer
from deblur.training.config import SourceConfig
from deblur.training.run.loop import train
from deblur.weights import find_model
from leaderboard.store.entries import Entry
from tests.cli.command_line import ROOT, Outcome, deblur
from tests.leaderboard.entries import METRICS, record
from tests.loopback_hub import TOKEN, Hub
from tests.pictures import scene
from tests.training.runs import make_pairs, make_photos, one_thread, tiny_run

MINE = "guest/mine"
RULES = EvalProtocol().digest()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of six steps."""
    folder = tmp_path_factory.mktemp("run")
    run = tiny_run(SourceConfig("photos", str(make_photos(folder / "photos"))), validate_every=3)
    with one_thread():
        return train(run, folder / "run", device="cpu").path


def exported(checkpoint: Path, file: str, *more: object) -> Path:
    path = checkpoint.parent / file
    done = deblur("export", checkpoint, "--name", "mine", "-o", path, *more)
    assert done.code == 0, done.err
    return path


@pytest.fixture(scope="module")
def variant(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(scene(140, 270)).save(folder / "photo.png")
    return exported(checkpoint, "fp16.onnx", "--precision", "fp16", "--photos", folder)


def record_of(model: str, weights: Path | None, psnr: float) -> RunResult:
    """Of GoPro's 1,111 pictures; of a network when there are weights, else of a baseline."""
    about = {
        "kind": "network" if weights else "baseline",
        "weights_sha256": find_model(str(weights)).weights[0].sha256 if weights else None,
    }
    pictures = [
        ImageScore(id=f"{number}", width=1280, height=720, blurred="", scores={"psnr": psnr},
                   seconds=0.1)
        for number in range(1111)
    ]  # fmt: skip
    return record(
        model,
        pictures,
        about,
        dataset=DatasetRecord(name="gopro", title="GoPro test", images=1111, digest="12ab"),
        metrics={"psnr": METRICS["psnr"].model_copy(update={"definition": "dB, RGB"})},
        means={"psnr": Mean(value=psnr, low=psnr - 1, high=psnr + 1, count=1111)},
    )


@pytest.fixture(scope="module")
def full(checkpoint: Path) -> Path:
    return exported(checkpoint, "mine.onnx")


@pytest.fixture(scope="module")
def records(checkpoint: Path, full: Path) -> list[Path]:
    """What the published network scored, and what the blurred pictures do."""
    paths = []
    for name, of, psnr in (("mine", full, 27.123), ("blurred", None, 25.64)):
        paths.append(checkpoint.parent / f"{name}.json")
        paths[-1].write_text(record_of(name, of, psnr).to_json())
    return paths


@pytest.fixture
def hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return hub


@pytest.fixture
def run(checkpoint: Path) -> Callable[..., Outcome]:
    """`publish` of the checkpoint under the name `mine`."""
    return lambda *more: deblur("publish", checkpoint, MINE, "--name", "mine", *more)


def test_a_trained_network_is_published_pulled_by_name_and_restores_on_both_engines(
    hub: Hub, run: Callable[..., Outcome], variant: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    done = run("--variant", variant)
    assert done.code == 0, done.err
    published = hub.repos["model", MINE]
    head = published.refs["main"]
    assert f"{hub.url}/{MINE} is at {head[:7]}\n" in done.out
    hub.adopt(monkeypatch, tmp_path / "another home")
    spec = find_model(MINE)
    assert (spec.name, spec.trained_on) == ("mine", ("photos: photos",))
    assert {ref.file for ref in spec.weights} <= {*published.files()}
    assert {ref.revision for ref in spec.weights} == {head}
    Image.fromarray(scene(40, 50)).save(tmp_path / "photo.png")
    restored = {}
    for engine, precision in (("onnx", "fp32"), ("torch", "fp32"), ("onnx", "fp16")):
        restorer = Restorer.open(MINE, engine=engine, device="cpu", precision=precision)
        out = tmp_path / f"{engine}-{precision}.png"
        report = restorer.restore_file(tmp_path / "photo.png", out)
        assert (report.backend, report.precision) == (engine, precision)
        restored[engine, precision] = np.asarray(Image.open(out)).astype(int)
    expected = restored["onnx", "fp32"]
    assert all(np.abs(each - expected).max() <= 1 for each in restored.values())


def test_a_published_network_is_measured_by_name_and_its_scores_are_published(
    hub: Hub, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    run()
    pairs = make_pairs(tmp_path / "pairs", 2)
    options = ["--dataset", f"pairs={pairs}", "--model", MINE, "--backend", "torch", "-o", "r.json"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "run", *options],
        cwd=tmp_path,
        env=hub.environment(tmp_path / "another home", PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert run("--record", tmp_path / "r.json").code == 0
    card = ModelCard(hub.repos["model", MINE].files()["README.md"].decode()).data
    record = json.loads((tmp_path / "r.json").read_text())
    scores = {each.metric_type: each.metric_value for each in card.eval_results}
    assert scores["psnr"] == round(record["means"]["psnr"]["value"], 2)


def test_publishing_the_same_again_makes_no_commit(
    hub: Hub, run: Callable[..., Outcome], records: list[Path]
) -> None:
    assert run("--record", records[0]).code == 0
    head = hub.repos["model", MINE].refs["main"]
    again = run("--record", records[0])
    assert f"{hub.url}/{MINE} is at {head[:7]}: nothing is new\n" in again.out
    assert hub.repos["model", MINE].refs["main"] == head
    assert run("--licence", "MIT").code == 0
    assert hub.repos["model", MINE].refs["main"] != head


def test_a_dry_run_shows_the_files_and_asks_nobody(
    hub: Hub, run: Callable[..., Outcome], variant: Path
) -> None:
    shown = run("--variant", variant, "--dry-run")
    assert (shown.code, hub.lines) == (0, [])
    sent = run("--variant", variant)
    assert sent.out.splitlines()[:-1] == shown.out.splitlines()[:-1]
    files = hub.repos["model", MINE].files()
    lines = [line.split() for line in shown.out.splitlines()[:-1]]
    assert {path: int(size.replace(",", "")) for size, _, path in lines} == {
        path: len(content) for path, content in files.items()
    }
    assert {"onnx/model_fp16.onnx", "curve.png", "README.md"} <= files.keys()


def test_nothing_that_is_published_says_where_it_was_made(
    hub: Hub, run: Callable[..., Outcome], checkpoint: Path
) -> None:
    run()
    for path, content in hub.repos["model", MINE].files().items():
        assert str(checkpoint.parent).encode() not in content, path
        assert str(ROOT).encode() not in content, path


def test_scores_stand_in_the_card_and_in_the_hubs_own_forms(
    hub: Hub, run: Callable[..., Outcome], records: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "notes.md").write_text("## Data and terms\n\nMy holidays.")
    given = [option for path in records for option in ("--record", path)]
    done = run(*given, "--benchmark", "guest/board", "--notes", tmp_path / "notes.md")
    assert done.code == 0, done.err
    files = hub.repos["model", MINE].files()
    text = files["README.md"].decode()
    card = ModelCard(text).data
    assert card.license == "apache-2.0"
    assert [
        (each.dataset_type, each.metric_type, each.metric_value) for each in card.eval_results
    ] == [("gopro", "psnr", 27.12)]
    assert f"| GoPro test (1111 pictures) | mine | 27.12 (26.12 to 28.12) | {RULES} |" in text
    assert f"| GoPro test (1111 pictures) | blurred | 25.64 (24.64 to 26.64) | {RULES} |" in text
    for said in ("My holidays.", "## Limits", f"--model {MINE} --backend torch", "| data | 100%"):
        assert said in text
    (result,) = parse_eval_result_entries(yaml.safe_load(files[".eval_results/gopro.yaml"]))
    assert (result.dataset_id, result.task_id, result.value) == ("guest/board", "gopro", 27.12)
    assert f"PSNR, dB, RGB; 1111 pictures; protocol {RULES}" in (result.notes or "")


def test_a_model_that_nobody_measured_says_so(hub: Hub, run: Callable[..., Outcome]) -> None:
    run()
    text = hub.repos["model", MINE].files()["README.md"].decode()
    assert "Nobody has measured it" in text
    assert "model-index" not in text


def test_scores_of_other_weights_are_refused(
    hub: Hub, run: Callable[..., Outcome], records: list[Path]
) -> None:
    done = run("--record", records[0], "--trained-on", "something else")
    assert done.code == 1
    assert "was measured with other weights than are published here" in done.said
    assert hub.lines == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{}", "model: Field required"), ("[]", "no attribute"), ("{", "Expecting")],
)
def test_what_is_no_record_is_refused(content: str, reason: str) -> None:
    with pytest.raises(PublishError, match=rf"x.json is no benchmark record \(.*{reason}"):
        measured_in(content, "x.json")


def test_a_record_is_read_as_it_is_and_out_of_an_entry() -> None:
    made = record_of("mine", None, math.inf)
    entry = Entry(kind="measured", record=made, submitted="2026-01-01")
    for text in (made.to_json(), entry.model_dump_json()):
        assert measured_in(text, "x.json") == made


def test_a_variant_of_another_network_is_refused(
    hub: Hub, run: Callable[..., Outcome], variant: Path, full: Path
) -> None:
    done = run("--variant", variant, "--trained-on", "something else")
    assert "is no variant of this model as it is exported here" in done.said
    done = run("--variant", full)
    assert "is no variant of this model as it is exported here" in done.said
    done = run("--variant", variant, "--variant", variant)
    assert "is a second fp16 variant; name one" in done.said
    assert hub.lines == []


@pytest.mark.parametrize("name", ["mine", "guest/mine@v1", "hf://guest/mine/x.onnx", "a b/c"])
def test_what_cannot_name_a_repository_is_refused_first(
    hub: Hub, checkpoint: Path, name: str
) -> None:
    done = deblur("publish", checkpoint, name, "--dry-run")
    assert (done.code, done.out) == (1, "")
    assert "write owner/name" in done.said


def test_a_full_disk_is_a_sentence(
    run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("onnx.save", full)
    done = run("--dry-run")
    assert done.code == 1
    assert "no space is left in" in done.said
    assert "set TMPDIR" in done.said


# --- what goes over the line -----------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    contents = {"config.json": b"{}", "onnx/model.onnx": bytes(range(256))}
    for path, content in contents.items():
        (tmp_path / "files" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / path).write_bytes(content)
    return {path: tmp_path / "files" / path for path in contents}


def send(files: dict[str, Path], **options: Any) -> Pushed:
    return push(MINE, files, "Publish mine", **options)


@pytest.mark.parametrize("matching", ["repos/create", "preupload", "/commit/"])
@pytest.mark.parametrize(
    ("status", "next_step"),
    [
        (401, "set HF_TOKEN to a token that may write"),
        (403, "name a repository of your own, or set HF_TOKEN"),
        (413, "free some of your storage"),
        (429, "publish again later"),
        (500, "publish again later"),
        (None, "connect, and publish again"),
    ],
)
def test_what_the_hub_refuses_is_one_sentence_and_changes_nothing(
    hub: Hub, files: dict[str, Path], matching: str, status: int | None, next_step: str
) -> None:
    hub.fail(status, matching=matching)
    with pytest.raises(PublishError, match=next_step) as caught:
        send(files)
    assert "\n" not in str(caught.value)
    assert all(repo.files() == {} for repo in hub.repos.values())
    hub.recover()
    assert send(files).changed
    assert hub.repos["model", MINE].files().keys() == files.keys()


def test_without_a_token_the_next_step_is_told(
    hub: Hub, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(PublishError, match=r"does not know who publishes .* set HF_TOKEN"):
        send(files)
    assert hub.repos == {}


def test_offline_the_next_step_is_told(
    hub: Hub, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(PublishError, match=r"unset it, or use --dry-run"):
        send(files)


def test_somebody_elses_commit_in_between_is_not_replaced(hub: Hub, files: dict[str, Path]) -> None:
    hub.fail(412, matching="/commit/", times=1)
    with pytest.raises(PublishError, match=r"at the same time .*: publish again"):
        send(files)


def test_a_private_repository_stays_private(hub: Hub, files: dict[str, Path]) -> None:
    send(files, private=True)
    assert hub.repos["model", MINE].private
    assert not send(files).changed
    assert hub.repos["model", MINE].private


def test_a_public_repository_is_not_taken_for_a_private_one(
    hub: Hub, files: dict[str, Path]
) -> None:
    repo = hub.add_repo(MINE)
    with pytest.raises(PublishError, match=r"public: .* leave out --private"):
        send(files, private=True)
    assert repo.files() == {}


def test_variants_of_an_earlier_model_go_and_what_others_added_stays(
    hub: Hub, files: dict[str, Path]
) -> None:
    repo = hub.add_repo(MINE)
    repo.commit({"onnx/model_int8.onnx": b"old", ".eval_results/theirs.yaml": b"[]"})
    send(files)
    assert repo.files().keys() == {*files, ".eval_results/theirs.yaml"}
