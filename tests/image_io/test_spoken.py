"""What is wrong with a photo is said in the language of whoever sent it."""

import io
from pathlib import Path

import pytest
from PIL import Image

from deblur.errors import DeblurError
from deblur.image_io import check_output, decode_image
from deblur.language import Language, speaking
from deblur.page.visiting.opening import open_photo
from tests.pictures import scene


def encoded(format: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(scene(40, 60)).save(stream, format)
    return stream.getvalue()


PNG = encoded("PNG")
WRONG = {
    "empty.jpg": (b"", "是空文件"),
    "notes.jpg": (b"no photo", "不是图片"),
    "paper.pdf": (b"%PDF-1.7" + bytes(600), "是PDF 文档"),
    "cut.png": (PNG[: len(PNG) // 2], "已损坏或不完整"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_photo_that_cannot_be_used(name: str, tmp_path: Path) -> None:
    content, words = WRONG[name]
    (tmp_path / name).write_bytes(content)
    with speaking(Language.chinese), pytest.raises(DeblurError, match=words):
        decode_image(tmp_path / name)


def test_the_process_that_opens_photos_speaks_it_too(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(PNG)
    with speaking(Language.chinese), pytest.raises(DeblurError) as told:
        open_photo(tmp_path / "large.png", tmp_path / "seen.jpg", max_pixels=2000, side=100)
    assert str(told.value).startswith("large.png 为 60 x 40 像素")
    assert str(told.value).endswith("请把它缩小")


def test_a_format_that_cannot_hold_a_photo() -> None:
    image = decode_image(encoded("PNG"))
    with speaking(Language.chinese), pytest.raises(DeblurError, match="质量为 0"):
        check_output(image, "JPEG", 0)
