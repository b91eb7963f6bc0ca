"""Fetching a dataset with the Hub's own client: whole, in parts, and not at all."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from PIL import Image

from benchmarks.datasets import DATASETS, MINI, DatasetSpec
from benchmarks.datasets.download import download_dataset
from benchmarks.errors import DatasetError
from tests.benchmarks.dataset_hub import COMMIT, REPO, DatasetHub, serving
from tests.pictures import scene

TINY = {"dataset": "gopro", "size": [16, 12], "folders": {"S1": 2, "S2": 1}}
DOWNLOAD = """
import json, sys, time
from pathlib import Path

from huggingface_hub import constants

time.sleep = lambda seconds: None  # the client waits between its tries
constants.DOWNLOAD_CHUNK_SIZE = 100  # it keeps whole ones of a connection that is cut

from benchmarks.datasets import manifest
from benchmarks.datasets.download import download_dataset
from benchmarks.errors import DatasetError

name, root, manifests, repo, revision = sys.argv[1:]
source = {"repo": repo, "revision": revision or None}
manifest.FOLDER = Path(manifests)
told = []
try:
    folder = download_dataset(name, Path(root), **source, tell=told.append)
    print(json.dumps({"folder": str(folder), "told": told}))
except DatasetError as error:
    print(json.dumps({"error": str(error), "told": told}))
"""


@pytest.fixture
def hub() -> Iterator[DatasetHub]:
    with serving() as started:
        yield started


def picture(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(scene(12, 16, seed=seed)).save(buffer, "PNG")
    return buffer.getvalue()


def pictures(*ids: str) -> dict[str, bytes]:
    """Members in GoPro's layout."""
    members = {}
    for seed, id in enumerate(ids):
        sequence, name = id.split("/")
        members[f"test/{sequence}/blur/{name}.png"] = picture(seed)
        members[f"test/{sequence}/sharp/{name}.png"] = picture(seed + 50)
    return members


WHOLE = pictures("S1/000001", "S1/000002", "S2/000001")


