"""The page, as far as it needs no browser."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import cast

import gradio as gr
import pytest
from gradio.context import LocalContext

import app
from deblur.catalog import AUTO, CATALOG
from deblur.errors import OutputError, UnknownModelError, WeightsUnavailableError
from deblur.language import Language, speaking
from deblur.page import restorers
from deblur.page.markup.sentences import account_for, failure
from deblur.spec import ModelSpec
from tests.diagnosis.reports import REPORT


def test_only_models_with_weights_are_offered() -> None:
    with_weights = [spec.name for spec in CATALOG.values() if spec.weights]
    assert [AUTO, *with_weights] == restorers.OFFERED


def test_only_engines_of_this_machine_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restorers, "available_engines", lambda: {"onnx": ("cuda", "cpu")})
    own = ["auto auto", "onnx cuda", "onnx cpu"]
    assert [value for _, value in restorers.engine_choices("srcnn")] == own
    faster = ["auto auto", "auto auto fast", *own[1:]]
    assert [value for _, value in restorers.engine_choices("residual-unet-xs")] == faster
    with speaking(Language.chinese):
        assert all(not name.isascii() for name, _ in restorers.engine_choices("srcnn"))


def test_a_restorer_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert restorers.open_restorer("srcnn", "onnx cpu") is restorers.open_restorer(
        "srcnn", "onnx cpu"
    )
    assert restorers.open_restorer("srcnn", "onnx cpu") is not restorers.open_restorer(
        "unet", "onnx cpu"
    )


@pytest.fixture
def own_restorers(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], object]:
    """What the page holds, empty at first; opening one costs nothing."""
    held: dict[tuple[str, str], object] = {}
    monkeypatch.setattr(restorers, "_open", held)
    monkeypatch.setattr(restorers, "_opened", lambda model, choice: object())
    return held


def test_what_was_wanted_longest_ago_goes_where_memory_is_short(
    own_restorers: dict[tuple[str, str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restorers, "_is_too_much", lambda: len(own_restorers) > 2)
    first = restorers.open_restorer("srcnn", "onnx cpu")
    restorers.open_restorer("unet", "onnx cpu")
    assert restorers.open_restorer("srcnn", "onnx cpu") is first
    restorers.open_restorer("gan", "onnx cpu")
    assert [model for model, _ in own_restorers] == ["srcnn", "gan"]
    monkeypatch.setattr(restorers, "_is_too_much", lambda: True)
    restorers.open_restorer("unet", "onnx cpu")
    assert [model for model, _ in own_restorers] == ["unet"]


def test_memory_is_what_the_process_has_or_a_count_where_nobody_tells(
    own_restorers: dict[tuple[str, str], object],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    status = tmp_path / "statm"
    assert not restorers._is_too_much(status)
    own_restorers.update({("srcnn", str(number)): object() for number in range(3)})
    assert restorers._is_too_much(status)
    page = os.sysconf("SC_PAGE_SIZE")
    status.write_text(f"9999999 {restorers.MAX_BYTES // page} 5 1 0 5 0")
    assert not restorers._is_too_much(status)
    status.write_text(f"9999999 {restorers.MAX_BYTES // page + 1} 5 1 0 5 0")
    assert restorers._is_too_much(status)


def test_a_disk_that_takes_nothing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="can keep no file now") as told:
        restorers.new_folder()
    assert str(tmp_path) not in str(told.value)


def test_markup_in_a_name_is_only_text() -> None:
    assert "<img" not in failure(UnknownModelError("<img src=x> is not a picture"))


def test_no_folder_of_the_machine_is_in_a_message() -> None:
    assert "/srv" not in failure(UnknownModelError("/srv/page/photo.jpg is not a picture"))


def test_the_account_names_what_ran() -> None:
    report = replace(
        REPORT,
        models=("srcnn",),
        width=3000,
        height=4000,
        tile=(512, 480),
        tiles=54,
        seconds=61.26,
        notes=("CUDA did not start",),
    )
    account = account_for(report)
    for part in ("SRCNN", "CPUExecutionProvider", "fp32", "54 of 480 × 512", "12.0 MP", "61.3 s"):
        assert part in account
    assert "CUDA did not start" in account


def test_an_engine_that_names_itself_is_named_once() -> None:
    report = replace(REPORT, backend="openvino", execution_provider="OpenVINO on CPU")
    assert account_for(report).count("OpenVINO") == 1


def test_the_examples_are_there_and_small() -> None:
    assert all(path.is_file() for path in app.EXAMPLES.values())
    assert all((app.BROWSER / "examples" / name).is_file() for name in app.EXAMPLES)
    folder = Path(app.__file__).parent / "examples"
    assert sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) < 1_500_000


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        finished = subprocess.run(
            [sys.executable, app.__file__],
            env=os.environ | {"HOST": "127.0.0.1", "PORT": port},
            capture_output=True,
            text=True,
            check=False,
        )
    assert finished.returncode == 1
    assert f"port {port}" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("port", ["99999", "-1", "abc"])
def test_what_is_no_port_ends_with_a_sentence(port: str) -> None:
    with pytest.raises(SystemExit, match=f"PORT: '{port}' is not a port"):
        app.port_of(port)


@pytest.mark.parametrize("megapixels", ["abc", "0", "-1", "inf", "nan"])
def test_what_is_no_limit_ends_with_a_sentence(megapixels: str) -> None:
    with pytest.raises(SystemExit, match=r"DEBLUR_MAX_MEGAPIXELS: .* is not a number"):
        restorers._pixels_of(megapixels)


def test_who_waits_for_a_picture_sees_a_model_come(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def wait_for(spec: ModelSpec, on_bytes: Callable[[int, int], None], cancel: Event) -> None:
        on_bytes(23_000_000, 92_000_000)
        raise WeightsUnavailableError(spec.name)

    told: list[str] = []
    queue = SimpleNamespace(set_progress=lambda _, steps: told.append(steps[-1].desc))
    monkeypatch.setattr(restorers._arrivals, "wait_for", wait_for)

    def ask() -> None:
        LocalContext.blocks.set(cast(gr.Blocks, SimpleNamespace(_queue=queue)))
        LocalContext.event_id.set("asked")
        with pytest.raises(WeightsUnavailableError):
            restorers.restored_picture("nafnet-reds", tmp_path / "photo.png")

    copy_context().run(ask)
    assert told == ["Fetching the model: 23.0 of 92.0 MB"]
