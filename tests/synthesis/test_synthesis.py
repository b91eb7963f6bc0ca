from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from deblur.synthesis import render
from deblur.synthesis.blur import Blur, Outline, Segment, frame_moments
from deblur.synthesis.camera import jpeg
from deblur.synthesis.pairs import synthesize
from deblur.synthesis.psf import gaussian, render_path
from deblur.synthesis.recipe import BlurRecipe
from deblur.synthesis.render import (
    Layer,
    compose,
    convolve,
    cut_out,
    integrate,
    silhouettes,
)
from tests.pictures import scene
from tests.synthesis.samples import CLEAN, STILL, drawn, photos, rms, shifts


def test_still_homographies_change_nothing() -> None:
    sharp = photos()
    blurs = [Blur(0, homographies=STILL), Blur(0, homographies=STILL[:2])]
    seen = integrate(sharp, [], sharp, [blur.homographies for blur in blurs])
    torch.testing.assert_close(seen, sharp, atol=1e-4, rtol=0)


def seen_through(picture: Tensor, homography: np.ndarray) -> Tensor:
    """One picture (C, h, w), each pixel fetched from where the homography says."""
    height, width = picture.shape[1:]
    rows, columns = np.indices((height, width)) + 0.5
    points = np.stack([columns - width / 2, rows - height / 2, np.ones_like(rows)], -1)
    x, y, z = np.moveaxis(points @ homography.T, -1, 0)
    grid = torch.from_numpy(np.stack([x / z * 2 / width, y / z * 2 / height], -1))[None]
    return grid_sample(
        picture[None].double(), grid, padding_mode="reflection", align_corners=False
    )[0]


@pytest.mark.parametrize("at_once", [1, 5])
@pytest.mark.parametrize("size", [(64, 64), (40, 72), (72, 40)])
def test_looking_together_is_looking_at_each_sample_moment_by_moment(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], at_once: int
) -> None:
    monkeypatch.setattr(render, "_moments_at_once", lambda like: at_once)
    recipe = BlurRecipe(
        sharp=0.2, length=(1, 12), moving=0.5, shallow=0.3, segments=3, burst=0.4, varying=0.8
    )
    blurs = drawn(recipe, 24, 64)
    pictures = np.stack([scene(*size, seed=seed) for seed in range(24)])
    background = torch.from_numpy(pictures).permute(0, 3, 1, 2).double() / 255
    photos_of_things = background.flip(-1)
    segments = [blur.passing for blur in blurs]
    layers = cut_out(photos_of_things, segments)
    unmoved = compose(background, layers)
    together = integrate(background, layers, unmoved, [blur.homographies for blur in blurs])
    assert {len(each) for each in segments} == {0, 1, 2, 3}
    inside = integrate(background, layers, unmoved, [blur.homographies for blur in blurs], 9)
    torch.testing.assert_close(inside, together[..., 9:-9, 9:-9], atol=1e-12, rtol=0)
    for index, blur in enumerate(blurs):
        if blur.homographies is None:
            assert torch.equal(together[index], unmoved[index])
            continue
        total = torch.zeros_like(background[index])
        for moment, camera in enumerate(blur.homographies):
            seen = seen_through(background[index], camera)
            for segment in blur.passing:
                assert segment.homographies is not None
                mask = silhouettes([segment.outline], background[:1])[0]
                cut = torch.cat([photos_of_things[index] * mask, mask])
                front = seen_through(cut, segment.homographies[moment])
                seen = seen * (1 - front[3:]) + front[:3]
            total += seen
        expected = total / len(blur.homographies)
        torch.testing.assert_close(together[index], expected, atol=1e-9, rtol=0)


