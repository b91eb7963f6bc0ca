"""Describing models that others made, and whose files carry no description of ours.

What a file does not say about itself, `NAME.json` beside it may: see Rules.
"""

import importlib.util
import json
from pathlib import Path
from threading import Timer
from typing import Annotated, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from deblur.errors import BackendUnavailableError, UndescribedModelError
from deblur.extras import how_to_install
from deblur.onnx_file import RUNTIME_ERRORS, metadata_of, open_session
from deblur.spec import (
    MAX_HALO,
    MAX_MULTIPLE,
    MAX_TILE,
    ModelSpec,
    TilingPolicy,
    Transfer,
)

_CHANNELS = 3
TRIAL_SECONDS = 60.0
"""Seconds that a network may take for the small picture that it is tried with."""


class Rules(BaseModel):
    """What must be known to run a third party's network, in ModelSpec's and TilingPolicy's words.

    `value_range` has no default, because a guess would go wrong silently. The other defaults
    are on the safe side: sizes that suit five halvings, and large tiles that overlap widely, since
    nobody knows how far the network looks. `tile` 0 takes a photo whole.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = None
    value_range: tuple[FiniteFloat, FiniteFloat] | None = None
    transfer: Transfer = "srgb"
    size_multiple: Annotated[int, Field(ge=1, le=MAX_MULTIPLE)] = 32
    tile: Annotated[int, Field(ge=0, le=MAX_TILE)] = 1024
    halo: Annotated[int, Field(ge=0, le=MAX_HALO)] = 128
    licence: str | None = None
    trained_on: tuple[str, ...] = ()
    paper: str | None = None


def describe_onnx(path: Path, licence: str) -> ModelSpec:
    """The description of a bare image-to-image `.onnx` file.

    Its input and its output are float32 (N, 3, h, w), with any h and w. Rules are read from the
    file's own metadata, under the names of Rules, and from the JSON file beside it, which wins.
    Raises UndescribedModelError when the network does not fit, or its value range is not said.
    """
    session = open_session(path, threads=1)
    metadata = metadata_of(session)
    stated = {name: _value(text) for name, text in metadata.items() if name in Rules.model_fields}
    rules = _rules(path, stated)
    if rules.value_range is None or rules.value_range[0] >= rules.value_range[1]:
        raise UndescribedModelError(
            f"{path} does not say which pixel values it takes: write "
            '{"value_range": [0, 1]}, or [0, 255], or [-1, 1], '
            f"into {_beside(path).name} beside it"
        )
    check_that_it_fits(path, rules.size_multiple, session)
    return _spec(path, rules, licence, architecture="onnx", precisions=("fp32",))


def describe_checkpoint(path: Path, licence: str) -> ModelSpec:
    """The description of a PyTorch checkpoint of a published architecture, by spandrel.

    Raises BackendUnavailableError where torch or spandrel is not installed, WeightsCorruptError
    when the file cannot be read, and UndescribedModelError when no architecture fits.
    """
    missing = [name for name in ("torch", "spandrel") if importlib.util.find_spec(name) is None]
    if missing:
        raise BackendUnavailableError(
            f"{path} is a PyTorch checkpoint; to run it, {' and '.join(missing)} must be "
            f"installed: {how_to_install('checkpoints')}"
        )
    from deblur.networks.published import facts_of

    facts = facts_of(path)
    rules = _rules(path, facts.rules)
    return _spec(
        path,
        rules,
        licence,
        architecture=facts.architecture,
        precisions=facts.precisions,
        parameters=facts.parameters,
    )


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _rules(path: Path, stated: dict[str, Any]) -> Rules:
    beside = _beside(path)
    try:
        if beside.is_file():
            stated = stated | json.loads(beside.read_text(encoding="utf-8"))
        return Rules.model_validate(stated)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UndescribedModelError(
            f"what {path} and {beside.name} say about {field} is not usable ({first['msg']}); "
            f"known are {', '.join(Rules.model_fields)}"
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise UndescribedModelError(f"{beside} holds no JSON object ({error})") from error


def _spec(path: Path, rules: Rules, licence: str, **known: Any) -> ModelSpec:
    fields = {"arguments": {}, "parameters": None, "macs_per_megapixel": None} | known
    return ModelSpec(
        name=path.stem,
        title=rules.title or path.stem,
        tiling=TilingPolicy(tile=rules.tile, halo=rules.halo),
        size_multiple=rules.size_multiple,
        value_range=rules.value_range or (0.0, 1.0),
        transfer=rules.transfer,
        licence=rules.licence or licence,
        trained_on=rules.trained_on,
        paper=rules.paper,
        **fields,
    )


def check_that_it_fits(
    path: Path, multiple: int, session: onnxruntime.InferenceSession | None = None
) -> None:
    """Run a network once, for TRIAL_SECONDS at most: declared shapes are often wrong or missing.

    Raises UndescribedModelError when it does not make a picture of a picture, or not in time.
    """
    session = session or open_session(path, threads=1)
    given, *more = session.get_inputs()
    fixed = [side for side in given.shape[2:] if isinstance(side, int)]
    if more or given.type != "tensor(float)" or len(given.shape) != 4 or fixed:
        shapes = ", ".join(f"{each.type} {each.shape}" for each in session.get_inputs())
        raise UndescribedModelError(
            f"{path} takes {shapes}; expected one tensor(float) of [N, 3, height, width], with "
            "any height and width: export it with dynamic axes"
        )
    side = -(-64 // multiple) * multiple
    probe = np.zeros((1, _CHANNELS, side, side), np.float32)
    answer = _answer(session, path, given.name, probe)
    if answer.shape != probe.shape or answer.dtype != probe.dtype:
        raise UndescribedModelError(
            f"{path} makes {answer.dtype} {list(answer.shape)} of float32 {list(probe.shape)}; "
            "expected a picture of the same size"
        )


def _answer(
    session: onnxruntime.InferenceSession, path: Path, name: str, probe: NDArray[np.float32]
) -> NDArray[Any]:
    options = onnxruntime.RunOptions()
    timer = Timer(TRIAL_SECONDS, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        return np.asarray(session.run(None, {name: probe}, options)[0])
    except RUNTIME_ERRORS as error:
        if options.terminate:
            raise UndescribedModelError(
                f"{path} gave no result for an input of {list(probe.shape)} within "
                f"{TRIAL_SECONDS:.0f} s and was stopped; a network that does not end cannot be used"
            ) from error
        raise UndescribedModelError(
            f"{path} does not run on a picture of {list(probe.shape)} ({error}); if it wants "
            f'other sizes, write {{"size_multiple": ...}} into {_beside(path).name} next to it'
        ) from error
    finally:
        timer.cancel()
