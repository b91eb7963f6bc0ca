"""Folders of small pictures, as datasets lie on disk."""

from pathlib import Path
from typing import Any

from PIL import Image

from tests.pictures import scene


def save(path: Path, seed: int = 0, size: tuple[int, int] = (12, 16), **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(scene(*size, seed=seed)).save(path, **options)
    return path


def folder_of(root: Path, *names: str) -> Path:
    """Pictures of those names, each another."""
    for seed, name in enumerate(names):
        save(root / name, seed)
    return root


def gopro(root: Path, blur: str, *ids: str) -> Path:
    for seed, id in enumerate(ids):
        sequence, name = id.split("/")
        save(root / "test" / sequence / blur / f"{name}.png", seed)
        save(root / "test" / sequence / "sharp" / f"{name}.png", seed + 100)
    return root
