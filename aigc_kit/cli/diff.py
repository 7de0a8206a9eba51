"""Add `aigc diff`: compare two versions of a prompt"""

import argparse
import sys
from pathlib import Path

from aigc_kit.cli import columns, command
from aigc_kit.core.errors import AigcError, BadInput

TROUBLE = 2  # as diff(1): whoever only looks at the status must not take trouble for a difference


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    about = "compare two versions of a prompt: wording, assertions, and both run on fixed inputs"
    description = "Exit status: 0 nothing stops the new version, 1 something does, 2 they could not be compared. Works "
    description += "without a checkout: an old version is git:REVISION:PATH, or NAME@VERSION of a registry."
    parser = command(subparsers, "diff", run, about, description)
    parser.add_argument(
        "--baseline", required=True, metavar="A", help="old version: file, git:REVISION:PATH, NAME@VERSION"
    )
    parser.add_argument("--target", required=True, metavar="B", help="new version")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report, one self-contained page (.html)")
    parser.add_argument(
        "--threshold", type=float, default=0.85, help="cosine below which the topic changed (default: .85)"
    )
    parser.add_argument("--registry", type=Path, metavar="FILE", help="registry of templates: A and B are names in it")
    parser.add_argument("--assertions", type=Path, metavar="FILE", help="JSON list of what prompts and answers must be")
    inputs = parser.add_mutually_exclusive_group()
    inputs.add_argument("--task", metavar="NAME", help="run both on messages of the shop, such as intent")
    inputs.add_argument("--inputs", type=Path, metavar="FILE", help='run both on lines of JSON: {"text", "answer"}')
    parser.add_argument("--count", type=int, metavar="N", help="inputs (default: 60 of a task, all of a file)")
    parser.add_argument("--model", default="tinychat", metavar="NAME", help="who answers (default: tinychat)")
    parser.add_argument("--tokens", type=int, default=24, metavar="N", help="longest answer (default: 24)")
    parser.add_argument(
        "--loss", type=float, default=0.1, help="loss of right answers that would not matter (default: .1)"
    )
    parser.add_argument("--only", action="append", metavar="CHECK", help="fingerprint, cosine, facts, assertions, runs")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of what is printed")


def run(args: argparse.Namespace) -> int:
    """Compare, print, write the report, and give the status."""
    try:
        return _compare(args)
    except (AigcError, OSError) as error:
        in_chinese = isinstance(error, AigcError) and args.lang == "zh"
        print("\n".join(error.in_chinese()) if in_chinese else error, file=sys.stderr)  # type: ignore[union-attr]
        return TROUBLE


def _compare(args: argparse.Namespace) -> int:
    from aigc_kit.promptlab import ask, diff
    from aigc_kit.promptlab.diff.report import NAMES, STATES, VERDICTS

    if args.output is not None and args.output.suffix.lower() not in (".html", ".htm"):
        raise BadInput(asked=f"--output {args.output}", found="no page", todo="--output report.html")
    old, new = (diff.prompt_from(source, args.registry) for source in (args.baseline, args.target))
    inputs = asker = None
    if args.task is not None:
        inputs = diff.shop_inputs(args.task, 60 if args.count is None else args.count)
    elif args.inputs is not None:
        inputs = diff.inputs_from(args.inputs, args.count)
    if inputs is not None:
        asker = ask.model(args.model, calls=2 * len(inputs), max_new_tokens=args.tokens)
    rules = diff.read_assertions(args.assertions) if args.assertions else ()
    release = diff.compare(
        old, new, threshold=args.threshold, assertions=rules, inputs=inputs, asker=asker,
        loss=args.loss, only=args.only or diff.CHECKS,
    )  # fmt: skip
    rows = [
        [getattr(NAMES[each.check], args.lang), getattr(STATES[each.state], args.lang), getattr(each.says, args.lang)]
        for each in release.findings
    ]
    print("\n".join(columns(rows)))
    print(f"= {getattr(VERDICTS[release.code], args.lang)}")
    if args.output is not None:
        print(diff.write_report(release, args.output))
    return release.code
