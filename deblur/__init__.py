"""Restore blurred photographs.

The names below are loaded when they are first used, so that importing the package is cheap.
"""

import importlib
from typing import Any

_HOMES = {
    "CATALOG": "deblur.catalog",
    "DecodedImage": "deblur.image_io",
    "DeblurError": "deblur.errors",
    "ModelSpec": "deblur.spec",
    "RestoreReport": "deblur.restorer",
    "Restorer": "deblur.restorer",
    "decode_image": "deblur.image_io",
    "write_image": "deblur.image_io",
}

__all__ = list(_HOMES)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'deblur' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
