"""From a model's name to verified weights: the catalog, exported files, and the Hub's client."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from safetensors.numpy import save_file

from deblur import weights
from deblur.catalog import CATALOG
from deblur.errors import UnknownModelError, WeightsCorruptError, WeightsUnavailableError
from deblur.spec import ModelSpec, WeightsRef
from deblur.weights import PRETRAINED, SPEC_KEY, fetch_weights, find_model, sha256_of

SRCNN = CATALOG["srcnn"]
SRCNN_ONNX = PRETRAINED / "srcnn" / "model.onnx"


def onnx_file(path: Path, metadata: dict[str, str]) -> Path:
    """The shipped network with other metadata."""
    model = onnx.load(SRCNN_ONNX)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, path)
    return path


def safetensors_file(path: Path, metadata: dict[str, str] | None) -> Path:
    save_file({"weight": np.zeros(3, np.float32)}, path, metadata)
    return path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what ships, to be damaged."""
    folder = tmp_path / "pretrained"
    shutil.copytree(PRETRAINED / "srcnn", folder / "srcnn")
    monkeypatch.setattr(weights, "PRETRAINED", folder)
    return folder


@pytest.mark.parametrize("name", CATALOG)
def test_a_catalog_name_is_found(name: str) -> None:
    assert find_model(name) is CATALOG[name]


@pytest.mark.parametrize("name", ["residual-unet-xl", "", "a/b/c", "srcnn@main"])
def test_an_unknown_name_lists_what_there_is(name: str) -> None:
    with pytest.raises(UnknownModelError, match=r"srcnn.*\.onnx.*owner/name"):
        find_model(name)


def test_a_folder_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs" / "srcnn").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownModelError, match="there is no model 'runs/srcnn'"):
        find_model("runs/srcnn")


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_bundled_weights_are_the_published_ones(installed: Path, suffix: str) -> None:
    path = fetch_weights(SRCNN, suffix)
    assert path == installed / "srcnn" / f"model{suffix}"


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_one_altered_byte_is_refused(installed: Path, suffix: str) -> None:
    path = installed / "srcnn" / f"model{suffix}"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsCorruptError, match=rf"model\{suffix} is not the file.*sha256"):
        fetch_weights(SRCNN, suffix)


def test_a_missing_bundled_file_says_what_to_do(installed: Path) -> None:
    (installed / "srcnn" / "model.onnx").unlink()
    with pytest.raises(WeightsUnavailableError, match=r"model\.onnx is missing; install"):
        fetch_weights(SRCNN, ".onnx")


@pytest.mark.parametrize("name", [name for name, spec in CATALOG.items() if not spec.weights])
def test_a_model_without_weights_says_how_to_train_it(name: str) -> None:
    with pytest.raises(WeightsUnavailableError, match=f"train --model {name}`"):
        fetch_weights(CATALOG[name], ".onnx")


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_an_exported_file_alone_can_be_run(tmp_path: Path, suffix: str) -> None:
    write = {".onnx": onnx_file, ".safetensors": safetensors_file}[suffix]
    mine = replace(SRCNN, name="mine", licence="MIT", weights=())
    path = write(tmp_path / f"mine{suffix}", {SPEC_KEY: mine.to_json()})
    spec = find_model(str(path))
    assert replace(spec, weights=()) == mine
    assert fetch_weights(spec, suffix) == path


def test_an_exported_file_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx_file(tmp_path / "mine.onnx", {SPEC_KEY: SRCNN.to_json()})
    monkeypatch.chdir(tmp_path)
    spec = find_model("mine.onnx")
    monkeypatch.chdir("/")
    assert fetch_weights(spec, ".onnx") == tmp_path / "mine.onnx"


