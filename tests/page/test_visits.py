"""What visitors sent is found by its key alone, and forgotten in time."""

import shutil
from pathlib import Path

import pytest

from deblur.errors import DeblurError, ImageError, OutputError, UnreadableImageError
from deblur.page.visiting import intake
from deblur.page.visiting.intake import take_in
from deblur.page.visiting.visits import MAX_PHOTOS, Photo, Visit, Visits

KEY, OTHER = "0" * 32, "f" * 32
EXAMPLE = Path(__file__).parents[2] / "examples" / "coffee.jpg"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visits(tmp_path: Path, clock: Clock) -> Visits:
    return Visits(tmp_path / "photos", 3600, clock)


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    path = tmp_path / "sent" / "coffee.jpg"
    path.parent.mkdir()
    shutil.copy(EXAMPLE, path)
    return path


def test_a_photo_that_was_sent_is_found_by_its_own_visit(visits: Visits, sent: Path) -> None:
    photo = take_in(visits, visits.of(KEY), sent)
    assert visits.find(KEY, photo.id) is photo
    assert visits.of(KEY).photo is photo
    assert (photo.name, photo.opened.width, photo.opened.height) == ("coffee.jpg", 570, 370)
    assert all(
        (photo.folder / name).is_file() for name in ("before.jpg", "before.npy", "small.jpg")
    )
    with pytest.raises(UnreadableImageError, match="was deleted"):
        visits.find(OTHER, photo.id)


@pytest.mark.parametrize("key", ["", "x" * 32, "../../etc", "0" * 31])
def test_what_is_no_key_finds_nothing(visits: Visits, key: str) -> None:
    with pytest.raises(UnreadableImageError, match="load it again"):
        visits.of(key)


def test_a_photo_is_forgotten_in_time_and_so_are_its_files(
    visits: Visits, sent: Path, clock: Clock
) -> None:
    photo = take_in(visits, visits.of(KEY), sent)
    clock.now += 3599
    assert visits.seconds_left(photo) == 1
    assert visits.find(KEY, photo.id) is photo
    clock.now += 1
    with pytest.raises(UnreadableImageError, match="like every photo after 60 minutes"):
        visits.find(KEY, photo.id)
    assert not photo.folder.exists()
    assert sent.is_file()


def test_a_photo_whose_file_is_gone_is_forgotten(visits: Visits, sent: Path) -> None:
    photo = take_in(visits, visits.of(KEY), sent)
    photo.path.unlink()
    assert visits.of(KEY).photos == {}


def test_after_a_photo_another_is_looked_at(visits: Visits, sent: Path) -> None:
    visit = visits.of(KEY)
    first, second = (take_in(visits, visit, sent) for _ in range(2))
    assert visit.photo is second
    visit.forget(second.id)
    assert visit.photo is first
    visit.forget(first.id)
    assert visit.photo is None


def test_what_cannot_be_used_changes_nothing(visits: Visits, sent: Path, tmp_path: Path) -> None:
    visit = visits.of(KEY)
    photo = take_in(visits, visit, sent)
    sent.write_text("no photo")
    with pytest.raises(ImageError, match="not a picture"):
        take_in(visits, visit, sent)
    with pytest.raises(UnreadableImageError, match="no longer here"):
        take_in(visits, visit, tmp_path / "missing.jpg")
    assert visit.photo is photo
    assert [*(tmp_path / "photos").iterdir()] == [photo.folder]


def test_there_are_bounds(visits: Visits, sent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Visit(KEY)
    for number in range(MAX_PHOTOS):
        full.photos[f"{number}"] = Photo.__new__(Photo)
    with pytest.raises(DeblurError, match=r"cannot be added: \d+ photos are kept"):
        take_in(visits, full, sent)
    monkeypatch.setattr(intake, "MAX_BYTES", 10)
    with pytest.raises(ImageError, match="at most 0 MB are accepted"):
        take_in(visits, visits.of(KEY), sent)


def test_where_there_is_no_room_nothing_is_taken(tmp_path: Path, sent: Path) -> None:
    full = Visits(tmp_path / "photos", 3600, has_room=lambda size: False)
    with pytest.raises(OutputError, match="no room"):
        take_in(full, full.of(KEY), sent)
    assert [*(tmp_path / "photos").iterdir()] == []
