"""How a table is cited: what it shows, under which rules, as of when."""

from datetime import UTC, datetime
from html import escape

from deblur.language import say
from leaderboard.table.table import Table


def citation(table: Table) -> str:
    """BibTeX of a table as it is today; its protocol says under which rules it was measured."""
    today = datetime.now(UTC)
    protocol = f", protocol {table.protocol_digest}" if table.protocol_digest else ""
    return "\n".join(
        [
            f"@misc{{deblur-arena-{table.dataset},",
            f"  title = {{Deblur Arena: leaderboard of {table.dataset}{protocol}}},",
            "  author = {{The Deblur Arena contributors}},",
            f"  year = {{{today:%Y}}},",
            f"  note = {{Read on {today:%Y-%m-%d}}}",
            "}",
        ]
    )


def citation_html(table: Table) -> str:
    """The citation, folded, with a button that copies it."""
    return (
        f"<details><summary>{say('Cite this table')}</summary>"
        f"<pre>{escape(citation(table))}</pre>"
        f'<button type="button" data-copy-text data-done="{say("Copied")}">{say("Copy")}</button>'
        "</details>"
    )
