"""Which code restores and scores: its source, and what it computes with."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import benchmarks
import deblur
from benchmarks.costs.machine import this_machine
from deblur.records.digests import digest_of_json

_ABOVE = {"cli", "page", "publish", "training"}
"""Floors of `deblur` that the restorer does not stand on."""

_KINDS = {".py", ".mat", ".pth"}


@cache
def version_of_code() -> str:
    """The digest of the sources that are here, and of the versions of the libraries below them."""
    roots = [Path(each.__file__).parent for each in (benchmarks, deblur) if each.__file__]
    return digest_of_code(roots, this_machine().versions)


def digest_of_code(roots: Sequence[Path], versions: dict[str, str]) -> str:
    """Changes with any source or parameters below some folders, and with any version.

    Rather too often than too seldom: it does not know which line moves a score.
    """
    sources = [
        [
            root.name,
            path.relative_to(root).as_posix(),
            hashlib.sha256(path.read_bytes()).hexdigest(),
        ]
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.suffix in _KINDS and path.relative_to(root).parts[0] not in _ABOVE
    ]
    return digest_of_json([sources, versions])
