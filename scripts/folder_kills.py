"""A folder run that is killed again and again, each time at another moment, and then goes on.

python scripts/folder_kills.py [COUNT] [--signal SIGTERM|SIGKILL] [--photos N] [--seed N]

Each time a run over N photos, into an empty folder, is killed while it writes. Each result that is
there then is a whole picture; after SIGTERM there is nothing else, and the exit code is 143. The
same command again leaves what is there as it is, restores the rest, and ends with 0 and with
nothing else in the folder. Exits with 1 where one of these did not hold.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from deblur.errors import ImageError  # noqa: E402
from deblur.image_io import decode_image  # noqa: E402

FORMATS = ("jpg", "png", "webp", "tif")
CODES = {signal.SIGTERM: 143, signal.SIGKILL: -9}


def photos(folder: Path, count: int) -> None:
    """Pictures of noise, in turn of each format, with sides of 128 to 384 pixels."""
    folder.mkdir()
    for number in range(count):
        chance = np.random.default_rng(number)
        sides = (*chance.integers(128, 384, 2), 3)
        picture = Image.fromarray(chance.integers(0, 256, sides, dtype=np.uint8))
        picture.save(folder / f"{number:03}.{FORMATS[number % len(FORMATS)]}")


def started(blurred: Path, restored: Path) -> subprocess.Popen[bytes]:
    """The command, whose words nobody reads."""
    command = [sys.executable, "-m", "deblur", "restore", str(blurred), "-o", str(restored)]
    model = ["--model", "residual-unet-xs", "--backend", "onnx"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*command, *model], cwd=CHECKOUT, stdout=quiet, stderr=quiet)


def until_it_writes(running: subprocess.Popen[bytes], restored: Path) -> float:
    """Wait for the first file; gives the time at which it was there."""
    while running.poll() is None and not (restored.is_dir() and any(restored.iterdir())):
        time.sleep(0.001)
    return time.perf_counter()


def whole(restored: Path) -> dict[str, tuple[int, int]]:
    """Which results there are, and what tells a file that was written again."""
    found = (path for path in restored.rglob("*") if not path.name.startswith("."))
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def half(restored: Path) -> Iterator[str]:
    """Results that are no whole pictures."""
    for path in restored.rglob("[!.]*"):
        try:
            decode_image(path)
        except ImageError as error:
            yield str(error)


def hidden(restored: Path) -> list[str]:
    """What is there under other names."""
    return [path.name for path in restored.rglob(".*")]


def wrong_with(
    blurred: Path, restored: Path, number: signal.Signals, wait: float, seen: Counter[str]
) -> Iterator[str]:
    """Kill one run `wait` seconds after its first file, and let the next end: what did not hold."""
    running = started(blurred, restored)
    until_it_writes(running, restored)
    time.sleep(wait)
    running.send_signal(number)
    code = running.wait()
    there, count = whole(restored), len([*blurred.iterdir()])
    seen["killed"] += code == CODES[number]
    seen["results"] += len(there)
    seen["left"] += len(hidden(restored))
    if code not in (CODES[number], 0):
        yield f"it ended with {code}"
    if number is signal.SIGTERM and hidden(restored):
        yield f"it left {hidden(restored)}"
    yield from half(restored)
    if code := started(blurred, restored).wait():
        yield f"the next run ended with {code}"
    after = whole(restored)
    seen["written twice"] += sum(after.get(name) != place for name, place in there.items())
    yield from half(restored)
    if len(after) != count or hidden(restored):
        yield f"{len(after)} of {count} results in the end, and {hidden(restored)}"


def kills(folder: Path, number: signal.Signals, count: int, size: int) -> int:
    """Kill so many runs and say what was seen; 1 where something did not hold."""
    photos(folder / "in", size)
    running = started(folder / "in", folder / "whole")
    begun = until_it_writes(running, folder / "whole")
    if running.wait():
        print(f"a run that nobody killed ended with {running.returncode}")
        return 1
    longest = time.perf_counter() - begun
    seen, wrong = Counter[str](), 0
    for round_ in range(count):
        place = folder / f"out-{round_}"
        wait = random.uniform(0, longest)
        for sentence in wrong_with(folder / "in", place, number, wait, seen):
            wrong += 1
            print(f"round {round_}, after {wait:.2f} s: {sentence}")
    print(
        f"{count} runs over {size} photos, {seen['killed']} killed by {number.name} within "
        f"{longest:.1f} s of their first file: {seen['results']} of {count * size} results were "
        f"there, {seen['left']} hidden files left until the next run, "
        f"{seen['written twice']} results written twice, {wrong} sentences above"
    )
    return int(wrong > 0 or seen["written twice"] > 0 or not seen["killed"])


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=20)
    parser.add_argument("--signal", choices=[each.name for each in CODES], default="SIGKILL")
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    random.seed(chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        return kills(Path(folder), signal.Signals[chosen.signal], chosen.count, chosen.photos)


if __name__ == "__main__":
    sys.exit(main())
