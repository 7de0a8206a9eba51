"""The command line of a training: its stages in order, or those that are named."""

import argparse
from collections.abc import Callable, Mapping

Stage = Callable[[argparse.Namespace], object]


def run(parser: argparse.ArgumentParser, stages: Mapping[str, Stage], extra: Mapping[str, Stage] = {}) -> None:
    """Runs the stages that the command line names, by default all of ``stages``; those of ``extra`` only by name."""
    known = {**stages, **extra}
    parser.add_argument("stages", nargs="*", metavar="stage", help=f"of {', '.join(known)}; default: all")
    arguments = parser.parse_args()
    if unknown := set(arguments.stages) - set(known):
        parser.error(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in arguments.stages or stages:
        print(f"--- {name}", flush=True)
        known[name](arguments)
