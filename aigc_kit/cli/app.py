"""`aigc app`: show a lab as an app in the browser, without its code."""

import argparse
import os
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "app",
        help="show a lab as an app: code hidden, widgets live",
        description="Run a lab with Voila and show it in a browser of this machine: code hidden, widgets live. "
        "Needs pip install 'aigc-kit[app]'.",
    )
    parser.add_argument("number", metavar="NN", help="the lab, such as 02")
    parser.add_argument("--port", type=int, metavar="N", help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="what it saves (default: out)")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    from aigc_kit.teach import labs
    from aigc_kit.teach.notebooks import app, cells

    os.environ["AIGC_OUT"] = str(args.out.resolve())  # the kernel works in a folder that goes with the app
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    app.serve(cells.folder() / labs.get(args.number).notebook, args.port, browser=not args.no_browser)
    return 0
