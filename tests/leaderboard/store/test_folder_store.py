"""The store: nothing is lost, nothing is replaced, and no file stops the board."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deblur.language import Language, speaking
from deblur.records.run_result import RunResult
from leaderboard.errors import EntryError, StoreError
from leaderboard.judging.votes import id_of
from leaderboard.store.entries import Entry, Verification
from leaderboard.store.files import is_id, safe_name
from leaderboard.store.folder_store import FolderStore
from leaderboard.table.table import build_table
from leaderboard.table.views import View
from leaderboard.tabs.run_page import run_html
from tests.cli.command_line import ENVIRONMENT, ROOT
from tests.leaderboard.ballots import preference
from tests.leaderboard.entries import at, images, measured, of_schema_1, record

MANY = """
import sys
from pathlib import Path
from leaderboard.store.folder_store import FolderStore
from leaderboard.intake.submission import submit
from tests.leaderboard.entries import ABOUT, images, record

store, first = FolderStore(Path(sys.argv[1])), int(sys.argv[2])
for number in range(first, first + 50):
    submit(store, record(f"model-{number % 7}", images(seed=number)).to_json(), ABOUT)
"""


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "board")


def claimed(model: str = "sharp", **changes: object) -> Entry:
    entry = measured(model).model_dump() | {"kind": "self-reported"} | changes
    return Entry.model_validate(entry)


def test_a_board_without_a_folder_is_empty(store: FolderStore) -> None:
    board = store.load()
    assert (len(board.rows), board.problems) == (0, ())


def test_an_entry_is_kept_once_and_never_replaced(store: FolderStore) -> None:
    entry = measured()
    path = store.add(entry)
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert store.add(entry.model_copy(update={"submitted": "2027-01-01"})) == path
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert path == store.root / "mini" / "sharp" / f"{entry.id}.json"
    assert store.entry(entry.id) == entry
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_cannot_be_written_leaves_nothing(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.add(measured())
    assert [*store.root.rglob("*.*")] == []


def test_a_file_system_without_hard_links_will_do(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    entry = measured()
    assert store.add(entry) == store.add(entry)
    assert store.entry(entry.id) == entry


def test_two_hundred_simultaneous_submissions_lose_nothing(store: FolderStore) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MANY, store.root, str(first)], cwd=ROOT, env=ENVIRONMENT
        )
        for first in range(0, 200, 50)
    ]
    assert [each.wait() for each in processes] == [0] * 4
    board = store.load()
    assert len(board.rows) == board.rows["id"].nunique() == 200
    assert board.problems == ()


def test_a_plain_record_is_a_measured_entry(store: FolderStore) -> None:
    made = record("owner/net")
    path = store.root / "mini" / "owner--net" / f"{made.id}.json"
    path.parent.mkdir(parents=True)
    path.write_text(made.to_json())
    (row,) = store.load().rows.to_dict("records")
    assert (row["id"], row["kind"], row["model"]) == (made.id, "measured", "owner/net")
    assert row["psnr"] == made.means["psnr"].value
    assert row["psnr_low"] < row["psnr"] < row["psnr_high"]
    assert len(row["scores"]) == row["images"] == len(made.images)


def test_an_entry_of_schema_1_stays_and_compares_with_those_of_today(store: FolderStore) -> None:
    old = of_schema_1(record("old"))
    path = store.root / "mini" / "old" / f"{old.id}.json"
    path.parent.mkdir(parents=True)
    path.write_text(old.to_json())
    store.add(measured("new", engine=at("int8")))
    board = store.load()
    assert (len(board.rows), board.problems) == (2, ())
    assert board.rows["protocol_digest"].nunique() == 1
    assert store.entry(old.id).record == old


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("0123456789abcdef.json", b'{"entry_version": 1, '),
        ("0123456789abcdef.json", b"\xff\xfe"),
        ("0123456789abcdef.json", record().to_json().encode()),
        ("0123456789abcdef.withdrawn.json", b"{}"),
        ("notes.txt", b"hello"),
        ("0123456789abcdef.surprise.json", b"{}"),
    ],
)
def test_a_damaged_or_foreign_file_is_named_and_left(
    store: FolderStore, name: str, content: bytes
) -> None:
    path = store.add(measured()).with_name(name)
    path.write_bytes(content)
    for _ in range(2):  # with the cache, too
        board = store.load()
        assert len(board.rows) == 1
        assert len(board.problems) == 1
        assert str(path) in board.problems[0]
    assert path.read_bytes() == content


def test_metrics_that_would_hide_columns_are_refused(store: FolderStore) -> None:
    for name in ("model", "psnr_low", "../x", "memory"):
        given = [
            each.model_copy(update={"scores": {name: 1.0 + place}})
            for place, each in enumerate(images())
        ]
        made = record(given=images())
        metrics = {name: made.metrics["psnr"]}
        changed = made.model_copy(update={"images": tuple(given), "metrics": metrics, "means": {}})
        path = store.root / "mini" / "sharp" / f"{changed.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changed.to_json())
    board = store.load()
    assert (len(board.rows), len(board.problems)) == (0, 4)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("residual-unet-s", "residual-unet-s"),
        ("owner/net", "owner--net"),
        ("..", "__"),
        ("../../etc", "_.--..--etc"),
        ("..\\..\\etc", "_._.._etc"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("", "_"),
        (".cache", "_cache"),
        ("reported", "_reported"),
        ("a:b*c\x00", "a_b_c_"),
        ("ends. ", "ends_"),
        ("x" * 300, "x" * 100),
    ],
)
def test_names_are_safe_as_folders(name: str, safe: str, store: FolderStore) -> None:
    assert safe_name(name) == safe
    path = store.add(measured(name))
    assert path.resolve().parents[2] == store.root.resolve()
    assert store.load().problems == ()


@pytest.mark.parametrize("id", ["..", "../../x", "*", "", "0123456789abcdef.withdrawn", "A" * 16])
def test_an_id_is_no_path(store: FolderStore, id: str) -> None:
    store.add(measured())
    assert not is_id(id)
    with pytest.raises(StoreError, match="there is no entry"):
        store.entry(id)


def test_the_cache_follows_what_becomes_of_entries(store: FolderStore) -> None:
    entry = measured()
    store.add(entry)
    assert store.load().rows["status"].tolist() == ["shown"]
    store.withdraw(entry.id, "a mistake in the training data")
    (row,) = store.load().rows.to_dict("records")
    assert (row["status"], row["withdrawn_because"]) == (
        "withdrawn",
        "a mistake in the training data",
    )
    assert store.entry(entry.id) == entry
    with pytest.raises(StoreError, match="withdrawn before"):
        store.withdraw(entry.id, "again")


def test_a_damaged_stale_or_older_cache_is_thrown_away(store: FolderStore) -> None:
    store.add(measured())
    fresh = store.load().rows
    cache = store.root / ".cache" / "rows.parquet"
    whole = cache.read_bytes()
    for content in (b"", b"nonsense", whole[: len(whole) // 2]):
        cache.write_bytes(content)
        assert FolderStore(store.root).load().rows.equals(fresh)
    cache.write_bytes(whole.replace(b"version", b"versiom"))
    assert FolderStore(store.root).load().rows.equals(fresh)
    store.add(measured("other"))
    later = FolderStore(store.root).load().rows
    assert len(later) == 2
    assert store.rebuild().rows.equals(later)


def test_a_warm_cache_does_not_open_entries(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(measured())
    cold = store.load().rows
    monkeypatch.setattr(RunResult, "model_validate", None)
    monkeypatch.setattr("leaderboard.store.folder_store.read_entry", None)
    assert FolderStore(store.root).load().rows.equals(cold)


def test_visitors_share_a_board_until_something_changes(store: FolderStore) -> None:
    entry = measured()
    store.add(entry)
    reported = store.root / "reported" / "gopro.json"
    reported.parent.mkdir(parents=True)
    embedded = (ROOT / "leaderboard" / "data" / "reported" / "gopro.json").read_text()
    changes = [
        lambda: store.withdraw(entry.id, "a mistake in the training data"),
        lambda: store.add(measured("other")),
        lambda: reported.write_text(embedded),
        lambda: reported.write_text(embedded.replace("2017", "2018")),
        lambda: store.add_vote(preference("somebody", "a", "b", "left")),
    ]
    for change in changes:
        board = store.load()
        assert store.load() is board
        change()
        assert store.load() is not board


def test_each_language_has_a_board_of_its_own(store: FolderStore) -> None:
    embedded = ROOT / "leaderboard" / "data" / "reported" / "gopro.json"
    folder = store.root / "reported"
    folder.mkdir(parents=True)
    (folder / "gopro.json").write_bytes(embedded.read_bytes())
    english = store.load()
    with speaking(Language.chinese):
        chinese = store.load()
        assert store.load() is chinese
    assert store.load() is english
    fresh = FolderStore(store.root)
    with speaking(Language.chinese):
        assert fresh.load().rows["source"].equals(chinese.rows["source"])
    assert not english.rows["source"].equals(chinese.rows["source"])


def test_what_is_wrong_is_looked_at_again_every_time(store: FolderStore) -> None:
    path = store.add(measured()).with_suffix(".withdrawn.json")
    path.write_text("{}")
    assert len(store.load().problems) == len(store.load().problems) == 1
    assert store.load() is not store.load()


def test_what_waits_is_accepted_once(store: FolderStore) -> None:
    entry = claimed(moderated=True)
    store.add(entry)
    assert store.load().rows["status"].tolist() == ["waiting"]
    store.accept(entry.id)
    assert store.load().rows["status"].tolist() == ["shown"]
    with pytest.raises(StoreError, match="accepted before"):
        store.accept(entry.id)
    other = claimed("other")
    store.add(other)
    with pytest.raises(StoreError, match="does not wait"):
        store.accept(other.id)


def test_only_a_claim_is_verified(store: FolderStore) -> None:
    claim, ours = claimed(), measured("ours")
    proof = Verification(record=record(), tolerance={"psnr": 0.02}, date="2026-01-02")
    for each in (claim, ours):
        store.add(each)
    store.add_verification(claim.id, proof)
    with pytest.raises(StoreError, match="no claim"):
        store.add_verification(ours.id, proof)
    assert sorted(store.load().rows["kind"]) == ["measured", "verified"]
    assert store.history(claim.id).verified == proof


@pytest.mark.parametrize(
    ("entry", "by", "checked"),
    [
        (measured(), None, "measured here, 2026-01-01"),
        (claimed(), None, "sums recomputed, 2026-01-01"),
        (claimed(scored_here=True), None, "pictures scored here, 2026-01-01"),
        (claimed(), "", "measured again, 2026-02-02"),
        (claimed(scored_here=True), "the lab", "measured again by the lab, 2026-02-02"),
    ],
)
def test_a_row_says_who_or_what_stands_behind_its_scores(
    store: FolderStore, entry: Entry, by: str | None, checked: str
) -> None:
    store.add(entry)
    if by is not None:
        proof = Verification(record=record(), tolerance={}, date="2026-02-02", by=by)
        store.add_verification(entry.id, proof)
    board = store.load()
    assert board.rows["checked"].tolist() == [checked]
    assert build_table(board, "mini").frame["checked"].tolist() == [checked]
    page = run_html(entry, store.history(entry.id))
    assert (by or "the operators of this board") in page or by is None
    assert "checked" in {each.name for each in View().shown(build_table(board, "mini"))}


def test_a_damaged_event_is_named_and_does_not_count(store: FolderStore) -> None:
    entry = measured()
    path = store.add(entry).with_suffix(".withdrawn.json")
    path.write_text(json.dumps({"reason": 1}))
    board = store.load()
    assert board.rows["status"].tolist() == ["shown"]
    assert str(path) in board.problems[0]
    with pytest.raises(EntryError, match="does not say that it was withdrawn"):
        store.history(entry.id)


def test_reported_rows_come_with_their_sources(store: FolderStore) -> None:
    embedded = ROOT / "leaderboard" / "data" / "reported" / "gopro.json"
    folder = store.root / "reported"
    folder.mkdir(parents=True)
    (folder / "gopro.json").write_bytes(embedded.read_bytes())
    (folder / "odd.json").write_text("[]")
    board = store.load()
    assert set(board.rows["kind"]) == {"reported"}
    assert board.rows["source"].str.len().min() > 5
    assert len(board.problems) == 1


def test_a_votes_id_is_no_entry(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    vote = preference("somebody", "a", "b", "left")
    store.add_vote(vote)
    for change in (store.entry, store.accept, lambda id: store.withdraw(id, "none")):
        with pytest.raises(StoreError, match="there is no entry"):
            change(id_of(vote))
    assert not [*tmp_path.rglob("*.withdrawn.json")]
