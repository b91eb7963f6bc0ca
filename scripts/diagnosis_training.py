"""Train the diagnosis and write its ONNX file, on one core in half an hour.

    python scripts/pages.py PAGES --count 150
    python -m scripts.diagnosis_training --photos FOLDER --photos FOLDER --pages PAGES \
        --minutes 30 --output deblur/diagnosis/model.onnx

Sharp photos and pages of text are made smaller, blurred tile by tile with
`deblur.synthesis.tiles`, and kept in a pool, from which each step takes a batch. The same seed
and the same number of steps give the same file; `--minutes` decides how many steps there are.
"""

import argparse
import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from numpy.random import Generator
from PIL import Image
from torch import Tensor

from deblur.files import replacing
from deblur.networks.diagnosis import (
    DiagnosisNetwork,
    DiagnosisReading,
    Residual,
    log_noise,
    split_answer,
)
from deblur.synthesis.kinds import Kind
from deblur.synthesis.recipe import BlurRecipe
from deblur.synthesis.tiles import RECIPES, SIDE, Pixels, TileLabels, draw_tiles

SCALES = (0.5, 0.85)
"""Photos are made smaller by so much: what is sharp is then sharp to the pixel."""
HALVED = 0.33
"""This share of them is halved instead, as the diagnosis halves a photo."""
MIN_SIDE = SIDE + 2 * max(recipe.margin for recipe in RECIPES)
ORDER = tuple(Kind)
LUMA = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
AT_ONCE, BATCH, POOL, FIRST = 8, 48, 12_000, 1_000
DECAY = 1e-2
PAGES = 0.2
"""So many of the tiles are of text."""
PART, UNTIL = 112, 0.5
"""Until that share of the time a step sees so large a part of its tiles, for half the price."""


class Pool:
    """The tiles that were drawn last: luma uint8, and for each a row of labels."""

    def __init__(
        self, photos: Sequence[Pixels], pages: Sequence[Pixels], random: Generator
    ) -> None:
        self.photos, self.pages, self.random, self.drawn = photos, pages, random, 0
        self.tiles = np.empty((POOL, SIDE, SIDE), np.uint8)
        self.rows = np.empty((POOL, 8), np.float32)

    def draw(self, recipe: BlurRecipe) -> None:
        """Put AT_ONCE tiles of a recipe in place of the oldest."""
        text = bool(self.pages) and self.random.random() < PAGES
        source = self.pages if text else self.photos
        tiles, labels = draw_tiles(source, recipe, self.random, AT_ONCE)
        luma = ((tiles * LUMA).sum(1) * 255).round().byte().numpy()
        places = (self.drawn + np.arange(AT_ONCE)) % POOL
        self.tiles[places], self.rows[places] = luma, [_row(each, text) for each in labels]
        self.drawn += AT_ONCE

    def batch(self, side: int) -> tuple[Tensor, Tensor]:
        """Tiles (BATCH, 1, side, side) in [0, 1], mirrored and turned at random, and their rows."""
        chosen = self.random.integers(min(self.drawn, POOL), size=BATCH)
        tiles, rows = self.tiles[chosen], self.rows[chosen]
        for index, (mirrored, transposed) in enumerate(self.random.integers(2, size=(BATCH, 2))):
            if mirrored:
                tiles[index], rows[index, 3] = tiles[index][:, ::-1].copy(), -rows[index, 3]
            if transposed:
                tiles[index], rows[index, 2] = tiles[index].T.copy(), -rows[index, 2]
        top, left = self.random.integers(SIDE - side + 1, size=2)
        tiles = tiles[:, top : top + side, left : left + side]
        return torch.from_numpy(tiles)[:, None].float() / 255, torch.from_numpy(rows)


def _row(labels: TileLabels, text: bool) -> list[float]:
    twice = np.radians(2 * labels.angle)
    place = float(ORDER.index(labels.kind))
    figures = [labels.length, np.cos(twice), np.sin(twice), labels.radius, labels.noise]
    return [place, *figures, labels.quality, text]


def loss_of(raw: Tensor, rows: Tensor) -> Tensor:
    """Cross-entropy of the kind, and of each figure the error where the kind has that figure."""
    logits, length, turn, radius, noise, quality, text = split_answer(raw)
    kind = rows[:, 0].long()
    moved = (kind == ORDER.index(Kind.motion)) | (kind == ORDER.index(Kind.both))
    defocused = (kind == ORDER.index(Kind.focus)) | (kind == ORDER.index(Kind.both))
    straight = (turn - rows[:, 2:4]).square().sum(1)
    return (
        F.cross_entropy(logits, kind, label_smoothing=0.02)
        + _mean((length[:, 0] - rows[:, 1].clamp_min(0.1).log2()).abs(), moved)
        + 0.5 * _mean(straight, moved)
        + _mean((radius[:, 0] - rows[:, 4].clamp_min(0.1).log2()).abs(), defocused)
        + 0.3 * (noise[:, 0] - log_noise(rows[:, 5])).abs().mean()
        + (quality[:, 0] - rows[:, 6] / 100).abs().mean()
        + 0.5 * F.binary_cross_entropy_with_logits(text[:, 0], rows[:, 7])
    )


