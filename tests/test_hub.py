"""Models from the Hub, fetched with its own client, and all that can go wrong on the way."""

import errno
import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from deblur.catalog import CATALOG
from deblur.errors import UnknownModelError, WeightsCorruptError, WeightsUnavailableError
from deblur.restorer import Restorer
from deblur.spec import ModelSpec, WeightsRef
from deblur.weights import PRETRAINED, bytes_to_fetch, fetch_weights, find_model, sha256_of
from tests.loopback_hub import TOKEN, Hub, Repo
from tests.pictures import scene

SRCNN = CATALOG["srcnn"]
ONNX = (PRETRAINED / "srcnn" / "model.onnx").read_bytes()
SAFETENSORS = (PRETRAINED / "srcnn" / "model.safetensors").read_bytes()
DIGESTS = {ref.file.rpartition("/")[2]: ref.sha256 for ref in SRCNN.weights}
GUEST = replace(
    SRCNN,
    name="guest",
    weights=(
        WeightsRef("onnx/model.onnx", DIGESTS["model.onnx"], bytes=len(ONNX)),
        WeightsRef("model.safetensors", DIGESTS["model.safetensors"]),
    ),
)
FILES = {
    "config.json": GUEST.to_json().encode(),
    "onnx/model.onnx": ONNX,
    "model.safetensors": SAFETENSORS,
    "README.md": b"---\nlicense: mit\n---\n# Guest\n",
}


@pytest.fixture
def repo(hub: Hub) -> Repo:
    """A repository that publishes the shipped network under another name."""
    repo = hub.add_repo("guest/model")
    repo.commit(FILES)
    return repo


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def pull(name: str = "guest/model", suffix: str = ".onnx") -> Path:
    return fetch_weights(find_model(name), suffix)


def sentence(error: type[Exception], name: str = "guest/model") -> str:
    """The one sentence that a model cannot be had for."""
    with pytest.raises(error) as caught:
        pull(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_a_repository_at_a_revision_is_described_fetched_and_kept(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    commit = repo.refs["main"]
    repo.tag("v1")
    repo.commit(dict.fromkeys(FILES))
    spec = find_model("guest/model@v1")
    assert replace(spec, weights=()) == replace(GUEST, weights=())
    assert {(ref.repo, ref.revision) for ref in spec.weights} == {("guest/model", commit)}
    path = fetch_weights(spec, suffix)
    assert sha256_of(path) == DIGESTS[f"model{suffix}"]
    go_offline(monkeypatch)
    hub.requests.clear()
    assert pull("guest/model@v1", suffix) == path
    assert hub.requests == []


@pytest.mark.parametrize(
    "name",
    [
        "hf://guest/model/onnx/model.onnx",
        "hf://guest/model@v1/onnx/model.onnx",
        "hf://models/guest/model@refs/pr/1/onnx/model.onnx",
        "https://huggingface.co/guest/model/blob/v1/onnx/model.onnx",
    ],
)
def test_one_file_is_taken_by_name(repo: Repo, name: str) -> None:
    repo.tag("v1")
    repo.tag("refs/pr/1")
    spec = find_model(name)
    assert spec.name == "srcnn"  # by its own description, and not by that of the repository
    assert spec.weights == (
        WeightsRef(
            "onnx/model.onnx",
            DIGESTS["model.onnx"],
            repo="guest/model",
            revision=repo.refs["main"],
            bytes=len(ONNX),
        ),
    )
    assert fetch_weights(spec, ".onnx").read_bytes() == ONNX


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hf://guest", "expected hf://owner/name@revision/FILE"),
        ("https://example.org/guest/model", "expected hf://owner/name@revision/FILE"),
        ("hf://datasets/guest/pictures/model.onnx", "is a dataset on the Hub, and not a model"),
        ("hf://guest/model/README.md", "name a file (.onnx, .safetensors, .pth)"),
        ("hf://guest/model/none.onnx", "guest/model holds no none.onnx"),
        ("guest/other", "the Hub has no model repository guest/other, or it is private"),
        ("guest/model@v9", "the Hub has no model repository guest/model@v9"),
        ("opencv/bare", "opencv/bare holds no config.json; name a file of it: hf://opencv/bare/"),
    ],
)
def test_what_is_not_there_is_unknown(hub: Hub, repo: Repo, name: str, expected: str) -> None:
    hub.add_repo("opencv/bare").commit({"network.onnx": ONNX})
    assert expected in sentence(UnknownModelError, name)


