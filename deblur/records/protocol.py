"""Under which rules scores are taken. Scores compare within one protocol only."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from deblur.records.digests import digest_of_json
from deblur.spec import Precision


class Alignment(BaseModel):
    """The best over shifts: restored pictures may lie beside the sharp ones by a few pixels.

    `border` pixels of the sharp picture are cut off, and of all shifts up to `reach` pixels in
    steps of `step` the one with the least squared error on luma counts. As Levin et al. 2009
    and the studies after them do it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    border: int = 15
    reach: int = 10
    step: float = 0.25
    interpolation: Literal["bilinear"] = "bilinear"


class EvalProtocol(BaseModel):
    """Everything that moves a score and is not the model, how it runs, the dataset or the metric.

    `crop` pixels are left out at every edge; `tiling` is the side of the tiles, or `model` for
    each model's own; `warm_up` restorations go before those that are timed. `precision` is in
    records of schema 1 only: it is how a model runs, and `EngineRecord` says it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    quantisation: str = "8 bit, to the nearest"
    colour: str = "RGB as stored, alpha left out"
    luma: str = "BT.601, 16 to 235, not rounded"
    ssim: str = "Gaussian 11x11 (3-D: 11x11x11, edges repeated), sigma 1.5, K 0.01 0.03"
    crop: int = Field(default=0, ge=0)
    alignment: Alignment | None = None
    tiling: Literal["model"] | int = "model"
    precision: Precision | None = Field(default=None, exclude_if=lambda given: given is None)
    warm_up: int = Field(default=1, ge=1)

    def digest(self) -> str:
        """Equal digests mean equal rules."""
        return digest_of_json(self.model_dump(mode="json", exclude={"precision"}))

    def digest_of_schema_1(self) -> str:
        """The digest that records of schema 1 state: that of the rules and of the precision."""
        return digest_of_json(self.model_dump(mode="json"))
