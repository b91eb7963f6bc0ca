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
# fmt: off
WORDS = [
    "the", "of", "and", "to", "in", "is", "that", "for", "was", "with", "date", "invoice",
    "total", "number", "name", "street", "received", "paid", "account", "order", "page",
    "section", "table", "report", "between", "under", "signed", "copy", "amount", "balance",
    "contract", "delivery", "notice", "March", "October", "quarterly",
]
# fmt: on


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
    width, height = SIZE
    shade = np.array([random.uniform(0.86, 1) * (1 - 0.05 * k * random.random()) for k in range(3)])
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    light = 1 - random.uniform(0, 0.06) * (
        1 + random.uniform(-1, 1) * x + random.uniform(-1, 1) * y
    )
    sheet = (shade * light[..., None]).clip(0, 1)
    return Image.fromarray((sheet * 255).round().astype(np.uint8))


def draw_paragraph(draw: ImageDraw.ImageDraw, top: int, ink: str, random: Random) -> int:
    """Lines of text from `top` on; where they end."""
    size, left = random.uniform(10, 20), random.randint(30, 90)
    font = ImageFont.load_default(size)
    right = SIZE[0] - random.randint(30, 250)
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
    for row in range(rows + 1):
        y = top + row * height
        draw.line((left, y, left + columns * width, y), ink, rule)
        for column in range(columns if row < rows else 0):
            draw.text((left + column * width + 6, y + 3), draw_word(random), ink, font)
    for column in range(columns + 1):
        x = left + column * width
        draw.line((x, top, x, top + rows * height), ink, rule)
    return top + (rows + 2) * height


def render_page(seed: str) -> Image.Image:
    """A page, the same for the same seed: a heading, then text and tables to its foot."""
    random = Random(seed)
    page = paper(random)
    draw = ImageDraw.Draw(page)
    grey = random.randint(0, 90)
    ink = f"rgb({grey}, {grey}, {grey + random.choice([0, 0, 60])})"
    draw.text(
        (60, 40), draw_word(random).title(), ink, ImageFont.load_default(random.uniform(24, 44))
    )
    top = random.randint(100, 140)
    while top < SIZE[1] - 60:
        block = draw_table if random.random() < 0.25 else draw_paragraph
        top = block(draw, top, ink, random)
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
    inner = (0, ..., slice(drawn.margin, -drawn.margin), slice(drawn.margin, -drawn.margin))
    made = [each[inner].permute(1, 2, 0) * 255 for each in synthesize(pixels, [blur])]
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
        pictures = {"": page}
        if asked.blur:
            blurred, sharp = blur_page(page, asked.blur, 1000 * asked.seed + number)
            pictures = {"blur": blurred, "sharp": sharp}
        for folder, picture in pictures.items():
            (asked.folder / folder).mkdir(parents=True, exist_ok=True)
            picture.save(asked.folder / folder / name)


if __name__ == "__main__":
    main()
