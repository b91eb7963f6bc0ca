"""What the page shows of the board: filters, the address, cells, a row's own page."""

import math
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import gradio as gr
import numpy as np
import pandas as pd
import pytest

from deblur.records.run_result import Machine
from leaderboard.judging.questions import contestants
from leaderboard.store.entries import About, Entry, History, Withdrawal
from leaderboard.store.folder_store import FolderStore
from leaderboard.table.cells import board_html
from leaderboard.table.figures import by_category, gains
from leaderboard.table.rendering import render
from leaderboard.table.table import Table, build_table
from leaderboard.table.views import KINDS, USUAL, View
from leaderboard.tabs.run_page import RunPage, best_and_worst, run_html
from tests.leaderboard.ballots import check, rating
from tests.leaderboard.entries import images, measured, record


@pytest.fixture
def board(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path)
    given = record().engine
    on_gpu = given.model_copy(update={"device": "cuda:0", "backend": "torch"})
    large = {"parameters": 26_000_000, "licence": "MIT"}
    store.add(measured("small", 27.0, about_model={"parameters": 900_000}))
    store.add(measured("large", 29.0, about_model=large, engine=on_gpu))
    store.add(measured("unknown", 25.0))
    return store


@pytest.fixture
def table(board: FolderStore) -> Table:
    return build_table(board.load(), "mini")


@pytest.mark.parametrize(
    ("wanted", "models"),
    [
        (View(), ["large", "small", "unknown"]),
        (View(kinds=("verified",)), []),
        (View(search="LARGE torch"), ["large"]),
        (View(devices=("CPU",)), ["small", "unknown"]),
        (View(devices=("GPU",)), ["large"]),
        (View(devices=("CPU", "GPU")), ["large", "small", "unknown"]),
        (View(backends=("torch",)), ["large"]),
        (View(licences=("MIT",)), ["large"]),
        (View(licences=("none stated",)), ["small", "unknown"]),
        (View(size="up to 1 M"), ["small"]),
        (View(size="up to 100 M"), ["large", "small"]),
    ],
)
def test_filters_keep_the_rows_that_fit(table: Table, wanted: View, models: list[str]) -> None:
    assert wanted.narrow(table)["model"].tolist() == models


def test_an_address_says_all_that_the_choices_say() -> None:
    wanted = View("mini", ("measured", "verified"), "u-net", ("CPU",), size="up to 1 M")
    asked = {
        "board": "mini",
        "kinds": "measured,verified",
        "search": "u-net",
        "devices": "CPU",
        "size": "up to 1 M",
    }
    assert View.of_address(asked) == View.of_choices(*wanted.choices) == wanted


@pytest.mark.parametrize("asked", [{}, {"size": "huge"}, {"kinds": "x"}, {"columns": "x,model"}])
def test_what_an_address_cannot_mean_is_left_out(asked: dict[str, str]) -> None:
    wanted = View.of_address(asked)
    assert wanted.size == "any"
    assert {*wanted.kinds} <= {*KINDS}
    assert {*wanted.columns} <= {*USUAL}


def test_columns_are_chosen_and_empty_ones_are_spared(table: Table) -> None:
    assert "s/MP" not in {each.title for each in View().shown(table)}
    few = [each.title for each in View(columns=("device",)).shown(table)]
    assert few == ["rank", "model", "PSNR", "SSIM", "device"]


def cells_of(html: str, title: str) -> list[Element]:
    """The cells of a column, top to bottom."""
    table = fromstring(html).find("table")
    assert table is not None
    heads = ["".join(each.itertext()) for each in table.iter("th") if each.get("scope") == "col"]
    place = next(place for place, each in enumerate(heads) if each.split()[0] == title)
    return [[*row][place] for row in table.iter("tr") if row.get("data-id")]


def test_cells_sort_as_numbers_and_tell_their_interval(board: FolderStore, table: Table) -> None:
    html = board_html(table.frame, View().shown(table), board.load().rows)
    psnr = cells_of(html, "PSNR")
    assert [round(float(each.get("data-value", ""))) for each in psnr] == [29, 27, 25]
    (shown,) = psnr[0]
    assert shown.text == f"{float(psnr[0].get('data-value', '')):.2f}"
    assert shown.get("title", "").startswith("95 %: 28.")


