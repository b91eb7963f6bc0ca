"""Names from outside: which can be shown, and which read alike."""

import pytest

from leaderboard.store.naming import folded, name_fault, text_fault


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "\u3164\u3164", "...", "a" * 61, "a\u200bb", "a\tb", "a\nb", "a\u202eb"),
        *("sharp ", " sharp", "very  sharp", "sha\u0301\u0302rp", "<b>sharp</b>", "\u0301"),
        *("a\u20dd\u20dd", "\ue000", "\u0e01\u0e34\u0e34\u0e34"),
    ],
)
def test_what_nobody_can_be_called(name: str) -> None:
    assert name_fault(name)


@pytest.mark.parametrize(
    "name",
    [
        "a" * 60,
        "Modèle tre\u0300s net",
        "हिंदी",
        "模型",
        "v1.1 (fine-tuned)",
        "owner/name@v1",
        "Việt",
    ],
)
def test_names_in_any_script_are_names(name: str) -> None:
    assert name_fault(name) is None


def test_marks_are_counted_in_every_text() -> None:
    assert text_fault("a\u0301", 10) is None
    assert "marks" in (text_fault("x\u0302\u0303", 10) or "")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Residual-UNet-XS",
            "residual unet xs ",
            "residual_unet_xs",
            "residual\u2011unet\u2011xs",
        ),
        *("гesiduаl-unet-хs", "rеsіduаl-unеt-xѕ", "ｒｅｓｉｄｕａｌ-unet-xs", "rεsιduαl-υηετ-χs"),
        *("residua1-unet-xs", "residuaI-unet-xs", "résidual-unet-xs", "res\u200bidual-unet-xs"),
        *("𝐫𝐞𝐬𝐢𝐝𝐮𝐚𝐥-𝐮𝐧𝐞𝐭-𝐱𝐬", "residual-unet-xs.", "(residual-unet-xs)"),
    ],
)
def test_look_alikes_are_the_same(name: str) -> None:
    assert folded(name) == folded("residual-unet-xs")


@pytest.mark.parametrize("name", ["residual-unet-s", "residual-unet-xs2", "unet", "v1.1", "v11"])
def test_what_reads_otherwise_is_another(name: str) -> None:
    assert folded(name) != folded("residual-unet-xs")
    assert folded("v1.1") != folded("v11")
