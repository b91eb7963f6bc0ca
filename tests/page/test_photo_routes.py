"""Addresses of photos: whoever has the key gets pixels, within bounds, and nobody else anything."""

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from deblur.catalog import AUTO
from deblur.errors import OutputError
from deblur.image_io import DecodedImage, decode_image, write_image
from deblur.page.photo_routes import photo_address, photo_routes
from deblur.page.restorers import AUTOMATIC
from deblur.page.restoring import check_format, restore_photo, restore_piece
from deblur.page.screen import MAX_CUT_SIDE, busiest, cut, write_for_screen
from deblur.page.visiting.intake import take_in
from deblur.page.visiting.visitors import Run
from deblur.page.visiting.visits import Photo, Visit, Visits
from deblur.synthesis.psf import aperture
from tests.diagnosis.blurring import blurred

KEY = "0" * 32
EXAMPLE = Path(__file__).parents[2] / "examples" / "coffee.jpg"


@pytest.fixture
def visit(visits: Visits) -> Visit:
    return visits.of(KEY)


@pytest.fixture
def photo(visits: Visits, visit: Visit, tmp_path: Path) -> Photo:
    sent = tmp_path / "coffee.jpg"
    shutil.copy(EXAMPLE, sent)
    return take_in(visits, visit, sent)


@pytest.fixture
def client(visits: Visits) -> TestClient:
    return TestClient(Starlette(routes=photo_routes(visits)))


