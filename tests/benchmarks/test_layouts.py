"""How datasets lie on disk: every layout on small made-up folders."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.datasets import layouts
from benchmarks.datasets.items import Item, load_item
from benchmarks.errors import DatasetError
from tests.benchmarks.folders import folder_of, gopro, save

Layout = Callable[[Path], layouts.Found]


def found_in(root: Path, layout: Layout) -> dict[str, Item]:
    items = layout(root).items
    assert [item.id for item in items] == sorted(item.id for item in items)
    return {item.id: item for item in items}


def paths_of(items: dict[str, Item], root: Path) -> dict[str, tuple[str, str | None]]:
    def below(path: Path) -> str:
        return path.relative_to(root).as_posix()

    return {
        id: (below(item.blurred), below(item.sharp) if item.sharp else None)
        for id, item in items.items()
    }


def test_a_name_that_no_record_can_hold_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "lat\udce9.png")
    with pytest.raises(DatasetError, match=r"lat\\udce9.* rename the file"):
        layouts.photos(tmp_path)


def test_what_a_mac_or_a_nas_leaves_in_a_dataset_is_no_part_of_it(tmp_path: Path) -> None:
    left = ("blur/._a.png", "blur/@eaDir/a.png", "__MACOSX/blur/._a.png", "sharp/.cache/b.png")
    root = folder_of(tmp_path / "pairs", "blur/a.png", "sharp/a.png", *left)
    assert list(found_in(root, layouts.pairs)) == ["a"]
    sequence = ("test/one/blur/a.png", "test/one/sharp/a.png")
    root = folder_of(tmp_path / "gopro", *sequence, "test/@eaDir/a.png", "test/.thumbnails/a.png")
    assert list(found_in(root, layouts.gopro)) == ["one/a"]


def test_pairs_have_one_name_in_two_folders(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "blur/a.png", "blur/in/b.jpg", "sharp/a.webp", "sharp/in/b.png")
    (root / "blur" / "notes.txt").write_text("no picture")
    assert paths_of(found_in(root, layouts.pairs), root) == {
        "a": ("blur/a.png", "sharp/a.webp"),
        "in/b": ("blur/in/b.jpg", "sharp/in/b.png"),
    }


@pytest.mark.parametrize(("lacking", "other"), [("sharp", "blur"), ("blur", "sharp")])
def test_a_missing_partner_is_named(tmp_path: Path, lacking: str, other: str) -> None:
    root = folder_of(tmp_path, "blur/a.png", "sharp/a.png", f"{other}/b.png", f"{other}/c.png")
    with pytest.raises(DatasetError, match=rf"{lacking} has no picture 'b'.*\(2 without a partner"):
        layouts.pairs(root)


def test_files_that_differ_in_their_ending_only_are_refused(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "blur/a.png", "blur/a.jpg", "sharp/a.png")
    with pytest.raises(DatasetError, match=r"a\.jpg and .*a\.png differ in their ending only"):
        layouts.pairs(root)


def test_photos_need_no_partner(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "b.jpg", "in/a.PNG")
    assert paths_of(found_in(root, layouts.photos), root) == {
        "b": ("b.jpg", None),
        "in/a": ("in/a.PNG", None),
    }


def test_blurs_of_one_photo_share_its_sharp_picture(tmp_path: Path) -> None:
    root = folder_of(
        tmp_path,
        "blur/a-dog-moving.png",
        "blur/a-dog-soft.png",
        "sharp/a-dog.png",
        "sharp/a-dog-moving.png",
    )
    items = found_in(root, layouts.shared_sharp)
    assert paths_of(items, root) == {
        "a-dog-moving": ("blur/a-dog-moving.png", "sharp/a-dog-moving.png"),
        "a-dog-soft": ("blur/a-dog-soft.png", "sharp/a-dog.png"),
    }
    assert [item.categories for item in items.values()] == [("moving",), ("soft",)]


def test_a_photo_without_a_sharp_picture_to_share_is_named(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "blur/a-soft.png", "blur/b-soft.png", "sharp/a.png")
    with pytest.raises(DatasetError, match=r"b-soft has no partner 'b' in .*sharp"):
        layouts.shared_sharp(root)


@pytest.mark.parametrize("blur", ["blur", "blur_gamma"])
def test_gopro_is_of_one_kind_of_blur(tmp_path: Path, blur: str) -> None:
    root = gopro(tmp_path, blur, "S1/000001", "S1/000002", "S2/000001")
    found = layouts.gopro(root)
    assert found.variant == blur
    assert paths_of(found_in(root, layouts.gopro), root) == {
        id: (f"test/{id.replace('/', f'/{blur}/')}.png", f"test/{id.replace('/', '/sharp/')}.png")
        for id in ("S1/000001", "S1/000002", "S2/000001")
    }


def test_gopro_with_both_blurs_is_measured_on_the_linear_one(tmp_path: Path) -> None:
    root = gopro(gopro(tmp_path, "blur", "S1/1", "S2/1"), "blur_gamma", "S1/1", "S2/1")
    assert layouts.gopro(root).variant == "blur_gamma"


def test_a_mixture_of_gopros_blurs_is_refused(tmp_path: Path) -> None:
    root = gopro(gopro(tmp_path, "blur", "S1/1"), "blur_gamma", "S2/1")
    with pytest.raises(
        DatasetError, match="mixes two kinds of blur: S2 has no blur/ and S1 no blur_gamma/"
    ):
        layouts.gopro(root)


def test_a_sequence_of_gopros_without_blur_is_named(tmp_path: Path) -> None:
    root = gopro(tmp_path, "blur", "S1/1")
    (root / "test" / "S2" / "sharp").mkdir(parents=True)
    with pytest.raises(DatasetError, match="S2 has neither blur/ nor blur_gamma/: get it again"):
        layouts.gopro(root)


def test_another_layout_than_gopros_says_what_is_expected(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "blur/a.png", "sharp/a.png")
    with pytest.raises(DatasetError, match="name the folder that holds test/SEQUENCE/blur"):
        layouts.gopro(root)


def test_a_missing_sharp_picture_of_gopro_is_named(tmp_path: Path) -> None:
    root = gopro(tmp_path, "blur", "S1/000001", "S1/000002")
    (root / "test" / "S1" / "sharp" / "000002.png").unlink()
    with pytest.raises(DatasetError, match=r"S1/000002 has no partner '000002' in .*S1/sharp"):
        layouts.gopro(root)


def lai(root: Path) -> Path:
    names = ("people_01", "text_02")
    folder_of(root, *(f"ground_truth/{name}.png" for name in names))
    folder_of(root, *(f"uniform/{name}_kernel_0{k}.png" for name in names for k in (1, 2)))
    folder_of(root, *(f"nonuniform/{name}_gyro_0{k}.png" for name in names for k in (1, 2)))
    for k in (1, 2):
        (root / "kernels").mkdir(exist_ok=True)
        kernel = np.zeros((5, 5), np.uint8)
        kernel[2, 1 : k + 2] = 200
        Image.fromarray(kernel).save(root / "kernels" / f"kernel_0{k}.png")
    return root


def test_lai_uniform_has_kernels_and_categories(tmp_path: Path) -> None:
    items = found_in(lai(tmp_path), layouts.lai_uniform)
    assert list(items) == [
        f"{name}_kernel_0{k}" for name in ("people_01", "text_02") for k in (1, 2)
    ]
    item = items["text_02_kernel_01"]
    assert item.sharp == tmp_path / "ground_truth" / "text_02.png"
    assert item.kernel == tmp_path / "kernels" / "kernel_01.png"
    assert item.categories == ("text",)
    kernel = load_item(item).kernel
    assert kernel is not None
    assert kernel[2].tolist() == [0, 0, 0.5, 0.5, 0]  # the set's kernels are turned
    assert kernel.sum() == 1


def test_lai_nonuniform_has_categories_and_no_kernels(tmp_path: Path) -> None:
    items = found_in(lai(tmp_path), layouts.lai_nonuniform)
    assert list(items) == [f"{name}_gyro_0{k}" for name in ("people_01", "text_02") for k in (1, 2)]
    assert {item.kernel for item in items.values()} == {None}
    assert [item.categories for item in items.values()] == [("people",)] * 2 + [("text",)] * 2
    assert items["people_01_gyro_02"].sharp == tmp_path / "ground_truth" / "people_01.png"


@pytest.mark.parametrize(
    ("gone", "complaint"),
    [
        ("kernels/kernel_02.png", r"people_01_kernel_02 has no partner 'kernel_02' in .*kernels"),
        ("ground_truth/text_02.png", "text_02_kernel_01 has no partner 'text_02'"),
    ],
)
def test_what_is_missing_of_lai_is_named(tmp_path: Path, gone: str, complaint: str) -> None:
    (lai(tmp_path) / gone).unlink()
    with pytest.raises(DatasetError, match=complaint):
        layouts.lai_uniform(tmp_path)


def test_a_name_that_is_not_lais_is_refused(tmp_path: Path) -> None:
    save(lai(tmp_path) / "uniform" / "holiday.png")
    with pytest.raises(DatasetError, match=r"holiday\.png: expected .* people_01_kernel_03\.png"):
        layouts.lai_uniform(tmp_path)


def test_a_black_kernel_is_refused(tmp_path: Path) -> None:
    Image.new("L", (5, 5)).save(lai(tmp_path) / "kernels" / "kernel_01.png")
    item = layouts.lai_uniform(tmp_path).items[0]
    with pytest.raises(DatasetError, match=r"kernel_01\.png is black"):
        load_item(item)


def test_lais_real_photos_have_the_categories_of_their_list(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "real/boat.jpg", "real/car.jpg")
    assert {item.categories for item in layouts.lai_real(root).items} == {()}
    (root / "real" / "attribute.txt").write_text("boat natural outdoor\n\ncar manmade\n")
    items = found_in(root, layouts.lai_real)
    assert {id: item.categories for id, item in items.items()} == {
        "boat": ("natural", "outdoor"),
        "car": ("manmade",),
    }


def real_blur(root: Path) -> Path:
    lines = []
    for scene_number, seed in ((20, 1), (3, 0)):
        blurred, sharp = (
            f"RealBlur-J_ECC_IMCORR_centroid_itensity_ref/scene{scene_number:03}/{part}_1.png"
            for part in ("blur/blur", "gt/gt")
        )
        save(root / blurred, seed)
        save(root / sharp, seed + 10)
        lines.append(f"{sharp} {blurred}")
    (root / "RealBlur_J_test_list.txt").write_text("\n".join(lines) + " \n", "utf-8")
    return root


def test_realblur_is_what_its_list_names(tmp_path: Path) -> None:
    root = real_blur(tmp_path)
    save(root / "RealBlur-J_ECC_IMCORR_centroid_itensity_ref/scene009/blur/blur_1.png")
    items = found_in(root, layouts.real_blur("J"))
    assert list(items) == ["scene003/blur_1", "scene020/blur_1"]
    item = items["scene020/blur_1"]
    assert item.blurred.parts[-3:] == ("scene020", "blur", "blur_1.png")
    assert item.sharp is not None
    assert item.sharp.parts[-3:] == ("scene020", "gt", "gt_1.png")


def test_a_picture_that_realblurs_list_names_and_is_not_there_is_named(tmp_path: Path) -> None:
    next(real_blur(tmp_path).rglob("scene003/gt/gt_1.png")).unlink()
    with pytest.raises(DatasetError, match=r"scene003/gt/gt_1\.png is missing"):
        layouts.real_blur("J")(tmp_path)


def test_a_list_that_names_no_pairs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "RealBlur_J_test_list.txt").write_text("scene003/blur/blur_1.png\n")
    with pytest.raises(DatasetError, match=r"RealBlur_J_test_list\.txt names no pairs"):
        layouts.real_blur("J")(tmp_path)


def test_realblurs_list_is_asked_for_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"RealBlur_R_test_list\.txt is missing"):
        layouts.real_blur("R")(real_blur(tmp_path))


def test_hide_has_one_folder_of_sharp_pictures_for_both_of_its_parts(tmp_path: Path) -> None:
    root = folder_of(
        tmp_path,
        "test/test-close-ups/1.png",
        "test/test-long-shot/2.png",
        "GT/1.png",
        "GT/2.png",
        "GT/3.png",
    )
    items = found_in(root, layouts.hide)
    assert paths_of(items, root) == {
        "test-close-ups/1": ("test/test-close-ups/1.png", "GT/1.png"),
        "test-long-shot/2": ("test/test-long-shot/2.png", "GT/2.png"),
    }
    assert [item.categories for item in items.values()] == [
        ("test-close-ups",),
        ("test-long-shot",),
    ]