def zipped(members: dict[str, bytes], method: int = ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def download(
    hub: DatasetHub,
    root: Path,
    repo: str = REPO,
    revision: str = "",
    name: str = "gopro",
    **more: str,
) -> dict[str, Any]:
    """What a fresh process makes of it: a folder, or one sentence."""
    manifests = root.parent / "manifests"
    manifests.mkdir(exist_ok=True)
    (manifests / "gopro.json").write_text(json.dumps(TINY))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    kept |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(root.parent / "home")}
    kept |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    kept |= {"NO_PROXY": "127.0.0.1", "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        [sys.executable, "-c", DOWNLOAD, name, str(root), str(manifests), repo, revision],
        env=kept | more,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert isinstance(answer, dict)
    return answer


def complaint(
    hub: DatasetHub, root: Path, repo: str = REPO, revision: str = "", **more: str
) -> str:
    """The one sentence that a download fails with."""
    sentence = str(download(hub, root, repo, revision, **more)["error"])
    assert "\n" not in sentence
    return sentence


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_archive_is_fetched_unpacked_and_compared_with_the_manifest(
    hub: DatasetHub, tmp_path: Path
) -> None:
    members = {f"GOPRO_Large/{name}": content for name, content in WHOLE.items()}
    more = {
        "GOPRO_Large/train/S9/blur/000001.png": picture(7),
        "GOPRO_Large/test/S1/thumbs.db": b"no picture",
    }
    hub.files = {
        "GOPRO_Large.zip": zipped(members | more, ZIP_DEFLATED),
        "README.md": b"# GoPro",
        "train/S9/blur/000001.png": picture(7),
        "train/all.zip": zipped(members),
    }
    root = tmp_path / "data"
    answer = download(hub, root)
    assert answer["folder"] == str(root / "gopro")
    assert answer["told"] == [
        f"fetching {REPO} (terms: CC BY 4.0)",
        "unpacking GOPRO_Large.zip",
        "3 pictures, as the manifest has them",
    ]
    assert files_below(root) == {f"gopro/{name}": content for name, content in WHOLE.items()}
    assert not [line for line in hub.requests if "train" in line]


def test_loose_pictures_are_taken_as_they_lie_at_a_revision(
    hub: DatasetHub, tmp_path: Path
) -> None:
    hub.files = WHOLE | {"notes.md": b"..."}
    root = tmp_path / ".cache" / "data"  # the client's own folder of that name is left out
    root.parent.mkdir()
    assert "error" not in download(hub, root, revision=COMMIT)
    assert files_below(root / "gopro") == WHOLE


def test_members_that_point_elsewhere_do_no_harm(hub: DatasetHub, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    wild = {
        "../../outside.png": picture(1),
        "test/../../../outside.png": picture(2),
        "../test/S1/blur/outside.png": picture(3),
        str(outside): picture(4),
        "/test/S1/blur/absolute.png": picture(5),
    }
    hub.files = {"all.zip": zipped(wild | WHOLE)}
    root = tmp_path / "data"
    assert "error" not in download(hub, root)
    assert files_below(root) == {f"gopro/{name}": content for name, content in WHOLE.items()}
    assert not list(tmp_path.rglob("outside.png"))


def test_what_is_not_the_whole_dataset_is_told_and_not_fetched_again(
    hub: DatasetHub, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    hub.files = {"all.zip": zipped(pictures("S1/000001", "S1/000002"))}
    assert "S2 holds 0 pictures, not 1" in complaint(hub, root)
    hub.requests.clear()
    assert "S2 holds 0 pictures, not 1" in complaint(hub, root)
    assert not [line for line in hub.requests if "/resolve/" in line]


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED], ids=["stored", "deflated"])
def test_a_damaged_archive_is_named_and_the_next_whole_one_replaces_it(
    hub: DatasetHub, tmp_path: Path, method: int
) -> None:
    whole = zipped(WHOLE, method)
    damaged = bytearray(whole)
    place = whole.index(b"test/S2/blur/000001.png") + len("test/S2/blur/000001.png")
    damaged[place : place + 40] = b"\xff" * 40
    hub.files = {"all.zip": bytes(damaged)}
    root = tmp_path / "data"
    sentence = complaint(hub, root)
    archive = root / ".gopro-download" / "all.zip"
    assert f"{archive} is damaged" in sentence
    assert "remove it and download again" in sentence
    assert not (root / "gopro" / "test" / "S2" / "blur" / "000001.png").exists()
    archive.unlink()
    hub.files = {"all.zip": whole}
    assert "error" not in download(hub, root)
    assert files_below(root / "gopro" / "test") == {
        name.removeprefix("test/"): content for name, content in WHOLE.items()
    }


def test_an_archive_that_is_none_is_named(hub: DatasetHub, tmp_path: Path) -> None:
    hub.files = {"all.zip": b"version https://git-lfs.github.com/spec/v1"}
    assert "all.zip is damaged (File is not a zip file)" in complaint(hub, tmp_path / "data")


@pytest.mark.parametrize(
    ("repo", "revision", "told"),
    [
        ("guest/nothing", "", "the Hub has no dataset guest/nothing, or it is private"),
        (REPO, "v9", f"the Hub has no dataset {REPO}@v9, or it is private"),
        ("not/a/repository", "", "the Hub has no dataset not/a/repository"),
    ],
)
def test_what_the_hub_does_not_have_is_told(
    hub: DatasetHub, tmp_path: Path, repo: str, revision: str, told: str
) -> None:
    hub.files = WHOLE
    sentence = complaint(hub, tmp_path / "data", repo, revision)
    assert sentence.startswith(told)
    assert "set HF_TOKEN" in sentence


@pytest.mark.parametrize("refused", ["/api/", "/resolve/"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_repository_asks_for_the_agreement(
    hub: DatasetHub, tmp_path: Path, status: int, refused: str
) -> None:
    hub.files, hub.refusal, hub.refused = WHOLE, (status, "GatedRepo"), refused
    sentence = complaint(hub, tmp_path / "data")
    assert sentence == f"{REPO} asks for an agreement: accept it on its page, and set HF_TOKEN"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "set HF_TOKEN"),
        (403, "set HF_TOKEN"),
        (500, "run the same command again"),
        (503, "run the same command again"),
    ],
)
def test_a_refusal_is_told_with_its_status_and_what_to_do(
    hub: DatasetHub, tmp_path: Path, status: int, told: str
) -> None:
    hub.refusal = status, ""
    sentence = complaint(hub, tmp_path / "data")
    assert f"{REPO} could not be fetched" in sentence
    assert str(status) in sentence
    assert told in sentence.rpartition(";")[2]


