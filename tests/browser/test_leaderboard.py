"""The Leaderboard in a real browser, on the records that come with the project."""

import io
import re

import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect


@pytest.fixture
def board(page: Page) -> Page:
    page.get_by_role("tab", name="Leaderboard").click()
    expect(page.locator('#board [data-testid="cell-0-0"]')).to_be_visible()
    return page


def header(page: Page, title: str) -> str:
    """The number of a column."""
    found = page.locator(f'#board .header-table th[title="{title}"]').get_attribute("data-heading")
    assert found is not None
    return found


def cells(page: Page, title: str) -> Locator:
    """The cells of a column, top to bottom."""
    return page.locator(f'#board [data-testid^="cell-"][data-testid$="-{header(page, title)}"]')


def column(page: Page, title: str) -> list[str]:
    """What they say, the arrow of a link aside."""
    return [text.removesuffix("↗").strip() for text in cells(page, title).all_inner_texts()]


def numbers(texts: list[str]) -> list[float]:
    return [float(text.replace(",", "")) for text in texts if text]


def choose(page: Page, dataset: str) -> None:
    page.get_by_label("Dataset").click()
    page.get_by_role("option", name=dataset, exact=True).click()
    expect(page.locator("#board-rules")).to_contain_text(f"{dataset}, ranked by")


def sort(page: Page, title: str, how: str) -> None:
    cell = page.locator(f'#board .header-table th[title="{title}"]')
    cell.hover()
    cell.locator(".cell-menu-button").click()
    page.get_by_role("menuitem", name=how).click()


def test_the_best_comes_first(board: Page) -> None:
    choose(board, "mini")
    psnr = numbers(column(board, "PSNR"))
    assert len(psnr) > 5
    assert psnr == sorted(psnr, reverse=True)
    assert {"blurred", "residual-unet-s"} <= {*column(board, "model")}


def test_numbers_are_sorted_as_numbers(board: Page) -> None:
    choose(board, "mini")
    sort(board, "parameters", "Sort ascending")
    expect(cells(board, "parameters").first).to_have_text("0")
    parameters = numbers(column(board, "parameters"))
    assert parameters == sorted(parameters)
    assert max(parameters) > 1e6 > 1e5 > min(parameters)


def test_rows_are_filtered_and_searched(board: Page) -> None:
    choose(board, "gopro")
    expect(board.locator("#board")).to_contain_text("Restormer")
    board.get_by_label("reported", exact=True).uncheck()
    expect(board.locator("#board")).not_to_contain_text("Restormer")
    assert column(board, "model") == []
    board.get_by_label("reported", exact=True).check()
    expect(board.locator("#board")).to_contain_text("Restormer")
    board.get_by_label("Search").fill("nafnet")
    board.get_by_label("Search").press("Enter")
    expect(board.locator("#board")).not_to_contain_text("Restormer")
    assert sorted(column(board, "model")) == ["NAFNet-32", "NAFNet-64"]


def test_the_address_opens_the_same_view_again(board: Page, context: BrowserContext) -> None:
    choose(board, "gopro")
    board.get_by_label("Search").fill("mimo")
    board.get_by_label("Search").press("Enter")
    expect(board.locator("#board")).not_to_contain_text("Restormer")
    expect(board.locator("#board")).to_contain_text("MIMO-UNet+")
    again = context.new_page()
    again.goto(board.url)
    expect(again.locator("#board")).to_contain_text("MIMO-UNet+")
    expect(again.get_by_role("tab", name="Leaderboard")).to_have_attribute("aria-selected", "true")
    assert again.get_by_label("Search").input_value() == "mimo"
    assert column(again, "model") == column(board, "model")
    again.close()


@pytest.fixture
def downloads(board: Page) -> list[bytes]:
    choose(board, "mini")
    found = []
    for name in ("Download as CSV", "Download as Parquet"):
        with board.expect_download() as started:
            board.get_by_role("button", name=name).click()
        found.append(started.value.path().read_bytes())
    return found


def test_what_is_shown_can_be_taken_away(board: Page, downloads: list[bytes]) -> None:
    csv, parquet = pd.read_csv(io.BytesIO(downloads[0])), pd.read_parquet(io.BytesIO(downloads[1]))
    assert [*csv["model"]] == [*parquet["model"]] == column(board, "model")
    assert [f"{value:.2f}" for value in csv["psnr"]] == column(board, "PSNR")
    assert {"id", "trained_on", "provider"} <= {*csv.columns}


def test_columns_and_further_filters_are_chosen(board: Page) -> None:
    choose(board, "mini")
    board.get_by_text("More filters and columns").click()
    board.get_by_role("combobox", name="Parameters").click()
    board.get_by_role("option", name="up to 1 M", exact=True).click()
    expect(board.locator("#board")).not_to_contain_text("residual-unet-s")
    assert {"srcnn", "unet"} <= {*column(board, "model")}
    board.get_by_label("training data", exact=True).check()
    expect(board.locator('#board .header-table th[title="training data"]')).to_be_attached()
    assert "size=up+to+1+M" in board.url


def test_a_score_tells_its_interval(board: Page) -> None:
    choose(board, "mini")
    told = cells(board, "PSNR").first.locator("span[title]").get_attribute("title")
    assert told is not None
    low, high = map(float, told.removeprefix("95 %: ").split(" to "))
    assert low < numbers(column(board, "PSNR"))[0] < high


def test_a_row_opens_its_own_page(board: Page, context: BrowserContext) -> None:
    choose(board, "mini")
    board.locator("#board").get_by_text("residual-unet-s").first.click()
    opened = board.locator("#run-page")
    expect(opened).to_contain_text("Residual U-Net, small")
    expect(opened).to_contain_text("Worst pictures")
    expect(board).to_have_url(re.compile("run="))
    again = context.new_page()
    again.goto(board.url)
    expect(again.locator("#run-page")).to_contain_text("Residual U-Net, small")
    again.get_by_role("button", name="Close").click()
    expect(again.locator("#run-page")).to_be_hidden()
    again.close()
