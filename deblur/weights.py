"""From a model's name to its description and to a verified file of weights.

A name is one of the catalog's, the path of an exported file, or a repository on the Hugging
Face Hub (`owner/name` or `owner/name@revision`) that holds a `config.json`.
"""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import httpx2
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from safetensors import SafetensorError, safe_open

from deblur.catalog import CATALOG
from deblur.errors import UnknownModelError, WeightsCorruptError, WeightsUnavailableError
from deblur.onnx_file import read_metadata
from deblur.spec import ModelSpec, WeightsRef

PRETRAINED = Path(__file__).parent / "pretrained"
SPEC_KEY = "deblur.spec"
"""Where an exported file keeps the model's description, among its metadata."""

_HUB_NAME = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")


def find_model(name: str) -> ModelSpec:
    """The description of a model, by catalog name, file or Hub repository.

    Raises UnknownModelError when there is no such thing, WeightsCorruptError when a file
    carries no description, WeightsUnavailableError when the Hub cannot be reached.
    """
    if name in CATALOG:
        return CATALOG[name]
    path = Path(name)
    if path.suffix in (".onnx", ".safetensors"):
        return _describe_file(path)
    hub = _HUB_NAME.fullmatch(name)
    if hub and not path.exists():
        return _describe_repo(hub["repo"], hub["revision"])
    raise UnknownModelError(
        f"there is no model {name!r}; choose one of {', '.join(CATALOG)}, "
        "an .onnx or .safetensors file, or a Hub repository owner/name"
    )


def fetch_weights(spec: ModelSpec, suffix: str) -> Path:
    """A local file with the weights of that kind (".onnx", ".safetensors"), digest checked.

    Raises WeightsUnavailableError when there is none, WeightsCorruptError when its content
    is not what was published.
    """
    ref = spec.weights_file(suffix)
    if ref is None:
        raise WeightsUnavailableError(
            f"no {suffix} weights are published for {spec.name}; train it with "
            f"`python -m deblur train --model {spec.name}` and export it"
        )
    path = _download(ref.repo, ref.file, ref.revision) if ref.repo else PRETRAINED / ref.file
    if not path.is_file():
        raise WeightsUnavailableError(f"{path} is missing; install deblur-arena again")
    if sha256_of(path) != ref.sha256:
        raise WeightsCorruptError(
            f"{path} is not the file that was published (its sha256 differs); fetch it again"
        )
    return path


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _describe_file(path: Path) -> ModelSpec:
    if not path.is_file():
        raise UnknownModelError(f"there is no file {path}")
    metadata = read_metadata(path) if path.suffix == ".onnx" else _safetensors_metadata(path)
    if SPEC_KEY not in metadata:
        raise WeightsCorruptError(
            f"{path} carries no description of its model; export it with `python -m deblur export`"
        )
    ref = WeightsRef(file=str(path.resolve()), sha256=sha256_of(path))
    return replace(ModelSpec.from_json(metadata[SPEC_KEY]), weights=(ref,))


def _safetensors_metadata(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="np") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise WeightsCorruptError(f"{path} is not a safetensors file ({error})") from error


def _describe_repo(repo: str, revision: str | None) -> ModelSpec:
    config = _download(repo, "config.json", revision)
    spec = ModelSpec.from_json(config.read_text(encoding="utf-8", errors="replace"))
    commit = config.parent.name
    refs = tuple(replace(ref, repo=repo, revision=commit) for ref in spec.weights)
    return replace(spec, weights=refs)


def _download(repo: str, file: str, revision: str | None) -> Path:
    where = f"{repo}@{revision}" if revision else repo
    try:
        return Path(hf_hub_download(repo, file, revision=revision))
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise UnknownModelError(
            f"the Hub has no model repository {where}, or it is private (set HF_TOKEN)"
        ) from error
    except LocalEntryNotFoundError as error:
        raise WeightsUnavailableError(
            f"{file} of {where} is not in the local cache and the Hub cannot be reached"
        ) from error
    except EntryNotFoundError as error:
        raise UnknownModelError(f"{where} holds no {file}: it is no model for us") from error
    except (httpx2.HTTPError, OSError) as error:
        raise WeightsUnavailableError(f"{file} of {where} cannot be fetched ({error})") from error
