"""What lies in a source: photos, pairs, the frames of a clip, GoPro's official layout."""

import re
from pathlib import Path, PurePosixPath
from typing import Literal

from deblur.errors import TrainingDataError
from deblur.training.config import SourceConfig
from deblur.training.data.testing_only import refuse_test_sets
from deblur.training.tree import DataFile, Tree, open_tree, packed_sources

Part = Literal["train", "test"]
Variant = Literal["blur", "blur_gamma"]
Item = tuple[DataFile, ...]
"""What is drawn at once: (photo,), (blurred, sharp), or (frame,)."""

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
GOPRO_PAIRS: dict[Part, int] = {"train": 2103, "test": 1111}


def list_items(source: SourceConfig) -> list[Item]:
    """All that a source holds, sorted; its `split` is not looked at.

    Raises TrainingDataError when it holds nothing, a blurred or sharp picture without its
    partner, or pictures that are for testing only (Lai et al. 2016, GoPro's test part).
    """
    tree = open_source(source)
    learnt = tree.below("train/") if source.kind == "gopro" else tree
    refuse_test_sets(learnt if learnt.names else tree)
    if source.kind == "pairs":
        return [*_pairs(tree, "blur/", "sharp/")]
    if source.kind == "gopro":
        return [*_gopro(tree, "train", _variant(tree, "train"))]
    photos = _photos(tree)
    folders = {PurePosixPath(name).parent for name in photos}
    for folder in sorted(folders):
        if folder.name == "blur" and folder.with_name("sharp") in folders:
            place = Path(source.path) / folder.parent
            raise TrainingDataError(
                f"{tree.path} holds pairs, and their blurred pictures would be taken for sharp: "
                f"name pairs:{place}, or {source.kind}:{place / 'sharp'}"
            )
    if source.kind == "frames" and len(folders) > 1:
        raise TrainingDataError(
            f"{tree.path}: the frames of a clip must lie in one folder; name each clip on its own"
        )
    ordered = sorted(photos, key=_as_counted) if source.kind == "frames" else photos
    return [(tree.file(name),) for name in ordered]


def _as_counted(name: str) -> list[tuple[int, str]]:
    """A key for names with numbers in them, so that frame 10 follows frame 9."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)
    ]


def open_source(source: SourceConfig) -> Tree:
    """The tree of a source; of a packed archive, the part of that kind.

    Raises TrainingDataError when there is none, or when several are of that kind.
    """
    tree = open_tree(Path(source.path))
    packed = packed_sources(tree)
    if not packed:
        return tree
    fitting = [str(each["path"]) for each in packed if each["kind"] == source.kind]
    if len(fitting) != 1:
        there = ", ".join(f"{each['kind']}:{source.path}/{each['path']}" for each in packed)
        raise TrainingDataError(
            f"{source.path} holds {len(fitting)} sources of kind {source.kind}, where one is "
            f"expected; name one of: {there}"
        )
    return tree.below(fitting[0] + "/")


def list_gopro(
    root: Path, part: Part, variant: Variant | None = None
) -> list[tuple[DataFile, DataFile]]:
    """The pairs of GoPro's official layout: `PART/SEQUENCE/{blur,blur_gamma,sharp}/*.png`.

    Without a `variant` it is `gopro_variant`'s. Raises TrainingDataError when there are not
    as many pairs as the official part has, or one has no partner.
    """
    tree = open_tree(root)
    return _gopro(tree, part, variant or _variant(tree, part))


def gopro_variant(root: Path, part: Part = "train") -> Variant:
    """`blur_gamma` where all sequences of a part have it, `blur` where all have that.

    Raises TrainingDataError when some have only the one and some only the other.
    """
    return _variant(open_tree(root), part)


def _photos(tree: Tree) -> list[str]:
    photos = [name for name in tree.names if PurePosixPath(name).suffix.lower() in SUFFIXES]
    if not photos:
        raise TrainingDataError(f"{tree.path} holds no photo ({', '.join(sorted(SUFFIXES))})")
    return photos


def _pairs(tree: Tree, blur: str, sharp: str) -> list[tuple[DataFile, DataFile]]:
    for folder in (blur, sharp):
        if not any(name.startswith(folder) for name in tree.names):
            raise TrainingDataError(
                f"{tree.path} has no files in {folder}; pairs lie in {blur} and {sharp} under "
                "the same names"
            )
    blurred, sharp_tree = tree.below(blur), tree.below(sharp)
    ours, theirs = _photos(blurred), _photos(sharp_tree)
    lonely = sorted({*ours} ^ {*theirs})
    if lonely:
        folder = blur if lonely[0] in ours else sharp
        raise TrainingDataError(
            f"{tree.path / folder / lonely[0]} has no partner of the same name "
            f"({len(lonely)} such files in all); add it or remove the file"
        )
    return [(blurred.file(name), sharp_tree.file(name)) for name in ours]


def _gopro(tree: Tree, part: Part, variant: Variant) -> list[tuple[DataFile, DataFile]]:
    sequences = _sequences(tree, part)
    pairs = [
        pair
        for sequence in sequences
        for pair in _pairs(tree, f"{part}/{sequence}/{variant}/", f"{part}/{sequence}/sharp/")
    ]
    if len(pairs) != GOPRO_PAIRS[part]:
        raise TrainingDataError(
            f"{tree.path / part} holds {len(pairs)} pairs, where GoPro's {part} part has "
            f"{GOPRO_PAIRS[part]}: complete it, or, to use a subset on purpose, put it into "
            "blur/ and sharp/ and name it as pairs:FOLDER"
        )
    return pairs


def _variant(tree: Tree, part: Part) -> Variant:
    having = {name: tree.folders(f"{part}/{name}/") for name in _sequences(tree, part)}
    for variant in ("blur_gamma", "blur"):
        if all(variant in folders for folders in having.values()):
            return "blur_gamma" if variant == "blur_gamma" else "blur"
    lacking = [
        next(name for name, folders in having.items() if variant not in folders)
        for variant in ("blur", "blur_gamma")
    ]
    raise TrainingDataError(
        f"{tree.path / part}: {lacking[0]} has no blur/ and {lacking[1]} no blur_gamma/; all "
        "sequences must have the same one, so that one kind of blur is learnt"
    )


def _sequences(tree: Tree, part: Part) -> list[str]:
    sequences = tree.folders(f"{part}/")
    if not sequences or any(re.fullmatch("blur|blur_gamma|sharp", name) for name in sequences):
        raise TrainingDataError(
            f"{tree.path} is not of GoPro's layout, {part}/SEQUENCE/{{blur,sharp}}/*.png: "
            "name the folder that holds train/ and test/, or use pairs:FOLDER"
        )
    return sequences
