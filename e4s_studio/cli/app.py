"""The `e4s-studio` command: its subcommands, and what is said when one of them fails."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from e4s_studio import __version__
from e4s_studio.cli.demo import demo
from e4s_studio.cli.doctor import doctor
from e4s_studio.cli.edit import edit
from e4s_studio.cli.export import export
from e4s_studio.cli.inspect_file import inspect
from e4s_studio.cli.install_desktop import install_desktop
from e4s_studio.cli.models import models
from e4s_studio.cli.parse import parse
from e4s_studio.cli.regions import regions
from e4s_studio.cli.swap import swap
from e4s_studio.cli.train import train
from e4s_studio.core.errors import CancelledError, StudioError

_UNEXPECTED_EXIT_CODE = 70  # "internal software error" of sysexits.h


class _ReportingGroup(TyperGroup):
    """Runs a subcommand, and turns what it raises into a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the subcommand that `ctx` was made for.

        Raises
        ------
        typer.Exit
            With the error's exit code, once its sentence stands on stderr.
        """
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            _say("Stopped. Nothing was written.")
            raise typer.Exit(CancelledError.exit_code) from None
        except StudioError as error:
            stopped = isinstance(error, CancelledError)
            _say(str(error), title="" if stopped else "Error: ")
            raise typer.Exit(error.exit_code) from error
        except Exception as error:
            _say_unexpected(error, traceback=ctx.params["debug"])
            raise typer.Exit(_UNEXPECTED_EXIT_CODE) from error


def _say(sentence: str, *, title: str = "") -> None:
    # soft_wrap: one error, one line, whatever the width of the terminal.
    Console(stderr=True).print(Text.assemble((title, "bold red"), sentence), soft_wrap=True)


def _say_unexpected(error: Exception, *, traceback: bool) -> None:
    _say(f"{type(error).__name__}: {error}", title="Unexpected error: ")
    if traceback:
        Console(stderr=True).print_exception(show_locals=False)
        return
    _say(
        "This is a fault of E4S Studio and not yours. To report it, run the same command with"
        " `e4s-studio --debug …` and send what it prints."
    )


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag alone
    if wanted:
        typer.echo(f"e4s-studio {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_ReportingGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Use it on pictures of people who agree to it.",
)


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", envvar="E4S_STUDIO_DEBUG", help="Show where an unexpected error comes from."
        ),
    ] = False,
) -> None:
    """Swap faces by editing them: masks for shape, one amount per region for texture."""


# A subcommand is a function in a module of its own; it imports torch only once it runs.
app.command()(swap)
app.command()(edit)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(demo)
app.command()(parse)
app.add_typer(models, name="models")
app.command()(doctor)
app.command()(regions)
app.command()(export)
app.command()(inspect)
app.command()(train)
app.command()(install_desktop)


def main() -> None:
    """Run the command line with the arguments of this process."""
    app(prog_name="e4s-studio")