def test_a_file_that_changed_since_it_was_found_is_refused(tmp_path: Path) -> None:
    path = onnx_file(tmp_path / "mine.onnx", {SPEC_KEY: SRCNN.to_json()})
    spec = find_model(str(path))
    onnx_file(path, {SPEC_KEY: SRCNN.to_json(), "more": "metadata"})
    with pytest.raises(WeightsCorruptError, match="sha256"):
        fetch_weights(spec, ".onnx")


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(UnknownModelError, match=rf"there is no file .*gone\{suffix}"):
        find_model(str(tmp_path / f"gone{suffix}"))


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
@pytest.mark.parametrize("content", ["whole", "half", "text", "nothing"])
def test_a_file_without_our_description_is_refused(
    tmp_path: Path, suffix: str, content: str
) -> None:
    if suffix == ".onnx":
        whole = onnx_file(tmp_path / "whole.onnx", {"author": "somebody"})
    else:
        whole = safetensors_file(tmp_path / "whole.safetensors", None)
    data = whole.read_bytes()
    contents = {"whole": data, "half": data[: len(data) // 2], "text": b"weights!", "nothing": b""}
    path = tmp_path / f"file{suffix}"
    path.write_bytes(contents[content])
    with pytest.raises(WeightsCorruptError, match=re.escape(str(path))):
        find_model(str(path))


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
@pytest.mark.parametrize("damage", ["missing", "unknown"])
def test_a_description_of_another_version_is_refused(
    tmp_path: Path, suffix: str, damage: str
) -> None:
    fields: dict[str, Any] = json.loads(SRCNN.to_json())
    if damage == "missing":
        del fields["size_multiple"]
    else:
        fields["attention"] = True
    write = {".onnx": onnx_file, ".safetensors": safetensors_file}[suffix]
    path = write(tmp_path / f"other{suffix}", {SPEC_KEY: json.dumps(fields)})
    with pytest.raises(WeightsCorruptError, match=r"size_multiple|attention"):
        find_model(str(path))


COMMIT = "5" * 40
DESCRIBE_AND_FETCH = """
import json, sys
from deblur.errors import DeblurError
from deblur.weights import fetch_weights, find_model
try:
    spec = find_model(sys.argv[1])
    path = fetch_weights(spec, ".onnx")
    print(json.dumps({"spec": spec.to_json(), "path": str(path)}))
except DeblurError as error:
    print(json.dumps({"error": type(error).__name__, "message": str(error)}))
"""


@dataclass
class Hub:
    """A Hub of a few files on this machine: (repo, revision) -> file name -> content.

    Every revision of a repo is the commit COMMIT, which is a revision too.
    """

    url: str
    repos: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    hangs_up: bool = False


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        content = self._answer()
        if content is not None:
            self.wfile.write(content)

    def _answer(self) -> bytes | None:
        self.hub.requests.append(f"{self.command} {self.path}")
        if self.hub.hangs_up:
            self.close_connection = True
            return None
        parts = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.path)
        repo, revision, file = parts.groups() if parts else ("", "", "")
        if not any(name == repo for name, _ in self.hub.repos):
            return self._refuse("RepoNotFound")
        if revision == COMMIT:
            revision = next(branch for name, branch in self.hub.repos if name == repo)
        if (repo, revision) not in self.hub.repos:
            return self._refuse("RevisionNotFound")
        content = self.hub.repos[repo, revision].get(file)
        if content is None:
            return self._refuse("EntryNotFound")
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return content

    def _refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    class Handler(_Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.hub = Hub(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Handler.hub
        server.shutdown()
        thread.join()


def guest(**changes: Any) -> dict[str, bytes]:
    """The files of a repository that publishes the shipped network under another name."""
    ref = WeightsRef("model.onnx", sha256_of(SRCNN_ONNX))
    spec = replace(SRCNN, **{"name": "guest", "weights": (ref,)} | changes)
    return {"config.json": spec.to_json().encode(), "model.onnx": SRCNN_ONNX.read_bytes()}


def client_environment(hub: Hub, home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    kept |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
    return kept | {"NO_PROXY": "127.0.0.1", "OMP_NUM_THREADS": "1"} | more


def fetch(hub: Hub, name: str, home: Path, **more: str) -> dict[str, str]:
    """What a fresh process gets for that name: a description and a path, or an error."""
    result = subprocess.run(
        [sys.executable, "-c", DESCRIBE_AND_FETCH, name],
        env=client_environment(hub, home, **more),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert isinstance(answer, dict)
    return answer


def test_a_repository_at_a_revision_is_described_fetched_and_kept(hub: Hub, tmp_path: Path) -> None:
    hub.repos = {("guest/sharp.er", "v1"): guest()}
    first = fetch(hub, "guest/sharp.er@v1", tmp_path)
    spec = ModelSpec.from_json(first["spec"])
    assert spec.name == "guest"
    assert {(ref.repo, ref.revision) for ref in spec.weights} == {("guest/sharp.er", COMMIT)}
    assert sha256_of(Path(first["path"])) == sha256_of(SRCNN_ONNX)
    assert f"GET /guest/sharp.er/resolve/{COMMIT}/model.onnx" in hub.requests
    hub.requests.clear()
    assert fetch(hub, "guest/sharp.er@v1", tmp_path, HF_HUB_OFFLINE="1") == first
    assert hub.requests == []


def test_without_a_revision_it_is_the_main_branch(hub: Hub, tmp_path: Path) -> None:
    hub.repos["guest/model", "main"] = guest()
    assert "path" in fetch(hub, "guest/model", tmp_path)


def test_a_published_model_restores_a_photo(hub: Hub, tmp_path: Path) -> None:
    from PIL import Image

    from tests.pictures import scene

    hub.repos["guest/model", "v2"] = guest()
    Image.fromarray(scene(20, 30)).save(tmp_path / "in.png")
    options = ["--model", "guest/model@v2", "--backend", "onnx", "-o", "out.png", "--json"]
    result = subprocess.run(
        [sys.executable, "-m", "deblur", "restore", "in.png", *options],
        env=client_environment(hub, tmp_path / "home", PYTHONPATH=str(Path.cwd())),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["model"] == "guest"
    assert (tmp_path / "out.png").is_file()


def test_weights_that_are_not_those_described_are_refused(hub: Hub, tmp_path: Path) -> None:
    hub.repos["guest/model", "main"] = guest(weights=(WeightsRef("model.onnx", "0" * 64),))
    answer = fetch(hub, "guest/model", tmp_path)
    assert answer["error"] == "WeightsCorruptError"
    assert "sha256" in answer["message"]


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("guest/model", None, "the Hub has no model repository guest/model"),
        ("guest/model@v9", guest, "the Hub has no model repository guest/model@v9"),
        ("guest/model", dict, "guest/model holds no config.json"),
    ],
    ids=["repository", "revision", "description"],
)
def test_what_the_hub_does_not_have_is_unknown(
    hub: Hub, tmp_path: Path, name: str, files: Any, expected: str
) -> None:
    if files is not None:
        hub.repos["guest/model", "main"] = files()
    answer = fetch(hub, name, tmp_path)
    assert answer["error"] == "UnknownModelError"
    assert expected in answer["message"]


@pytest.mark.parametrize("config", [b"{}", b"\xff\xfe not text", b""], ids=["{}", "bytes", "empty"])
def test_a_description_on_the_hub_that_is_none_is_refused(
    hub: Hub, tmp_path: Path, config: bytes
) -> None:
    hub.repos["guest/model", "main"] = guest() | {"config.json": config}
    assert fetch(hub, "guest/model", tmp_path)["error"] == "WeightsCorruptError"


def test_offline_with_an_empty_cache_is_a_sentence(hub: Hub, tmp_path: Path) -> None:
    answer = fetch(hub, "guest/model@v1", tmp_path, HF_HUB_OFFLINE="1")
    assert answer == {
        "error": "WeightsUnavailableError",
        "message": "config.json of guest/model@v1 is not in the local cache and the Hub cannot "
        "be reached",
    }
    assert hub.requests == []


def test_a_connection_that_breaks_is_a_sentence(hub: Hub, tmp_path: Path) -> None:
    hub.hangs_up = True
    answer = fetch(hub, "guest/model", tmp_path)
    assert answer["error"] == "WeightsUnavailableError"
    assert "config.json of guest/model" in answer["message"]
    assert hub.requests
