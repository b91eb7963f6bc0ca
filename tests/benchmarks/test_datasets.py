"""From a folder to a dataset: manifests, parts, and the embedded pairs."""

import json
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image

from benchmarks.datasets import (
    DATASETS,
    MINI,
    Dataset,
    DatasetSpec,
    find_dataset,
    layouts,
    make_mini,
    manifest,
    open_dataset,
)
from benchmarks.datasets.items import load_item
from benchmarks.datasets.manifest import (
    Manifest,
    ManifestImage,
    load_manifest,
    make_manifest,
    read_manifest,
    write_manifest,
)
from benchmarks.errors import DatasetError
from deblur.records.digests import digest_of_pixels
from deblur.records.protocol import Alignment, EvalProtocol
from tests.benchmarks.folders import folder_of, gopro, save
from tests.pictures import scene


@pytest.fixture
def manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of manifests, empty."""
    folder = tmp_path / "manifests"
    folder.mkdir()
    monkeypatch.setattr(manifest, "FOLDER", folder)
    return folder


@pytest.mark.parametrize(
    "spec",
    [spec for spec in DATASETS.values() if spec.embedded is None],
    ids=lambda spec: spec.name,
)
def test_an_empty_folder_is_a_sentence_in_every_layout(spec: DatasetSpec, tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError,
        match=r"no folder|holds no pictures|not of GoPro's|list\.txt is missing",
    ):
        open_dataset(spec.name, tmp_path)


def six_pairs(root: Path) -> Path:
    return folder_of(
        root, *(f"{part}/{index}.png" for part in ("blur", "sharp") for index in "012345")
    )


def known(root: Path, dataset: str = "pairs") -> Manifest:
    return make_manifest(dataset, layouts.pairs(root).items)


def test_a_whole_dataset_passes_its_manifest(tmp_path: Path) -> None:
    root = six_pairs(tmp_path)
    dataset = open_dataset("pairs", root, manifest=known(root))
    assert dataset.name == "pairs"
    assert dataset.subset_of is None
    for item in dataset.items:
        loaded = dataset.load(item)
        assert loaded.sharp is not None
        assert loaded.digests.blurred == digest_of_pixels(np.array(Image.open(item.blurred)))
        assert loaded.digests.sharp == digest_of_pixels(np.array(Image.open(str(item.sharp))))


def remove(root: Path, *names: str) -> None:
    for name in names:
        for part in ("blur", "sharp"):
            (root / part / f"{name}.png").unlink()


def test_missing_and_extra_pictures_are_named_at_once(tmp_path: Path) -> None:
    root = six_pairs(tmp_path)
    whole = known(root)
    remove(root, "2", "4")
    folder_of(root, "blur/mine.png", "sharp/mine.png")
    with pytest.raises(DatasetError, match="missing: 2, 4; not part of it: mine"):
        open_dataset("pairs", root, manifest=whole)


def test_of_many_missing_pictures_some_are_named(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "blur/0.png", "sharp/0.png")
    images = tuple(ManifestImage(id=f"{index:03}") for index in range(40))
    with pytest.raises(
        DatasetError, match="missing: 000, 001, 002, 003, 004 and 35 more; not part"
    ):
        open_dataset("pairs", root, manifest=Manifest(dataset="pairs", images=images))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif"])
def test_sizes_are_those_of_upright_pictures(tmp_path: Path, suffix: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    save(tmp_path / "photos" / f"a{suffix}", exif=exif)
    made = make_manifest("photos", layouts.photos(tmp_path / "photos").items)
    assert made.images[0].size == (12, 16)
    assert open_dataset("photos", tmp_path / "photos", manifest=made).items


def test_a_heic_has_a_size(tmp_path: Path) -> None:
    photo = pillow_heif.from_pillow(Image.fromarray(scene(32, 64)))
    photo.save(tmp_path / "a.heic")
    made = make_manifest("photos", layouts.photos(tmp_path).items)
    assert made.images[0].size == (64, 32)
    assert open_dataset("photos", tmp_path, manifest=made).items


def test_a_picture_of_another_size_than_the_manifests_is_named(tmp_path: Path) -> None:
    root = six_pairs(tmp_path)
    whole = known(root)
    save(root / "blur" / "3.png", size=(10, 14))
    save(root / "sharp" / "3.png", size=(10, 14))
    with pytest.raises(DatasetError, match=r"of another size: 3 \(14x10, not 16x12\)"):
        open_dataset("pairs", root, manifest=whole)


@pytest.mark.parametrize("part", ["blur", "sharp"])
def test_one_altered_value_is_found_when_the_picture_is_loaded(tmp_path: Path, part: str) -> None:
    root = six_pairs(tmp_path)
    dataset = open_dataset("pairs", root, manifest=known(root))
    path = root / part / "3.png"
    pixels = np.array(Image.open(path))
    pixels[5, 5, 0] ^= 1
    Image.fromarray(pixels).save(path)
    kind = "blurred" if part == "blur" else "sharp"
    for item in dataset.items:
        if item.id != "3":
            assert dataset.load(item).id == item.id
    with pytest.raises(DatasetError, match=rf"the {kind} picture 3 is not the one in the manifest"):
        dataset.load(dataset.items[3])


def test_the_same_pixels_in_another_format_pass(tmp_path: Path) -> None:
    root = six_pairs(tmp_path)
    whole = known(root)
    for path in list(root.rglob("*.png")):
        Image.open(path).save(path.with_suffix(".webp"), lossless=True)
        path.unlink()
    dataset = open_dataset("pairs", root, manifest=whole)
    assert [dataset.load(item).id for item in dataset.items] == list("012345")


def test_a_part_is_refused_and_told_how_to_be_measured(tmp_path: Path, manifests: Path) -> None:
    root = six_pairs(tmp_path / "pairs")
    write_manifest(known(root), manifests / "pairs.json")
    remove(root, "1")
    with pytest.raises(DatasetError, match=r"not all of pairs; missing: 1.*--subset NAME"):
        open_dataset("pairs", root)
    dataset = open_dataset("pairs", root, subset="mine")
    assert (dataset.name, dataset.subset_of) == ("pairs-mine", "pairs")
    assert [item.id for item in dataset.items] == list("02345")


def test_what_is_not_of_the_dataset_is_refused_in_a_part_too(
    tmp_path: Path, manifests: Path
) -> None:
    root = six_pairs(tmp_path / "pairs")
    write_manifest(known(root), manifests / "pairs.json")
    folder_of(root, "blur/mine.png", "sharp/mine.png")
    with pytest.raises(DatasetError, match="not all of pairs-part; not part of it: mine"):
        open_dataset("pairs", root, subset="part")


def test_a_part_keeps_the_digests_of_the_whole(tmp_path: Path, manifests: Path) -> None:
    root = six_pairs(tmp_path / "pairs")
    write_manifest(known(root), manifests / "pairs.json")
    dataset = open_dataset("pairs", root, subset="two", limit=2)
    save(dataset.items[1].blurred, seed=77)
    assert dataset.load(dataset.items[0]).id == "0"
    with pytest.raises(DatasetError, match="is not the one in the manifest"):
        dataset.load(dataset.items[1])


def test_a_part_with_a_manifest_of_its_own_must_be_complete(
    tmp_path: Path, manifests: Path
) -> None:
    root = six_pairs(tmp_path / "pairs")
    whole = known(root)
    write_manifest(whole, manifests / "pairs.json")
    write_manifest(
        Manifest(dataset="pairs-two", images=whole.images[:2]), manifests / "pairs-two.json"
    )
    remove(root, "2", "3", "4", "5")
    assert len(open_dataset("pairs", root, subset="two").items) == 2
    remove(root, "1")
    with pytest.raises(DatasetError, match="not all of pairs-two; missing: 1"):
        open_dataset("pairs", root, subset="two")


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(1, "0"), (2, "03"), (3, "024"), (4, "0134"), (6, "012345"), (9, "012345")],
)
def test_a_limit_takes_evenly(tmp_path: Path, limit: int, expected: str) -> None:
    dataset = open_dataset("pairs", six_pairs(tmp_path), subset="few", limit=limit)
    assert "".join(item.id for item in dataset.items) == expected


def test_a_limit_needs_a_name_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="add --subset NAME"):
        open_dataset("pairs", six_pairs(tmp_path), limit=2)


def test_gopros_folders_are_counted(tmp_path: Path, manifests: Path) -> None:
    write_manifest_of_folders(manifests, {"S1": 2, "S2": 1})
    root = gopro(tmp_path / "data", "blur", "S1/1", "S1/2", "S2/1")
    dataset = open_dataset("gopro", root)
    assert (dataset.name, dataset.variant, len(dataset.items)) == ("gopro", "blur", 3)


def test_wrong_counts_in_gopros_folders_are_told(tmp_path: Path, manifests: Path) -> None:
    write_manifest_of_folders(manifests, {"S1": 2, "S2": 1, "S3": 1})
    root = gopro(tmp_path / "data", "blur", "S1/1", "S2/1", "S2/2", "S4/1")
    with pytest.raises(DatasetError) as caught:
        open_dataset("gopro", root)
    for complaint in (
        "S1 holds 1 of 2 pictures",
        "S2 holds 2 of 1 pictures",
        "S3 holds 0 of 1 pictures",
        "S4 holds 1 of 0 pictures",
    ):
        assert complaint in str(caught.value)


def test_a_picture_of_gopro_of_another_size_is_named(tmp_path: Path, manifests: Path) -> None:
    write_manifest_of_folders(manifests, {"S1": 2})
    root = gopro(tmp_path / "data", "blur", "S1/1", "S1/2")
    save(root / "test" / "S1" / "blur" / "2.png", size=(12, 20))
    with pytest.raises(DatasetError, match=r"of another size: S1/2 \(20x12, not 16x12\)"):
        open_dataset("gopro", root)


def write_manifest_of_folders(folder: Path, counts: dict[str, int]) -> None:
    content = {"dataset": "gopro", "size": [16, 12], "folders": counts}
    (folder / "gopro.json").write_text(json.dumps(content))


@pytest.mark.parametrize("part", ["blur", "sharp"])
def test_a_truncated_picture_is_named(tmp_path: Path, part: str) -> None:
    root = six_pairs(tmp_path)
    path = save(root / part / "1.png", size=(60, 80))
    path.write_bytes(path.read_bytes()[:-2000])
    dataset = open_dataset("pairs", root)
    with pytest.raises(DatasetError, match=rf"{part}/1\.png"):
        dataset.load(dataset.items[1])


def test_a_file_that_is_no_picture_is_named_before_anything_is_measured(tmp_path: Path) -> None:
    root = six_pairs(tmp_path)
    whole = known(root)
    (root / "blur" / "1.png").write_bytes(b"<html>Sign in</html>")
    with pytest.raises(DatasetError, match=r"blur/1\.png cannot be read"):
        open_dataset("pairs", root, manifest=whole)


def test_a_pair_of_two_sizes_is_named(tmp_path: Path) -> None:
    root = six_pairs(tmp_path)
    save(root / "sharp" / "1.png", size=(12, 17))
    dataset = open_dataset("pairs", root)
    with pytest.raises(
        DatasetError, match=r"blur/1\.png is 16x12 with 3 channels and .*sharp/1\.png 17x12"
    ):
        dataset.load(dataset.items[1])


def test_a_pair_of_grey_and_colour_is_named(tmp_path: Path) -> None:
    root = six_pairs(tmp_path)
    Image.fromarray(scene(12, 16)[..., 0]).save(root / "sharp" / "1.png")
    dataset = open_dataset("pairs", root)
    with pytest.raises(DatasetError, match="both grey or both RGB"):
        dataset.load(dataset.items[1])


def test_a_manifest_that_is_written_is_read_again(tmp_path: Path) -> None:
    root = six_pairs(tmp_path)
    whole = known(root, "grüße")
    write_manifest(whole, tmp_path / "made.json")
    assert load_manifest(tmp_path / "made.json") == whole
    assert len((tmp_path / "made.json").read_text("utf-8").splitlines()) == len(whole.images) + 2
    assert whole.by_id["3"].size == (16, 12)


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"images": []}', '{"dataset": "a", "more": 1}']
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "made.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DatasetError, match=r"made\.json (is no manifest|cannot be read)"):
        load_manifest(path)


@pytest.mark.parametrize("path", sorted(manifest.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_manifests_that_ship_are_those_of_datasets(path: Path) -> None:
    shipped = read_manifest(path.stem)
    assert shipped is not None
    assert shipped.dataset == path.stem in DATASETS
    assert bool(shipped.images) != bool(shipped.folders)
    assert len(shipped.by_id) == len(shipped.images)


def test_gopro_has_1111_pictures() -> None:
    shipped = read_manifest("gopro")
    assert shipped is not None
    assert sum(shipped.folders.values()) == 1111


def test_an_unknown_dataset_lists_the_names() -> None:
    with pytest.raises(
        DatasetError,
        match=r"no dataset 'goprr'; choose one of mini, mini-focus, mini-wide, gopro, .*pairs",
    ):
        find_dataset("goprr")


def test_a_dataset_without_a_folder_is_told_where_it_comes_from() -> None:
    with pytest.raises(DatasetError, match=r"--root .*test/SEQUENCE.* benchmarks download gopro"):
        open_dataset("gopro")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gopro: there is no folder .*elsewhere"):
        open_dataset("gopro", tmp_path / "elsewhere")


def test_lais_synthetic_pictures_are_aligned_and_others_are_not(tmp_path: Path) -> None:
    spec = find_dataset("lai-uniform")
    assert Dataset("lai-uniform", spec, ()).protocol == EvalProtocol(alignment=Alignment())
    assert open_dataset("pairs", six_pairs(tmp_path)).protocol == EvalProtocol()


@pytest.mark.parametrize(("name", "pairs"), [("mini", 25), ("mini-focus", 15), ("mini-wide", 25)])
def test_the_embedded_pairs_are_complete_and_as_published(name: str, pairs: int) -> None:
    dataset = open_dataset(name)
    assert len(dataset.items) == pairs
    assert dataset.manifest is not None
    assert {
        id for id, image in dataset.manifest.by_id.items() if image.blurred and image.sharp
    } == {item.id for item in dataset.items}
    for item in dataset.items:
        loaded = dataset.load(item)
        assert loaded.sharp is not None
        assert (loaded.blurred.pixels != loaded.sharp.pixels).mean() > 0.1


@pytest.mark.parametrize(("photo", "kind"), [("camera", "rough"), ("rocket", "moving")])
def test_embedded_pairs_are_made_again_pixel_for_pixel(photo: str, kind: str) -> None:
    names = [Path(name).stem for name in make_mini.PHOTOS]
    number, index = names.index(photo), list(make_mini.KINDS).index(kind)
    source = Image.open(make_mini.SOURCE / make_mini.PHOTOS[number])
    recipe = make_mini.KINDS[kind]
    blurred, sharp = make_mini.blurred_and_sharp(source, recipe, seed=100 * number + index)
    items = {item.id: item for item in layouts.shared_sharp(MINI).items}
    shipped = load_item(items[f"{photo}-{kind}"])
    assert shipped.digests.blurred == digest_of_pixels(blurred)
    assert shipped.digests.sharp == digest_of_pixels(sharp)


def test_discs_are_made_again(tmp_path: Path) -> None:
    make_mini.make_mini_focus(tmp_path)
    made = layouts.shared_sharp(tmp_path).items
    shipped = {item.id: item for item in open_dataset("mini-focus").items}
    assert {item.id for item in made} == shipped.keys()
    for item in made[::5]:
        again, before = load_item(item), load_item(shipped[item.id])
        assert again.digests.sharp == before.digests.sharp
        far = abs(again.blurred.pixels.astype(int) - before.blurred.pixels)
        assert far.mean() < 0.01


@pytest.mark.parametrize("kind", ["shake60px", "defocus13px"])
def test_wide_blur_is_made_again(kind: str) -> None:
    index = list(make_mini.WIDE_KINDS).index(kind)
    source = Image.open(make_mini.SOURCE / make_mini.PHOTOS[0])
    recipe, border = make_mini.WIDE_KINDS[kind], make_mini.WIDE_BORDER
    blurred, sharp = make_mini.blurred_and_sharp(source, recipe, 1000 + index, border)
    items = {item.id: item for item in open_dataset("mini-wide").items}
    shipped = load_item(items[f"astronaut-{kind}"])
    assert shipped.sharp is not None
    for before, again in ((shipped.blurred, blurred), (shipped.sharp, sharp)):
        assert abs(before.pixels.astype(int) - again).mean() < 0.01
