"""The files of a model's repository, of the form that `owner/name` is pulled in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from torch import Tensor

from deblur.errors import PublishError
from deblur.files import replace_file
from deblur.onnx_file import PARITY_KEY, PRECISION_KEY, SOURCE_KEY, read_metadata
from deblur.publish.onnx_export import export
from deblur.records.run_result import RunResult
from deblur.spec import ModelSpec, Precision, WeightsRef
from deblur.weights import sha256_of

CONFIG, CARD, ONNX, SAFETENSORS = "config.json", "README.md", "onnx/model.onnx", "model.safetensors"


@dataclass(frozen=True)
class Repository:
    """A model's `spec`, with a WeightsRef for each file of weights, and its files by path.

    `parity` is, for the path of each smaller variant, its PSNR to the fp32 network in dB.
    """

    spec: ModelSpec
    files: Mapping[str, Path]
    parity: Mapping[str, float]


def write_repository(
    spec: ModelSpec, weights: dict[str, Tensor], folder: Path, variants: Sequence[Path] = ()
) -> Repository:
    """Export a network into a folder, and describe it and its `variants` in `config.json`.

    A variant is an `.onnx` file that `quantize` made from the same export. Raises ExportError as
    `export` does, PublishError for a variant of another network.
    """
    files = {ONNX: folder / ONNX, SAFETENSORS: folder / SAFETENSORS}
    for path in files.values():
        export(spec, weights, path)
    refs = [_reference(path, file) for path, file in files.items()]
    parity = {}
    for variant in variants:
        ref, closeness = _variant(variant, refs[0].sha256)
        if ref.file in files:
            raise PublishError(f"{variant} is a second {ref.precision} variant; name one")
        refs.append(ref)
        files[ref.file], parity[ref.file] = variant, closeness
    runs_at = dict.fromkeys([*spec.precisions, *(ref.precision for ref in refs)])
    spec = replace(spec, precisions=tuple(runs_at), weights=tuple(refs))
    replace_file(folder / CONFIG, f"{spec.to_json()}\n")
    return Repository(spec, {CONFIG: folder / CONFIG, **files}, parity)


def check_measured(measured: RunResult, source: Path, spec: ModelSpec) -> None:
    """Raises PublishError when a record of a network is not of the weights of `spec`."""
    digests = {ref.sha256 for ref in spec.weights}
    if measured.model.kind == "network" and measured.model.weights_sha256 not in digests:
        raise PublishError(
            f"{source} was measured with other weights than are published here: measure what "
            "`python -m deblur export` writes with the same --name, --trained-on and --licence"
        )


def _reference(path: str, file: Path, precision: Precision = "fp32") -> WeightsRef:
    return WeightsRef(path, sha256_of(file), bytes=file.stat().st_size, precision=precision)


def _variant(file: Path, source: str) -> tuple[WeightsRef, float]:
    if not file.is_file():
        raise PublishError(f"there is no file {file}; `python -m deblur quantize` makes variants")
    metadata = read_metadata(file)
    precision: Precision = next(
        (known for known in get_args(Precision) if known == metadata.get(PRECISION_KEY)), "fp32"
    )
    if precision == "fp32" or metadata.get(SOURCE_KEY) != source or PARITY_KEY not in metadata:
        raise PublishError(
            f"{file} is no variant of this model as it is exported here: export it with the same "
            "--name, --trained-on and --licence, and make it again with `python -m deblur quantize`"
        )
    ref = _reference(f"onnx/model_{precision}.onnx", file, precision)
    return ref, float(json.loads(metadata[PARITY_KEY])["psnr_db"])
