"""The edge of a picture: what its surroundings are worth, measured on a network that needs them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.datasets import Dataset, open_dataset
from benchmarks.errors import DatasetError
from benchmarks.running.edges import SIDE, measure_edges
from deblur.backends.base import Batch
from deblur.catalog import CATALOG
from deblur.image_io import write_image
from deblur.restorer import Restorer
from deblur.restoring.tiled_network import TiledNetwork
from deblur.spec import TilingPolicy
from tests.pictures import photo
from tests.restoring.networks import Identity


class Neighbours(Identity):
    """Gives each pixel what its left neighbour has; beyond the picture it sees black."""

    def run(self, batch: Batch) -> Batch:
        return np.pad(batch, ((0, 0), (0, 0), (0, 0), (1, 0)))[..., :-1]


@pytest.fixture
def shifted(tmp_path: Path) -> Dataset:
    """Pairs whose blurred side is the sharp one moved to the left by a pixel."""
    wide = photo(SIDE + 80, SIDE + 81)
    for folder, pixels in (("sharp", wide.pixels[:, :-1]), ("blur", wide.pixels[:, 1:])):
        (tmp_path / folder).mkdir()
        write_image(wide.with_pixels(np.ascontiguousarray(pixels)), tmp_path / folder / "a.png")
    return open_dataset("pairs", tmp_path)


def test_surroundings_bring_back_what_a_piece_alone_cannot_know(shifted: Dataset) -> None:
    spec = replace(CATALOG["srcnn"], tiling=TilingPolicy(tile=4096, halo=8))
    found = {
        each.treatment: each
        for each in measure_edges(Restorer(TiledNetwork(spec, Neighbours())), shifted)
    }
    assert found["with its surroundings"].gain == float("inf")
    alone = found["alone"].gain
    assert np.isfinite(alone)
    assert all(found[f"symmetric, {n} px"].gain > alone for n in (16, 32, 64))
    assert {each.pieces for each in found.values()} == {1}


def test_small_pictures_have_no_room_for_a_piece(tmp_path: Path) -> None:
    for folder in ("sharp", "blur"):
        (tmp_path / folder).mkdir()
        write_image(photo(SIDE, SIDE), tmp_path / folder / "a.png")
    restorer = Restorer(TiledNetwork(CATALOG["srcnn"], Identity()))
    with pytest.raises(DatasetError, match="more than 320 x 320 pixels"):
        measure_edges(restorer, open_dataset("pairs", tmp_path))
