"""What restores pictures and can be measured: a network, a baseline, another program's results."""

from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.baselines import BASELINES, Baseline
from benchmarks.datasets.items import LoadedItem
from benchmarks.errors import DatasetError
from deblur.backends import ENGINES
from deblur.catalog import AUTO
from deblur.diagnosis import NETWORK_SHA256
from deblur.errors import UnknownModelError
from deblur.files import files_below
from deblur.image_io import INPUT_SUFFIXES, DecodedImage, decode_image
from deblur.language import say
from deblur.records.digests import digest_of_json, state_of_file
from deblur.records.run_result import EngineRecord, ModelRecord
from deblur.restorer import Restorer
from deblur.restoring.guide import GUIDED
from deblur.restoring.tiled_network import TiledNetwork
from deblur.spec import ModelSpec, Precision
from deblur.weights import fetch_weights, find_model, sha256_of


@dataclass(frozen=True)
class MethodChoice:
    """What to measure, in words that travel to another process or machine.

    `model` is a name of the catalog or of a baseline, a file or a Hub repository, or AUTO; with
    `pictures` it is only the name for what another program restored into that folder.
    """

    model: str
    backend: str = "auto"
    device: str = "auto"
    precision: Precision | None = None
    tile: int | None = None
    threads: int | None = None
    pictures: Path | None = None

    @property
    def timed(self) -> bool:
        """Whether its speed says anything: not where nothing is computed here."""
        return self.pictures is None and self.model != "blurred"

    def runs_at(self) -> Precision:
        """The precision asked for, else the model's own. Raises as `identity` does."""
        return self.precision or _networks_of(self.model)[0].precisions[0]

    def name(self) -> str:
        """What it is called in records. Raises as `identity` does."""
        known = self.pictures is not None or self.model in (*BASELINES, AUTO)
        return self.model if known else find_method(self.model).name

    def identity(self) -> str:
        """What the name stands for today: changes with weights and description, or the pictures.

        Raises UnknownModelError when there is no such model.
        """
        if self.pictures is not None:
            return f"{self.model}: {[*map(state_of_file, sorted(self.pictures.rglob('*')))]}"
        if self.model in BASELINES:
            return self.model
        return "\n".join(spec.to_json() for spec in _networks_of(self.model)) + (
            NETWORK_SHA256 if self.model == AUTO else ""
        )

    def open(self) -> "Method":
        """Load it. Raises the ModelError or BackendError that says what is missing."""
        if self.pictures is not None:
            return Pictures(self.model, self.pictures)
        if self.model in BASELINES:
            return BaselineMethod(BASELINES[self.model])
        return AutomaticMethod(self) if self.model == AUTO else NetworkMethod(self)


def find_method(name: str) -> ModelSpec:
    """A network by its name. Raises as `find_model` does, with the baselines among the choices."""
    try:
        return find_model(name)
    except UnknownModelError as error:
        if "/" in name or Path(name).suffix:
            raise
        raise UnknownModelError(f"{error}; or a baseline, {', '.join(BASELINES)}") from error


def _networks_of(name: str) -> list[ModelSpec]:
    return [find_method(each) for each in (GUIDED if name == AUTO else (name,))]


class Method(ABC):
    """Restores the pictures of a dataset. Safe to share between threads."""

    @abstractmethod
    def restore(self, item: LoadedItem) -> DecodedImage:
        """The restored picture, of the blurred one's size and depth."""

    @property
    @abstractmethod
    def model(self) -> ModelRecord:
        """What is measured."""

    @property
    @abstractmethod
    def engine(self) -> EngineRecord:
        """What runs it."""


class NetworkMethod(Method):
    """A model of ours or anybody's, through the one pipeline that restores photos."""

    def __init__(self, choice: MethodChoice) -> None:
        self.choice = choice
        self.restorer = Restorer.open(
            choice.model,
            engine=choice.backend,
            device=choice.device,
            precision=choice.runs_at(),
            tile=choice.tile,
            threads=choice.threads,
        )
        self.network = self.restorer.network
        self._weights = _weights_of(self.network.spec, self.network)

    def restore(self, item: LoadedItem) -> DecodedImage:
        """See Method.restore."""
        return self.restorer.restore(item.blurred)

    @property
    def model(self) -> ModelRecord:
        """See Method.model."""
        spec = self.network.spec
        description = asdict(replace(spec, weights=()))
        ref = spec.weights_file(self._weights.suffix)
        return ModelRecord(
            name=spec.name,
            title=spec.title,
            kind="network",
            spec=description,
            spec_sha256=digest_of_json(description),
            weights_sha256=ref.sha256 if ref else None,
            weights_bytes=self._weights.stat().st_size,
            parameters=spec.parameters,
            macs_per_megapixel=spec.macs_per_megapixel,
            licence=spec.licence,
            trained_on=spec.trained_on,
            paper=spec.paper,
        )

    @property
    def engine(self) -> EngineRecord:
        """See Method.engine."""
        backend = self.network.backend
        return EngineRecord(
            backend=backend.name,
            requested_device=self.choice.device,
            device=backend.device,
            execution_provider=backend.execution_provider,
            precision=backend.precision,
            threads=self.choice.threads,
            notes=backend.notes,
        )


