"""How the datasets lie on disk, each as their authors hand it out.

A layout is a function from a folder to its items. It raises DatasetError when the folder is not
laid out so; whether the pictures are all there is for the manifest to say.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets.items import Item
from benchmarks.errors import DatasetError
from deblur.files import files_below, is_set_aside
from deblur.image_io import INPUT_SUFFIXES


@dataclass(frozen=True)
class Found:
    """The items of a folder, sorted by id; `variant` where a dataset comes in several."""

    items: tuple[Item, ...]
    variant: str | None = None


Layout = Callable[[Path], Found]

_BLURS = ("blur_gamma", "blur")
"""GoPro's two kinds, the linear one first."""


def pairs(root: Path) -> Found:
    """`blur/NAME` beside `sharp/NAME`, in subfolders too; the endings may differ."""
    blurred, sharp = _by_id(root / "blur"), _by_id(root / "sharp")
    lonely = sorted(blurred.keys() ^ sharp.keys())
    if lonely:
        where = "sharp" if lonely[0] in blurred else "blur"
        raise DatasetError(
            f"{root / where} has no picture {lonely[0]!r}, the other folder has "
            f"({len(lonely)} without a partner in all)"
        )
    return Found(tuple(Item(id, path, sharp[id]) for id, path in blurred.items()))


def photos(root: Path) -> Found:
    """Photos without a sharp partner, in subfolders too."""
    return Found(tuple(Item(id, path) for id, path in _by_id(root).items()))


def shared_sharp(root: Path) -> Found:
    """`blur/PHOTO-KIND` and `sharp/PHOTO`, or `sharp/PHOTO-KIND`; KIND is the category."""
    sharp = _by_id(root / "sharp")
    items = []
    for id, path in _by_id(root / "blur").items():
        photo, _, kind = id.rpartition("-")
        partner = sharp[id] if id in sharp else _partner(sharp, photo, id)
        items.append(Item(id, path, partner, categories=(kind,)))
    return Found(tuple(items))


def gopro(root: Path) -> Found:
    """`test/SEQUENCE/{blur,blur_gamma,sharp}/*.png`; one of the two blurs, the same everywhere."""
    sequences = sorted(
        path for path in (root / "test").glob("*") if path.is_dir() and not is_set_aside(path.name)
    )
    if not sequences:
        raise DatasetError(
            f"{root} is not of GoPro's layout: name the folder that holds test/SEQUENCE/blur and "
            "test/SEQUENCE/sharp"
        )
    variant = _variant(sequences)
    items = []
    for sequence in sequences:
        found = _by_id(sequence / variant), _by_id(sequence / "sharp")
        items += [
            Item(f"{sequence.name}/{name}", path, _partner(found[1], name, f"{sequence}/{name}"))
            for name, path in found[0].items()
        ]
    return Found(tuple(items), variant)


def lai_uniform(root: Path) -> Found:
    """`uniform/IMAGE_kernel_0K.png`, `ground_truth/IMAGE.png`, `kernels/kernel_0K.png`.

    The kernels are turned: with them turned back, convolving the sharp pictures gives the
    blurred ones to 44 dB, their noise, in place; as they are, to 24 to 30 dB.
    """
    kernels = _by_id(root / "kernels")
    return Found(
        tuple(
            Item(id, path, sharp, _partner(kernels, f"kernel_{number}", id), (category,), True)
            for id, path, sharp, category, number in _lai_synthetic(root, "uniform", "kernel")
        )
    )


def lai_nonuniform(root: Path) -> Found:
    """`nonuniform/IMAGE_gyro_0K.png` and `ground_truth/IMAGE.png`."""
    return Found(
        tuple(
            Item(id, path, sharp, categories=(category,))
            for id, path, sharp, category, _ in _lai_synthetic(root, "nonuniform", "gyro")
        )
    )


def lai_real(root: Path) -> Found:
    """`real/*.jpg`, and for the categories `real/attribute.txt`."""
    found = _by_id(root / "real")
    attributes = _attributes(root / "real" / "attribute.txt")
    return Found(
        tuple(Item(id, path, None, None, attributes.get(id, ())) for id, path in found.items())
    )


