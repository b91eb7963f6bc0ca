"""Render sharp pages of print, handwriting, tables, screens and plates, to train on text.

`python scripts/pages.py pages --count 400 --seed 0` writes PNG files into a folder. They are
drawn three times as large and averaged down, so that letters are as sharp as pixels allow and
not jagged. Letters are drawn at random, so that no words can be learned by heart. Fonts are
those of this machine, by default below /usr/share/fonts; a script that none has is left out.
"""

import argparse
import re
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = 640, 832
FINE, TURNING = 3, 1.24  # how much larger it is drawn: every pixel; the page, to be turned


def _everyday(encoding: str, last: int) -> str:
    """The first rows of a national character set: what is written every day."""
    pairs = (bytes([row, cell]) for row in range(0xB0, last) for cell in range(0xA1, 0xFF))
    return "".join(pair.decode(encoding, "ignore") for pair in pairs)


SCRIPTS = {
    "latin": (5, "eeeettaaooiinnssrrhhllddccuummffppggwwyybbvvkkxjqz"),
    "accented": (1, "aeinorstlu" + "".join(map(chr, (*range(0xE0, 0xF7), *range(0xF8, 0xFE))))),
    "cyrillic": (2, "".join(map(chr, range(0x430, 0x450)))),
    "greek": (1, "".join(map(chr, range(0x3B1, 0x3CA)))),
    "chinese": (3, _everyday("gb2312", 0xD7)),
    "kana": (1, "".join(map(chr, (*range(0x3042, 0x3094), *range(0x30A2, 0x30F4))))),
    "hangul": (1, _everyday("euc_kr", 0xC8)),
}
"""How often each is written, and its letters, frequent ones more than once."""
BY_HAND = re.compile("hand|script|humor|breip|bwht|dkg|femke|kristi|kaushan|klee|seto|comic|ukai")
PLATES = ("white", "black"), ("gold", "black"), ("navy", "white"), ("black", "white")  # body, ink


def can_write(font: Path, script: str) -> bool:
    """Whether a font has a script's letters, small and capital, and digits; of many a sample."""
    some = SCRIPTS[script][1][:: 1 + len(SCRIPTS[script][1]) // 60]
    try:
        mask = ImageFont.truetype(font, 20).getmask
        drawn = [bytes(mask(each)) for each in "\ufffe0369" + some + some.upper()]
    except (OSError, ValueError):
        return False
    return all(any(each) and each != drawn[0] for each in drawn[1:])


def find_fonts(folder: Path) -> dict[str, list[list[Path]]]:
    """For each script the fonts below a folder that can write it, those of a subfolder together."""
    found = sorted(folder.rglob("*.[ot]t[fc]"))
    able = {script: [font for font in found if can_write(font, script)] for script in SCRIPTS}
    return {
        script: [[font for font in fonts if font.parent == parent] for parent in parents]
        for script, fonts in able.items()
        if (parents := sorted({font.parent for font in fonts}))
    }


def tint(random: Random, lowest: float, highest: float) -> str:
    """A grey of a brightness between two out of 1, or, in a third of all cases, a colour."""
    grey, spread = random.uniform(lowest, highest), random.choice([0.02, 0.04, 0.3])
    parts = (grey + random.uniform(-spread, spread) * (1 - grey / 2) for _ in range(3))
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in parts)


