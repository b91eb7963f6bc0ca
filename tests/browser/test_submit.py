"""Handing in results: on the page, through its API, and from the harness."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from benchmarks.commands.handing_in import hand_in
from benchmarks.errors import BenchmarkError
from leaderboard.store.folder_store import FolderStore
from tests.browser.served import CHECKOUT, served, store_of
from tests.browser.visits import visit
from tests.leaderboard.entries import ABOUT, images, record


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore(store_of("mini", tmp_path_factory.mktemp("board")))


@pytest.fixture(scope="module")
def board_address(store: FolderStore) -> Iterator[str]:
    with served(store.root) as address:
        yield address


@pytest.fixture
def form(context: BrowserContext, board_address: str) -> Iterator[Page]:
    with visit(context, board_address) as page:
        page.get_by_role("tab", name="Submit").click()
        yield page


def fill(page: Page, file: Path, **about: str) -> None:
    page.locator("#submission input[type=file]").set_input_files(file)
    expect(page.locator("#submission table")).to_contain_text(file.stem)
    labels = {"licence": "Licence", "training_data": "Training data", "contact": "Contact"}
    for name, label in labels.items():
        page.locator("#submission").get_by_label(label).fill(about.get(name, ABOUT[name]))


def self_reported(store: FolderStore) -> set[str]:
    rows = store.load().rows
    return {*rows[rows["kind"] == "self-reported"]["model"]}


def test_bad_submissions_are_told_and_nothing_is_kept(
    form: Page, store: FolderStore, tmp_path: Path
) -> None:
    good = json.loads(record("bad").to_json())
    wrong = {
        "means": good | {"means": good["means"] | {"psnr": {**good["means"]["psnr"], "value": 40}}},
        "images": json.loads(record("bad", images()[:-1]).to_json()),
        "images.scores.psnr": json.loads(record("bad", images(psnr=99.0)).to_json()),
    }
    for field, content in wrong.items():
        file = tmp_path / f"{field}.json"
        file.write_text(json.dumps(content))
        fill(form, file)
        form.get_by_role("button", name="Submit").click()
        expect(form.locator("#submission-told .failure li b").first).to_have_text(field)
        form.locator("#submission").get_by_label("Clear").click()
        expect(form.locator("#submission")).not_to_contain_text(file.name[-8:])
    file = tmp_path / "good.json"
    file.write_text(json.dumps(good))
    fill(form, file, contact="<script>alert(1)</script>", licence="")
    form.get_by_role("button", name="Submit").click()
    told = form.locator("#submission-told .failure")
    expect(told).to_contain_text("about.contact")
    expect(told).to_contain_text("about.licence")
    assert form.get_by_label("Contact").input_value() == "<script>alert(1)</script>"
    assert "bad" not in self_reported(store)


def test_all_faults_stand_at_their_fields_at_once(form: Page) -> None:
    form.get_by_role("button", name="Check").click()
    expect(form.locator("#submission-file-fault")).to_contain_text("choose a record or a zip")
    wrong = form.locator("#submission .wrong")
    expect(wrong).to_have_count(3)
    for place, label in enumerate(("Licence", "Training data", "Contact")):
        expect(wrong.nth(place)).to_contain_text(label)
        expect(wrong.nth(place)).to_contain_text("is empty")


def test_a_good_submission_is_previewed_and_becomes_a_row(
    form: Page, store: FolderStore, tmp_path: Path
) -> None:
    file = tmp_path / "record.json"
    file.write_text(record("newcomer").to_json())
    fill(form, file)
    form.get_by_role("button", name="Check").click()
    told = form.locator("#submission-told")
    expect(told).to_contain_text("Nothing is wrong with it")
    expect(told).to_contain_text("95 % interval")
    assert "newcomer" not in self_reported(store)
    form.get_by_role("button", name="Submit").click()
    expect(told).to_contain_text("On the board")
    assert "newcomer" in self_reported(store)
    form.get_by_role("tab", name="Leaderboard").click()
    expect(form.locator("#board")).to_contain_text("newcomer")
    form.get_by_role("tab", name="Submit").click()
    told.get_by_role("link").first.click()
    expect(form.locator("#run-page")).to_contain_text("self-reported")
    expect(form.locator("#board")).to_contain_text("newcomer")


def test_pictures_that_are_not_the_datasets_are_refused(form: Page, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        archive.writestr("../elsewhere.png", "")
    fill(form, tmp_path / "pictures.zip")
    form.get_by_label("Model", exact=True).last.fill("mine")
    form.get_by_role("button", name="Submit").click()
    expect(form.locator("#submission-told")).to_contain_text("leads out of the archive")


def test_the_api_takes_a_record_once(store: FolderStore, board_address: str) -> None:
    about = {**ABOUT, "note": ""}
    answer = hand_in(board_address, record("through-the-api"), about)
    assert store.entry(answer["id"]).record.model.name == "through-the-api"
    with pytest.raises(BenchmarkError, match="record: is on the board already"):
        hand_in(board_address, record("through-the-api"), about)


def test_the_harness_hands_in_what_it_measured(
    store: FolderStore, board_address: str, tmp_path: Path
) -> None:
    shutil.rmtree(store.root / "mini" / "unsharp-mask")  # else it is on the board already
    about = tmp_path / "about.json"
    about.write_text(json.dumps(ABOUT))
    command = ["-m", "benchmarks", "run", "--model", "unsharp-mask", "--dataset", "mini"]
    options = ["--no-cost", "--output", tmp_path, "--submit", board_address, "--about", about]
    done = subprocess.run(
        [sys.executable, *command, *map(str, options)],
        cwd=CHECKOUT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "unsharp-mask" in self_reported(store)


def test_a_board_that_is_not_there_loses_nothing() -> None:
    with pytest.raises(BenchmarkError, match="hand it in under Submit"):
        hand_in("http://127.0.0.1:9", record(), {**ABOUT, "note": ""})


def test_a_moderated_board_lets_it_wait_and_finds_it_after_a_restart(
    context: BrowserContext, tmp_path: Path
) -> None:
    root = store_of("mini", tmp_path)
    with served(root, LEADERBOARD_MODERATED="1") as address:
        answer = hand_in(address, record("patient"), {**ABOUT, "note": ""})
        assert answer["waiting"]
    with served(root) as address, visit(context, f"{address}?board=mini") as page:
        expect(page.locator("#board-rules")).to_contain_text("1 waiting to be accepted")
        expect(page.locator("#board")).not_to_contain_text("patient")
        FolderStore(root).accept(answer["id"])
        page.reload()
        expect(page.locator("#board")).to_contain_text("patient")
