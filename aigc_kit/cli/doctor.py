"""Add `aigc doctor`: what this machine can run."""

import argparse
import json
from dataclasses import asdict
from itertools import groupby

from aigc_kit.cli import command

MARKS = {"ok": "ok  ", "note": "note", "bad": "BAD "}


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = command(subparsers, "doctor", run, "what this machine can run, and what stands in the way")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    about = "audit the installed packages instead: pins, consistency, licences, changed files (no vulnerabilities)"
    parser.add_argument("--audit", action="store_true", help=about)


def run(args: argparse.Namespace) -> int:
    """Print the findings, 1 when something will not work."""
    from aigc_kit import doctor
    from aigc_kit.doctor import audit

    findings = audit.audit() if args.audit else doctor.examine()
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for section, group in groupby(findings, key=lambda finding: finding.section):
            print(section)
            for finding in group:
                print(f"  {MARKS[finding.state]}  {finding.name:<18} {finding.text}")
    return 1 if any(finding.state == "bad" for finding in findings) else 0