def _mean(errors: Tensor, where: Tensor) -> Tensor:
    return (errors * where).sum() / where.sum().clamp_min(1)


def read_photos(folders: Sequence[Path], random: Generator) -> list[Pixels]:
    """All photos of some folders, made smaller, of those that are then large enough."""
    photos = []
    for path in sorted(path for folder in folders for path in folder.rglob("*.[jpw][pne][gb]*")):
        with Image.open(path) as image:
            photo = image.convert("RGB")
        scale = max(random.uniform(*SCALES), MIN_SIDE / min(photo.size))
        if random.random() < HALVED and min(photo.size) >= 2 * MIN_SIDE:
            photos.append(np.asarray(photo.reduce(2)))
        elif scale <= 1:
            size = [round(scale * length) for length in photo.size]
            photos.append(np.asarray(photo.resize(size, Image.Resampling.LANCZOS)))
    return photos


def train(
    pool: Pool,
    network: DiagnosisNetwork,
    minutes: float,
    highest: float,
) -> Iterator[str]:
    """Steps until the time is over; the rate falls to nothing. Tells every hundred steps."""
    begun, share = time.monotonic(), 0.0
    optimizer = torch.optim.AdamW(network.parameters(), highest, weight_decay=DECAY)
    step, mean = 0, torch.zeros(2)
    while share < 1:
        pool.draw(RECIPES[pool.random.integers(len(RECIPES))])
        share = (time.monotonic() - begun) / (60 * minutes)
        if pool.drawn < FIRST:
            continue
        rate = highest * min(1, (step + 1) / 100) * (1 + np.cos(np.pi * min(1, share))) / 2
        for group in optimizer.param_groups:
            group["lr"] = rate
        seen = _step(network, optimizer, *pool.batch(PART if share < UNTIL else SIDE))
        step += 1
        mean = mean.lerp(seen, 1 / min(step, 100))
        if step % 100 == 0:
            told = f"loss {mean[0]:.3f}, kind right {mean[1]:.1%}"
            yield f"step {step}, {pool.drawn} tiles, {share:.0%}: {told}"


def _step(
    network: DiagnosisNetwork, optimizer: torch.optim.Optimizer, tiles: Tensor, rows: Tensor
) -> Tensor:
    """Loss and share of the kinds that were right."""
    filtered = network.filter(tiles)
    with torch.autocast("cpu", torch.bfloat16):
        raw = network.judge(filtered).float()
    loss = loss_of(raw, rows)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    right = (raw[:, : len(ORDER)].argmax(1) == rows[:, 0]).float().mean()
    return torch.stack([loss.detach(), right])


def write_onnx(network: DiagnosisNetwork, path: Path) -> None:
    """The network with its answers in units; takes any number of tiles."""
    tiles = torch.rand(2, 1, SIDE, SIDE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("onnxscript").setLevel(logging.ERROR)
        program = torch.onnx.export(
            DiagnosisReading(network).eval(),
            (tiles,),
            input_names=["luma"],
            output_names=["kinds", "figures"],
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            opset_version=18,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    for node in program.model_proto.graph.node:
        node.ClearField("metadata_props")
    with replacing(path) as temporary:
        onnx.save(program.model_proto, temporary)


def _begin_with(network: DiagnosisNetwork, earlier: dict[str, Tensor]) -> None:
    """Residual blocks that the earlier training lacked begin as the identity."""
    lacking, unknown = network.load_state_dict(earlier, strict=False)
    modules = network.named_modules()
    blocks = tuple(f"{name}." for name, module in modules if isinstance(module, Residual))
    if unknown or not all(name.startswith(blocks) for name in lacking):
        raise SystemExit(f"--begin is of another network: {[*unknown, *lacking][:3]} do not fit")


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, action="append", required=True, help="Repeatable")
    parser.add_argument("--pages", type=Path, help="pages of text, by scripts/pages.py")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--begin", type=Path, help="the .pt of an earlier training")
    parser.add_argument("--rate", type=float, default=2e-3, help="the highest of the steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("model.onnx"))
    asked = parser.parse_args()
    torch.manual_seed(asked.seed)
    random = np.random.default_rng(asked.seed)
    photos = read_photos(asked.photos, random)
    pages = read_photos([asked.pages] if asked.pages else [], random)
    print(f"{len(photos)} photos, {len(pages)} pages", flush=True)
    network = DiagnosisNetwork()
    if asked.begin:
        _begin_with(network, torch.load(asked.begin, weights_only=True))
    for told in train(Pool(photos, pages, random), network, asked.minutes, asked.rate):
        print(told, flush=True)
        torch.save(network.state_dict(), asked.output.with_suffix(".pt"))
    write_onnx(network, asked.output)


if __name__ == "__main__":
    main()
