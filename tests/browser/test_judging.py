"""Judging by eye in a real browser: rated, voted, and found again after a restart."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from leaderboard.judging.questions import contestants
from leaderboard.judging.votes import Preference, Rating, model_of
from leaderboard.store.folder_store import FolderStore
from tests.browser.served import served
from tests.browser.visits import visit


@pytest.fixture
def port() -> str:
    """The same before and after a restart, since browsers keep what they remember by address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore(tmp_path_factory.mktemp("votes"))


@pytest.fixture(scope="module")
def address(shared: FolderStore) -> Iterator[str]:
    with served(shared.root) as address:
        yield address


def open_judge(page: Page, section: str) -> Locator:
    page.get_by_role("tab", name="Judge").click()
    if section == "preference":
        page.get_by_role("tab", name="Arena").click()
    shown = page.locator(f"#judge-{section}")
    expect(shown.locator(".exhibits img").first).to_be_visible()
    return shown


def progress(section: Locator) -> Locator:
    return section.get_by_role("status").locator("span")


def answer(section: Locator, name: str, store: FolderStore, so_many: int) -> None:
    """Give an answer, and wait for it to be kept and for the next question."""
    section.get_by_role("button", name=name, exact=True).click()
    expect(progress(section)).to_contain_text(re.compile(rf"\b{so_many} in all"))
    assert len(store.votes().votes) >= so_many


def test_votes_of_both_kinds_count_after_a_restart(
    context: BrowserContext, tmp_path: Path, port: str
) -> None:
    store = FolderStore(tmp_path)
    with served(tmp_path, PORT=port) as address, visit(context, address) as page:
        rate = open_judge(page, "rating")
        expect(rate.locator(".standing")).to_have_count(0)
        for number, grade in enumerate(("Excellent", "Poor", "Good"), 1):  # the first two: a check
            answer(rate, grade, store, number)
        expect(rate.get_by_role("status")).to_contain_text("Thank you.")
        expect(rate.locator(".standing")).to_contain_text("MOS")
        arena = open_judge(page, "preference")
        expect(arena.locator(".exhibits img")).to_have_count(2)
        for number, choice in enumerate(("Left", "No difference"), 1):
            answer(arena, choice, store, number)
        expect(arena.locator(".standing")).to_contain_text("Lai et al.")
        expect(arena.locator(".standing")).to_contain_text("Pan-14")
    before = store.votes().votes
    grades = [vote.grade for vote in before if isinstance(vote, Rating)]
    choices = [vote.choice for vote in before if isinstance(vote, Preference)]
    assert (sorted(grades), sorted(choices)) == ([2, 4, 5], ["left", "tie"])
    with served(tmp_path, PORT=port) as address, visit(context, address) as page:
        rate = open_judge(page, "rating")
        expect(progress(rate)).to_contain_text("3 by you · 3 in all")
        expect(rate.locator(".standing")).to_contain_text("MOS")
        answer(rate, "Bad", store, 4)
        arena = open_judge(page, "preference")
        expect(progress(arena)).to_contain_text("2 by you · 2 in all")
        expect(arena.locator(".standing")).to_contain_text("Strength")
    assert len({vote.rater for vote in store.votes().votes}) == 1


def test_keys_answer_and_nothing_tells_whose_a_picture_is(
    context: BrowserContext, shared: FolderStore, address: str
) -> None:
    with visit(context, address) as page:
        for section, key in ((open_judge(page, "rating"), "4"), (None, "ArrowRight")):
            shown = section or open_judge(page, "preference")
            told = shown.evaluate("each => each.innerHTML").lower()
            names = {model_of(each) for each in contestants()} | {"sharp"}
            assert not [name for name in names if re.search(rf"\b{name}\b", told)]
            page.keyboard.press(key)
            expect(shown.get_by_role("status")).to_contain_text("Thank you.")
        found = {type(vote): vote for vote in shared.votes().votes}
        assert isinstance(found[Rating], Rating)
        assert found[Rating].grade == 4
        assert isinstance(found[Preference], Preference)
        assert found[Preference].choice == "right"


def test_pictures_are_lossless_files_at_their_own_size(
    context: BrowserContext, address: str
) -> None:
    with visit(context, address) as page:
        picture = open_judge(page, "rating").locator(".exhibits img")
        page.wait_for_function("document.querySelector('#judge-rating img').complete")
        source = picture.get_attribute("src")
        assert source is not None
        assert (
            page.request.get(f"{address.rstrip('/')}/{source}").headers["content-type"]
            == "image/png"
        )
        shown, stored = picture.evaluate("each => [each.width, each.naturalWidth]")
        assert shown == stored > 200


def test_an_answer_can_be_undone_until_the_page_tells_whose_the_picture_was(
    context: BrowserContext, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path)
    with served(tmp_path) as address, visit(context, address) as page:
        rate = open_judge(page, "rating")
        source = rate.locator(".exhibits img").get_attribute("src")
        answer(rate, "Bad", store, 1)
        rate.get_by_role("button", name="Undo").click()
        expect(rate.get_by_role("status")).to_contain_text("answer again")
        assert rate.locator(".exhibits img").get_attribute("src") == source
        assert store.votes().votes == ()
        answer(rate, "Good", store, 1)
        rate.get_by_role("button", name="Which model was it?").click()
        expect(rate.get_by_role("status")).to_contain_text("That was The original.")
        expect(rate.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_dense_screen_shows_pictures_by_its_own_pixels_and_a_pair_fits_a_phone(
    context: BrowserContext, address: str
) -> None:
    assert context.browser is not None
    phone = context.browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=3
    )
    with visit(phone, address) as page:
        arena = open_judge(page, "preference")
        for picture in arena.locator(".exhibits img").all():
            expect(picture).to_be_in_viewport(ratio=1)
            shown, stored = picture.evaluate("each => [each.width * 3, each.naturalWidth]")
            assert abs(shown - stored) <= 3
    phone.close()
