"""Restore blurred photographs.

    from deblur import restore

    restored = restore("photo.jpg")        # a path, a PIL image, an array or a DecodedImage
    restored.save("sharper.jpg")
    print(restored.report.summary())

`Restorer` keeps a model open for many photos, `available_models` names the models. The names are
loaded when they are first used, so that importing the package is cheap.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deblur.api import Restored, available_models, restore
    from deblur.catalog import CATALOG
    from deblur.errors import DeblurError
    from deblur.image_io import DecodedImage, decode_image, write_image
    from deblur.restorer import Restorer, RestoreReport
    from deblur.spec import ModelSpec

_HOMES = {
    "CATALOG": "deblur.catalog",
    "DecodedImage": "deblur.image_io",
    "DeblurError": "deblur.errors",
    "ModelSpec": "deblur.spec",
    "RestoreReport": "deblur.restorer",
    "Restored": "deblur.api",
    "Restorer": "deblur.restorer",
    "available_models": "deblur.api",
    "decode_image": "deblur.image_io",
    "restore": "deblur.api",
    "write_image": "deblur.image_io",
}

__all__ = [
    "CATALOG",
    "DeblurError",
    "DecodedImage",
    "ModelSpec",
    "RestoreReport",
    "Restored",
    "Restorer",
    "available_models",
    "decode_image",
    "restore",
    "write_image",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'deblur' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
