"""Pictures that are for testing only, told by their names: nothing may learn from them."""

import re
from pathlib import PurePosixPath

from deblur.errors import TrainingDataError
from deblur.training.tree import Tree

_LAI_SCENES = "manmade|natural|people|saturated|text"
_LAI_BLURRED = re.compile(rf"({_LAI_SCENES})_0[1-5]_(kernel|gyro)_0[1-4]")
_LAI_SHARP = re.compile(rf"({_LAI_SCENES})_0[1-5]")
_LAI_REAL = re.compile(
    "Pantheon|boy_statue|butchershop|cairo1979|cross_stitch|harubang|ian1|istanbul|lyndsey|mukta|"
    "notredame|pagode|petrol_station1|picasso|pietro|summerhouse|sydney_opera|topresso|torres|"
    "vintage_car"
)
_LAI_FOLDER = re.compile(
    r"cvpr16_deblur_study[^/]*|(?<!/home)(?<!/Users)(^|/)lai([-_ ]?et[-_ ]al\.?)?[-_ ]?(2016)?"
    r"/(real|uniform|nonuniform|ground_truth|kernels|gyro)(/|$)",
    re.IGNORECASE,
)
_GOPRO_TEST = re.compile(r"(^|/)test/GOPR\d{4}_\d\d_\d\d(/|$)")


def refuse_test_sets(tree: Tree) -> None:
    """Raise TrainingDataError where Lai et al. 2016 or GoPro's test part is about to be learnt.

    Lai's pictures are told by three or more names of its blurred pictures, four kinds of its
    sharp ones, five names of its real ones, or its folder's name with one of its subfolders;
    GoPro's test part by `test/GOPRdddd_dd_dd`.
    """
    paths = {_place(tree, name) for name in tree.names}
    if any(_LAI_FOLDER.search(path) for path in paths) or _named_as_lai(tree.names):
        raise TrainingDataError(
            f"{tree.path} holds the dataset of Lai et al. 2016, which is for testing only: "
            "a model that learns from it cannot be measured on it; train on something else"
        )
    if any(_GOPRO_TEST.search(path) for path in paths):
        raise TrainingDataError(
            f"{tree.path} holds the test part of GoPro, which is for testing only: train on its "
            "train part, with gopro:FOLDER where FOLDER holds train/ and test/"
        )


def _named_as_lai(names: tuple[str, ...]) -> bool:
    stems = {PurePosixPath(name).stem for name in names}
    sharp = {match[1] for stem in stems if (match := _LAI_SHARP.fullmatch(stem))}
    blurred = sum(_LAI_BLURRED.fullmatch(stem) is not None for stem in stems)
    real = sum(_LAI_REAL.fullmatch(stem) is not None for stem in stems)
    return blurred >= 3 or len(sharp) >= 4 or real >= 5


def _place(tree: Tree, name: str) -> str:
    """The folder of a file, with those that lead to it."""
    return PurePosixPath(tree.path.absolute().as_posix(), name).parent.as_posix()
