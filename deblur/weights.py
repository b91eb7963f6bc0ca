"""From a model's name to its description and to a verified file of weights.

A name is one of the catalog's, the path of a file, or a place on the Hugging Face Hub:
`owner/name` and `owner/name@revision` for a repository of our form (`config.json`,
`model.safetensors`, `onnx/model.onnx`), `hf://owner/name@revision/FILE` for a file of any.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

from huggingface_hub import HfUri
from safetensors import SafetensorError, safe_open

from deblur import hub, npm
from deblur.catalog import CATALOG, RENAMED
from deblur.errors import UnknownModelError, WeightsCorruptError, WeightsUnavailableError
from deblur.language import say
from deblur.onnx_file import read_metadata
from deblur.spec import ModelSpec, WeightsRef

PRETRAINED = Path(__file__).parent / "pretrained"
SPEC_KEY = "deblur.spec"
"""Where an exported file keeps the model's description, among its metadata."""

FILES = (".onnx", ".safetensors", ".pth")
"""The kinds of files that hold a model."""


def find_model(name: str) -> ModelSpec:
    """The description of a model, by catalog name, file or place on the Hub.

    A file on the Hub that is not of our form is fetched, to be described. Raises
    UnknownModelError when there is no such thing, WeightsUnavailableError when it cannot be
    fetched, WeightsCorruptError for a file that is damaged, UndescribedModelError for one that
    does not fit or does not say what must be known, and BackendUnavailableError when what would
    read it is not installed.
    """
    if name in CATALOG:
        return CATALOG[name]
    path = Path(name)
    if path.suffix in FILES and "://" not in name:
        return _describe_file(path)
    if not path.exists() and (place := hub.parse_place(name)):
        if place.path_in_repo:
            return _describe_hub_file(place)
        return _describe_repo(place.id, place.revision)
    if name in RENAMED:
        raise UnknownModelError(f"{name} is called {RENAMED[name]} now: use that name")
    raise UnknownModelError(
        f"there is no model {name!r}; choose one of {', '.join(CATALOG)}, a file "
        f"({', '.join(FILES)}), or a Hub repository: owner/name, or hf://owner/name/FILE"
    )


def fetch_weights(spec: ModelSpec, suffix: str | tuple[str, ...]) -> Path:
    """A local file with the weights of that kind (".onnx", ".safetensors"), digest checked.

    Raises WeightsUnavailableError when there is none, WeightsCorruptError when its content
    is not what was published.
    """
    ref = spec.weights_file(suffix)
    if ref is None:
        raise WeightsUnavailableError(_no_weights(spec, suffix))
    if npm.is_package(ref):
        return _made(spec, ref)
    if ref.repo:
        return _fetch(ref.repo, ref.file, ref.revision, ref.sha256)
    path = PRETRAINED / ref.file
    if not path.is_file():
        raise WeightsUnavailableError(
            say(
                "{file} is missing; install Deblur Arena again, or fetch its checkout again",
                file=path,
            )
        )
    if sha256_of(path) != ref.sha256:
        raise WeightsCorruptError(
            say(
                "{file} is not the file that was published (its sha256 differs); fetch it again",
                file=path,
            )
        )
    return path


def is_here(spec: ModelSpec) -> bool:
    """Whether a model's weights lie on this machine; not whether they are whole."""
    ref = next(iter(spec.weights), None)
    if ref is None or ref.repo is None:
        return ref is not None
    if npm.is_package(ref):
        return npm.place_of(ref).is_file()
    return hub.cached(ref.repo, ref.file, ref.revision) is not None


def bytes_to_fetch(spec: ModelSpec) -> int:
    """How many bytes have to come for a model's weights: 0 when they are here, or unknown."""
    ref = next(iter(spec.weights), None)
    return 0 if ref is None or is_here(spec) else ref.bytes or 0


