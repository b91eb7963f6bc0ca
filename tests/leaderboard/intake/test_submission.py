"""What is handed in: everything wrong is said at once, and a claim is measured again."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from deblur.catalog import CATALOG
from deblur.language import Language, speaking
from deblur.records.protocol import Alignment, EvalProtocol
from deblur.records.run_result import ImageScore, MetricRecord, RunResult
from leaderboard.errors import SubmissionError, VerificationError
from leaderboard.intake import bounds
from leaderboard.intake import verification as verify
from leaderboard.intake.plausibility import check_scores
from leaderboard.intake.submission import submit
from leaderboard.intake.verification import model_of, verification
from leaderboard.store.folder_store import FolderStore
from tests.leaderboard.entries import ABOUT, METRICS, at, images, measured, of_schema_1, record

SRCNN = CATALOG["srcnn"].weights[0].sha256


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "board")


def fields(store: FolderStore, content: str | bytes, about: dict[str, str] = ABOUT) -> set[str]:
    """The fields that are complained about."""
    with pytest.raises(SubmissionError) as refused:
        submit(store, content, about)
    assert len(store.load().rows[lambda rows: rows["kind"] == "self-reported"]) == 0
    return {each.field for each in refused.value.complaints}


def scored(**scores: list[float]) -> list[ImageScore]:
    """The pictures with other scores, from the first on."""
    return [
        each.model_copy(
            update={
                "scores": each.scores
                | {name: values[place] for name, values in scores.items() if place < len(values)}
            }
        )
        for place, each in enumerate(images())
    ]


def noted(given: list[ImageScore], note: str) -> list[ImageScore]:
    return [each.model_copy(update={"notes": (note,)}) for each in given]


def test_a_good_record_is_self_reported(store: FolderStore) -> None:
    entry = submit(store, record().to_json(), ABOUT)
    (row,) = store.load().rows.to_dict("records")
    assert (row["id"], row["kind"], row["status"]) == (entry.id, "self-reported", "shown")
    assert row["link"] == "https://huggingface.co/somebody/sharp/tree/main"
    assert fields_again(store) == {"record"}


def test_a_record_of_schema_1_is_kept_in_that_of_today(store: FolderStore) -> None:
    made, said = record(engine=at("int8")), []
    entry = submit(store, of_schema_1(made).to_json(), ABOUT, tell=said.append)
    assert entry.record == made
    assert said == ["the record has schema 1; it is kept as schema 2"]
    assert store.entry(entry.id) == entry
    with pytest.raises(SubmissionError, match="on the board already"):
        submit(store, of_schema_1(made).to_json(), ABOUT)


def test_a_record_of_schema_1_whose_precisions_differ_is_refused(store: FolderStore) -> None:
    made = of_schema_1(record(engine=at("int8"))).model_copy(update={"engine": at("fp32")})
    assert fields(store, made.to_json()) == {"protocol.precision"}


def test_a_record_of_older_intervals_is_taken(store: FolderStore) -> None:
    """Earlier harnesses made them by the bootstrap; the board makes them anew from the scores."""
    made = record()
    older = {
        name: mean.model_copy(update={"low": mean.low + 0.1, "high": mean.high - 0.1})
        for name, mean in made.means.items()
    }
    submit(store, made.model_copy(update={"means": older}).to_json(), ABOUT)
    assert store.load().rows["status"].tolist() == ["shown"]


def fields_again(store: FolderStore) -> set[str]:
    with pytest.raises(SubmissionError) as refused:
        submit(store, record().to_json(), ABOUT)
    return {each.field for each in refused.value.complaints}


def test_moderation_makes_it_wait(store: FolderStore) -> None:
    submit(store, record().to_json(), ABOUT, moderated=True)
    assert store.load().rows["status"].tolist() == ["waiting"]


def test_everything_wrong_is_said_at_once(store: FolderStore) -> None:
    made = record(given=scored(ssim=[1.5]), date="2999-01-01T00:00:00Z")
    content: dict[str, Any] = json.loads(made.to_json())
    content["means"]["psnr"]["value"] += 1
    content["dataset"]["digest"] = "0"
    assert fields(store, json.dumps(content), {"contact": "me"}) >= {
        *("about.licence", "about.training_data", "means", "dataset.digest"),
        *("images.scores.ssim", "date"),
    }


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (record(given=images()[:-1]), "images"),
        (record(given=[images()[0].model_copy(update={"width": 7}), *images()[1:]]), "images"),
        (record(given=[images()[0].model_copy(update={"sharp": "x"}), *images()[1:]]), "images"),
        (record(given=images(psnr=200)), "images.scores.psnr"),
        (record(given=images(spread=0)), "images.scores.psnr"),
        (record(given=scored(psnr=[math.inf] * 5, ssim=[1.0] * 5)), "images.scores.psnr"),
        (record(given=scored(psnr=[math.inf])), "images.scores.psnr"),
        (record(given=scored(psnr=[math.nan])), "images.scores.psnr"),
        (record(protocol=EvalProtocol(crop=4)), "protocol.crop"),
        (record(protocol=EvalProtocol(alignment=Alignment())), "protocol.alignment"),
        (record("<script>alert(1)</script>"), "record.model.name"),
        (record("turned\u202eround"), "record.model.name"),
        (record(command="x" * 3000), "record.command"),
        (record(categories={"none": {}}), "categories"),
        (record(given=noted(scored(psnr=[math.nan]), "psnr: not defined")), "images.scores.psnr"),
        (record("srcnn"), "model.name"),
        (record("other", about_model={"weights_sha256": SRCNN}), "model.name"),
    ],
)
def test_what_cannot_be_is_named(store: FolderStore, made: RunResult, field: str) -> None:
    assert field in fields(store, made.to_json())


@pytest.mark.parametrize(("count", "refused"), [(1, False), (2, True)])
def test_what_a_dataset_ranks_by_is_known_of_nearly_all_pictures(count: int, refused: bool) -> None:
    given = [
        each.model_copy(
            update={
                "scores": {"niqe": math.nan if place < count else 5.0 + place / 100},
                "notes": ("niqe: too even",) if place < count else (),
            }
        )
        for place, each in enumerate(images())
    ]
    niqe = MetricRecord(title="NIQE", better="lower", against="nothing", digits=3, definition="")
    made = record(given=given, metrics={"niqe": niqe})
    fields = {each.field for each in check_scores(made)}
    assert fields == ({"images.scores.niqe"} if refused else set())


def test_a_metric_is_what_it_is_on_the_board(store: FolderStore) -> None:
    store.add(measured())
    other = METRICS["psnr"].model_copy(update={"definition": "dB, on a quarter of the picture"})
    made = record("other", metrics=METRICS | {"psnr": other})
    assert fields(store, made.to_json()) == {"metrics.psnr"}


@pytest.mark.parametrize("digits", [-1, 11])
def test_a_number_of_digits_that_nobody_can_print_is_refused(
    store: FolderStore, digits: int
) -> None:
    content: dict[str, Any] = json.loads(record().to_json())
    content["metrics"]["ssim"]["digits"] = digits
    assert fields(store, json.dumps(content)) == {"record.metrics.ssim.digits"}


def test_the_name_of_a_baseline_is_the_baselines(store: FolderStore) -> None:
    store.add(measured("blurred", 23, about_model={"kind": "baseline"}))
    assert fields(store, record("blurred").to_json()) == {"model.name"}


@pytest.mark.parametrize("name", ["pairs", "nowhere", "../../../etc/passwd", "realblur-j"])
def test_a_dataset_that_nobody_knows_is_refused(store: FolderStore, name: str) -> None:
    made = record()
    other = made.dataset.model_copy(update={"name": name})
    assert fields(store, record(dataset=other).to_json()) == {"dataset.name"}


def test_far_above_the_board_is_not_believed(store: FolderStore) -> None:
    store.add(measured(psnr=26))
    assert fields(store, record("wonder", images(psnr=29.5)).to_json()) == {"means.psnr"}
    submit(store, record("good", images(psnr=28.5)).to_json(), ABOUT)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", "[" * 100_000, b"PK\x03\x04", '{"schema_version": 3}']
)
def test_what_is_no_record_is_refused(store: FolderStore, content: str | bytes) -> None:
    assert all(each.startswith("record") for each in fields(store, content))


def test_what_is_too_large_is_refused_unread(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fields(store, b" " * 20_000_001) == {"record"}
    monkeypatch.setattr(bounds, "MAX_IMAGES", 3)
    assert fields(store, record().to_json()) == {"images"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("link", "javascript:alert(1)"),
        ("link", "http://example.org"),
        ("link", 'https://example.org/"onclick=x'),
        ("licence", "<b>MIT</b>"),
        ("contact", "me\nyou"),
        ("note", "x" * 1001),
        ("training_data", "\x00"),
        ("surprise", "x"),
    ],
)
def test_texts_are_plain(store: FolderStore, name: str, text: str) -> None:
    assert fields(store, record().to_json(), ABOUT | {name: text}) == {f"about.{name}"}


def test_a_claim_holds_within_the_tolerance() -> None:
    claim = measured()
    near = [
        i.model_copy(update={"scores": {k: v + 0.0005 for k, v in i.scores.items()}})
        for i in claim.record.images
    ]
    assert verification(claim, record(given=near)) == []
    small = record(given=near, about_model={"parameters": 1000})
    assert verification(claim, small) == ["parameters: none is claimed, 1000 was measured"]
    (sentence, *_) = verification(claim, record(given=scored(psnr=[30.0])))
    assert sentence.startswith("psnr of 1 of 25 pictures: astronaut-defocus")
    other = record(given=images()[:-1], protocol=EvalProtocol(crop=4))
    said = " ".join(verification(claim, other))
    assert all(word in said for word in ("pictures:", "protocol:", "nan"))


def test_what_to_run_is_stated_or_refused() -> None:
    with pytest.raises(VerificationError, match="--model"):
        model_of(measured("/etc/model.onnx"))
    assert model_of(measured("unet")) == "unet"


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "x" * 61, "a\u0301\u0302", "sharp\u200b", "residual-unet-xs ", "SRCNN"),
        *("srсnn", "ｕｎｅｔ"),  # noqa: RUF001
        *("srcnn.", "residual-unet-xs (int8)", "residual-unet-xs-bf16", "auto", "Automatic"),
    ],
)
def test_a_name_that_misleads_is_refused(store: FolderStore, name: str) -> None:
    made = record("mine", about_model={"name": name, "title": "Mine"})
    content = made.to_json()
    assert "record.model.name" in fields(store, content) or "model.name" in fields(store, content)


def test_a_title_of_the_project_is_the_projects(store: FolderStore) -> None:
    title = CATALOG["residual-unet-xs"].title.upper()
    assert fields(store, record(about_model={"title": title}).to_json()) == {"model.name"}


def test_what_was_measured_here_keeps_its_name(store: FolderStore) -> None:
    theirs = {"name": "guest", "kind": "network", "weights_sha256": "a" * 64}
    store.add(measured("guest", about_model=theirs))
    others = theirs | {"weights_sha256": "b" * 64}
    content = record(given=images(25.0), about_model=others).to_json()
    assert fields(store, content) == {"model.name"}
    submit(store, record(given=images(25.0), about_model=theirs).to_json(), ABOUT)


def test_a_name_is_spelt_as_on_the_board(store: FolderStore) -> None:
    submit(store, record("Sharp One").to_json(), ABOUT)
    with pytest.raises(SubmissionError, match="looks like 'Sharp One'"):
        submit(store, record("sharp one", images(25.0)).to_json(), ABOUT)
    submit(store, record("Sharp One", images(25.0)).to_json(), ABOUT)


@pytest.mark.parametrize("date", ["2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z"])
def test_a_date_exists(store: FolderStore, date: str) -> None:
    assert fields(store, record(date=date).to_json()) == {"date"}


def test_a_clock_behind_is_no_fault_of_submissions(store: FolderStore) -> None:
    """The latest row that was measured here counts as today."""
    store.add(measured(date="2999-01-01T00:00:00Z"))
    submit(store, record("other", images(25.0), date="2999-01-01T23:00:00Z").to_json(), ABOUT)
    with pytest.raises(SubmissionError, match="later than this board's clock"):
        submit(store, record("third", images(24.0), date="2999-01-03T00:00:00Z").to_json(), ABOUT)


@pytest.mark.parametrize("weights", [None, "a" * 64])
def test_another_date_makes_no_other_entry(store: FolderStore, weights: str | None) -> None:
    about_model = {"weights_sha256": weights}
    first = submit(store, record(about_model=about_model).to_json(), ABOUT)
    store.withdraw(first.id, "a mistake")
    again = record(about_model=about_model, date="2026-01-02T00:00:00Z")
    with pytest.raises(SubmissionError, match=f"scores, pictures and weights of {first.id}"):
        submit(store, again.to_json(), ABOUT)


def test_places_are_taken_out_of_the_command_and_that_is_said(store: FolderStore) -> None:
    said: list[str] = []
    command = "python -m benchmarks run --model /home/me/sharp.onnx"
    entry = submit(store, record(command=command).to_json(), ABOUT, tell=said.append)
    assert "/home" not in store.entry(entry.id).record.command
    assert len(said) == 1
    assert "--model sharp.onnx" in said[0]


def test_the_board_is_no_ladder(store: FolderStore) -> None:
    """What nobody has measured does not raise what is believed."""
    store.add(measured("ours", 26.0))
    submit(store, record("first", images(28.5)).to_json(), ABOUT)
    assert fields_of(store, record("second", images(31.0))) == {"means.psnr"}


def fields_of(store: FolderStore, made: RunResult) -> set[str]:
    with pytest.raises(SubmissionError) as refused:
        submit(store, made.to_json(), ABOUT)
    return {each.field for each in refused.value.complaints}


def test_texts_and_lists_have_limits(store: FolderStore) -> None:
    long = METRICS["psnr"].model_copy(update={"title": "x" * 41})
    made = record(metrics=METRICS | {"psnr": long}, about_model={"trained_on": ["x"] * 101})
    assert fields(store, made.to_json()) == {"record.metrics.psnr.title", "model.trained_on"}


@pytest.mark.parametrize("link", ["../x.onnx", "./x.onnx", "a/../x", "/etc/x.onnx", "file:///x"])
def test_a_link_is_no_file(store: FolderStore, link: str) -> None:
    assert fields(store, record().to_json(), ABOUT | {"link": link}) == {"about.link"}


def test_what_a_link_names_is_fetched_from_the_hub_even_where_a_file_is_called_so(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run(options: list[str], **_: Any) -> RunResult:
        asked.append(options)
        return record()

    monkeypatch.chdir(tmp_path)
    (tmp_path / "somebody").mkdir()
    (tmp_path / "somebody" / "sharp.onnx").touch()
    monkeypatch.setattr(verify, "run_harness", run)
    entry = submit(store, record().to_json(), ABOUT | {"link": "somebody/sharp.onnx@v/1"})
    verify.measure_again(entry)
    verify.measure_again(entry, model="somebody/sharp.onnx")
    assert "--model=hf://somebody/sharp.onnx@v%2F1" in asked[0]
    assert f"--model={tmp_path / 'somebody' / 'sharp.onnx'}" in asked[1]


def test_complaints_are_made_in_the_language_of_the_page(store: FolderStore) -> None:
    wrong = record().model_copy(update={"date": "2026-02-31T00:00:00Z"}).to_json()
    with speaking(Language.chinese), pytest.raises(SubmissionError) as told:
        submit(store, wrong.replace('"psnr"', '"ssim"', 1), {"licence": "", "link": "x y"})
    for complaint in told.value.complaints:
        assert re.search(r"[\u4e00-\u9fff]", complaint.sentence), str(complaint)
