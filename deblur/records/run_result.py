"""The record of a run: what was measured, on what, under which rules, and every single score.

One JSON form, versioned; docs/results-schema.md describes it. It is the same whether the run was
serial, in processes or on a cluster, and needs neither torch nor pyiqa to be read.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from deblur.errors import RecordError
from deblur.language import say
from deblur.records.digests import digest_of_json
from deblur.records.protocol import EvalProtocol
from deblur.records.statistics import finite_only, mean_interval
from deblur.spec import Precision

SCHEMA_VERSION = 2


class Record(BaseModel):
    """Frozen; infinity and NaN are the strings "Infinity" and "NaN" in JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class ModelRecord(Record):
    """What was measured. `spec` is the ModelSpec of a network, without its weights' places."""

    name: str
    title: str
    kind: Literal["network", "baseline", "pictures"]
    spec: dict[str, Any] | None = None
    spec_sha256: str | None = None
    weights_sha256: str | None = None
    weights_bytes: int | None = None
    parameters: int | None = None
    macs_per_megapixel: float | None = None
    licence: str | None = None
    trained_on: tuple[str, ...] = ()
    paper: str | None = None


class EngineRecord(Record):
    """What ran it: what was asked for, and what really did."""

    backend: str
    requested_device: str
    device: str
    execution_provider: str
    precision: Precision
    threads: int | None = None
    notes: tuple[str, ...] = ()


class DatasetRecord(Record):
    """On what: `digest` is that of the pixels of all pictures that were scored."""

    name: str
    title: str
    images: int
    digest: str
    variant: str | None = None
    subset_of: str | None = None


class MetricRecord(Record):
    """What a metric's name stands for in this record."""

    title: str
    better: Literal["higher", "lower"]
    against: Literal["sharp", "nothing", "blurred"]
    digits: int = Field(ge=0, le=10)
    definition: str


class ImageScore(Record):
    """One picture. `scores` may be infinite (equal pictures) or NaN (undefined; `notes` say why).

    `blurred` and `sharp` digest the pixels; `seconds` were taken while other pictures were
    being scored beside it: `CostRecord` has the clean ones.
    """

    id: str
    width: int
    height: int
    blurred: str
    sharp: str | None = None
    categories: tuple[str, ...] = ()
    scores: dict[str, float]
    seconds: float
    notes: tuple[str, ...] = ()


class Mean(Record):
    """Mean of the finite scores with its 95 % interval; `left_out` counts those that were not.

    Records of schema 1 may have the bootstrap's interval, which is too narrow for few pictures;
    `mean_scores` makes it anew.
    """

    value: float
    low: float
    high: float
    count: int
    left_out: int = 0


class CostRecord(Record):
    """What restoring costs, measured alone in a process of its own, after the warm-up.

    Seconds per megapixel: median, and half the distance between the quartiles. Memory is the
    process's peak, and the GPU's where there is one, in bytes. Energy is that of the whole
    machine's processor in joules per megapixel, where it tells.
    """

    seconds_per_megapixel: float
    spread: float
    repetitions: int
    megapixels: float
    peak_memory_bytes: int
    device_memory_bytes: int | None = None
    joules_per_megapixel: float | None = None


class Machine(Record):
    """Where it ran, without naming anybody's host."""

    processor: str
    cores: int
    memory_bytes: int
    system: str
    gpu: str | None = None
    versions: dict[str, str]


