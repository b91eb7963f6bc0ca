"""The command of a record: how a run was started, without the places of one machine."""

import re
import shlex

_DROPPED = {"--submit", "--about", "--address", "--output", "-o"}
"""Options that say where results go and who works, and nothing about the measurement."""

_HUB = re.compile(r"[\w.-]+/[\w.-]+(@[\w.-]+)?", re.ASCII)
_FILES = (".onnx", ".safetensors", ".pth", ".pt", ".ckpt", ".json")
_BARE = re.compile(r"[\w.@%+,:=-]+", re.ASCII)


def without_places(command: str) -> str:
    """A command line whose folders and files are names only.

    `--dataset gopro=/data/gopro` becomes `--dataset gopro=FOLDER`, `--model /me/a.onnx`
    `--model a.onnx`; a model's place on the Hub stays, and where results go is left out.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    kept: list[str] = []
    option = ""
    for word in words:
        if word.startswith("-"):
            option, given, value = word.partition("=")
            if option not in _DROPPED:
                kept.append(f"{option}={_named(option, value)}" if given else word)
            option = "" if given else option
        elif option in _DROPPED:
            option = ""
        else:
            kept.append(_named(option, word))
            option = ""
    return " ".join(word if _BARE.fullmatch(word) else shlex.quote(word) for word in kept)


def _named(option: str, value: str) -> str:
    """A value as a name: what stands before `=`, a place on the Hub, or the path's last part."""
    name, given, _ = value.partition("=")
    if option == "--dataset" and given:
        return f"{_last(name)}=FOLDER"
    if option == "--model" and (value.startswith("hf://") or _is_on_hub(value)):
        return value
    return _last(value)


def _is_on_hub(value: str) -> bool:
    return _HUB.fullmatch(value) is not None and not value.endswith(_FILES) and value[0] != "."


def _last(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]