def test_a_shape_lies_where_its_outline_says() -> None:
    flat = np.zeros(5)
    pear = np.array([0.0, 0.4, 0.0, 0.0, 0.0])
    outlines = [
        Outline((20.0, 50.0), 8.0, flat, flat, 1.0),
        Outline((30.0, 30.0), 10.0, pear, flat, 2.0),
    ]
    disc, bulging = silhouettes(outlines, torch.zeros(1, 3, 80, 60))[:, 0].double()
    assert disc.shape == (80, 60)
    assert disc.sum().item() == pytest.approx(np.pi * 64, rel=0.02)
    rows, columns = torch.meshgrid(torch.arange(80) + 0.5, torch.arange(60) + 0.5, indexing="ij")
    assert (disc * columns).sum() / disc.sum() == pytest.approx(20, abs=0.01)
    assert (disc * rows).sum() / disc.sum() == pytest.approx(50, abs=0.01)
    assert bulging[30, 30:].sum().item() == pytest.approx(14, abs=0.6), "cos(3 a) at a = 0"
    assert bulging[30, :30].sum().item() == pytest.approx(6, abs=0.6), "and at half a turn"


def test_frames_see_light_for_their_duty_and_no_longer() -> None:
    whole = frame_moments(7, 1.0, 28)
    np.testing.assert_allclose(whole, (np.arange(28) + 0.5) / 28 - 0.5, atol=1e-12)
    half = frame_moments(9, 0.5, 72).reshape(9, 4)
    np.testing.assert_allclose(half.mean(1), (np.arange(9) + 0.5) / 9 - 0.5, atol=1e-12)
    assert np.ptp(half, axis=1) == pytest.approx(0.5 / 9 * 3 / 4)


def test_things_that_pass_move_beside_the_camera() -> None:
    """Evenly over the exposure, through where they are seen in the sharp picture."""
    recipe = replace(CLEAN, moving=1, burst=0.5, length=(2, 16), segments=1)
    reaches = []
    for blur in drawn(recipe, 40):
        assert blur.homographies is not None
        (segment,) = blur.passing
        assert segment.homographies is not None
        stroke = (np.linalg.inv(blur.homographies) @ segment.homographies)[:, :2, 2]
        np.testing.assert_allclose(stroke + stroke[::-1], 0, atol=1e-9)
        reaches.append(np.linalg.norm(stroke[-1] - stroke[0]))
    assert max(reaches) <= 8
    assert np.median(reaches) > 2


def test_what_lies_inside_a_margin_is_made_as_if_all_were() -> None:
    recipe = BlurRecipe(
        length=(1, 12),
        moving=0.4,
        shallow=0.3,
        burst=0.3,
        lens=0.4,
        defocused=0.4,
        soft=0.4,
        noisy=0,
        compressed=0,
    )
    sharp, blurs = photos(24), drawn(recipe, 24)
    kinds = {(blur.homographies is None, blur.kernel is None) for blur in blurs}
    assert len(kinds) == 4
    whole, inside = synthesize(sharp, blurs), synthesize(sharp, blurs, recipe.margin)
    for all_of_it, inner in zip(whole, inside, strict=True):
        middle = all_of_it[..., recipe.margin : -recipe.margin, recipe.margin : -recipe.margin]
        assert inner.shape == middle.shape
        off = (inner - middle).abs() * 255
        assert off.max() < 1.01, "one step of 8 bits, where rounding falls the other way"
        assert (off > 0.5).float().mean() < 1e-3


def test_pictures_without_a_path_stay_as_they_are() -> None:
    sharp, scene = photos(3), photos(3).flip(-1)
    seen = integrate(sharp, [], scene, [None, STILL, None])
    assert torch.equal(seen[0], scene[0])
    torch.testing.assert_close(seen[1], sharp[1], atol=1e-4, rtol=0)
    assert torch.equal(seen[2], scene[2])


def test_a_thing_before_a_sample_that_stands_still_stands_still_too() -> None:
    sharp = photos(2)
    thing = Layer(torch.ones(1, 4, 96, 96), [0], [shifts(np.zeros(3), np.zeros(3))])
    seen = integrate(sharp, [thing], sharp, [None, STILL])
    assert torch.equal(seen[0], sharp[0]), "its scene is what it was given"
    torch.testing.assert_close(seen[1], sharp[1], atol=1e-4, rtol=0)


