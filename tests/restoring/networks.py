"""Networks that do something plain, to see what a restorer makes of it."""

from dataclasses import replace

from deblur.backends.base import Backend, Batch
from deblur.catalog import CATALOG
from deblur.spec import Precision, TilingPolicy

SPEC = replace(CATALOG["srcnn"], tiling=TilingPolicy(tile=64, halo=4))


class Identity:
    name, device, execution_provider = "fake", "cpu", "a fake"
    precision: Precision = "fp32"
    notes: tuple[str, ...] = ()

    def run(self, batch: Batch) -> Batch:
        return batch

    def at_full_precision(self) -> Backend:
        return self


class Halve(Identity):
    def run(self, batch: Batch) -> Batch:
        return batch / 2
