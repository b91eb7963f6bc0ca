"""What a visitor does on the Restore tab, for the tests that look at it."""

import io
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect


def png(values: np.ndarray) -> bytes:
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(values)))


def blurred(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Coarse noise, softened: something that every network changes."""
    noise = np.random.default_rng(seed).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    grown = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(grown)


def upload(page: Page, *files: tuple[str, bytes]) -> None:
    payload: list[Any] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        for name, content in files
    ]
    page.locator("#photo input[type=file]").set_input_files(payload)


def choose(page: Page, model: str) -> None:
    """Pick a model by its plain name or its title."""
    if page.locator(".models details").get_attribute("open") != "":
        page.get_by_text("Other models").click()
    page.get_by_label(model).first.check()


def settled(page: Page, state: str = "blurred") -> None:
    expect(page.locator(".viewer")).to_have_attribute("data-state", state)
    expect(page.locator(".viewer")).to_have_attribute("data-settled", "true")


def restore(page: Page) -> None:
    button = page.get_by_role("button", name="Restore", exact=True)
    expect(button).to_be_enabled()
    button.click()
    settled(page, "restored")
    expect(page.locator(".facts")).to_be_visible()


def download(page: Page, name: str = "Download") -> tuple[str, bytes]:
    with page.expect_download() as started:
        page.get_by_role("link", name=name, exact=False).last.click()
    return started.value.suggested_filename, started.value.path().read_bytes()


def opened(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