class Page:
    """A page being drawn: what it is of, its colours, and blocks from its top to its foot."""

    def __init__(self, random: Random, fonts: dict[str, list[list[Path]]]) -> None:
        self.random, self.fonts = random, fonts
        self.kind = random.choices(["print", "screen", "written", "plates"], [55, 20, 15, 10])[0]
        light, deep = (0.75, 1.0), (0.0, random.choice([0.1, 0.25, 0.45]))
        if random.random() < {"screen": 0.6, "print": 0.08}.get(self.kind, 0):
            light, deep = deep, light
        self.ink, self.inks = tint(random, *deep), deep
        self.wide, self.high = (round(FINE * side * TURNING) for side in SIZE)
        self.image = Image.new("RGB", (self.wide, self.high), tint(random, *light))
        self.pen = ImageDraw.Draw(self.image)

    def choose_font(self) -> None:
        """Script, font and size of what follows, small print more often than large."""
        script = self.random.choices([*self.fonts], [SCRIPTS[e][0] for e in self.fonts])[0]
        self.letters, families = SCRIPTS[script][1], self.fonts[script]
        if self.kind == "written":
            written = [[e for e in each if BY_HAND.search(str(e).lower())] for each in families]
            families = [each for each in written if each] or families
        least, largest = {"written": (13, 44), "plates": (15, 90)}.get(self.kind, (8, 40))
        self.dense = len(self.letters) > 100  # as Chinese: no spaces, and not so small
        growth = (largest / least) ** (self.random.random() ** 1.6)
        self.height: int = round(FINE * (least + 2 * self.dense) * growth)
        font = self.random.choice(self.random.choice(families))
        self.font = ImageFont.truetype(font, self.height)

    def word(self) -> str:
        """Letters or digits at random."""
        random = self.random
        if random.random() < 0.15:
            return f"{random.randrange(10 ** random.randint(1, 6)):02}" + random.choice(".,%:-7")
        word = "".join(random.choices(self.letters, k=random.randint(1, 4 if self.dense else 10)))
        word = random.choices([word, word.capitalize(), word.upper()], [74, 18, 8])[0]
        return word + random.choices(["", ",", ".", ";", "!"], [82, 8, 7, 2, 1])[0]

    def paragraph(self, left: float, right: float, top: float) -> float:
        """Lines between two borders from `top` on; where they end."""
        random, pitch = self.random, self.height * self.random.uniform(1.15, 1.8)
        gap = 0.0 if self.dense else self.height * random.uniform(0.22, 0.4)
        for _ in range(random.randint(1, 9)):
            if self.kind == "written":
                self.pen.line((left, top + pitch, right, top + pitch), tint(random, 0.6, 0.8), 2)
            x, text = left + (random.random() < 0.2) * self.height, self.word()
            while random.random() > 0.015 and (end := x + self.font.getlength(text)) < right:
                ink = tint(random, *self.inks) if random.random() < 0.05 else self.ink
                lift = random.gauss(0, 0.05) * self.height if self.kind == "written" else 0.0
                self.pen.text((x, top + lift), text, ink, self.font)
                x, text = end + gap, self.word()
            top += pitch
        return top + pitch * random.uniform(0.2, 1.5)

    def table(self, left: float, right: float, top: float) -> float:
        """A ruled table, some cells of it coloured; where it ends."""
        random, rule = self.random, self.random.choice([1, FINE, FINE, 2 * FINE])
        columns, rows = random.randint(2, 5), random.randint(2, 7)
        width, height = (right - left) / columns, self.height * random.uniform(1.4, 2.2)
        for cell in range(columns * rows):
            x, y = left + cell % columns * width, top + cell // columns * height
            body, ink = random.choice(PLATES) if random.random() < 0.05 else (None, self.ink)
            self.pen.rectangle((x, y, x + width, y + height), body, self.ink, rule)
            text = self.word()[: round(width / self.height - 0.5)]
            self.pen.text((x + self.height / 4, y + height / 8), text, ink, self.font)
        return top + (rows + 0.7) * height

    def plate(self, left: float, right: float, top: float) -> float:
        """A number plate or a sign, large characters in a frame; where it ends."""
        random, pad, (body, ink) = self.random, 0.35 * self.height, self.random.choice(PLATES)
        signs = random.choices("ABCDEFGHJKLMNPRSTUVWXYZ" + 2 * "0123456789", k=7)
        first = random.choice([random.choice(self.letters).upper(), ""])
        text = "".join([first, *signs[:3], random.choice(["", " ", "-"]), *signs[3:]])
        width = self.font.getlength(text) + 2 * pad
        x, foot = random.uniform(left, max(left, right - width)), top + 1.25 * self.height + pad
        if random.random() < 0.3:  # what it is fixed to changes
            self.pen.rectangle((0, top - pad, self.wide, self.high), tint(random, 0.1, 0.9))
        self.pen.rounded_rectangle((x, top, x + width, foot), pad / 2, body, ink, round(pad / 5))
        self.pen.text((x + pad, top + pad / 2), text, ink, self.font)
        return foot + random.uniform(0.3, 1.5) * self.height

    def fill(self) -> None:
        """Blocks from top to foot, in one column or some."""
        random = self.random
        columns = random.choice([1, 1, 2, 3]) if self.kind == "print" else 1
        for left in (self.wide * (0.06 + 0.9 * place / columns) for place in range(columns)):
            right = left + self.wide * (0.9 / columns - 0.03)
            top = 0.1 * self.high * random.random()
            while top < self.high:
                self.choose_font()
                ruled = self.kind != "written" and random.random() < 0.2
                block = self.table if ruled else self.paragraph
                top = (self.plate if self.kind == "plates" else block)(left, right, top)

    def render(self) -> Image.Image:
        """The page as a camera sees it: a little from the side, averaged down, in uneven light."""
        self.fill()
        random, half = self.random, FINE * np.array(SIZE) / 2
        angle = np.radians(random.gauss(0, 0.5 if self.kind == "screen" else 2.0))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        tilt = [[random.gauss(0, 0.012) for _ in range(2)] for _ in range(4)]
        corners = half * (np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) + tilt)
        places = (corners @ turn.T + np.array([self.wide, self.high]) / 2).ravel()
        large, smooth = (FINE * SIZE[0], FINE * SIZE[1]), Image.Resampling.BICUBIC
        seen = self.image.transform(large, Image.Transform.QUAD, places.tolist(), smooth)
        noise, light = np.random.default_rng(random.getrandbits(32)), np.ones(SIZE[::-1])
        for cell, depth in ((400, 0.12), (60, 0.02), (3, 0.008), (1, 0.004)):
            cells = noise.normal(size=(SIZE[1] // cell + 2, SIZE[0] // cell + 2))
            wave = Image.fromarray(cells.astype(np.float32)).resize(SIZE, smooth)
            light += random.random() * depth * np.asarray(wave) * (self.kind != "screen")
        page = (np.asarray(seen.reduce(FINE)) * light[..., None]).clip(0, 255)
        return Image.fromarray(page.round().astype(np.uint8))


def main() -> None:
    """Write the pages that were asked for: each is the same for the same seed and fonts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"))
    asked = parser.parse_args()
    if not (fonts := find_fonts(asked.fonts)):
        parser.error(f"no font that can write any of {', '.join(SCRIPTS)} below {asked.fonts}")
    asked.folder.mkdir(parents=True, exist_ok=True)
    for number in range(asked.count):
        page = Page(Random(f"{asked.seed} {number}"), fonts).render()
        page.save(asked.folder / f"page-{asked.seed}-{number:04}.png")


if __name__ == "__main__":
    main()
