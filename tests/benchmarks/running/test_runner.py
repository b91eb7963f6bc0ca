"""From tasks to records: whole, resumable, and the same whoever does the work."""

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.datasets import open_dataset
from benchmarks.errors import BenchmarkError, DatasetError, MetricError
from benchmarks.methods import MethodChoice
from benchmarks.metrics import METRICS
from benchmarks.running import runner
from benchmarks.running.journal import UNFINISHED, Journal, write_whole
from benchmarks.running.runner import make_record, run
from benchmarks.running.scoring import ShardWorker
from benchmarks.running.shards import MAX_PICTURES, FinishedShard, Task, merge_shards, plan_shards
from deblur.catalog import CATALOG
from deblur.crews import Crew
from deblur.errors import BackendUnavailableError, RecordError, UnknownModelError
from deblur.quality import psnr
from deblur.records.run_result import RunResult, read_record
from deblur.weights import fetch_weights
from tests.benchmarks.records import pairs_dataset, task, write_pairs
from tests.pictures import scene


def without_times(record: RunResult) -> dict[str, object]:
    content = json.loads(record.to_json())
    for image in content["images"]:
        del image["seconds"]
    for name in ("date", "command", "cost", "machines"):
        del content[name]
    return dict(content)


def records(tasks: list[Task], results: Path, crew: Crew | None = None) -> list[RunResult]:
    return [record for record, _ in run(tasks, results, crew=crew, cost=False)]


@pytest.fixture
def pairs(tmp_path: Path) -> Task:
    return task(pairs_dataset(tmp_path / "pairs"))


def test_scores_are_those_of_the_restored_pictures(tmp_path: Path) -> None:
    blurred = task(pairs_dataset(tmp_path / "pairs"), "blurred")
    (record,) = records([blurred], tmp_path)
    pictures = [
        (np.array(Image.open(item.blurred)), np.array(Image.open(str(item.sharp))))
        for item in blurred.dataset.items
    ]
    expected = [psnr(ours, sharp, peak=255) for ours, sharp in pictures]
    assert [image.scores["psnr"] for image in record.images] == pytest.approx(expected)
    assert record.means["psnr"].value == pytest.approx(np.mean(expected))
    assert record.means["psnr"].low <= record.means["psnr"].value <= record.means["psnr"].high


def test_the_record_lies_where_it_belongs_and_nothing_is_left(pairs: Task, tmp_path: Path) -> None:
    ((record, path),) = run([pairs], tmp_path / "results", cost=False)
    assert path == tmp_path / "results" / "pairs" / "unsharp-mask" / f"{record.id}.json"
    assert read_record(path) == record
    assert not (tmp_path / "results" / UNFINISHED).exists()


def test_two_runs_give_the_same_scores(pairs: Task, tmp_path: Path) -> None:
    first, second = (records([pairs], tmp_path / each)[0] for each in "ab")
    assert without_times(first) == without_times(second)


@pytest.mark.parametrize("crew", [Crew("processes", workers=2), Crew("ray", workers=2)])
def test_every_crew_gives_the_record_of_a_serial_run(
    crew: Crew, pairs: Task, tmp_path: Path, ray_for_tests: None
) -> None:
    other = task(pairs.dataset, "srcnn", backend="onnx", threads=1)
    serial = records([pairs, other], tmp_path / "serial")
    shared = records([pairs, other], tmp_path / "shared", crew)
    assert list(map(without_times, shared)) == list(map(without_times, serial))


class Killed(BaseException):
    """What no code expects."""


