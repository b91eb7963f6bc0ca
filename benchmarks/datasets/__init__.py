"""The one place where datasets are listed, and how a folder becomes one.

A new dataset is an entry here: a layout, where it comes from, and if possible a manifest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.datasets import layouts
from benchmarks.datasets.items import Item, LoadedItem, load_item
from benchmarks.datasets.manifest import Manifest, read_manifest
from benchmarks.errors import DatasetError
from deblur.records.protocol import Alignment, EvalProtocol

MINI = Path(__file__).parents[1] / "mini"
MINI_FOCUS = MINI.with_name("mini-focus")
MINI_WIDE = MINI.with_name("mini-wide")
PAIR_METRICS = ("psnr", "ssim", "ssim_3d", "psnr_y", "ssim_y", "niqe", "brisque")
ALIGNED_METRICS = ("psnr_y", "ssim_y", "psnr", "niqe", "brisque")
PHOTO_METRICS = ("niqe", "brisque", "change")


@dataclass(frozen=True)
class Home:
    """Where a dataset comes from: `repo` on the Hub, or `page`; `wanted` is the layout."""

    page: str
    terms: str
    wanted: str
    repo: str | None = None


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset that can be named. `metrics` are its usual ones, the first the one it ranks by."""

    name: str
    title: str
    layout: layouts.Layout
    home: Home
    metrics: tuple[str, ...] = PAIR_METRICS
    alignment: Alignment | None = None
    embedded: Path | None = None


@dataclass(frozen=True)
class Dataset:
    """The pictures to be scored, as `name` is recorded; `subset_of` names the whole."""

    name: str
    spec: DatasetSpec
    items: tuple[Item, ...]
    variant: str | None = None
    subset_of: str | None = None
    manifest: Manifest | None = field(default=None, repr=False)

    @property
    def protocol(self) -> EvalProtocol:
        """The rules that this dataset is scored under by default."""
        return EvalProtocol(alignment=self.spec.alignment)

    def load(self, item: Item) -> LoadedItem:
        """Decode an item. Raises DatasetError when it is damaged or not what was published."""
        loaded = load_item(item)
        if self.manifest:
            self.manifest.check_pixels(loaded)
        return loaded


_LAI = Home(
    "https://sites.google.com/site/wlai24/cvpr16_deblur_study (Lai et al., CVPR 2016)",
    "for research; cite the paper",
    "one folder with real/, uniform/, nonuniform/, ground_truth/ and kernels/",
)
_GOPRO = Home(
    "https://seungjunnah.github.io/Datasets/gopro (Nah et al., CVPR 2017), GOPRO_Large",
    "CC BY 4.0",
    "test/SEQUENCE/{blur or blur_gamma,sharp}/*.png",
    repo="snah/GOPRO_Large",
)
_SPECS = (
    DatasetSpec(
        "mini",
        "Embedded: free photos, blurred by our synthesis",
        layouts.shared_sharp,
        Home("this repository", "public domain and CC0; see benchmarks/mini/README.md", ""),
        embedded=MINI,
    ),
    DatasetSpec(
        "mini-focus",
        "Embedded: the same photos, out of focus",
        layouts.shared_sharp,
        Home("this repository", "public domain and CC0; see benchmarks/mini/README.md", ""),
        embedded=MINI_FOCUS,
    ),
    DatasetSpec(
        "mini-wide",
        "Embedded: the same photos, widely blurred",
        layouts.shared_sharp,
        Home("this repository", "public domain and CC0; see benchmarks/mini/README.md", ""),
        embedded=MINI_WIDE,
    ),
    DatasetSpec("gopro", "GoPro test, 1,111 pairs", layouts.gopro, _GOPRO),
    DatasetSpec(
        "gopro-subset5",
        "Five pairs of GoPro test",
        layouts.pairs,
        Home(_GOPRO.page, _GOPRO.terms, "blur/NAME and sharp/NAME of the five pairs"),
    ),
    DatasetSpec("lai-real", "Lai et al., 100 real photos", layouts.lai_real, _LAI, PHOTO_METRICS),
    DatasetSpec(
        "lai-uniform",
        "Lai et al., 100 synthetic, uniform blur",
        layouts.lai_uniform,
        _LAI,
        ALIGNED_METRICS,
        Alignment(),
    ),
    DatasetSpec(
        "lai-nonuniform",
        "Lai et al., 100 synthetic, shaken camera",
        layouts.lai_nonuniform,
        _LAI,
        ALIGNED_METRICS,
        Alignment(),
    ),
    *(
        DatasetSpec(
            f"realblur-{kind.lower()}",
            f"RealBlur-{kind} test, 980 pairs",
            layouts.real_blur(kind),
            Home(
                "http://cg.postech.ac.kr/research/realblur (Rim et al., ECCV 2020)",
                "CC BY 4.0",
                f"the authors' folders beside their RealBlur_{kind}_test_list.txt",
            ),
        )
        for kind in ("J", "R")
    ),
    DatasetSpec(
        "hide",
        "HIDE test, 2,025 pairs with people",
        layouts.hide,
        Home(
            "https://github.com/joanshen0508/HA_deblur (Shen et al., ICCV 2019)",
            "for research; cite the paper",
            "test/{test-close-ups,test-long-shot}/*.png and GT/*.png",
        ),
    ),
    DatasetSpec(
        "koehler",
        "Köhler et al., 48 pairs; against one sharp picture each, not the best of a trajectory",
        layouts.pairs,
        Home(
            "https://webdav.tuebingen.mpg.de/pixel/benchmark4camerashake (ECCV 2012)",
            "for research; cite the paper",
            "blur/NAME and sharp/NAME, the sharp frame of your choice under the blurred one's name",
        ),
        ALIGNED_METRICS,
        Alignment(),
    ),
    DatasetSpec(
        "pairs",
        "Any folder of pairs",
        layouts.pairs,
        Home("yours", "yours", "blur/NAME and sharp/NAME"),
    ),
    DatasetSpec(
        "photos",
        "Any folder of photos without sharp partners",
        layouts.photos,
        Home("yours", "yours", "photos, in subfolders too"),
        PHOTO_METRICS,
    ),
)
DATASETS: Mapping[str, DatasetSpec] = {spec.name: spec for spec in _SPECS}