def picture(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def restored(photo: Photo) -> None:
    run = Run(lambda: True, 600)
    photo.results.append(restore_photo(photo, "srcnn", AUTOMATIC, "", lambda _: None, run))


def test_a_piece_is_the_photos_own_pixels(client: TestClient, visit: Visit, photo: Photo) -> None:
    answer = client.get(photo_address(visit, photo, "before/100-50-200-100.png"))
    whole = decode_image(EXAMPLE).pixels
    np.testing.assert_array_equal(picture(answer.content), whole[50:150, 100:300])
    assert "private" in answer.headers["cache-control"]


def test_no_piece_is_larger_than_the_most(client: TestClient, visit: Visit, photo: Photo) -> None:
    answer = client.get(photo_address(visit, photo, "before/0-0-9999-9999.png"))
    assert picture(answer.content).shape == (370, 570, 3)
    assert max(picture(answer.content).shape) <= MAX_CUT_SIDE


@pytest.mark.parametrize(
    "rest",
    [
        "before/9999-0-10-10.png",
        "before/a-b-c-d.png",
        "1/preview.jpg",
        "1/download",
        "pieces/before.npy",
        "pieces/..%2Fbefore.npy",
    ],
)
def test_what_is_not_there_is_not_found(
    client: TestClient, visit: Visit, photo: Photo, rest: str
) -> None:
    assert client.get(photo_address(visit, photo, rest)).status_code == 404


def test_another_key_finds_nothing(client: TestClient, visit: Visit, photo: Photo) -> None:
    place = photo_address(visit, photo, "before/preview.jpg")
    assert client.get(place).status_code == 200
    assert client.get(place.replace(KEY, "1" * 32)).status_code == 404
    assert client.get(place.replace(KEY, "1")).status_code == 404


def test_the_file_is_made_of_what_is_wished(client: TestClient, visit: Visit, photo: Photo) -> None:
    restored(photo)
    place = photo_address(visit, photo, "1/download")
    whole, none = (client.get(f"{place}?format=PNG&strength={each}") for each in (100, 0))
    np.testing.assert_array_equal(picture(none.content), decode_image(EXAMPLE).pixels)
    np.testing.assert_array_equal(picture(whole.content), np.load(photo.results[0].pixels))
    assert "coffee-deblurred.png" in whole.headers["content-disposition"]
    assert client.get(place).headers["content-type"] == "image/jpeg"
    strange = client.get(f"{place}?format=../x&strength=-5")
    assert "coffee-deblurred.jpg" in strange.headers["content-disposition"]


def test_a_piece_that_was_tried_is_what_the_whole_photo_has_there(photo: Photo) -> None:
    restored(photo)
    piece = restore_piece(photo, "srcnn", AUTOMATIC, (300, 200))
    tried = np.asarray(Image.open(piece.file).convert("RGB")).astype(int)
    rows = slice(piece.top, piece.top + piece.height)
    whole = np.load(photo.results[0].pixels)[rows, piece.left : piece.left + piece.width]
    assert np.abs(tried - whole).max() <= 1
    assert piece.seconds > 0


def test_a_piece_of_a_widely_blurred_photo_is_restored_at_the_same_part_of_its_size(
    visits: Visits, visit: Visit, tmp_path: Path
) -> None:
    image = blurred(decode_image(EXAMPLE), aperture(8.0, 0, 0.0))
    write_image(image, tmp_path / "wide.png")
    wide = take_in(visits, visit, tmp_path / "wide.png")
    run = Run(lambda: True, 600)
    wide.results.append(restore_photo(wide, AUTO, AUTOMATIC, "", lambda _: None, run))
    assert wide.results[0].report.reduction > 1
    piece = restore_piece(wide, AUTO, AUTOMATIC, (300, 200))
    tried = np.asarray(Image.open(piece.file).convert("RGB")).astype(int)
    rows = slice(piece.top, piece.top + piece.height)
    columns = slice(piece.left, piece.left + piece.width)
    came = image.pixels[rows, columns].astype(int)
    whole = np.load(wide.results[0].pixels)[rows, columns]
    assert np.abs(tried - whole).mean() < 0.25 * np.abs(came - whole).mean()


def test_what_a_format_cannot_hold_is_known_before(tmp_path: Path, visits: Visits) -> None:
    pixels = np.zeros((40, 60, 3), np.uint16)
    write_image(DecodedImage(pixels, pixels[..., 0], "PNG"), tmp_path / "clear.png")
    photo = take_in(visits, visits.of(KEY), tmp_path / "clear.png")
    check_format(photo.opened, "")
    with pytest.raises(OutputError, match="JPEG cannot hold"):
        check_format(photo.opened, "JPEG")


def test_in_the_zip_a_photo_that_the_format_cannot_hold_is_in_its_own(
    client: TestClient, visits: Visits, visit: Visit, photo: Photo, tmp_path: Path
) -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    write_image(DecodedImage(pixels, pixels[..., 0], "PNG"), tmp_path / "clear.png")
    for each in (photo, take_in(visits, visit, tmp_path / "clear.png")):
        restored(each)
    answer = client.get(f"photos/{visit.key}/all/zip?format=JPEG")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["coffee-deblurred.jpg", "clear-deblurred.png"]


def test_what_each_format_leaves_out_is_known_once_a_photo_is_restored(
    tmp_path: Path, visits: Visits
) -> None:
    write_image(DecodedImage(np.zeros((40, 60, 3), np.uint16), None, "PNG"), tmp_path / "a.png")
    photo = take_in(visits, visits.of(KEY), tmp_path / "a.png")
    restored(photo)
    told = {format: photo.results[0].report_as(format).notes for format in ("PNG", "JPEG", "HEIF")}
    assert not any("16 bits" in note for note in told["PNG"])
    assert "its 16 bits a channel were rounded to 8, which is what a JPEG holds" in told["JPEG"]
    assert "its 16 bits a channel were rounded to 10, which is what a HEIC holds" in told["HEIF"]


def test_the_busiest_part_is_where_the_detail_is() -> None:
    random = np.random.default_rng(0)
    preview = np.full((600, 800, 3), 120, np.uint8)
    preview[400:500, 600:700] = random.integers(0, 255, (100, 100, 3))
    x, y = busiest(preview, 2400, 3200)
    assert abs(x - 2600) < 400
    assert abs(y - 1800) < 300


def test_for_the_screen_clear_pixels_are_checkered_alike_in_every_band(tmp_path: Path) -> None:
    pixels = np.full((1100, 40, 3), 257 * 40, np.uint16)
    clear = np.zeros((1100, 40), np.uint16)
    write_for_screen(DecodedImage(pixels, clear, "PNG"), tmp_path / "a.npy")
    seen = cut(tmp_path / "a.npy", 0, 0, 40, 1100)
    assert seen.dtype == np.uint8
    assert set(np.unique(seen)) == {216, 255}
    np.testing.assert_array_equal(seen[:32], seen[512:544])