def test_a_run_that_was_killed_goes_on(
    pairs: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[str] = []
    plain = ShardWorker.__call__

    def mortal(worker: ShardWorker, shard: object) -> FinishedShard:
        finished = plain(worker, shard)  # type: ignore[arg-type]
        scored.extend(image.id for image in finished.images)
        if len(scored) == 4:
            raise Killed
        return finished

    monkeypatch.setattr(ShardWorker, "__call__", mortal)
    with pytest.raises(Killed):
        records([pairs], tmp_path / "results")
    (record,) = records([pairs], tmp_path / "results")
    assert sorted(scored) == sorted([*"012345", *"23"])
    assert without_times(record) == without_times(records([pairs], tmp_path / "whole")[0])


def test_a_shard_that_was_cut_short_is_scored_again(pairs: Task, tmp_path: Path) -> None:
    shard = plan_shards([pairs])[0]
    finished = ShardWorker([pairs])(shard)
    kept = Journal(tmp_path, pairs)
    kept.keep(shard, finished)
    assert kept.find(shard) == finished
    (path,) = kept.folder.iterdir()
    path.write_text(path.read_text()[:-20])
    assert kept.find(shard) is None
    assert len(records([pairs], tmp_path)[0].images) == 6


def test_pictures_that_changed_are_scored_anew(pairs: Task, tmp_path: Path) -> None:
    handed_in = tmp_path / "restored"
    handed_in.mkdir()
    for item in pairs.dataset.items:
        shutil.copy(str(item.sharp), handed_in / f"{item.id}.png")
    theirs = replace(pairs, method=MethodChoice("theirs", pictures=handed_in))
    before = Journal(tmp_path, theirs).folder
    assert Journal(tmp_path, theirs).folder == before
    os.utime(handed_in / "3.png", ns=(0, 0))
    after = Journal(tmp_path, theirs).folder
    os.utime(str(pairs.dataset.items[2].sharp), ns=(0, 0))
    kept = replace(theirs, save=tmp_path / "kept")
    folders = {before, after, Journal(tmp_path, theirs).folder, Journal(tmp_path, kept).folder}
    assert len(folders) == 4


def test_a_metric_that_gives_no_number_is_named(
    pairs: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = replace(METRICS["psnr"], name="silent", score=lambda *_: None)
    monkeypatch.setattr("benchmarks.metrics.METRICS", {**METRICS, "silent": silent})
    with pytest.raises(MetricError, match="silent gave NoneType, expected a number"):
        records([replace(pairs, metrics=("silent",))], tmp_path)


def test_shards_of_other_weights_pictures_or_rules_are_not_taken(
    pairs: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [
        task(pairs.dataset, "blurred"),
        replace(pairs, protocol=pairs.protocol.model_copy(update={"crop": 2})),
        replace(pairs, metrics=("psnr",)),
        task(pairs_dataset(tmp_path / "others")),
    ]
    folders = {Journal(tmp_path, each).folder for each in [pairs, *others]}
    monkeypatch.setattr("benchmarks.methods.MethodChoice.identity", lambda self: "other weights")
    folders.add(Journal(tmp_path, pairs).folder)
    monkeypatch.setattr("benchmarks.running.journal.version_of_code", lambda: "other code")
    folders.add(Journal(tmp_path, pairs).folder)
    assert len(folders) == 7


@pytest.mark.parametrize("count", [1, 5, 8, 33, 1111])
def test_every_picture_is_in_exactly_one_shard(count: int, pairs: Task) -> None:
    items = tuple(pairs.dataset.items[:1]) * count
    many = replace(pairs, dataset=replace(pairs.dataset, items=items))
    shards = plan_shards([many, many])
    for which in (0, 1):
        taken = [i for each in shards if each.task == which for i in range(each.first, each.end)]
        assert taken == list(range(count))
    assert max(each.end - each.first for each in shards) <= MAX_PICTURES


def test_a_duplicate_and_a_hole_are_refused(pairs: Task) -> None:
    worker = ShardWorker([pairs])
    shards = [worker(shard) for shard in plan_shards([pairs])]
    assert len(make_record(pairs, shards).images) == 6
    with pytest.raises(RecordError, match="0 was scored 2 times"):
        merge_shards(pairs, [*shards, shards[0]])
    with pytest.raises(RecordError, match=r"0 was scored 0 times.*1 was scored 0 times"):
        merge_shards(pairs, shards[1:])
    stranger = shards[0].model_copy(
        update={"images": (shards[0].images[0].model_copy(update={"id": "9"}),)}
    )
    with pytest.raises(RecordError, match="9 is no picture of it"):
        merge_shards(pairs, [*shards, stranger])
    other_engine = shards[0].engine.model_copy(update={"device": "cuda"})
    with pytest.raises(RecordError, match="2 kinds of engine"):
        merge_shards(pairs, [shards[0].model_copy(update={"engine": other_engine}), *shards[1:]])


def test_a_damaged_picture_is_named_and_what_was_finished_stays(
    pairs: Task, tmp_path: Path
) -> None:
    last = pairs.dataset.items[-1].blurred
    whole = last.read_bytes()
    last.write_bytes(whole[:-40])
    with pytest.raises(DatasetError, match=r"blur/5\.png"):
        records([pairs], tmp_path / "results")
    assert len([*(tmp_path / "results").rglob("*.json")]) == 2
    last.write_bytes(whole)
    assert len(records([pairs], tmp_path / "results")[0].images) == 6


def test_undefined_scores_are_kept_and_counted(tmp_path: Path) -> None:
    root = write_pairs(tmp_path / "pairs", count=3)
    for part in ("blur", "sharp"):
        Image.new("RGB", (64, 48), "grey").save(root / part / "1.png")
    flat = replace(task(open_dataset("pairs", root)), metrics=("psnr", "niqe", "brisque"))
    (record,) = records([flat], tmp_path)
    grey = record.images[1]
    assert grey.scores["psnr"] == float("inf")
    assert np.isnan(grey.scores["niqe"])
    assert any("too small for NIQE" in note for note in grey.notes)
    assert (record.means["psnr"].count, record.means["psnr"].left_out) == (2, 1)
    assert np.isfinite(record.means["psnr"].value)
    assert "niqe" not in record.means
    assert read_record(next(tmp_path.rglob(f"{record.id}.json"))).id == record.id


def test_a_picture_too_small_for_a_metric_does_not_end_the_run(tmp_path: Path) -> None:
    for part in ("blur", "sharp"):
        (tmp_path / "pairs" / part).mkdir(parents=True)
        Image.fromarray(scene(9, 40)).save(tmp_path / "pairs" / part / "strip.png")
    strip = replace(task(open_dataset("pairs", tmp_path / "pairs")), metrics=("psnr", "ssim"))
    (record,) = records([strip], tmp_path)
    (image,) = record.images
    assert np.isfinite(image.scores["psnr"])
    assert np.isnan(image.scores["ssim"])
    assert image.notes == ("ssim: SSIM takes pictures of 11 x 11 pixels or more, not (9, 40, 3)",)


def test_a_full_disk_is_an_error_and_leaves_no_half_file(
    pairs: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_whole(tmp_path / "old.json", "old")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BenchmarkError, match=r"old\.json cannot be written \(No space left"):
        write_whole(tmp_path / "old.json", "new")
    with pytest.raises(BenchmarkError, match="the same command then goes on where it stopped"):
        records([pairs], tmp_path / "results")
    assert (tmp_path / "old.json").read_text() == "old"
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_was_measured_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.json"
    there: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda handle: there.append(path.exists()))
    write_whole(path, "new")
    assert there[:1] == [False]


def test_a_file_where_a_folder_must_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "mini").write_text("in the way")
    with pytest.raises(BenchmarkError, match=r"mini/record\.json cannot be written \("):
        write_whole(tmp_path / "mini" / "record.json", "new")


def test_what_cannot_be_measured_ends_the_run_early(pairs: Task, tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="nobody"):
        records([task(pairs.dataset, "nobody")], tmp_path)
    with pytest.raises(BackendUnavailableError, match="nonsense"):
        records([task(pairs.dataset, "srcnn", backend="onnx", device="nonsense")], tmp_path)


def test_restored_pictures_can_be_kept(pairs: Task, tmp_path: Path) -> None:
    (record,) = records([replace(pairs, save=tmp_path / "restored")], tmp_path)
    kept = tmp_path / "restored" / "unsharp-mask"
    theirs = task(pairs.dataset, "theirs", pictures=kept)
    (again,) = records([theirs], tmp_path)
    assert (again.model.name, again.model.kind) == ("theirs", "pictures")
    assert [image.scores for image in again.images] == [image.scores for image in record.images]
    shutil.copy(kept / "3.png", kept / "3.JPG")
    with pytest.raises(DatasetError, match=r"has 3\.JPG and 3\.png for one picture"):
        records([theirs], tmp_path / "elsewhere")
    (kept / "3.JPG").unlink()
    (kept / "3.png").unlink()
    with pytest.raises(DatasetError, match=r"has no picture 3\.png"):
        records([theirs], tmp_path / "elsewhere")
    Image.new("RGB", (9, 9)).save(kept / "3.png")
    with pytest.raises(DatasetError, match=r"3\.png is 9x9"):
        records([theirs], tmp_path / "elsewhere")


def test_pictures_of_a_model_in_a_file_are_kept_below_the_folder_named(
    pairs: Task, tmp_path: Path
) -> None:
    model = tmp_path / "mine.onnx"
    shutil.copy(fetch_weights(CATALOG["srcnn"], (".onnx",)), model)
    choice = replace(pairs.method, model=str(model))
    records([replace(pairs, method=choice, save=tmp_path / "kept")], tmp_path / "results")
    assert len([*(tmp_path / "kept").rglob("*.png")]) == len(pairs.dataset.items)


def test_costs_are_measured_in_a_process_of_their_own(tmp_path: Path) -> None:
    dataset = pairs_dataset(tmp_path / "pairs", count=2)
    blurred, srcnn = task(dataset, "blurred"), task(dataset, "srcnn", backend="onnx")
    monitored: list[runner.TaskProgress] = []
    first, second = (
        record for record, _ in run([blurred, srcnn], tmp_path, on_progress=monitored.append)
    )
    assert first.cost is None
    assert second.cost is not None
    assert second.cost.seconds_per_megapixel > 0
    assert second.cost.repetitions >= 3
    assert 5e7 < second.cost.peak_memory_bytes < 2e9
    assert monitored[-1].done == monitored[-1].total == 2
    assert monitored[-1].mean == pytest.approx(second.means["psnr"].value)
