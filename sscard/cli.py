"""The root command.  Each subcommand lives in its own module of ``sscard.commands`` and is imported when called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from sscard import messages
from sscard._version import VERSION
from sscard.errors import Exit, SscardError, UsageError

COMMANDS: Final[dict[str, str]] = {
    "demo": "demo",
    "init": "init",
    "people": "people",
    "check": "check",
    "merge": "merge",
    "formats": "formats",
    "manifest": "manifest",
    "personalize": "personalize",
    "jobs": "jobs",
    "ledger": "ledger",
    "outbox": "outbox",
    "erase": "erase",
    "report": "report",
    "face": "face",
    "read": "read",
    "info": "info",
    "pin": "pin",
    "purse": "purse",
    "pki": "pki",
    "tree": "tree",
    "profile": "profile",
    "apdu": "apdu",
    "readers": "readers",
    "doctor": "doctor",
    "emulate": "emulate",
    "card": "card",
    "keys": "keys",
    "keyserver": "keyserver",
    "psam": "psam",
    "ceremony": "ceremony",
    "vectors": "vectors",
    "audit": "audit",
    "selftest": "selftest",
    "explain": "explain",
}
"""Name on the command line → module of ``sscard.commands``, in the order shown."""


class LazyGroup(click.Group):
    """A group that imports a subcommand only when it is called; its short help comes from the catalogue."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = import_module(f"sscard.commands.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(messages.text("help.commands")):
            formatter.write_dl([(name, messages.text(f"help.{name}")) for name in COMMANDS])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="sscard")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of messages. 界面语言 (default: from LANG)")
def root(lang: str | None) -> None:
    """Social Security Card (社会保障卡) personalization and terminal toolkit."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; never shows a traceback for a user's mistake."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    messages.use(_language(arguments))
    root.help = messages.text("help.root")
    try:
        result = root.main(arguments, prog_name="sscard", standalone_mode=False)
    except SscardError as error:
        return _shown(error, arguments)
    except click.ClickException as error:
        if "--json" not in arguments:
            error.show()
            return Exit.USAGE
        return _shown(UsageError("usage", cause=error.format_message()), arguments)
    except (click.Abort, KeyboardInterrupt):
        click.echo(messages.text("errors.interrupted").partition("|")[0], err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except OSError as error:
        cause = error.strerror or str(error)
        return _shown(SscardError("file-failed", path=str(error.filename or ""), cause=cause), arguments)
    return result if isinstance(result, int) else Exit.OK


def _shown(error: SscardError, arguments: Sequence[str]) -> int:
    """Show an error the way the caller asked for and return its exit code."""
    from sscard.commands.common import show_error

    show_error(error, as_json="--json" in arguments)
    return error.exit_code


def _language(arguments: Sequence[str]) -> messages.Lang:
    """Language from ``--lang`` where it stands, else from the locale variables."""
    for position, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=")
        if argument == "--lang" and position + 1 < len(arguments):
            value = arguments[position + 1]
        if value in ("zh", "en") and argument.startswith("--lang"):
            return "zh" if value == "zh" else "en"
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(variable):
            return messages.from_locale(os.environ[variable])
    return "en"


def entry() -> None:
    """Console entry point: the process gives up core files before it sees a key."""
    from sscard.keys.process import protect

    protect()
    sys.exit(main())


if __name__ == "__main__":
    entry()
