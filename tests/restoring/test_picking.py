"""What the diagnosis picks is what restores a photo, part by part."""

from dataclasses import replace

import numpy as np
import pytest

from deblur.catalog import FOCUS_MODEL, GENERAL_MODEL
from deblur.diagnosis import Kind
from deblur.diagnosis.summary import summarise
from deblur.image_io import DecodedImage
from deblur.restorer import Restorer
from deblur.restoring.report import RestoreReport
from deblur.restoring.tiled_network import TiledNetwork
from tests.diagnosis.reports import tile
from tests.pictures import photo
from tests.restoring.networks import SPEC, Halve, Identity


def picking(
    image: DecodedImage, kinds: list[Kind]
) -> tuple[DecodedImage, RestoreReport, list[str]]:
    """Restore with a diagnosis that finds `kinds` side by side, and networks that darken."""
    opened: list[str] = []
    found = summarise(
        image.height,
        image.width,
        [tile(kind, left=160 * place) for place, kind in enumerate(kinds)],
    )

    def open_other(name: str) -> TiledNetwork:
        opened.append(name)
        return TiledNetwork(replace(SPEC, name=name), Halve())

    restorer = Restorer(TiledNetwork(replace(SPEC, name=GENERAL_MODEL), Identity()), open_other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deblur.restorer.diagnose", lambda image, threads, reduction: found)
        restored, report = restorer.restore_reported(image)
        np.testing.assert_array_equal(restorer.restore(image).pixels, restored.pixels)
    return restored, report, opened


def test_a_sharp_photo_stays_as_it_came_to_the_bit() -> None:
    image = photo(160, 640)
    for pixels in (image.pixels, image.pixels.astype(np.uint16) * 257, image.pixels[..., :1]):
        restored, report, opened = picking(image.with_pixels(pixels), [Kind.sharp] * 4)
        np.testing.assert_array_equal(restored.pixels, pixels)
        assert (report.models, opened) == ((), [])


def test_what_is_picked_is_opened_once_and_runs() -> None:
    image = photo(160, 640)
    restored, report, opened = picking(image, [Kind.focus] * 4)
    assert report.models == tuple(opened) == (FOCUS_MODEL,)
    assert report.picked
    np.testing.assert_allclose(restored.pixels, image.pixels / 2, atol=0.51)


@pytest.mark.parametrize("channels", [1, 3])
def test_parts_of_a_photo_go_their_own_way(channels: int) -> None:
    image = photo(160, 1280, channels)
    restored, report, _ = picking(image, [Kind.focus] * 4 + [Kind.motion] * 4)
    assert set(report.models) == {GENERAL_MODEL, FOCUS_MODEL}
    np.testing.assert_allclose(restored.pixels[:, :300], image.pixels[:, :300] / 2, atol=8)
    np.testing.assert_allclose(restored.pixels[:, -300:], image.pixels[:, -300:], atol=8)


def test_a_named_model_restores_whatever_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = summarise(40, 40, [tile(Kind.sharp)])
    monkeypatch.setattr("deblur.restorer.diagnose", lambda image, threads, reduction: found)
    image = photo(40, 40)
    restored, report = Restorer(TiledNetwork(SPEC, Halve())).restore_reported(image)
    np.testing.assert_allclose(restored.pixels, image.pixels / 2, atol=0.51)
    assert (report.models, report.picked) == ((SPEC.name,), False)


def test_what_was_found_already_is_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(image: DecodedImage, threads: int | None, reduction: int | None) -> None:
        raise AssertionError("diagnosed again")

    monkeypatch.setattr("deblur.restorer.diagnose", never)
    image = photo(40, 40)
    found = summarise(40, 40, [tile(Kind.sharp)])
    picks = Restorer(TiledNetwork(SPEC, Halve()), lambda name: TiledNetwork(SPEC, Halve()))
    restored, report = picks.restore_reported(image, found=found)
    np.testing.assert_array_equal(restored.pixels, image.pixels)
    assert report.before is found
