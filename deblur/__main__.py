"""Entry of `python -m deblur`."""

from deblur.cli import app

app(prog_name="python -m deblur")
