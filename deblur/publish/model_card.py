"""The model card: what a model is, how it was trained, and what it is good for."""

import json
from collections.abc import Mapping
from typing import Any

from deblur.spec import ModelSpec


def model_card(
    spec: ModelSpec,
    *,
    training: Mapping[str, str],
    notes: str,
    curve: bool = False,
    crops: bool = False,
    metadata: Mapping[str, Any] | None = None,
) -> str:
    """A README.md in Markdown: front matter for the Hub, a table of the training, the notes.

    The front matter is JSON, which YAML contains, and holds the spec under `deblur_spec`.

    `training` maps names of properties to values; `notes` is Markdown by the author: data and its
    terms, scores with the commands that gave them, known failures. `curve` and `crops` say
    whether the pictures of that name lie beside the card. `metadata`
    joins the front matter.
    """
    rows = [
        ("architecture", f"`{spec.architecture}` {dict(spec.arguments) or ''}".strip()),
        ("parameters", f"{spec.parameters:,}" if spec.parameters else "not counted"),
        ("cost", f"{spec.macs_per_megapixel or '?'} GMAC per megapixel"),
        *training.items(),
        ("licence of the weights", spec.licence),
        ("paper", spec.paper or "none"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    fields = {
        "license": spec.licence.lower(),
        "pipeline_tag": "image-to-image",
        "tags": ["deblurring", "image-restoration", "onnx"],
        **(metadata or {}),
        "deblur_spec": json.loads(spec.to_json()),
    }
    front_matter = f"---\n{json.dumps(fields, indent=2)}\n---"
    shown = [f"# {spec.title}", f"| | |\n| --- | --- |\n{table}", notes.strip()]
    if curve:
        shown.append("## Learning\n\n![gain over the blurred input, by step](curve.png)")
    if crops:
        shown.append(
            "## Before and after\n\nBlurred by synthesis (6 to 12 px of shake), restored, and "
            "sharp, at 100 %.\n\n![blurred, restored, sharp](crops.png)"
        )
    return "\n\n".join([front_matter, *shown]) + "\n"
