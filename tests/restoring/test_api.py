"""`from deblur import restore`: any photo in, a picture and its report out."""

import inspect
import pydoc
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import deblur
from deblur import api, available_models, restore
from deblur.catalog import CATALOG
from deblur.errors import ImageError, OutputExistsError, UnknownModelError, UnsupportedImageError
from deblur.image_io import DecodedImage, decode_image, write_image
from tests.pictures import photo, scene

FAST: dict[str, Any] = {"model": "srcnn", "engine": "onnx", "device": "cpu"}


def expected(image: DecodedImage) -> Any:
    return deblur.Restorer.open(**FAST).restore(image).pixels


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(photo(40, 50), path)
    return path


def test_a_photo_in_every_form_gives_the_same(file: Path) -> None:
    image = decode_image(file)
    forms = [file, str(file), image, image.pixels, Image.open(file)]
    for form in forms:
        restored = restore(form, **FAST)
        np.testing.assert_array_equal(restored.image.pixels, expected(image))
        assert restored.report.model == "srcnn"
        assert (restored.report.width, restored.report.height) == (50, 40)
        assert restored.report.seconds >= restored.report.network_seconds > 0


def test_strength_says_how_much_of_the_result_there_is(file: Path) -> None:
    before = decode_image(file)
    np.testing.assert_array_equal(restore(file, strength=0, **FAST).array, before.pixels)
    assert not np.array_equal(restore(file, **FAST).array, before.pixels)


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3), (40, 50, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_arrays_come_back_as_they_came(shape: tuple[int, ...], dtype: type) -> None:
    channels = shape[2] if len(shape) == 3 else 1
    values = scene(40, 50, min(channels, 3)).astype(dtype)
    if channels == 4:
        values = np.dstack([values, scene(40, 50, 1)[..., 0].astype(dtype)])
    values = values.reshape(shape)
    restored = restore(values, **FAST)
    assert restored.array.shape == shape
    assert restored.array.dtype == dtype
    if channels == 4:
        np.testing.assert_array_equal(restored.array[..., 3], values[..., 3])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pil_images_of_every_kind_are_photos(mode: str) -> None:
    grey = Image.fromarray(scene(30, 20, 1)[..., 0])
    image = Image.new("I;16", (20, 30), 700) if mode == "I;16" else grey.convert(mode)
    restored = restore(image, **FAST)
    assert (restored.image.width, restored.image.height) == (20, 30)
    assert (restored.image.alpha is not None) == (mode in ("LA", "RGBA"))
    assert restored.array.dtype == (np.uint16 if mode == "I;16" else np.uint8)


def test_a_pil_image_is_turned_upright_and_keeps_its_profile() -> None:
    image = Image.fromarray(scene(30, 20))
    image.getexif()[274] = 6
    image.info["icc_profile"] = Image.new("RGB", (1, 1)).info.get("icc_profile") or b""
    restored = restore(image, **FAST)
    assert (restored.image.width, restored.image.height) == (30, 20)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.zeros((4, 4), np.float32), "float32.*multiply by 255"),
        (np.zeros((4, 4), bool), "of bool"),
        (np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\).*expected"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), r"shape \(2, 4, 4, 3\)"),
        (np.zeros(4, np.uint8), r"shape \(4,\)"),
        ({}, "not dict"),
        (b"bytes", "not bytes"),
        (None, "not NoneType"),
        (Image.new("F", (2, 2)), "of mode F: convert it to one of .*RGB"),
    ],
)
def test_what_is_no_photo_is_said_before_anything_runs(
    wrong: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_restorer", None)
    with pytest.raises(UnsupportedImageError, match=said):
        restore(wrong)


def test_a_missing_file_and_a_misspelt_model_are_said(tmp_path: Path, file: Path) -> None:
    with pytest.raises(ImageError, match="no file"):
        restore(str(tmp_path / "nothing.png"), **FAST)
    with pytest.raises(UnknownModelError, match="no model 'nobody'"):
        restore(file, model="nobody")


def test_it_is_saved_once_with_what_belongs_to_it(file: Path, tmp_path: Path) -> None:
    restored = restore(file, **FAST)
    place = restored.save(str(tmp_path / "restored.tif"))
    np.testing.assert_array_equal(decode_image(place).pixels, restored.image.pixels)
    with pytest.raises(OutputExistsError):
        restored.save(place)
    assert restored.save(place, overwrite=True) == place


def test_every_model_that_is_available_has_weights() -> None:
    assert available_models()[0] == "residual-unet-xs"
    assert {*available_models()} == {name for name, spec in CATALOG.items() if spec.weights}


def test_public_names_are_seen() -> None:
    assert {*deblur.__all__} <= {*dir(deblur)}
    assert {*deblur.__all__} == {*deblur._HOMES}
    text = pydoc.plain(pydoc.render_doc(deblur))
    assert "restore(photo" in text
    assert "class Restorer" in text
    assert all(inspect.getdoc(getattr(deblur, name)) for name in deblur.__all__)


def test_importing_the_package_is_cheap() -> None:
    code = "import deblur, sys; print({'numpy', 'PIL', 'onnxruntime'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


GOOD = """
from pathlib import Path
from deblur import Restorer, restore
restored = restore(Path("a.jpg"), model="srcnn")
width: int = restored.report.width
Restorer.open().restore_file("a.jpg", "b.jpg")
"""
BAD = """
from deblur import Restorer, restore
restore(7)
restored = restore("a.jpg")
width: str = restored.report.width
Restorer.open(modle="srcnn")
"""


def test_a_type_checker_sees_the_public_names(tmp_path: Path) -> None:
    for name, program in (("good", GOOD), ("bad", BAD)):
        (tmp_path / f"{name}.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent",
         str(tmp_path / "good.py"), str(tmp_path / "bad.py")],
        capture_output=True,
        text=True,
        cwd=Path(deblur.__file__).parents[1],
        check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if ": error:" in line]
    found = {name: [line for line in lines if f"{name}.py:" in line] for name in ("good", "bad")}
    assert found["good"] == []
    assert [int(line.split(":")[1]) for line in found["bad"]] == [3, 5, 6]
