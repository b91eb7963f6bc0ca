"""The Leaderboard in a real browser, on the records that come with the project."""

import io
import re

import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect


@pytest.fixture
def board(page: Page) -> Page:
    page.get_by_role("tab", name="Leaderboard").click()
    expect(page.locator("#board tbody tr").first).to_be_visible()
    return page


def header(page: Page, name: str) -> Locator:
    """The header of a column, by the column's name."""
    return page.locator(f'#board th:has([data-sort-by="{name}"])')


def cells(page: Page, name: str) -> Locator:
    """The cells of a column, top to bottom."""
    place = header(page, name).evaluate("each => [...each.parentElement.children].indexOf(each)")
    return page.locator(f"#board tbody tr > :nth-child({place + 1})")


def column(page: Page, name: str) -> list[str]:
    """What they say."""
    return [text.strip() for text in cells(page, name).all_inner_texts()]


def models(page: Page) -> list[str]:
    return page.locator("#board .name").all_inner_texts()


def numbers(texts: list[str]) -> list[float]:
    return [float(text.replace(",", "")) for text in texts if text]


def choose(page: Page, dataset: str) -> None:
    page.get_by_label("Dataset").click()
    page.get_by_role("option", name=dataset, exact=True).click()
    expect(page.locator("#board-rules")).to_contain_text(f"{dataset}, ranked by")


def sort(page: Page, name: str) -> list[str]:
    header(page, name).get_by_role("button").click()
    return column(page, name)


def test_the_best_comes_first(board: Page) -> None:
    choose(board, "mini")
    psnr = numbers(column(board, "psnr"))
    assert len(psnr) > 5
    assert psnr == sorted(psnr, reverse=True)
    assert {"blurred", "residual-unet-s"} <= {*models(board)}


def test_a_click_on_a_header_sorts_and_a_second_one_turns_it_around(board: Page) -> None:
    choose(board, "mini")
    found = sort(board, "seconds_per_megapixel")
    expect(header(board, "seconds_per_megapixel")).to_have_attribute("aria-sort", "ascending")
    assert numbers(found) == sorted(numbers(found))
    turned = sort(board, "seconds_per_megapixel")
    assert numbers(turned) == sorted(numbers(found), reverse=True)
    assert found[-1] == turned[-1] == "", "rows without a value come last, either way"
    best_first = numbers(sort(board, "psnr"))
    assert best_first == sorted(best_first, reverse=True)
    expect(board.locator("#board [aria-sort]")).to_have_count(1)


def test_rows_are_filtered_and_searched(board: Page) -> None:
    choose(board, "gopro")
    expect(board.locator("#board")).to_contain_text("Restormer")
    board.get_by_label("reported", exact=True).uncheck()
    expect(board.locator("#board")).not_to_contain_text("Restormer")
    assert models(board) == []
    board.get_by_role("button", name="Clear the filters").click()
    expect(board.locator("#board")).to_contain_text("Restormer")
    board.get_by_label("Search").fill("nafnet")
    board.get_by_label("Search").press("Enter")
    expect(board.locator("#board")).not_to_contain_text("Restormer")
    expect(board).not_to_have_url(re.compile("kinds="))
    assert sorted(models(board)) == ["NAFNet-32", "NAFNet-64"]


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
    assert models(again) == models(board)
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
    assert [*csv["model"]] == [*parquet["model"]]
    assert [*csv["model"].drop_duplicates()] == models(board)
    ranked = csv[csv["model_variant"].isna()]
    assert [f"{value:.2f}" for value in ranked["psnr"]] == column(board, "psnr")
    assert {"id", "trained_on", "provider"} <= {*csv.columns}


def test_columns_and_further_filters_are_chosen(board: Page) -> None:
    choose(board, "mini")
    board.get_by_text("More filters and columns").click()
    board.get_by_role("combobox", name="Parameters").click()
    board.get_by_role("option", name="up to 1 M", exact=True).click()
    expect(board.locator("#board")).not_to_contain_text("residual-unet-s")
    assert {"srcnn", "unet"} <= {*models(board)}
    board.get_by_label("training data", exact=True).check()
    expect(header(board, "trained_on")).to_be_attached()
    assert "size=up+to+1+M" in board.url


def test_a_score_tells_its_interval(board: Page) -> None:
    choose(board, "mini")
    told = cells(board, "psnr").first.locator("span[title]").get_attribute("title")
    assert told is not None
    low, high = map(float, told.removeprefix("95 %: ").split(" to "))
    assert low < numbers(column(board, "psnr"))[0] < high


def test_a_row_opens_its_own_page(board: Page, context: BrowserContext) -> None:
    choose(board, "mini")
    board.locator("#board").get_by_role("button", name="residual-unet-s").click()
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


def test_a_chip_opens_the_variant(board: Page) -> None:
    choose(board, "mini")
    row = board.locator("#board tbody tr", has=board.get_by_role("button", name="residual-unet-s"))
    row.get_by_role("button", name="int8").click()
    expect(board.locator("#run-page")).to_contain_text("int8")


def test_two_ticked_rows_tell_what_they_are_apart(board: Page) -> None:
    choose(board, "mini")
    board.get_by_label("Compare srcnn with another row").check()
    expect(board.locator("#board-pair")).to_contain_text("Tick a second row")
    board.get_by_label("Compare residual-unet-s with another row").check()
    expect(board.locator("#board-pair")).to_contain_text("residual-unet-s is ahead of srcnn by")
    board.get_by_label("Compare unet with another row").check()
    expect(board.locator("#board [data-tick]:checked")).to_have_count(2)


def test_a_link_that_people_write_opens_a_model_and_scrolls_to_it(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    page.goto(f"{address}?dataset=mini&model=srcnn")
    expect(page.locator("#run-page h2")).to_have_text("srcnn")
    expect(page.locator("#run-page h2")).to_be_in_viewport()
    page.close()


def test_all_datasets_are_seen_at_a_glance_and_open_from_there(board: Page) -> None:
    board.get_by_role("button", name="All datasets at a glance").click()
    seen = board.locator("#board-overview")
    expect(seen.locator("tbody tr", has_text="srcnn")).to_be_visible()
    seen.get_by_role("button", name="lai-uniform").click()
    expect(board.locator("#board-rules")).to_contain_text("lai-uniform, ranked by")


def test_plotly_comes_only_when_a_plot_is_scrolled_to(
    context: BrowserContext, address: str
) -> None:
    asked: list[str] = []
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 500})
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.get_by_role("tab", name="Leaderboard").click()
    expect(page.locator("#board tbody tr").first).to_be_visible()
    assert not [url for url in asked if "plotly" in url.lower()]
    page.locator("#board-plots").scroll_into_view_if_needed()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    assert [url for url in asked if "plotly" in url.lower()]
    page.close()


def test_rank_model_and_metric_stay_in_sight_on_a_phone(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}?lang=zh&board=mini")
    first = page.locator("#board tbody tr").first
    expect(first).to_be_visible()
    page.locator("#board .board-scroll").evaluate("each => each.scrollTo(600, 0)")
    for place in range(3):
        box = first.locator(f".fixed-{place}").bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#board-rules")).to_contain_text("排名")
    page.close()