def test_shifting_homographies_blur_as_their_kernel_does() -> None:
    x, y = np.linspace(-5, 5, 41), 4 * np.sin(np.linspace(0, 2, 41))
    sharp = photos(1)
    by_kernel = convolve(sharp, [render_path(-np.stack([x, y], 1))])
    by_steps = integrate(sharp, [], sharp, [shifts(x, y)])
    inner = (..., slice(16, -16), slice(16, -16))
    assert rms(by_steps[inner] - by_kernel[inner]) < 0.004


def test_a_thing_that_passes_hides_what_is_behind_it() -> None:
    """A white thing over black, moving by its own width: light where it was, by how long."""
    thing = torch.zeros(1, 4, 40, 60)
    thing[..., 20:30] = 1
    passing = Layer(thing, [0], [shifts(np.linspace(-5, 5, 41), np.zeros(41))])
    still = np.tile(np.eye(3), (41, 1, 1))
    black = torch.zeros(1, 3, 40, 60)
    seen = integrate(black, [passing], compose(black, [passing]), [still])[0, 0, 20]
    assert seen[25].item() == pytest.approx(0.97, abs=0.05)
    assert seen[20].item() == pytest.approx(0.55, abs=0.06)
    assert seen[10].item() == 0
    assert seen.sum().item() == pytest.approx(10, rel=0.02)
    outline = Outline((25.0, 20.0), 8.0, np.zeros(5), np.zeros(5), 1.0)
    blur = Blur(0, homographies=still, segments=(Segment(outline, passing.paths[0]),), gamma=1.0)
    blurred, sharp = synthesize(photos(1, 60)[..., :40, :], [blur])
    assert not torch.equal(sharp, photos(1, 60)[..., :40, :])
    assert rms(blurred - sharp) > 0


def test_blur_is_light_that_adds_up() -> None:
    """A white and a black half, smeared: the middle has half the light, not half the value."""
    sharp = torch.zeros(1, 3, 128, 128)
    sharp[..., 64:] = 1
    across = render_path(np.stack([np.linspace(-10, 10, 40), np.zeros(40)], 1))
    blurred, _ = synthesize(sharp, [Blur(0, kernel=across, gamma=2.2)])
    light = blurred[..., 48:80, 24:104] ** 2.2
    assert light.mean().item() == pytest.approx(0.5, abs=0.02)
    stored, _ = synthesize(sharp, [Blur(0, kernel=across, gamma=1.0)])
    assert stored[..., 48:80, 24:104].mean().item() == pytest.approx(0.5, abs=0.02)


def test_lamps_streak_at_full_white_because_they_clip_after_the_blur() -> None:
    dark = torch.full((1, 3, 64, 64), 0.1)
    dark[..., 30:34, 30:34] = 1
    across = render_path(np.stack([np.linspace(-6, 6, 30), np.zeros(30)], 1))
    plain, _ = synthesize(dark, [Blur(0, kernel=across)])
    lamp, _ = synthesize(dark, [Blur(0, kernel=across, highlight_boost=8.0)])
    assert (lamp > 0.99).sum() > (plain > 0.99).sum()
    assert lamp.max() <= 1


def test_a_share_of_the_photos_stays_exactly_as_it_was() -> None:
    sharp = photos(4)
    blurred, target = synthesize(sharp, drawn(BlurRecipe(sharp=1.0), 4))
    torch.testing.assert_close(blurred, sharp, atol=1e-6, rtol=0)
    assert torch.equal(blurred, target)