def test_a_page_instead_of_the_hub_is_told(hub: DatasetHub, tmp_path: Path) -> None:
    hub.page = b"<html>Please sign in to this network</html>"
    assert f"{REPO} could not be fetched" in complaint(hub, tmp_path / "data")


def test_offline_nothing_is_asked(hub: DatasetHub, tmp_path: Path) -> None:
    sentence = complaint(hub, tmp_path / "data", HF_HUB_OFFLINE="1")
    assert "connect, or unset HF_HUB_OFFLINE" in sentence
    assert hub.requests == []


def test_a_cut_connection_is_taken_up_where_it_was(hub: DatasetHub, tmp_path: Path) -> None:
    archive = zipped(WHOLE)
    hub.files, hub.cut, hub.pieces = {"all.zip": archive}, len(archive) // 250 * 100, 3
    assert "error" not in download(hub, tmp_path / "data")
    ranges = [line.partition("bytes=")[2] for line in hub.requests if "bytes=" in line]
    assert ranges == [f"{hub.cut}-", f"{2 * hub.cut}-"]
    assert 2 * hub.cut < len(archive)
    assert files_below(tmp_path / "data" / "gopro") == WHOLE


def test_a_connection_that_stays_cut_is_told_and_the_second_call_goes_on(
    hub: DatasetHub, tmp_path: Path
) -> None:
    second = [name for name in WHOLE if "S2" in name]
    hub.files = {
        "1.zip": zipped({name: WHOLE[name] for name in WHOLE if name not in second}),
        "2.zip": zipped({name: WHOLE[name] for name in second} | {"big.txt": bytes(9000)}),
    }
    hub.cut, hub.pieces = len(hub.files["1.zip"]), 1
    assert len(hub.files["2.zip"]) > hub.cut
    root = tmp_path / "data"
    sentence = complaint(hub, root)
    assert f"{REPO} could not be fetched" in sentence
    assert "run the same command again to go on" in sentence
    assert not (root / "gopro").exists()
    hub.cut = None
    hub.requests.clear()
    assert "error" not in download(hub, root)
    fetched = [line for line in hub.requests if line.startswith("GET") and "/resolve/" in line]
    assert [line.rpartition("/")[2] for line in fetched] == ["2.zip"]


@pytest.mark.parametrize("trouble", ["offline", "broken", "gone"])
def test_half_a_dataset_is_not_taken_for_all_of_it(
    hub: DatasetHub, tmp_path: Path, trouble: str
) -> None:
    root = tmp_path / "data"
    pairs = {f"{part}/{name}.png": picture(3) for part in ("blur", "sharp") for name in "ab"}
    hub.files = pairs
    (root / ".pairs-download").mkdir(parents=True)
    for name in ("blur/a.png", "sharp/a.png"):
        path = root / ".pairs-download" / name
        path.parent.mkdir()
        path.write_bytes(pairs[name])
    if trouble == "broken":
        hub.refusal = 500, ""
    elif trouble == "gone":
        hub.url = "http://127.0.0.1:9"
    offline = {"HF_HUB_OFFLINE": "1"} if trouble == "offline" else {}
    assert "error" in download(hub, root, name="pairs", **offline)
    assert not (root / "pairs").exists()


@pytest.mark.parametrize(
    "spec",
    [spec for spec in DATASETS.values() if not spec.home.repo and not spec.embedded],
    ids=lambda spec: spec.name,
)
def test_a_dataset_without_a_home_says_where_it_comes_from(
    spec: DatasetSpec, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="has no home on the Hub") as caught:
        download_dataset(spec.name, tmp_path)
    for part in (spec.home.page, spec.home.terms, spec.home.wanted, f"--dataset {spec.name}="):
        assert part in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_embedded_dataset_is_there_already(tmp_path: Path) -> None:
    assert download_dataset("mini", tmp_path) == MINI
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_dataset_is_not_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no dataset 'goprr'"):
        download_dataset("goprr", tmp_path)