class RunResult(Record):
    """One model on one dataset under one protocol.

    A record of schema 1 stays what it is, with its id; its `protocol_digest` is that of the rules
    and of the precision, and it has the `seed` of its bootstrap. `renewed` takes it to schema 2.
    """

    schema_version: Literal[1, 2] = 2
    model: ModelRecord
    engine: EngineRecord
    dataset: DatasetRecord
    protocol: EvalProtocol
    protocol_digest: str
    metrics: dict[str, MetricRecord]
    images: tuple[ImageScore, ...]
    means: dict[str, Mean]
    categories: dict[str, dict[str, Mean]] = {}
    cost: CostRecord | None = None
    machines: tuple[Machine, ...] = ()
    seed: int | None = Field(default=None, exclude_if=lambda given: given is None)
    date: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    command: str = ""

    @model_validator(mode="after")
    def _check_consistency(self) -> "RunResult":
        old = self.schema_version == 1
        if (self.protocol.precision is not None, self.seed is not None) != (old, old):
            raise ValueError(say("only records of schema 1 have protocol.precision and seed"))
        digest = self.protocol.digest_of_schema_1() if old else self.protocol.digest()
        if self.protocol_digest != digest:
            raise ValueError(say("protocol_digest is not that of the protocol"))
        ids = [image.id for image in self.images]
        if len({*ids}) != len(ids) or len(ids) != self.dataset.images:
            raise ValueError(
                say(
                    "{images} different pictures expected, {count} given",
                    images=self.dataset.images,
                    count=len(ids),
                )
            )
        for image in self.images:
            if image.scores.keys() != self.metrics.keys():
                raise ValueError(
                    say("{id} has scores other than the metrics of the record", id=image.id)
                )
        return self

    @property
    def id(self) -> str:
        """Names this very record: the digest of all that it says."""
        return digest_of_json(json.loads(self.model_dump_json()))

    @property
    def rules(self) -> str:
        """The digest of the rules, by which records of either schema compare."""
        return self.protocol.digest()

    @property
    def ranking_metric(self) -> str:
        """The metric that the dataset ranks by: the first."""
        return next(iter(self.metrics))

    def to_json(self) -> str:
        """The one JSON form."""
        return self.model_dump_json(indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, source: str = "the record") -> "RunResult":
        """Read what `to_json` wrote. Raises RecordError naming every field that is wrong."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, each['loc'])) or say('as a whole')}: {each['msg']}"
                for each in error.errors()
            )
            raise RecordError(
                say(
                    "{file} is no record of schema 1 to {version}: {reason}",
                    file=source,
                    version=SCHEMA_VERSION,
                    reason=wrong,
                )
            ) from error


class ReportedScore(Record):
    """What a paper says of a model; `cost` in its words, `via` where it was read if elsewhere."""

    model: str
    year: int | None = None
    scores: dict[str, float]
    parameters: int | None = None
    cost: str | None = None
    source: str
    via: str | None = None


class ReportedScores(Record):
    """What others report on a dataset: not measured here, and by rules of their own."""

    schema_version: Literal[1] = 1
    dataset: str
    note: str
    metrics: dict[str, MetricRecord]
    rows: tuple[ReportedScore, ...]

    @field_validator("rows")
    @classmethod
    def _one_row_a_model(cls, rows: tuple[ReportedScore, ...]) -> tuple[ReportedScore, ...]:
        twice = [name for name, count in Counter(row.model for row in rows).items() if count > 1]
        if twice:
            raise ValueError(
                say(
                    "{known}: two rows would have this name; add the source to it",
                    known=", ".join(twice),
                )
            )
        return rows

    @classmethod
    def read(cls, path: Path) -> "ReportedScores":
        """Read a file of them. Raises RecordError when it is not one."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise RecordError(
                say("{file} holds no reported scores ({reason})", file=path, reason=error)
            ) from error


def read_record(path: Path) -> RunResult:
    """Read a record's file. Raises RecordError when it is not there or not a record."""
    try:
        return RunResult.from_json(path.read_bytes(), str(path))
    except OSError as error:
        raise RecordError(
            say("{file} cannot be read ({reason})", file=path, reason=error.strerror)
        ) from error


def folder_of(model: str) -> str:
    """What the folder of a model's records, or of its pictures, is called."""
    return model.replace("/", "--")


def dataset_digest(images: Sequence[ImageScore]) -> str:
    """What the pixels of all scored pictures digest to, whatever their order."""
    return digest_of_json(sorted([image.id, image.blurred, image.sharp or ""] for image in images))


def mean_scores(images: Sequence[ImageScore], metrics: Sequence[str]) -> dict[str, Mean]:
    """The mean of every metric over some pictures; metrics without a finite score are left out."""
    means = {}
    for metric in metrics:
        values = [image.scores[metric] for image in images]
        finite = finite_only(values)
        if finite:
            low, high = mean_interval(finite)
            means[metric] = Mean(
                value=sum(finite) / len(finite),
                low=low,
                high=high,
                count=len(finite),
                left_out=len(values) - len(finite),
            )
    return means


def renewed(record: RunResult) -> RunResult:
    """The record in the schema of today, with the intervals that its scores give today."""
    names = [*record.metrics]
    protocol = record.protocol.model_copy(update={"precision": None})
    changes = {
        "schema_version": SCHEMA_VERSION,
        "protocol": protocol,
        "protocol_digest": protocol.digest(),
        "means": mean_scores(record.images, names),
        "categories": category_means(record.images, names),
        "seed": None,
    }
    return record.model_copy(update=changes)


def category_means(
    images: Sequence[ImageScore], metrics: Sequence[str]
) -> dict[str, dict[str, Mean]]:
    """The means of each category; a picture may be in several."""
    names = sorted({category for image in images for category in image.categories})
    return {
        name: mean_scores([image for image in images if name in image.categories], metrics)
        for name in names
    }
