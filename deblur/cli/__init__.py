"""The command line: `python -m deblur`."""

import typer

from deblur.cli.card import card
from deblur.cli.console import begin
from deblur.cli.diagnose import diagnose
from deblur.cli.export import export
from deblur.cli.fetch import fetch
from deblur.cli.models import models
from deblur.cli.pack import pack
from deblur.cli.publish import publish
from deblur.cli.quantize import quantize
from deblur.cli.restore import restore
from deblur.cli.synthesize import synthesize
from deblur.cli.training.train import train
from deblur.cli.tune import tune

app = typer.Typer(
    help="Restore blurred photographs; train, measure and publish the models that do it.",
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.callback()(begin)
COMMANDS = (
    restore,
    diagnose,
    models,
    fetch,
    tune,
    train,
    synthesize,
    pack,
    export,
    quantize,
    publish,
    card,
)
for command in COMMANDS:
    app.command()(command)