def how_to_fetch(spec: ModelSpec) -> str:
    """What a model says of itself that is not here yet."""
    return say("has to be fetched: python -m deblur fetch {model}", model=spec.name)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _no_weights(spec: ModelSpec, suffix: str | tuple[str, ...]) -> str:
    wanted = suffix if isinstance(suffix, str) else suffix[0]
    if spec.weights:
        there = ", ".join(Path(ref.file).suffix for ref in spec.weights)
        return say(
            "{model} has no {wanted} weights, but {there}: choose the other engine",
            model=spec.name,
            wanted=wanted,
            there=there,
        )
    return say(
        "no {wanted} weights are published for {model}; train it with "
        "`python -m deblur train --model {model}` and export it",
        wanted=wanted,
        model=spec.name,
    )


def _made(spec: ModelSpec, ref: WeightsRef) -> Path:
    """What `deblur.fetching` made of a package."""
    path = npm.place_of(ref)
    if not path.is_file():
        raise WeightsUnavailableError(f"{spec.name} {how_to_fetch(spec)}")
    if sha256_of(path) != ref.sha256:
        raise WeightsCorruptError(
            say(
                "{file} is not the file that was made (its sha256 differs); {model} {how}",
                file=path,
                model=spec.name,
                how=how_to_fetch(spec),
            )
        )
    return path


def _fetch(repo: str, file: str, revision: str | None, sha256: str | None) -> Path:
    """A file of the Hub, with that digest; without one, with the digest that the Hub gives.

    What lies in the cache is taken without asking the Hub when its digest is known. A file with
    another digest is fetched again, once.
    """
    path = hub.cached(repo, file, revision) if sha256 else None
    path = path or hub.download(repo, file, revision)
    if _is_whole(path, sha256):
        return path
    path = hub.download(repo, file, revision, again=True)
    if _is_whole(path, sha256):
        return path
    raise WeightsCorruptError(
        say(
            "{file} of {repo} is not the file that was published (its sha256 differs), also when "
            "fetched again; it has been changed there, or on its way: it is not used",
            file=file,
            repo=repo,
        )
    )


def _is_whole(path: Path, sha256: str | None) -> bool:
    expected = sha256 or hub.digest_on_the_hub(path)
    return expected is None or sha256_of(path) == expected


def _describe_file(path: Path, licence: str = hub.LICENCE_UNKNOWN) -> ModelSpec:
    """The description of a local file; its weights are that file."""
    if not path.is_file():
        raise UnknownModelError(f"there is no file {path}")
    ref = WeightsRef(file=str(path.absolute()), sha256=sha256_of(path), bytes=path.stat().st_size)
    return replace(_described(path, licence), weights=(ref,))


def _described(path: Path, licence: str) -> ModelSpec:
    metadata = {}
    if path.suffix == ".onnx":
        metadata = read_metadata(path)
    elif path.suffix == ".safetensors":
        metadata = _safetensors_metadata(path)
    from deblur import guests

    if SPEC_KEY in metadata:
        spec = ModelSpec.from_json(metadata[SPEC_KEY])
        if path.suffix == ".onnx":
            guests.check_that_it_fits(path, spec.size_multiple)
        return spec
    describe = guests.describe_onnx if path.suffix == ".onnx" else guests.describe_checkpoint
    return describe(path, licence)


def _safetensors_metadata(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="np") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise WeightsCorruptError(
            say("{file} is not a safetensors file ({reason})", file=path, reason=error)
        ) from error


def _describe_hub_file(place: HfUri) -> ModelSpec:
    file, revision = place.path_in_repo, place.revision
    if not file.endswith(FILES):
        raise UnknownModelError(f"{place.to_uri()} is no model: name a file ({', '.join(FILES)})")
    path = _fetch(place.id, file, revision, None)
    spec = _describe_file(path, hub.licence_of(place.id, revision))
    here = replace(spec.weights[0], file=file, repo=place.id, revision=_commit(path, file))
    return replace(spec, weights=(here,))


def _describe_repo(repo: str, revision: str | None) -> ModelSpec:
    config = hub.download(repo, "config.json", revision)
    spec = ModelSpec.from_json(config.read_text(encoding="utf-8", errors="replace"))
    commit = _commit(config, "config.json")
    refs = tuple(replace(ref, repo=repo, revision=commit) for ref in spec.weights)
    return replace(spec, weights=refs)


def _commit(path: Path, file: str) -> str:
    """The commit of a file in the cache, which keeps it as snapshots/COMMIT/FILE."""
    return path.parents[file.count("/")].name
