"""Render pages of text, to fine-tune a model on documents.

`python examples/documents.py pages --count 60 --seed 0` writes sharp pages into a folder. With
`--blur examples/documents.json` it writes pairs instead, `sharp/` and `blur/`, blurred as
training with that file does; they are for measuring. See docs/fine-tuning.md.
"""

import argparse
import json
from pathlib import Path
from random import Random
from string import ascii_lowercase, digits

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = 720, 960
WORDS = [
    "the", "of", "and", "to", "in", "is", "that", "for", "was", "with", "date", "invoice",
    "total", "number", "name", "street", "received", "paid", "account", "order", "page",
    "section", "table", "report", "between", "under", "signed", "copy", "amount", "balance",
    "contract", "delivery", "notice", "March", "October", "quarterly",
]  # fmt: skip


def draw_word(random: Random) -> str:
    """A word of the list, letters at random, or a number."""
    kind = random.random()
    if kind < 0.6:
        word = random.choice(WORDS)
        return word.capitalize() if random.random() < 0.2 else word
    if kind < 0.85:
        return "".join(random.choices(ascii_lowercase, k=random.randint(2, 11)))
    return "".join(random.choices(digits, k=random.randint(1, 6))) + random.choice(["", ".", ",00"])


def paper(random: Random) -> Image.Image:
    """A sheet of a light shade that is a little darker towards one side."""
    shade = np.array([random.uniform(0.86, 1) * (1 - 0.05 * k * random.random()) for k in range(3)])
    depth, right, down = random.uniform(0, 0.06), random.uniform(-1, 1), random.uniform(-1, 1)
    x, y = np.meshgrid(*(np.linspace(-1, 1, side) for side in SIZE))
    sheet = (shade * (1 - depth * (1 + right * x + down * y))[..., None]).clip(0, 1)
    return Image.fromarray((sheet * 255).round().astype(np.uint8))


def draw_paragraph(draw: ImageDraw.ImageDraw, top: int, ink: str, random: Random) -> int:
    """Lines of text from `top` on; where they end."""
    size, left, right = (
        random.uniform(10, 20),
        random.randint(30, 90),
        SIZE[0] - random.randint(30, 250),
    )
    font = ImageFont.load_default(size)
    pitch = round(size * random.uniform(1.2, 1.7))
    for _ in range(random.randint(2, 9)):
        x = float(left)
        while x < right:
            word = draw_word(random)
            draw.text((x, top), word, ink, font)
            x += draw.textlength(word + " ", font)
        top += pitch
    return top + pitch


def draw_table(draw: ImageDraw.ImageDraw, top: int, ink: str, random: Random) -> int:
    """A ruled table from `top` on; where it ends."""
    size, left, rows = random.uniform(10, 15), random.randint(30, 90), random.randint(2, 7)
    font = ImageFont.load_default(size)
    width, height = random.randint(90, 150), round(size * random.uniform(1.5, 2.2))
    columns, rule = random.randint(2, 4), random.choice([1, 1, 2])
    for y in range(top, top + rows * height, height):
        for x in range(left, left + columns * width, width):
            end, foot = x + width, y + height
            for ends in (x, y, end, y), (x, foot, end, foot), (x, y, x, foot), (end, y, end, foot):
                draw.line(ends, ink, rule)
            draw.text((x + 6, y + 3), draw_word(random), ink, font)
    return top + (rows + 2) * height


def render_page(seed: str) -> Image.Image:
    """A page, the same for the same seed: a heading, then text and tables to its foot."""
    random = Random(seed)
    page, grey = paper(random), random.randint(0, 90)
    draw = ImageDraw.Draw(page)
    ink = f"rgb({grey}, {grey}, {grey + random.choice([0, 0, 60])})"
    word, font = draw_word(random), ImageFont.load_default(random.uniform(24, 44))
    draw.text((60, 40), word.title(), ink, font)
    top = random.randint(100, 140)
    while top < SIZE[1] - 60:
        top = (draw_table if random.random() < 0.25 else draw_paragraph)(draw, top, ink, random)
    return page


def blur_page(page: Image.Image, recipe: Path, seed: int) -> tuple[Image.Image, Image.Image]:
    """The page blurred and sharp, without the border that is made up; needs torch."""
    import torch

    from deblur.synthesis.blur import draw_blur
    from deblur.synthesis.pairs import synthesize
    from deblur.synthesis.recipe import BlurRecipe

    drawn = BlurRecipe(**json.loads(recipe.read_text())["recipe"])
    pixels = torch.from_numpy(np.array(page)).permute(2, 0, 1)[None].float() / 255
    blur = draw_blur(drawn, np.random.default_rng(seed), max(page.size))
    made = [each[0].permute(1, 2, 0) * 255 for each in synthesize(pixels, [blur], drawn.margin)]
    blurred, sharp = (Image.fromarray(each.round().byte().numpy()) for each in made)
    return blurred, sharp


def main() -> None:
    """Write the pages that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--blur", type=Path, help="JSON with the recipe to make pairs with")
    asked = parser.parse_args()
    for number in range(asked.count):
        name, page = f"page-{asked.seed}-{number:03}.png", render_page(f"{asked.seed} {number}")
        seed = 1000 * asked.seed + number
        pictures = blur_page(page, asked.blur, seed) if asked.blur else [page]
        for folder, picture in zip(
            ["blur", "sharp"] if asked.blur else [""], pictures, strict=True
        ):
            (asked.folder / folder).mkdir(parents=True, exist_ok=True)
            picture.save(asked.folder / folder / name)


if __name__ == "__main__":
    main()