@pytest.mark.parametrize("config", [b"{}", b"\xff\xfe no", b""], ids=["{}", "bytes", "empty"])
def test_a_description_that_is_none_is_refused(repo: Repo, config: bytes) -> None:
    repo.commit({"config.json": config})
    with pytest.raises(WeightsCorruptError):
        find_model("guest/model")


@pytest.fixture
def pinned(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    """A model of the catalog whose weights lie on the Hub's main branch."""
    hub.add_repo("zoo/net").commit({"net.onnx": ONNX})
    ref = WeightsRef("net.onnx", DIGESTS["model.onnx"], repo="zoo/net", bytes=len(ONNX))
    spec = replace(SRCNN, name="zoo-net", weights=(ref,))
    monkeypatch.setitem(CATALOG, "zoo-net", spec)
    return spec


def test_a_model_of_the_catalog_is_fetched_once_and_restores(hub: Hub, pinned: ModelSpec) -> None:
    assert bytes_to_fetch(pinned) == len(ONNX)
    backend = Restorer.open("zoo-net", engine="onnx", device="cpu").network.backend
    assert backend.name == "onnx"
    assert bytes_to_fetch(pinned) == 0
    hub.requests.clear()
    assert pull("zoo-net").read_bytes() == ONNX
    assert hub.requests == []


def test_a_file_that_changed_on_the_hub_is_not_used(hub: Hub, pinned: ModelSpec) -> None:
    hub.repos["model", "zoo/net"].commit({"net.onnx": ONNX[:-1] + b"?"})
    assert "is not the file that was published" in sentence(WeightsCorruptError, "zoo-net")
    hub.repos["model", "zoo/net"].commit({"net.onnx": ONNX})
    assert pull("zoo-net").read_bytes() == ONNX


@pytest.mark.parametrize("name", ["zoo-net", "hf://zoo/net/net.onnx"])
def test_a_file_that_changed_on_its_way_is_fetched_again_once(
    hub: Hub, pinned: ModelSpec, name: str
) -> None:
    hub.spoilt = 1
    assert pull(name).read_bytes() == ONNX
    assert len([line for line in hub.lines if line.startswith("GET /cdn/")]) == 2


@pytest.mark.parametrize("name", ["zoo-net", "hf://zoo/net/net.onnx"])
def test_a_file_that_changes_on_its_way_every_time_is_refused(
    hub: Hub, pinned: ModelSpec, name: str
) -> None:
    hub.spoilt = 2
    assert "also when fetched again" in sentence(WeightsCorruptError, name)
    assert pull(name).read_bytes() == ONNX


def test_a_file_that_was_damaged_in_the_cache_is_fetched_again(
    hub: Hub, pinned: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pull("zoo-net")
    path.resolve().write_bytes(ONNX[:1000])
    with monkeypatch.context() as patch:
        go_offline(patch)
        assert "is incomplete in the cache, and HF_HUB_OFFLINE is set" in sentence(
            WeightsUnavailableError, "zoo-net"
        )
    assert pull("zoo-net").read_bytes() == ONNX


def test_a_connection_that_is_cut_goes_on_where_it_was(
    hub: Hub, pinned: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)
    hub.cut = len(ONNX) // 2500 * 1000
    assert pull("zoo-net").read_bytes() == ONNX
    assert next(r.range for r in hub.requests if r.range) == f"bytes={hub.cut}-"


def test_half_a_file_is_never_taken_for_all_of_it(hub: Hub, pinned: ModelSpec) -> None:
    hub.cut, hub.pieces = len(ONNX) // 2, 0
    assert "net.onnx of zoo/net could not be fetched" in sentence(
        WeightsUnavailableError, "zoo-net"
    )
    assert bytes_to_fetch(pinned) == len(ONNX)
    hub.recover()
    assert pull("zoo-net").read_bytes() == ONNX


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_hub_that_recovers_is_waited_for(hub: Hub, repo: Repo, status: int) -> None:
    hub.fail(status, times=2, matching="/resolve/", retry_after=1)
    assert pull().is_file()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 401}, "the Hub refuses config.json of guest/model (401): set HF_TOKEN"),
        ({"status": 403}, "the Hub refuses config.json of guest/model (403): set HF_TOKEN"),
        ({"status": 429, "retry_after": 1}, "too many requests (429): fetch config.json of"),
        ({"status": 503}, "the Hub is in trouble (503): fetch config.json of guest/model later"),
        ({"status": None}, "config.json of guest/model could not be fetched"),
        ({"status": 200, "body": b"<html>Sign in</html>"}, "does not answer as a Hub: sign in"),
    ],
    ids=lambda each: str(each.get("status")) if isinstance(each, dict) else "",
)
def test_a_hub_that_stays_away_is_a_sentence(
    hub: Hub, repo: Repo, fault: dict[str, Any], expected: str
) -> None:
    hub.fail(**fault)
    assert expected in sentence(WeightsUnavailableError)


