"""What the command says, and exits with, when all goes well and when it doesn't."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from e4s_studio import __version__
from e4s_studio.cli.app import app
from e4s_studio.core.errors import CancelledError, ImageError, StudioError


@pytest.fixture
def failing(monkeypatch):
    """Return a function that runs the program with a subcommand that raises an error."""

    def run(error: BaseException, *options: str):
        def fail() -> None:
            raise error

        monkeypatch.setattr(app, "registered_commands", list(app.registered_commands))
        app.command("fail")(fail)
        return CliRunner().invoke(app, [*options, "fail"])

    return run


def every_error():
    errors = [StudioError]
    for kind in errors:
        errors += kind.__subclasses__()
    return errors


@pytest.mark.parametrize("kind", every_error())
def test_an_error_is_its_sentence_and_its_exit_code(failing, kind):
    sentence = f"“{'a long name ' * 20}.png” [bold]is missing[/]; choose another."
    result = failing(kind(sentence))
    title = "" if kind is CancelledError else "Error: "
    assert result.stderr == f"{title}{sentence}\n"
    assert result.stdout == ""
    assert result.exit_code == kind.exit_code


def test_a_keyboard_interrupt_says_that_nothing_was_written(failing):
    result = failing(KeyboardInterrupt())
    assert result.stderr == "Stopped. Nothing was written.\n"
    assert result.exit_code == 130 == CancelledError.exit_code


def test_a_fault_of_ours_says_how_to_report_it(failing):
    result = failing(ZeroDivisionError("by zero"))
    assert "ZeroDivisionError: by zero" in result.stderr
    assert "--debug" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.exit_code == 70


def test_debug_shows_where_a_fault_comes_from(failing):
    result = failing(ZeroDivisionError("by zero"), "--debug")
    assert "Traceback" in result.stderr
    assert "raise error" in result.stderr
    assert result.exit_code == 70


def test_debug_leaves_the_artists_errors_as_they_are(failing):
    result = failing(ImageError("There is no picture."), "--debug")
    assert result.stderr == "Error: There is no picture.\n"


def test_help_lists_every_command_and_says_what_it_does():
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    commands = [command.callback for command in app.registered_commands]
    assert commands
    for command in commands:
        assert command.__name__.replace("_", "-") in result.stdout
        assert command.__doc__.split()[0] in result.stdout


def test_unknown_commands_are_refused():
    result = CliRunner().invoke(app, ["no-such-thing"])
    assert result.exit_code == 2
    assert "no-such-thing" in result.stderr


def test_version():
    result = CliRunner().invoke(app, ["--version"])
    assert result.stdout == f"e4s-studio {__version__}\n"


def test_help_does_not_wait_for_torch():
    code = (
        "import sys; from e4s_studio.cli.app import app;"
        "app(['--help'], standalone_mode=False);"
        "sys.exit(any(m in sys.modules for m in ('torch', 'PySide6', 'cv2')))"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL)
    assert result.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_ctrl_c_from_outside():
    code = (
        "import os, signal; from e4s_studio.cli.app import app, main;"
        f"app.command('wait')(lambda: os.kill(os.getpid(), {int(signal.SIGINT)}));"
        "import sys; sys.argv[1:] = ['wait']; main()"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert result.stderr == b"Stopped. Nothing was written.\n"
    assert result.returncode == 130
