"""`aigc calibrate`: fit what this machine's GPU adds to a prediction on the records of its own runs."""

import argparse


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "calibrate",
        help="fit the predictions to this GPU, on the records of runs made here",
        description="Reads the sidecars of image and video runs that were made on a GPU, fits the overheads "
        "(workspace, allocator) on their measured peaks, and writes them where plans for this machine look for them.",
    )
    parser.add_argument("folders", nargs="*", help="folders with records (default: $AIGC_OUT, else out)")
    parser.add_argument("--device", help="name of the GPU, where there are records of several")
    parser.add_argument("--dry-run", action="store_true", help="show the fit, write nothing")


def run(args: argparse.Namespace) -> int:
    """Fit, show, write."""
    from pathlib import Path

    from aigc_kit.core.units import format_bytes
    from aigc_kit.keep.calibrate import calibrate, save

    found = calibrate([Path(folder) for folder in args.folders] or None, args.device)
    for row, (before, after) in found.ratios.items():
        print(f"{row}: measured / predicted {before:.3f} before, {after:.3f} after")
    for name, why in found.skipped.items():
        print(f"not used: {name} ({why})")
    made = found.overheads
    print(
        f"{found.device}: workspace {made.workspace:.2f}, reserve {made.reserve:.2f}, base {format_bytes(made.base)}, "
        f"interval ±{made.error:.0%} of activations; fitted on {found.rows} measured peaks"
    )
    print("nothing written" if args.dry_run else f"written to {save(found)}")
    return 0