def real_blur(kind: str) -> Layout:
    """RealBlur: the authors' `RealBlur_KIND_test_list.txt`, lines of sharp and blurred paths."""

    def layout(root: Path) -> Found:
        listed = root / f"RealBlur_{kind}_test_list.txt"
        if not listed.is_file():
            raise DatasetError(f"{listed} is missing; it comes with RealBlur and names its pairs")
        items = []
        for line in listed.read_text(encoding="utf-8").split("\n"):
            sharp, _, blurred = line.strip().partition(" ")
            if blurred:
                path = Path(blurred.strip())
                id = f"{path.parent.parent.name}/{path.stem}"
                items.append(Item(id, _existing(root / path), _existing(root / sharp)))
        if not items:
            raise DatasetError(f"{listed} names no pairs; get the file again")
        return Found(tuple(sorted(items, key=lambda item: item.id)))

    return layout


def hide(root: Path) -> Found:
    """HIDE: `test/{test-close-ups,test-long-shot}/*.png`, and `GT/*.png` for all of them."""
    sharp = _by_id(root / "GT")
    return Found(
        tuple(
            Item(id, path, _partner(sharp, Path(id).name, id), categories=(Path(id).parts[0],))
            for id, path in _by_id(root / "test").items()
        )
    )


def _lai_synthetic(
    root: Path, folder: str, mark: str
) -> Iterable[tuple[str, Path, Path, str, str]]:
    truths = _by_id(root / "ground_truth")
    for id, path in _by_id(root / folder).items():
        match = re.fullmatch(rf"((\w+)_\d+)_{mark}_(\d+)", id)
        if match is None:
            raise DatasetError(f"{path}: expected a name such as people_01_{mark}_03.png")
        yield id, path, _partner(truths, match[1], id), match[2], match[3]


def _attributes(path: Path) -> dict[str, tuple[str, ...]]:
    """Lines of a photo's name and its categories; absent if the folder has photos only."""
    if not path.is_file():
        return {}
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return {row[0]: tuple(row[1:]) for row in rows if row}


def _variant(sequences: list[Path]) -> str:
    for variant in _BLURS:
        if all((sequence / variant).is_dir() for sequence in sequences):
            return variant
    blind = [
        each.name for each in sequences if not any((each / variant).is_dir() for variant in _BLURS)
    ]
    if blind:
        raise DatasetError(
            f"{sequences[0].parent / blind[0]} has neither blur/ nor blur_gamma/: get it again, or "
            "leave that sequence out and name the rest by --subset"
        )
    without = {
        variant: next(each.name for each in sequences if not (each / variant).is_dir())
        for variant in _BLURS
    }
    raise DatasetError(
        f"{sequences[0].parent} mixes two kinds of blur: {without['blur']} has no blur/ and "
        f"{without['blur_gamma']} no blur_gamma/; scores of a mixture compare with nothing: get "
        "the missing ones, or leave one kind out and name the rest by --subset"
    )


def _by_id(folder: Path) -> dict[str, Path]:
    """Pictures by their path below the folder without its ending, sorted."""
    if not folder.is_dir():
        raise DatasetError(f"there is no folder {folder}; see `python -m benchmarks datasets`")
    found: dict[str, Path] = {}
    for path in files_below(folder):
        if path.suffix.lower() not in INPUT_SUFFIXES:
            continue
        id = path.relative_to(folder).with_suffix("").as_posix()
        if not id.isprintable():
            raise DatasetError(
                f"the name {id!a} in {folder} cannot be written into a record; rename the file"
            )
        if id in found:
            raise DatasetError(f"{found[id]} and {path} differ in their ending only; remove one")
        found[id] = path
    if not found:
        raise DatasetError(f"{folder} holds no pictures; see `python -m benchmarks datasets`")
    return dict(sorted(found.items()))


def _partner(pictures: dict[str, Path], id: str, whose: str) -> Path:
    if id not in pictures:
        folder = next(iter(pictures.values())).parent
        raise DatasetError(f"{whose} has no partner {id!r} in {folder}")
    return pictures[id]


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise DatasetError(f"{path} is missing, but the dataset's own list names it")
    return path