def test_without_a_network_it_says_so(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = "http://127.0.0.1:9"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", dead)
    template = f"{dead}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    assert f"and {dead} cannot be reached: connect" in sentence(WeightsUnavailableError)


def test_offline_it_says_what_is_missing(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_model("guest/model")
    go_offline(monkeypatch)
    assert "onnx/model.onnx of guest/model@" in (told := sentence(WeightsUnavailableError))
    assert "HF_HUB_OFFLINE is set: connect, and unset it once" in told


def test_a_gated_repository_asks_for_the_agreement(hub: Hub, repo: Repo) -> None:
    repo.gated = True
    assert sentence(WeightsUnavailableError) == (
        f"guest/model asks for an agreement: accept it on {hub.url}/guest/model, and set HF_TOKEN"
    )
    repo.gated = False
    assert pull().is_file()


def test_a_private_repository_needs_a_token_which_the_cdn_does_not_see(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.private = True
    assert "or it is private (set HF_TOKEN)" in sentence(UnknownModelError)
    hub.requests.clear()
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert pull().is_file()
    assert {("/cdn/" in request.line, request.signed) for request in hub.requests} == {
        (False, True),
        (True, False),
    }


def failing_with(code: int) -> Callable[..., None]:
    def http_get(url: str, file: object, **options: object) -> None:
        raise OSError(code, os.strerror(code), "/cache")

    return http_get


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, "there is no space left for config.json of guest/model in .*: free some"),
        (errno.EACCES, "cannot be kept .Permission denied: /cache.: set HF_HOME to a folder"),
    ],
)
def test_a_cache_that_takes_nothing_is_a_sentence(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch, code: int, expected: str
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.http_get", failing_with(code))
    with pytest.raises(WeightsUnavailableError, match=expected):
        pull()


# --- in processes of their own ---------------------------------------------------------------

FETCH = "import sys; from deblur.weights import fetch_weights as fetch, find_model as find\n"
FETCH += "print(fetch(find(sys.argv[1]), '.onnx'))"


def test_processes_that_fetch_the_same_file_do_not_harm_each_other(
    hub: Hub, repo: Repo, tmp_path: Path
) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", FETCH, "guest/model"],
            env=hub.environment(tmp_path),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    paths = {process.communicate()[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(paths) == 1
    assert Path(paths.pop()).read_bytes() == ONNX


def test_a_terminal_shows_how_far_it_is(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    command = [sys.executable, "-c", FETCH, "guest/model"]
    done = subprocess.run(
        command, env=hub.environment(tmp_path), stderr=theirs, stdout=subprocess.PIPE, check=True
    )
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "onnx/model.onnx: 100%" in shown
    assert Path(done.stdout.decode().strip()).read_bytes() == ONNX


def test_a_published_model_restores_a_photo_by_name(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    repo.tag("v2")
    Image.fromarray(scene(20, 30)).save(tmp_path / "in.png")
    options = ["--model", "guest/model@v2", "--backend", "onnx", "-o", "out.png", "--json"]
    result = subprocess.run(
        [sys.executable, "-m", "deblur", "restore", "in.png", *options],
        env=hub.environment(tmp_path / "home", PYTHONPATH=str(Path.cwd())),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["model"] == "guest"
    assert (tmp_path / "out.png").is_file()