class AutomaticMethod(NetworkMethod):
    """The models that the diagnosis of each picture picks among."""

    @property
    def model(self) -> ModelRecord:
        """See Method.model; the digest is that of all weights, the diagnosis' own among them."""
        specs = [find_model(name) for name in GUIDED]
        files = [_weights_of(spec, self.network) for spec in specs]
        digests = [*map(sha256_of, files), NETWORK_SHA256]
        return ModelRecord(
            name=AUTO,
            title=f"Automatic, among {', '.join(GUIDED)}",
            kind="network",
            weights_sha256=digest_of_json(digests),
            weights_bytes=sum(path.stat().st_size for path in files),
            licence=specs[0].licence,
            trained_on=tuple(dict.fromkeys(each for spec in specs for each in spec.trained_on)),
        )


def _weights_of(spec: ModelSpec, network: TiledNetwork) -> Path:
    """The file of a model's weights that runs where a network does."""
    backend = network.backend
    return fetch_weights(spec.variant(backend.precision), ENGINES[backend.name].suffixes)


class BaselineMethod(Method):
    """A method of `baselines.py`, told the kernel where the dataset has one."""

    def __init__(self, baseline: Baseline) -> None:
        self.baseline = baseline

    def restore(self, item: LoadedItem) -> DecodedImage:
        """See Method.restore."""
        blurred = item.blurred
        if self.baseline.restore is None:
            return blurred
        peak = np.iinfo(blurred.pixels.dtype).max
        restored = self.baseline.restore(blurred.pixels.astype(np.float64) / peak, item.kernel)
        pixels = np.rint(np.clip(restored, 0, 1) * peak).astype(blurred.pixels.dtype)
        return blurred.with_pixels(pixels)

    @property
    def model(self) -> ModelRecord:
        """See Method.model."""
        return ModelRecord(
            name=self.baseline.name,
            title=self.baseline.title,
            kind="baseline",
            parameters=0,
            paper=self.baseline.source or None,
        )

    @property
    def engine(self) -> EngineRecord:
        """See Method.engine."""
        return EngineRecord(
            backend="numpy",
            requested_device="cpu",
            device="cpu",
            execution_provider="NumPy and scikit-image",
            precision="fp32",
        )


class Pictures(Method):
    """What another program restored: a picture for every id, in any lossless format."""

    def __init__(self, name: str, folder: Path) -> None:
        if not folder.is_dir():
            raise DatasetError(
                say("there is no folder {folder} with restored pictures", folder=folder)
            )
        self.name, self.folder = name, folder
        self.paths = defaultdict[str, list[Path]](list)
        for path in files_below(folder):
            if path.suffix.lower() in INPUT_SUFFIXES:
                self.paths[path.relative_to(folder).with_suffix("").as_posix()].append(path)

    def restore(self, item: LoadedItem) -> DecodedImage:
        """See Method.restore. Raises DatasetError for a picture that is missing or misfit."""
        paths = self.paths.get(item.id, [])
        if len(paths) > 1:
            raise DatasetError(
                say(
                    "{folder} has {names} for one picture: leave the one that is to be scored",
                    folder=self.folder,
                    names=say(" and ").join(path.name for path in paths),
                )
            )
        if not paths:
            raise DatasetError(
                say(
                    "{folder} has no picture {id}.png; a restored picture is named after "
                    "the blurred one's id, folders included",
                    folder=self.folder,
                    id=item.id,
                )
            )
        path = paths[0]
        restored = decode_image(path)
        if restored.pixels.shape[:2] != item.blurred.pixels.shape[:2]:
            raise DatasetError(
                say(
                    "{file} is {size}, but the blurred picture is {expected}; hand in pictures of "
                    "the same size",
                    file=path,
                    size=f"{restored.width}x{restored.height}",
                    expected=f"{item.blurred.width}x{item.blurred.height}",
                )
            )
        return restored

    @property
    def model(self) -> ModelRecord:
        """See Method.model."""
        return ModelRecord(name=self.name, title=self.name, kind="pictures")

    @property
    def engine(self) -> EngineRecord:
        """See Method.engine."""
        return EngineRecord(
            backend="files",
            requested_device="none",
            device="none",
            execution_provider="another program",
            precision="fp32",
        )
