"""The Hub that the tests talk to behaves towards the real client as the Hub does."""

from pathlib import Path

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.loopback_hub import TOKEN, Hub, Kind

BINARY = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def signed_in(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)


def content(repo: str, file: str, kind: Kind = "model", revision: str | None = None) -> bytes:
    return Path(hf_hub_download(repo, file, repo_type=kind, revision=revision)).read_bytes()


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_what_is_committed_is_listed_and_fetched(hub: Hub, kind: Kind, tmp_path: Path) -> None:
    api = HfApi()
    assert api.whoami()["name"] == "guest"
    url = api.create_repo("guest/thing", repo_type=kind, exist_ok=True)
    assert api.create_repo("guest/thing", repo_type=kind, exist_ok=True) == url
    files = {"README.md": b"---\nlicense: mit\n---\n", "onnx/model.onnx": BINARY}
    for message in "once", "and again":
        added = [CommitOperationAdd(path, data) for path, data in files.items()]
        first = api.create_commit("guest/thing", added, commit_message=message, repo_type=kind)
    assert len(hub.repos[kind, "guest/thing"].commits) == 2
    assert first.oid == api.repo_info("guest/thing", repo_type=kind).sha
    assert api.list_repo_files("guest/thing", repo_type=kind) == list(files)
    for path, data in files.items():
        assert content("guest/thing", path, kind) == data
    removed = [CommitOperationDelete("onnx/")]
    api.create_commit("guest/thing", removed, commit_message="less", repo_type=kind)
    assert hub.repos[kind, "guest/thing"].files() == {"README.md": files["README.md"]}
    assert content("guest/thing", "onnx/model.onnx", kind, revision=first.oid) == BINARY


def test_a_folder_is_uploaded_and_a_snapshot_taken(hub: Hub, tmp_path: Path) -> None:
    repo = hub.add_repo("guest/set", "dataset")
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "1.json").write_text("{}")
    HfApi().upload_folder(repo_id="guest/set", repo_type="dataset", folder_path=tmp_path / "runs")
    assert repo.files() == {"a/1.json": b"{}"}
    taken = snapshot_download("guest/set", repo_type="dataset", local_dir=tmp_path / "taken")
    assert (Path(taken) / "a" / "1.json").read_text() == "{}"


def test_a_commit_on_what_is_no_longer_the_head_is_refused(hub: Hub) -> None:
    repo = hub.add_repo("guest/set", "dataset")
    head = repo.commit({"a": b"1"})
    repo.commit({"a": b"2"})
    added = [CommitOperationAdd("b", b"3")]
    with pytest.raises(HfHubHTTPError, match="412"):
        HfApi().create_commit(
            "guest/set", added, commit_message="late", repo_type="dataset", parent_commit=head
        )


def test_a_pull_request_leaves_the_main_branch(hub: Hub) -> None:
    repo = hub.add_repo("guest/set", "dataset")
    added = [CommitOperationAdd("b", b"3")]
    proposed = HfApi().create_commit(
        "guest/set", added, commit_message="please", repo_type="dataset", create_pr=True
    )
    assert proposed.pr_revision == "refs/pr/1"
    assert repo.files() == {}
    assert repo.files("refs/pr/1") == {"b": b"3"}
    assert content("guest/set", "b", "dataset", revision="refs/pr/1") == b"3"


def test_the_token_stays_on_the_hub(hub: Hub) -> None:
    hub.add_repo("guest/secret", private=True).commit({"model.onnx": BINARY})
    assert content("guest/secret", "model.onnx") == BINARY
    signed = {("/cdn/" in request.line): request.signed for request in hub.requests}
    assert signed == {False: True, True: False}


@pytest.mark.parametrize(
    ("name", "file", "revision", "error"),
    [
        ("guest/none", "a", None, RepositoryNotFoundError),
        ("guest/private", "a", None, RepositoryNotFoundError),
        ("guest/gated", "a", None, GatedRepoError),
        ("guest/open", "a", "v9", RevisionNotFoundError),
        ("guest/open", "b", None, EntryNotFoundError),
    ],
)
def test_what_is_refused_is_refused_as_the_hub_does(
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    file: str,
    revision: str | None,
    error: type[Exception],
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    hub.add_repo("guest/open").commit({"a": BINARY})
    hub.add_repo("guest/private", private=True).commit({"a": BINARY})
    hub.add_repo("guest/gated", gated=True).commit({"a": BINARY})
    with pytest.raises(error):
        hf_hub_download(name, file, revision=revision)


def test_a_fault_ends_after_so_many_times(hub: Hub) -> None:
    hub.add_repo("guest/model").commit({"model.onnx": BINARY})
    hub.fail(503, times=2, matching="/resolve/")
    hub.fail(429, times=1, matching="/cdn/", retry_after=1)
    assert content("guest/model", "model.onnx") == BINARY
    assert len([line for line in hub.lines if "/resolve/" in line]) == 3
    hub.fail(500, matching="/api/")
    with pytest.raises(HfHubHTTPError, match="500"):
        HfApi().model_info("guest/model")


def test_a_connection_that_is_cut_goes_on_where_it_was(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)
    hub.add_repo("guest/model").commit({"model.onnx": BINARY})
    hub.cut = 4000
    assert content("guest/model", "model.onnx") == BINARY
    ranges = [request.range for request in hub.requests if "/cdn/" in request.line]
    assert ranges == ["", "bytes=4000-", "bytes=8000-"]