def in_front(blur: Blur, like: Tensor) -> Tensor:
    """How much of each pixel the things of a blur cover, (h, w)."""
    outlines = [segment.outline for segment in blur.segments]
    return silhouettes(outlines, like)[:, 0].amax(0)


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_what_a_lens_does_not_resolve_is_missing_from_the_sharp_picture_too(gamma: float) -> None:
    sharp = photos(4)
    recipe = replace(CLEAN, sharp=1.0, lens=1.0, unresolved=(1.0, 1.0))
    blurs = [replace(blur, gamma=gamma) for blur in drawn(recipe, 4)]
    blurred, target = synthesize(sharp, blurs)
    assert torch.equal(blurred, target)
    softened = convolve(sharp**gamma, [gaussian(1.0)] * 4) ** (1 / gamma)
    torch.testing.assert_close(target, softened, atol=0.5 / 255 + 1e-4, rtol=0)


def test_a_burst_is_the_mean_of_frames_about_the_middle_one() -> None:
    """Between the frames the shutter is closed, and the middle one stays where it is."""
    recipe = replace(
        CLEAN, burst=1.0, duty=(0.1, 0.1), length=(26, 26), moving=0, off_centre=(0, 0)
    )
    point = torch.zeros(1, 3, 129, 129)
    point[..., 64, 64] = 1
    for blur in drawn(recipe, 12):
        path = blur.homographies
        assert path is not None
        seen = integrate(point, [], point, [path])[0, 0]
        frames = seen.ge(0.2 * seen.max()).sum()
        assert frames < 26 * 1.5, "a stroke without gaps covers as many pixels as it is long"
        middle = (path[(len(path) - 1) // 2] + path[len(path) // 2]) / 2
        np.testing.assert_allclose(middle[:2, 2] / middle[2, 2], 0, atol=0.2)


def test_what_lies_behind_on_purpose_is_soft_in_the_sharp_picture_too() -> None:
    sharp = photos(4)
    shallow = replace(CLEAN, sharp=1.0, shallow=1.0, backdrop=(4, 4))
    blurred, scenes = synthesize(sharp, drawn(shallow, 4))
    assert torch.equal(blurred, scenes)
    for photo, scene_, blur in zip(sharp, scenes, drawn(shallow, 4), strict=True):
        front = in_front(blur, photo)
        assert rms((scene_ - photo)[:, front == 0]) > 0.02
        single = len(blur.segments) == 1
        assert not single or rms((scene_ - photo.flip(-1))[:, front == 1]) < 0.003


def test_a_shaken_camera_shakes_what_is_in_and_out_of_focus() -> None:
    sharp = photos(8)
    shaken = replace(CLEAN, shallow=1.0, backdrop=(3, 3), length=(8, 8), moving=0)
    for varying in (0.0, 1.0):
        blurs = drawn(replace(shaken, varying=varying), 8)
        blurred, scenes = synthesize(sharp, blurs)
        for index, blur in enumerate(blurs):
            front = in_front(blur, sharp)
            for part in (front == 0, front == 1):
                assert rms((blurred - scenes)[index][:, part]) > 0.005
            assert rms((scenes - sharp)[index][:, front == 0]) > 0.02


def test_shares_are_what_the_recipe_says() -> None:
    recipe = BlurRecipe(sharp=0.25, moving=0.5, noisy=0.5, defocused=0, soft=0)
    blurs = drawn(recipe, 400, 32)
    blurred = [blur for blur in blurs if blur.kernel is not None or blur.homographies is not None]
    assert len(blurred) == pytest.approx(300, abs=40)
    assert sum(bool(blur.segments) for blur in blurred) == pytest.approx(150, abs=35)
    assert sum(blur.photons > 0 for blur in blurred) == pytest.approx(150, abs=35)


def test_light_is_as_stored_in_the_share_that_the_recipe_says() -> None:
    gammas = [blur.gamma for blur in drawn(BlurRecipe(sharp=0, linear_response=0.4), 400, 32)]
    assert gammas.count(1.0) == pytest.approx(160, abs=30)
    others = [gamma for gamma in gammas if gamma != 1.0]
    assert 1.8 <= min(others) < 1.9 < 2.5 < max(others) <= 2.6


def test_what_is_out_of_focus_is_still_in_the_share_that_the_recipe_says() -> None:
    recipe = replace(CLEAN, defocused=1, still=0.3, varying=1, moving=0)
    still = [blur.homographies is None for blur in drawn(recipe, 400, 32)]
    assert sum(still) == pytest.approx(120, abs=30)
    assert all(blur.kernel is not None for blur in drawn(recipe, 20, 32))


def test_photos_are_compressed_in_the_share_and_at_the_quality_that_the_recipe_says() -> None:
    recipe = replace(CLEAN, compressed=0.5, jpeg_quality=(20, 30))
    blurs = drawn(recipe, 400, 32)
    qualities = [blur.jpeg_quality for blur in blurs if blur.jpeg_quality]
    assert len(qualities) == pytest.approx(200, abs=35)
    assert set(qualities) == set(range(20, 30))
    sharp = photos(1)
    plain, _ = synthesize(sharp, [Blur(0)])
    lossy, scene_ = synthesize(sharp, [Blur(0, jpeg_quality=25)])
    torch.testing.assert_close(lossy, jpeg(plain, torch.tensor([25.0])), atol=1e-6, rtol=0)
    assert torch.equal(scene_, sharp)
    assert rms(lossy - plain) > 0.005


def test_nothing_from_beyond_the_margin_reaches_a_crop() -> None:
    recipe = BlurRecipe(
        length=(10, 30), defocused=0.5, moving=0, soft=0.3, noisy=0, compressed=0, sharp=0
    )
    further, blurs = 30, drawn(recipe, 24)
    wide = photos(24, 96 + 2 * further)
    near = wide[..., further:-further, further:-further]
    for whole, cut in zip(
        synthesize(wide, blurs, recipe.margin + further),
        synthesize(near, blurs, recipe.margin),
        strict=True,
    ):
        off = (whole - cut).abs() * 255
        assert (off > 1.01).float().mean() < 1e-3


def test_the_blur_of_a_sample_does_not_depend_on_its_batch() -> None:
    sharp, blurs = photos(6), drawn(BlurRecipe(), 6)
    together, scenes = synthesize(sharp, blurs)
    for index, blur in enumerate(blurs):
        alone, scene_alone = synthesize(sharp[index : index + 1], [blur])
        assert (together[index] - alone[0]).abs().max() < 2.5 / 255
        torch.testing.assert_close(scenes[index], scene_alone[0])
    again, _ = synthesize(sharp, drawn(BlurRecipe(), 6))
    assert torch.equal(again, together)


def test_nor_do_things_lenses_and_bursts() -> None:
    """But for a step of 8 bits, where a lens's transform is as large as the batch asks for."""
    recipe = BlurRecipe(moving=0.5, shallow=0.3, burst=0.4, lens=0.5, noisy=0)
    sharp, blurs = photos(6), drawn(recipe, 6)
    for index, both in enumerate(zip(*synthesize(sharp, blurs), strict=True)):
        alone = synthesize(sharp[index : index + 1], [blurs[index]])
        for picture, (picture_alone,) in zip(both, alone, strict=True):
            assert (picture - picture_alone).abs().max() < 2.5 / 255


def test_the_photos_are_left_alone_and_results_are_eight_bit() -> None:
    sharp = photos(8)
    before = sharp.clone()
    for pictures in synthesize(sharp, drawn(BlurRecipe(), 8)):
        steps = pictures * 255
        torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
        assert pictures.min() >= 0
        assert pictures.max() <= 1
    assert torch.equal(sharp, before)


def test_longer_shakes_blur_more() -> None:
    sharp = photos(8)
    losses = []
    for pixels in (2.0, 8.0, 30.0):
        recipe = replace(CLEAN, length=(pixels, pixels), moving=0)
        blurred, scenes = synthesize(sharp, drawn(recipe, 8))
        losses.append(rms(blurred - scenes))
    assert losses == sorted(losses)
