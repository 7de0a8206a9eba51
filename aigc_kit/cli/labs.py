"""Add `aigc labs` (headless runs), `aigc lab` and `aigc app`."""

import argparse
import os
import sys
from pathlib import Path

from aigc_kit.cli import columns, command
from aigc_kit.core.errors import BadInput


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-commands."""
    description = "Run notebooks headless. Executed copies, what they make and index.html go to the output folder."
    parser = command(subparsers, "labs", run, "run the core notebooks headless and write a gallery", description)
    parser.add_argument(
        "numbers", nargs="*", metavar="NUMBER", help="labs to run, such as 01 or 02a (default: all core labs)"
    )
    parser.add_argument("--tier", choices=("tiny", "full"), default="tiny", help="models to use (default: tiny)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="output folder (default: out)")
    parser.add_argument("--slow", action="store_true", help="also run the cells tagged 'slow'")
    parser.add_argument("--timeout", type=int, default=600, metavar="S", help="seconds one cell may take (600)")
    parser.add_argument("--keep-secrets", action="store_true", help="hand API keys in the environment to the notebooks")
    description = "Open the labs in JupyterLab: in Chinese, for this machine only; all that it shows works offline. "
    description += "Notebooks that are as the project gave them are trusted: their pictures and viewers show at once."
    parser = command(subparsers, "lab", open_lab, "open the labs in JupyterLab", description)
    parser.add_argument("number", nargs="?", default="01", metavar="NN", help="the lab to open (default: 01)")
    about = "an option for `jupyter lab`, with =, such as --jupyter=--no-browser; may be given again"
    parser.add_argument("--jupyter", action="append", default=[], metavar="OPTION", help=about)
    description = "Run a lab with Voila and show it in a browser of this machine: code hidden, widgets live. "
    description += "Needs pip install 'aigc-kit[app]'."
    parser = command(subparsers, "app", serve, "show a lab as an app: code hidden, widgets live", description)
    parser.add_argument("number", metavar="NN", help="the lab, such as 02a")
    parser.add_argument("--port", type=int, metavar="N", help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="what it saves (default: out)")


def run(args: argparse.Namespace) -> int:
    """Run all labs in turn, 1 when one failed."""
    from aigc_kit.core.paths import offline
    from aigc_kit.memory.device import cpu_name
    from aigc_kit.teach import labs
    from aigc_kit.teach.notebooks import cells, gallery, kernel
    from aigc_kit.teach.notebooks.execution import run_notebook

    if args.timeout < 1:
        raise BadInput(asked=f"--timeout {args.timeout}", found="no second to run in", todo="give 1 or more, say 600")
    asked = [lab for number in args.numbers for lab in labs.numbered(number)]
    lessons = list(dict.fromkeys(asked)) or [lab for lab in labs.every() if lab.core]
    folder = cells.folder()
    for lab in lessons:
        cells.read(folder / lab.notebook)  # refuse before anything has run
    _note_what_lacks()
    runs = []
    options = {name: getattr(args, name) for name in ("tier", "slow", "timeout", "keep_secrets")}
    for lab in lessons:
        path, progress = folder / lab.notebook, _progress(lab.notebook)
        runs.append(run_notebook(path, args.out, offline=offline(), on_cell=progress, **options))
        if runs[-1].error:
            print(runs[-1].error, file=sys.stderr)
    page = gallery.write_gallery(args.out, runs)
    print(table(runs))
    print(f"measured on {cpu_name()}, tier {args.tier}; peak RAM: {kernel.PEAK_HOW}")
    print(f"gallery: {page}")
    return 0 if all(result.status == "ok" for result in runs) else 1


def open_lab(args: argparse.Namespace) -> int:
    """Open JupyterLab until Ctrl-C."""
    from aigc_kit.teach import labs
    from aigc_kit.teach.notebooks import server

    notebook = labs.get(args.number).notebook
    _note_what_lacks()
    server.serve(notebook, args.jupyter)
    return 0


def serve(args: argparse.Namespace) -> int:
    """Serve a lab as an app until Ctrl-C."""
    from aigc_kit.teach import labs
    from aigc_kit.teach.notebooks import app, cells

    os.environ["AIGC_OUT"] = str(args.out.resolve())  # the kernel works in a folder that goes with the app
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    app.serve(cells.folder() / labs.get(args.number).notebook, args.port, browser=not args.no_browser)
    return 0


def table(runs: list) -> str:
    """Lay out runs as a table."""
    from aigc_kit.core.units import format_bytes
    from aigc_kit.teach.notebooks.gallery import summary

    rows = [("notebook", "status", "seconds", "peak RAM", "made")]
    for result in runs:
        peak = "not sampled" if result.peak_bytes is None else format_bytes(result.peak_bytes)
        left_out = f" ({result.skipped} slow cells left out)" if result.skipped else ""
        rows.append((result.name, result.status, f"{result.seconds:.1f}", peak, summary(result.made) + left_out))
    return "\n".join(columns(rows))


def _note_what_lacks() -> None:
    """Say which core models some lab will miss."""
    from aigc_kit.models import cards, fetch
    from aigc_kit.teach import labs

    for name in cards.ALIASES["core"]:
        readers = [lab.number for lab in labs.every() if lab.core and name in lab.cards]
        if readers and not fetch.find(cards.get(name)):
            who = f"labs {', '.join(readers)} want" if len(readers) > 1 else f"lab {readers[0]} wants"
            words = f"note: {name} is not on this machine, and {who} it: aigc fetch core"
            print(words, file=sys.stderr)


def _progress(name: str):
    """Print the running cell, where somebody looks at a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(cell: int, of: int) -> None:
        end = "\r" if cell < of else "\n"
        print(f"{name}: cell {cell} of {of} ", end=end, file=sys.stderr, flush=True)

    return show
