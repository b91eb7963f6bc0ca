"""What the page links to."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from deblur.page.documents import Documents

CHECKOUT = Path(__file__).parents[2]


def test_every_link_of_the_page_is_a_document_that_it_serves() -> None:
    documents = Documents(CHECKOUT)
    client = TestClient(Starlette(routes=[*documents.routes]))
    links = re.findall(r'href="(read/[^"]+)"', documents.links())
    assert "read/README.md" in links
    for link in links:
        answer = client.get(f"/{link}")
        assert answer.text.startswith("# ")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("name", ["pyproject.toml", "..%2Fapp.py", "nothing.md"])
def test_nothing_else_is_served(name: str) -> None:
    client = TestClient(Starlette(routes=[*Documents(CHECKOUT).routes]))
    assert client.get(f"/read/{name}").status_code == 404


def test_addresses_of_the_project_are_linked(tmp_path: Path) -> None:
    urls = '[project.urls]\nSource = "https://example.org/deblur?a&b"\n'
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n' + urls)
    links = Documents(tmp_path).links()
    assert links == '<a href="https://example.org/deblur?a&amp;b" rel="noopener">Source</a>'
