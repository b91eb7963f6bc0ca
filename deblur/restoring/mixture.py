"""Tiles that several networks restore, each by its part."""

from collections.abc import Sequence

import numpy as np

from deblur.restoring.tiled_network import Counts, Floats, Integers, TiledNetwork

MIN_SHARE = 0.01
"""A network with a smaller part in every pixel of a tile is not run there."""


def restore_mixed(
    tiles: Sequence[Integers],
    parts: Sequence[Floats],
    networks: Sequence[TiledNetwork],
    counts: Counts,
) -> list[Floats]:
    """Tiles (h, w, 3) in [0, 1] of what each network makes of them, by its part, and of what came.

    The tiles are (h, w, 1 or 3), the parts of each (h, w, networks). Raises what
    `TiledNetwork.restore` raises.
    """
    mixed = []
    for pixels, each in zip(tiles, parts, strict=True):
        came = pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
        mixed.append(came * (1 - each.sum(2, keepdims=True)) + np.zeros(3, np.float32))
    for place, network in enumerate(networks):
        wanted = [index for index, each in enumerate(parts) if each[..., place].max() > MIN_SHARE]
        outputs = network.restore([tiles[index] for index in wanted], counts) if wanted else []
        for index, output in zip(wanted, outputs, strict=True):
            mixed[index] += parts[index][..., place : place + 1] * output
    return mixed
