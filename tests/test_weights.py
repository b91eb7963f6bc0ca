"""From a model's name to verified weights: the catalog, and exported files."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from safetensors.numpy import save_file

from deblur import weights
from deblur.catalog import CATALOG
from deblur.errors import UnknownModelError, WeightsCorruptError, WeightsUnavailableError
from deblur.weights import PRETRAINED, SPEC_KEY, fetch_weights, find_model

SRCNN = CATALOG["srcnn"]
SRCNN_ONNX = PRETRAINED / "srcnn" / "model.onnx"


def test_a_linked_file_is_known_by_the_links_name(tmp_path: Path) -> None:
    shutil.copy(SRCNN_ONNX, tmp_path / "0f3a9c")
    (tmp_path / "linked.onnx").symlink_to(tmp_path / "0f3a9c")
    spec = find_model(str(tmp_path / "linked.onnx"))
    assert fetch_weights(spec, ".onnx").read_bytes() == SRCNN_ONNX.read_bytes()


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
@pytest.mark.parametrize("content", ["half", "text", "nothing"])
def test_a_damaged_file_is_refused(tmp_path: Path, suffix: str, content: str) -> None:
    if suffix == ".onnx":
        whole = onnx_file(tmp_path / "whole.onnx", {SPEC_KEY: SRCNN.to_json()})
    else:
        whole = safetensors_file(tmp_path / "whole.safetensors", {SPEC_KEY: SRCNN.to_json()})
    data = whole.read_bytes()
    contents = {"half": data[: len(data) // 2], "text": b"weights!", "nothing": b""}
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