def test_one_row_stands_for_a_model_with_its_variants_beside_its_name(board: FolderStore) -> None:
    given = record().engine
    at_int8 = given.model_copy(update={"precision": "int8"})
    board.add(measured("small", 26.0, about_model={"parameters": 900_000}, engine=at_int8))
    loaded = board.load()
    table = build_table(loaded, "mini")
    html = board_html(table.frame, View().shown(table), loaded.rows)
    (names,) = [each for each in cells_of(html, "model") if "small" in "".join(each.itertext())]
    buttons = {"".join(each.itertext()): each.get("data-id") for each in names.iter("button")}
    (variant,) = loaded.rows[loaded.rows["precision"] == "int8"]["id"]
    assert buttons["int8"] == variant != buttons["small"]
    assert len(cells_of(html, "model")) == 3


def test_arrows_say_what_is_better_and_what_has_no_value_says_none(
    board: FolderStore, table: Table
) -> None:
    html = board_html(table.frame, View().shown(table), board.load().rows)
    assert "PSNR <span" in html
    assert {"↑", "↓"} <= {*html}
    by_size = [each.get("data-value") for each in cells_of(html, "parameters")]
    assert by_size == ["26000000", "900000", None]


def test_no_row_matching_can_be_mended_by_a_button(board: FolderStore, table: Table) -> None:
    html = board_html(table.frame.head(0), View().shown(table), board.load().rows)
    assert 'data-event="clear"' in html


def test_a_mean_of_some_pictures_says_so_wherever_it_is_shown(tmp_path: Path) -> None:
    given = [
        each.model_copy(update={"scores": each.scores | {"ssim": math.nan}}) if place < 6 else each
        for place, each in enumerate(images())
    ]
    store = FolderStore(tmp_path)
    for name, made in (("choosy", record("choosy", given)), ("whole", record("whole", images(27)))):
        store.add(Entry(kind="measured", record=made, submitted="2026-01-01"))
        assert made.model.name == name
    board = store.load()
    table = build_table(board, "mini")
    (said,) = table.notes
    assert said.startswith("SSIM leaves out pictures without a finite score: choosy (6 of 25). ")
    assert said in render(table, "text")
    html = board_html(table.frame, table.columns, board.rows)
    whole, choosy = ("".join(each.itertext()) for each in cells_of(html, "SSIM"))
    assert choosy.endswith(" (19 of 25)")
    assert "of 25" not in whole
    assert all("(19 of 25)" in render(table, format) for format in ("text", "md"))
    assert table.frame["ssim_pictures"].tolist() == [25, 19]
    assert "psnr_pictures" not in table.frame


def test_a_single_picture_has_no_interval(tmp_path: Path) -> None:
    entry = Entry(kind="measured", record=record(given=images()[:1]), submitted="2026-01-01")
    store = FolderStore(tmp_path)
    store.add(entry)
    board = store.load()
    table = build_table(board, "mini")
    html = board_html(table.frame, table.columns, board.rows)
    assert "95 %" not in html
    assert "inf " not in html
    assert "inf" not in run_html(entry, History())


def test_the_board_makes_intervals_of_old_records_anew(tmp_path: Path) -> None:
    """Those of a bootstrap were too narrow."""
    made = record()
    narrow = {
        name: each.model_copy(update={"low": 0, "high": 0}) for name, each in made.means.items()
    }
    old = made.model_copy(update={"means": narrow})
    store = FolderStore(tmp_path)
    store.add(Entry(kind="measured", record=old, submitted="2026-01-01"))
    (row,) = store.load().rows.to_dict("records")
    assert (row["psnr_low"], row["psnr_high"]) == (made.means["psnr"].low, made.means["psnr"].high)


