"""Fetching a dataset with the Hub's own client: whole, in parts, and not at all."""

import io
import json
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from huggingface_hub import constants
from PIL import Image

from benchmarks.datasets import DATASETS, MINI, DatasetSpec, manifest
from benchmarks.datasets.download import download_dataset
from benchmarks.errors import DatasetError
from tests.loopback_hub import Hub, Repo
from tests.pictures import scene

TINY = {"dataset": "gopro", "size": [16, 12], "folders": {"S1": 2, "S2": 1}}
REPO = "guest/pictures"


@pytest.fixture
def repo(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The repository that the tests fetch, whose whole content a manifest describes."""
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "gopro.json").write_text(json.dumps(TINY))
    monkeypatch.setattr(manifest, "FOLDER", manifests)
    # The client keeps whole ones of a connection that is cut.
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 100)
    return hub.add_repo(REPO, "dataset")


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


def download(root: Path, name: str = "gopro", revision: str | None = None) -> list[str]:
    """What is told while REPO is fetched."""
    told: list[str] = []
    assert download_dataset(name, root, repo=REPO, revision=revision, tell=told.append) == (
        root / name
    )
    return told


def complaint(
    root: Path, repo: str = REPO, revision: str | None = None, name: str = "gopro"
) -> str:
    """The one sentence that a download fails with."""
    with pytest.raises(DatasetError) as caught:
        download_dataset(name, root, repo=repo, revision=revision)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_archive_is_fetched_unpacked_and_compared_with_the_manifest(
    hub: Hub, repo: Repo, tmp_path: Path
) -> None:
    members = {f"GOPRO_Large/{name}": content for name, content in WHOLE.items()}
    more = {
        "GOPRO_Large/train/S9/blur/000001.png": picture(7),
        "GOPRO_Large/test/S1/thumbs.db": b"no picture",
    }
    files = {
        "GOPRO_Large.zip": zipped(members | more, ZIP_DEFLATED),
        "README.md": b"# GoPro",
        "train/S9/blur/000001.png": picture(7),
        "train/all.zip": zipped(members),
    }
    repo.commit(files)
    root = tmp_path / "data"
    assert download(root) == [
        f"fetching {REPO} (terms: CC BY 4.0)",
        "unpacking GOPRO_Large.zip",
        "3 pictures, as the manifest has them",
    ]
    assert files_below(root) == {f"gopro/{name}": content for name, content in WHOLE.items()}
    assert not [line for line in hub.lines if "train" in line]


def test_loose_pictures_are_taken_as_they_lie_at_a_revision(repo: Repo, tmp_path: Path) -> None:
    commit = repo.commit(WHOLE | {"notes.md": b"..."})
    repo.commit(dict.fromkeys(WHOLE))
    root = tmp_path / ".cache" / "data"  # the client's own folder of that name is left out
    root.parent.mkdir()
    download(root, revision=commit)
    assert files_below(root / "gopro") == WHOLE


def test_members_that_point_elsewhere_do_no_harm(repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    wild = {
        "../../outside.png": picture(1),
        "test/../../../outside.png": picture(2),
        "../test/S1/blur/outside.png": picture(3),
        str(outside): picture(4),
        "/test/S1/blur/absolute.png": picture(5),
    }
    repo.commit({"all.zip": zipped(wild | WHOLE)})
    root = tmp_path / "data"
    download(root)
    assert files_below(root) == {f"gopro/{name}": content for name, content in WHOLE.items()}
    assert not list(tmp_path.rglob("outside.png"))


def test_what_is_not_the_whole_dataset_is_told_and_not_fetched_again(
    hub: Hub, repo: Repo, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    repo.commit({"all.zip": zipped(pictures("S1/000001", "S1/000002"))})
    assert "S2 holds 0 of 1 pictures" in complaint(root)
    hub.requests.clear()
    assert "S2 holds 0 of 1 pictures" in complaint(root)
    assert not [line for line in hub.lines if "/resolve/" in line]


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED], ids=["stored", "deflated"])
def test_a_damaged_archive_is_named_and_the_next_whole_one_replaces_it(
    repo: Repo, tmp_path: Path, method: int
) -> None:
    whole = zipped(WHOLE, method)
    damaged = bytearray(whole)
    place = whole.index(b"test/S2/blur/000001.png") + len("test/S2/blur/000001.png")
    damaged[place : place + 40] = b"\xff" * 40
    repo.commit({"all.zip": bytes(damaged)})
    root = tmp_path / "data"
    sentence = complaint(root)
    archive = root / ".gopro-download" / "all.zip"
    assert f"{archive} is damaged" in sentence
    assert "remove it and download again" in sentence
    assert not (root / "gopro" / "test" / "S2" / "blur" / "000001.png").exists()
    archive.unlink()
    repo.commit({"all.zip": whole})
    download(root)
    assert files_below(root / "gopro" / "test") == {
        name.removeprefix("test/"): content for name, content in WHOLE.items()
    }


def test_an_archive_that_is_none_is_named(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"all.zip": b"version https://git-lfs.github.com/spec/v1"})
    assert "all.zip is damaged (File is not a zip file)" in complaint(tmp_path / "data")


@pytest.mark.parametrize(
    ("name", "revision", "told"),
    [
        ("guest/nothing", None, "the Hub has no dataset guest/nothing, or it is private"),
        (REPO, "v9", f"the Hub has no dataset {REPO}@v9, or it is private"),
        ("not/a/repository", None, "the Hub has no dataset not/a/repository"),
    ],
)
def test_what_the_hub_does_not_have_is_told(
    repo: Repo, tmp_path: Path, name: str, revision: str | None, told: str
) -> None:
    repo.commit(WHOLE)
    sentence = complaint(tmp_path / "data", name, revision)
    assert sentence.startswith(told)
    assert "set HF_TOKEN" in sentence


@pytest.mark.parametrize("refused", ["/api/", "/resolve/"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_repository_asks_for_the_agreement(
    hub: Hub, repo: Repo, tmp_path: Path, status: int, refused: str
) -> None:
    repo.commit(WHOLE)
    hub.fail(status, matching=refused, code="GatedRepo")
    sentence = complaint(tmp_path / "data")
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
    hub: Hub, repo: Repo, tmp_path: Path, status: int, told: str
) -> None:
    hub.fail(status)
    sentence = complaint(tmp_path / "data")
    assert f"{REPO} could not be fetched" in sentence
    assert str(status) in sentence
    assert told in sentence.rpartition(";")[2]


def test_a_page_instead_of_the_hub_is_told(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    hub.fail(200, body=b"<html>Please sign in to this network</html>")
    assert f"{REPO} could not be fetched" in complaint(tmp_path / "data")


def test_offline_nothing_is_asked(
    hub: Hub, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    sentence = complaint(tmp_path / "data")
    assert "connect, or unset HF_HUB_OFFLINE" in sentence
    assert hub.requests == []


def test_a_cut_connection_is_taken_up_where_it_was(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    archive = zipped(WHOLE)
    repo.commit({"all.zip": archive})
    hub.cut = len(archive) // 250 * 100
    download(tmp_path / "data")
    ranges = [request.range for request in hub.requests if request.range]
    assert ranges == [f"bytes={hub.cut}-", f"bytes={2 * hub.cut}-"]
    assert 2 * hub.cut < len(archive)
    assert files_below(tmp_path / "data" / "gopro") == WHOLE


def test_a_connection_that_stays_cut_is_told_and_the_second_call_goes_on(
    hub: Hub, repo: Repo, tmp_path: Path
) -> None:
    second = [name for name in WHOLE if "S2" in name]
    archives = {
        "1.zip": zipped({name: WHOLE[name] for name in WHOLE if name not in second}),
        "2.zip": zipped({name: WHOLE[name] for name in second} | {"big.txt": bytes(9000)}),
    }
    repo.commit(archives)
    hub.cut, hub.pieces = len(archives["1.zip"]), 1
    assert len(archives["2.zip"]) > hub.cut
    root = tmp_path / "data"
    sentence = complaint(root)
    assert f"{REPO} could not be fetched" in sentence
    assert "run the same command again to go on" in sentence
    assert not (root / "gopro").exists()
    hub.recover()
    hub.requests.clear()
    download(root)
    fetched = [line for line in hub.lines if line.startswith("GET /cdn/")]
    assert [line.rpartition("/")[2] for line in fetched] == ["2.zip"]


@pytest.mark.parametrize("trouble", ["offline", "broken", "gone"])
def test_half_a_dataset_is_not_taken_for_all_of_it(
    hub: Hub, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    root = tmp_path / "data"
    pairs = {f"{part}/{name}.png": picture(3) for part in ("blur", "sharp") for name in "ab"}
    repo.commit(pairs)
    (root / ".pairs-download").mkdir(parents=True)
    for name in ("blur/a.png", "sharp/a.png"):
        path = root / ".pairs-download" / name
        path.parent.mkdir()
        path.write_bytes(pairs[name])
    if trouble == "broken":
        hub.fail(500)
    elif trouble == "gone":
        hub.fail(None)
    else:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert complaint(root, name="pairs")
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