def find_dataset(name: str) -> DatasetSpec:
    """A dataset by name. Raises DatasetError when there is none."""
    if name not in DATASETS:
        raise DatasetError(f"there is no dataset {name!r}; choose one of {', '.join(DATASETS)}")
    return DATASETS[name]


def open_dataset(
    name: str,
    root: Path | None = None,
    *,
    subset: str | None = None,
    limit: int | None = None,
    manifest: Manifest | None = None,
) -> Dataset:
    """Find a dataset's pictures and compare them with its manifest.

    A part of it is measured only as a `subset`, and named after it; with `limit` that many
    pictures are taken evenly. Raises DatasetError when it is not laid out so, or what lies there
    is not what the manifest says.
    """
    spec = find_dataset(name)
    root = root or spec.embedded
    if root is None:
        raise DatasetError(
            f"where does {name} lie? Name its folder with --root ({spec.home.wanted}); "
            f"`python -m benchmarks download {name}` says where it comes from"
        )
    if not root.is_dir():
        raise DatasetError(f"{name}: there is no folder {root}")
    found = spec.layout(root)
    recorded = f"{name}-{subset}" if subset else name
    if manifest is not None and manifest.dataset not in (name, recorded):
        raise DatasetError(
            f"the manifest is of {manifest.dataset}, not of {recorded}; leave it out, or "
            f"make one: `python -m benchmarks manifest {name} --root {root} -o FILE`"
        )
    own = manifest or read_manifest(recorded)
    manifest = own or read_manifest(name)
    if limit is not None and subset is None:
        raise DatasetError("a part of a dataset needs a name of its own: add --subset NAME")
    items = _evenly(found.items, limit)
    wrong = manifest.check(items, partial=own is None) if manifest else []
    if wrong:
        part = "measure what is there as a part under a name of its own: --subset NAME"
        own_way = "measure your own pictures as --dataset pairs or photos"
        raise DatasetError(
            f"{root} is not all of {recorded}; {'; '.join(wrong)}. Complete it, or "
            f"{own_way if subset else part}"
        )
    return Dataset(recorded, spec, items, found.variant, name if subset else None, manifest)


def _evenly(items: Sequence[Item], limit: int | None) -> tuple[Item, ...]:
    if limit is None or limit >= len(items):
        return tuple(items)
    return tuple(items[index * len(items) // limit] for index in range(limit))
