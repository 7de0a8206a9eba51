"""Run the command `aigc`.

Each module here has `add_parser(subparsers)`, every parser names its `run(args) -> int`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import AigcError, BadInput, not_written
from aigc_kit.setup import not_installed

if TYPE_CHECKING:
    from aigc_kit.core.types import Card, Words

EPILOG = "Exit status: 0 done, 1 failed, 2 asked for something impossible."


def parser() -> argparse.ArgumentParser:
    """Build the argument parser of all sub-commands."""
    root = argparse.ArgumentParser(prog="aigc", description="A laboratory for generative AI.", epilog=EPILOG)
    subparsers = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in iter_modules(__path__):
        if module.name != "__main__":
            import_module(f"{__name__}.{module.name}").add_parser(subparsers)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and print errors as three lines."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a C locale or a Windows console must not break on Chinese
            stream.reconfigure(encoding="utf-8", errors="replace")
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        args = parser().parse_args(words)
        status: int = args.run(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except AigcError as error:
        in_chinese = getattr(args, "lang", "en") == "zh"
        print("\n".join(error.in_chinese()) if in_chinese else error, file=sys.stderr)
        return 2 if isinstance(error, BadInput) else 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "aigc_kit":
            raise  # a fault of ours, which no installation mends
        print(not_installed(error.name or str(error), words), file=sys.stderr)
        return 1
    except OSError as error:  # a folder that is a file, or that may not be written; a disk that is full
        print(not_written(f"aigc {words[0]}", error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def command(
    subparsers: argparse._SubParsersAction,
    name: str,
    run: Callable[..., int],
    about: str,
    description: str | None = None,
) -> argparse.ArgumentParser:
    """Add a sub-command that a function runs."""
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=about, description=description)
    parser.set_defaults(run=run)
    return parser


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out rows in columns, Chinese characters twice as wide."""
    from unicodedata import east_asian_width

    def wide(text: str) -> int:
        return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)

    widths = [max(map(wide, cells)) for cells in zip(*rows, strict=True)]
    cells_of = (zip(row, widths, strict=True) for row in rows)
    return ["  ".join(cell + " " * (width - wide(cell)) for cell, width in cells).rstrip() for cells in cells_of]


def refuse_options(args: argparse.Namespace, names: Iterable[str], card: "Card", found: "Words") -> None:
    """Refuse options that a model does not listen to.

    `names` mean nothing for this model; `found` says why.

    Raises:
        BadInput: one was given.
    """
    from aigc_kit.core.types.records import refuse

    values = {name: value for name, value in vars(args).items() if value is not False}  # a switch that was not set
    refuse(values, names, card, found, _written)


def _written(name: str, value: Any) -> str:
    return f"--{name.replace('_', '-')}" + ("" if value is True else f" {value}")
