"""Models that come from the Hub while visitors of the page wait for them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from deblur.catalog import CATALOG
from deblur.errors import CancelledError, UnknownModelError, WeightsCorruptError
from deblur.language import Language, speaking
from deblur.page.arriving import Arrivals
from deblur.spec import ModelSpec, WeightsRef
from deblur.weights import PRETRAINED, is_here
from tests.loopback_hub import Hub

ONNX = (PRETRAINED / "srcnn" / "model.onnx").read_bytes()
DIGEST = next(ref.sha256 for ref in CATALOG["srcnn"].weights if ref.file.endswith(".onnx"))
REF = WeightsRef("net.onnx", DIGEST, repo="zoo/net", bytes=len(ONNX))


@pytest.fixture
def home(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Where this process and those that it starts keep what they fetch from the loopback Hub."""
    home = tmp_path_factory.mktemp("own")
    hub.adopt(monkeypatch, home)
    for name, value in hub.environment(home, HF_HUB_OFFLINE="0").items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
def spec(hub: Hub, home: Path) -> ModelSpec:
    hub.add_repo("zoo/net").commit({"net.onnx": ONNX})
    return replace(CATALOG["srcnn"], name="zoo-net", weights=(REF,))


@pytest.fixture
def held(hub: Hub) -> Iterator[Event]:
    """The Hub sends half of a file, and the rest once this is set."""
    hub.hold = Event()
    yield hub.hold
    hub.hold.set()


def files_in(home: Path) -> list[Path]:
    return [path for path in (home / "hub").rglob("blobs/*") if path.is_file()]


def test_who_waits_sees_the_bytes_come(spec: ModelSpec, held: Event) -> None:
    told: list[tuple[int, int]] = []

    def on_bytes(came: int, total: int) -> None:
        told.append((came, total))
        if came:
            held.set()

    assert Arrivals().wait_for(spec, on_bytes, Event())
    assert any(0 < came <= len(ONNX) / 2 and total == len(ONNX) for came, total in told)
    assert is_here(spec)
    assert not Arrivals().wait_for(spec, on_bytes, Event())


def test_cancelled_it_ends_at_once_and_leaves_nothing(
    spec: ModelSpec, home: Path, held: Event
) -> None:
    cancel, arrivals, is_over = Event(), Arrivals(), list[Event]()

    def stop(came: int, _: int) -> None:
        if came:
            is_over.append(arrivals._under_way["zoo-net"].is_over)
            cancel.set()

    with pytest.raises(CancelledError):
        arrivals.wait_for(spec, stop, cancel)
    assert is_over[0].wait(30)
    assert files_in(home) == []
    held.set()
    assert arrivals.wait_for(spec, lambda *_: None, Event())
    assert [path.read_bytes() for path in files_in(home)] == [ONNX]


def test_one_who_leaves_does_not_end_it_for_others(hub: Hub, spec: ModelSpec, held: Event) -> None:
    arrivals, cancel, both = Arrivals(), Event(), Event()

    def stay(came: int, _: int) -> None:
        if came:
            both.set()

    with ThreadPoolExecutor(1) as beside:
        staying = beside.submit(arrivals.wait_for, spec, stay, Event())
        assert both.wait(30)
        cancel.set()
        with pytest.raises(CancelledError):
            arrivals.wait_for(spec, lambda *_: None, cancel)
        held.set()
        assert staying.result()
    assert len([line for line in hub.lines if line.startswith("GET /cdn/")]) == 1


def test_what_goes_wrong_is_said_in_the_language_of_who_waits(hub: Hub, spec: ModelSpec) -> None:
    hub.repos["model", "zoo/net"].commit({"net.onnx": ONNX[:-1] + b"?"})
    with pytest.raises(WeightsCorruptError, match="is not the file that was published"):
        Arrivals().wait_for(spec, lambda *_: None, Event())
    missing = replace(spec, weights=(replace(REF, repo="zoo/other"),))
    with speaking(Language.chinese), pytest.raises(UnknownModelError, match="zoo/other"):
        Arrivals().wait_for(missing, lambda *_: None, Event())


def test_what_only_a_command_fetches_is_left_alone(home: Path) -> None:
    assert not Arrivals().wait_for(CATALOG["maxim-gopro"], lambda *_: None, Event())