def test_nothing_in_a_cell_or_on_a_page_is_taken_for_html(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    machine = Machine(processor=evil, cores=1, memory_bytes=1, system=evil, versions={evil: evil})
    entry = measured(evil, about_model={"licence": evil}, machines=(machine,), command=evil)
    store = FolderStore(tmp_path)
    store.add(entry)
    board = store.load()
    table = build_table(board, "mini")
    for html in (board_html(table.frame, table.columns, board.rows), run_html(entry, History())):
        assert "<script" not in html


def test_a_link_is_quoted(tmp_path: Path) -> None:
    about = About(link="https://example.org/a?b=1&c=2")
    html = run_html(measured().model_copy(update={"about": about}), History())
    assert 'href="https://example.org/a?b=1&amp;c=2" target="_blank" rel="noopener' in html


@pytest.mark.parametrize("paper", ["javascript:alert(1)", "scikit-image", "doi:10.1086/111605"])
def test_a_paper_that_is_no_address_is_not_linked(paper: str) -> None:
    assert "href" not in run_html(measured(about_model={"paper": paper}), History())


def test_a_row_that_was_withdrawn_says_why() -> None:
    gone = Withdrawal(reason="trained on the test pictures", date="2026-01-02")
    html = run_html(measured(), History(withdrawn=gone))
    assert "withdrawn on 2026-01-02: trained on the test pictures" in html


def test_a_row_that_waits_is_not_shown(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    entry = measured().model_copy(update={"kind": "self-reported", "moderated": True})
    store.add(entry)
    with gr.Blocks():
        page = RunPage(store, {}, lambda model, photo: photo)
    assert "is waiting for the operators" in page.show(entry.id)[2]
    store.accept(entry.id)
    assert "95 % interval" in page.show(entry.id)[2]


def test_the_best_and_the_worst_pictures_are_three_each() -> None:
    made = record(given=images(27.0, seed=3))
    best, worst = best_and_worst(made)
    scores = sorted(each.scores["psnr"] for each in made.images)
    assert [each.scores["psnr"] for each in best] == scores[:-4:-1]
    assert [each.scores["psnr"] for each in worst] == scores[:3]


def test_gains_are_taken_picture_by_picture() -> None:
    rows = pd.DataFrame(
        {
            "model": ["a", "b", "other pictures"],
            "backend": "onnx",
            "scores": [[3.0, 5.0], [1.0, np.inf], [1.0]],
        }
    )
    higher = gains(rows, [1.0, 2.0], "PSNR", "higher")
    assert higher is not None
    assert [[*each.y] for each in higher.data] == [[2.0, 3.0], [0.0]]
    lower = gains(rows, [1.0, 2.0], "NIQE", "lower")
    assert lower is not None
    assert [*lower.data[0].y] == [-2.0, -3.0]
    assert gains(rows, [1.0, 2.0, 3.0], "PSNR", "higher") is None


def test_categories_are_bars_of_what_was_gained(board: FolderStore) -> None:
    rows = board.load().rows
    known = rows.assign(categories=['{"text": 20.0, "people": 21.0}', None, None])
    blurred = {"text": 19.0, "people": 23.0, "saturated": 20.0}
    figure = by_category(known, blurred, "PSNR", "higher")
    assert figure is not None
    assert [dict(zip(bar.x, bar.y, strict=True)) for bar in figure.data] == [
        {"text": 1.0, "people": -2.0}
    ]
    lower = by_category(known, blurred, "NIQE", "lower")
    assert lower is not None
    assert [*lower.data[0].y] == [-1.0, 2.0]
    assert by_category(known.iloc[1:], blurred, "PSNR", "higher") is None


def test_what_people_think_stands_in_the_models_rows(board: FolderStore) -> None:
    contestant = next(each for each in contestants() if each.startswith("srcnn@"))
    board.add(measured("srcnn", 26.0))
    for person, photo in (("a", "coffee"), ("b", "camera"), ("c", "rocket")):
        board.add_vote(rating(person, contestant, 4, photo))
        board.add_vote(check(person, "coffee", passed=True))
    table = build_table(board.load(), "mini")
    mos = dict(zip(table.frame["model"], table.frame["mos"], strict=True))
    assert mos.pop("srcnn") == 4.0
    assert all(pd.isna(each) for each in mos.values())
    assert "MOS" in {column.title for column in View().shown(table)}


def test_a_long_text_is_clipped_and_whole_in_its_tooltip(board: FolderStore) -> None:
    board.add(measured("W" * 60))
    table = build_table(board.load(), "mini")
    columns = [each for each in table.columns if each.name == "model"]
    html = board_html(table.frame, columns, board.load().rows)
    assert html.count(f'<span class="clipped" title="{"W" * 60}">{"W" * 60}</span>') == 1


def test_a_run_of_a_part_says_that_it_is_a_part() -> None:
    whole = measured()
    part = whole.record.dataset.model_copy(update={"name": "mini-two", "subset_of": "mini"})
    html = run_html(measured(dataset=part), History())
    assert f"{part.images} pictures of Mini" in html
    assert f"Mini, {part.images} pictures" in run_html(whole, History())
