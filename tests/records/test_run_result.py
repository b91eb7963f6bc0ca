"""The record: one JSON form, that old files keep to."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import leaderboard
from benchmarks.compare import compare
from benchmarks.running.runner import run
from deblur.errors import RecordError
from deblur.records.digests import digest_of_json
from deblur.records.protocol import Alignment, EvalProtocol
from deblur.records.run_result import (
    ImageScore,
    ReportedScores,
    RunResult,
    category_means,
    dataset_digest,
    mean_scores,
    read_record,
    renewed,
)
from tests.benchmarks.records import pairs_dataset, task

FROZEN = Path(__file__).parent / "record-of-schema-2.json"
OLD = Path(__file__).parent / "record-of-schema-1.json"


def image(id: str, psnr: float, *categories: str, sharp: str = "b") -> ImageScore:
    return ImageScore(
        id=id,
        width=64,
        height=48,
        blurred="a",
        sharp=sharp,
        categories=categories,
        scores={"psnr": psnr},
        seconds=0.1,
    )


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, RunResult]:
    folder = tmp_path_factory.mktemp("measured")
    dataset = pairs_dataset(folder / "pairs")
    tasks = [task(dataset, "blurred"), task(dataset, "unsharp-mask")]
    first, second = (record for record, _ in run(tasks, folder / "results", cost=False))
    return first, second


def edited(record: RunResult, **changes: Any) -> dict[str, Any]:
    return {**json.loads(record.to_json()), **changes}


@pytest.mark.parametrize(
    ("file", "id"),
    [(OLD, "c4e0191b009ae4f2"), (FROZEN, "6f832b898b8f1bdc")],
    ids=["schema 1", "schema 2"],
)
def test_a_file_of_each_schema_is_read_and_written_alike(file: Path, id: str) -> None:
    record = read_record(file)
    assert record.id == id
    assert json.loads(record.to_json()) == json.loads(file.read_text())


def of_schema_1(precision: str) -> RunResult:
    """The old file, as if its model had run at another precision."""
    content = json.loads(OLD.read_text())
    content["protocol"]["precision"] = content["engine"]["precision"] = precision
    digest = digest_of_json(content["protocol"])
    return RunResult.from_json(json.dumps({**content, "protocol_digest": digest}))


def test_precision_is_no_rule_in_either_schema() -> None:
    full, int8, today = read_record(OLD), of_schema_1("int8"), read_record(FROZEN)
    assert full.protocol_digest != int8.protocol_digest
    assert full.rules == int8.rules == today.rules == today.protocol_digest
    assert "psnr" in {each.metric for each in compare(full, int8)}
    other = EvalProtocol(tiling=64)
    assert other.digest() != today.rules


def test_a_record_of_schema_1_is_renewed_and_says_the_same() -> None:
    old = read_record(OLD)
    new = renewed(old)
    assert RunResult.from_json(new.to_json()) == new == read_record(FROZEN)
    assert (new.model, new.engine, new.images) == (old.model, old.engine, old.images)
    assert new.means == mean_scores(old.images, [*old.metrics])
    assert new.means["psnr"].low < old.means["psnr"].low
    assert renewed(new) == new


def test_what_is_written_is_read_again(measured: tuple[RunResult, RunResult]) -> None:
    for record in measured:
        assert RunResult.from_json(record.to_json()) == record


def test_the_id_changes_with_anything_that_a_record_says(
    measured: tuple[RunResult, RunResult],
) -> None:
    first, second = measured
    later = first.model_copy(update={"date": "2030-01-01T00:00:00Z"})
    assert len({first.id, second.id, later.id}) == 3


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"schema_version": 3}, "schema_version"),
        ({"schema_version": 1}, "only records of schema 1"),
        ({"seed": 0}, "only records of schema 1 have"),
        ({"protocol": {"precision": "fp32"}}, "only records of schema 1 have"),
        ({"date": "yesterday"}, "date"),
        ({"images": []}, "6 different pictures expected, 0 given"),
        ({"protocol_digest": "0"}, "protocol_digest"),
        ({"metrics": {}}, "other than the metrics"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_does_not_hang_together_is_named(
    measured: tuple[RunResult, RunResult], changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(RecordError, match=complaint):
        RunResult.from_json(json.dumps(edited(measured[0], **changes)))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe"])
def test_what_is_no_record_is_named_with_its_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"odd\.json is no record"):
        read_record(path)
    with pytest.raises(RecordError, match="cannot be read"):
        read_record(tmp_path / "nothing.json")


def test_infinity_and_nan_survive() -> None:
    for value in (math.inf, -math.inf):
        again = ImageScore.model_validate_json(image("a", value).model_dump_json())
        assert again.scores["psnr"] == value
    nan = ImageScore.model_validate_json(image("a", math.nan).model_dump_json())
    assert math.isnan(nan.scores["psnr"])


def test_means_leave_out_what_is_not_finite_and_say_so() -> None:
    images = [image("a", 20.0), image("b", 30.0), image("c", math.inf), image("d", math.nan)]
    mean = mean_scores(images, ["psnr"])["psnr"]
    assert (mean.value, mean.count, mean.left_out) == (25.0, 2, 2)
    assert mean_scores([image("c", math.nan)], ["psnr"]) == {}


def test_a_picture_counts_in_each_of_its_categories() -> None:
    images = [image("a", 20.0, "people", "text"), image("b", 30.0, "text"), image("c", 40.0)]
    means = category_means(images, ["psnr"])
    assert {name: each["psnr"].value for name, each in means.items()} == {
        "people": 20.0,
        "text": 25.0,
    }


def test_the_digest_of_a_dataset_is_that_of_its_pixels() -> None:
    images = [image("a", 20.0), image("b", 30.0)]
    assert dataset_digest(images) == dataset_digest([image("b", 1.0), image("a", 2.0)])
    assert dataset_digest(images) != dataset_digest([image("a", 20.0, sharp="x"), images[1]])
    assert dataset_digest(images) != dataset_digest(images[:1])


def test_a_difference_on_every_picture_means_something(
    measured: tuple[RunResult, RunResult],
) -> None:
    blurred, sharpened = measured
    (psnr, *_) = compare(blurred, sharpened)
    assert psnr.metric == "psnr"
    assert psnr.mean == pytest.approx(sharpened.means["psnr"].value - blurred.means["psnr"].value)
    assert psnr.meaningful
    assert psnr.verdict() == "first"  # sharpening raises noise
    assert psnr.wins == 0
    (back, *_) = compare(sharpened, blurred)
    assert (back.mean, back.wins) == (pytest.approx(-psnr.mean), 6)
    (same, *_) = compare(blurred, blurred)
    assert (same.mean, same.meaningful, same.wins) == (0, False, 0)
    assert same.verdict() == "neither"


def test_records_of_other_pictures_or_rules_are_not_compared(
    measured: tuple[RunResult, RunResult],
) -> None:
    first, second = measured
    other = second.model_copy(update={"dataset": second.dataset.model_copy(update={"digest": "0"})})
    with pytest.raises(RecordError, match="different pictures"):
        compare(first, other)
    protocol = EvalProtocol(alignment=Alignment())
    moved = second.model_copy(update={"protocol": protocol, "protocol_digest": protocol.digest()})
    with pytest.raises(RecordError, match=r"different rules.*alignment"):
        compare(first, moved)
    with pytest.raises(RecordError, match="no metric in common"):
        compare(first, second.model_copy(update={"metrics": {}}))


REPORTED = Path(leaderboard.__file__).parent / "data" / "reported"


@pytest.mark.parametrize(("dataset", "rows"), [("gopro", 21), ("lai-real", 14)])
def test_what_papers_report_is_kept_with_its_source(
    dataset: str, rows: int, tmp_path: Path
) -> None:
    reported = ReportedScores.read(REPORTED / f"{dataset}.json")
    assert reported.dataset == dataset
    assert len({row.model for row in reported.rows}) == len(reported.rows) == rows
    for row in reported.rows:
        assert row.source
        assert row.scores.keys() <= reported.metrics.keys()
        assert 25 < row.scores.get("psnr", 30) < 40
    twice = reported.model_copy(update={"rows": (*reported.rows, reported.rows[0])})
    path = tmp_path / "twice.json"
    path.write_text(twice.model_dump_json())
    with pytest.raises(RecordError, match="two rows would have this name"):
        ReportedScores.read(path)
    with pytest.raises(RecordError, match="no reported scores"):
        ReportedScores.read(FROZEN)
