"""The command `aigc`. Each sub-command is a module here with `add_parser(subparsers)` and `run(args) -> int`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from aigc_kit.core.errors import AigcError, BadInput, not_written

COMMANDS = (
    "doctor",
    "fetch",
    "plan",
    "xray",
    "calibrate",
    "generate",
    "labs",
    "app",
    "notebook",
    "progress",
    "submit",
    "grade",
    "prefetch",
)
EPILOG = "Exit status: 0 done, 1 failed, 2 asked for something impossible."


def parser() -> argparse.ArgumentParser:
    """The argument parser of all sub-commands."""
    root = argparse.ArgumentParser(prog="aigc", description="A laboratory for generative AI.", epilog=EPILOG)
    subparsers = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"aigc_kit.cli.{name}").add_parser(subparsers)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors of the kit print as three lines, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a C locale or a Windows console must not break on Chinese
            stream.reconfigure(encoding="utf-8", errors="replace")
    args = parser().parse_args(arguments)
    try:
        status = import_module(f"aigc_kit.cli.{args.command}").run(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except AigcError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, BadInput) else 1
    except OSError as error:  # a folder that is a file, or that may not be written; a disk that is full
        print(not_written(f"aigc {args.command}", error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
