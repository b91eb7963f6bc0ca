"""`deblur diagnose`, as it is typed."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.command_line import deblur, picture

MINI = Path(__file__).parents[2] / "benchmarks" / "mini"
SHAKEN = MINI / "blur" / "chelsea-strong.webp"


def test_it_says_a_sentence_of_each_photo() -> None:
    said = deblur("diagnose", SHAKEN, MINI / "sharp" / "chelsea.webp", "--threads", "1")
    assert said.code == 0, said.err
    first, second = said.out.splitlines()
    assert first.startswith(str(SHAKEN))
    assert "px" in first
    assert "little will change" in second


def test_json_is_the_whole_record() -> None:
    said = deblur("diagnose", SHAKEN, "--json")
    (record,) = said.records
    assert record["input"] == str(SHAKEN)
    assert record["kind"] == "motion"
    assert record["length"] > 8
    assert record["said"]
    assert len(record["tiles"]) >= 4


def test_the_map_is_a_picture_of_the_photos_size(tmp_path: Path) -> None:
    out = tmp_path / "map.png"
    assert deblur("diagnose", SHAKEN, "--map", out).code == 0
    with Image.open(out) as drawn, Image.open(SHAKEN) as photo:
        assert drawn.size == photo.size
        pixels = np.asarray(drawn, np.int16)
    assert (pixels[..., 0] - pixels[..., 2]).mean() > 20, "what is shaken is red"


def test_a_map_is_not_written_over(tmp_path: Path) -> None:
    out = picture(tmp_path / "map.png")
    before = out.read_bytes()
    refused = deblur("diagnose", SHAKEN, "--map", out)
    assert refused.code == 1
    assert "is there already" in refused.said
    assert out.read_bytes() == before
    assert deblur("diagnose", SHAKEN, "--map", out, "--overwrite").code == 0
    assert out.read_bytes() != before


def test_a_map_is_of_one_photo(tmp_path: Path) -> None:
    refused = deblur("diagnose", SHAKEN, SHAKEN, "--map", tmp_path / "map.png")
    assert refused.code == 1
    assert "one photo" in refused.said
    assert not [*tmp_path.iterdir()]


def test_what_is_no_photo_is_named_and_the_others_are_told(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("words")
    said = deblur("diagnose", text, SHAKEN)
    assert said.code == 1
    assert "notes.txt" in said.said
    assert str(SHAKEN) in said.out


def test_a_failure_is_an_object_too(tmp_path: Path) -> None:
    said = deblur("diagnose", tmp_path / "none.jpg", "--json")
    assert said.code == 1
    assert json.loads(said.out)["error"] == "UnreadableImageError"


def test_a_photo_that_is_too_large_is_refused_by_the_commands_own_option() -> None:
    said = deblur("diagnose", SHAKEN, "--max-megapixels", "0.01")
    assert said.code == 1
    assert "--max-megapixels" in said.said


def test_a_tiny_picture_is_said_to_show_too_little(tmp_path: Path) -> None:
    said = deblur("diagnose", picture(tmp_path / "tiny.png"), "--map", tmp_path / "map.png")
    assert said.code == 0, said.err
    assert "too little detail" in said.out
    assert (tmp_path / "map.png").is_file()
