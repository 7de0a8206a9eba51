"""Add `aigc plan` and `aigc calibrate`."""

import argparse
import json
from typing import TYPE_CHECKING

from aigc_kit.cli import command, refuse_options
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

if TYPE_CHECKING:
    from aigc_kit.core.types import Budget, Card, Request

_SIZES = ("height", "width", "frames", "steps")
_EXTRA = ("max_new_tokens", "engine", "dtype", "placement", "attention", "policy")


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register both sub-commands."""
    about = "how a model would run here, or on a GPU that is not here, and what it would cost"
    description = "Without --vram or --gpu the plan is for this machine. Image and video models are planned from "
    description += "traces that ship with the kit: no weights and no GPU are needed."
    parser = command(subparsers, "plan", run, about, description)
    parser.add_argument("model", help="name of a card (aigc fetch --list)")
    machine = parser.add_argument_group("machine")
    machine.add_argument("--vram", metavar="SIZE", help="assume a GPU with this much memory, such as 8GiB")
    machine.add_argument("--gpu", metavar="NAME", help="assume this GPU, such as RTX3060 or T4")
    machine.add_argument("--ram", metavar="SIZE", help="free memory of the assumed GPU's host (default: 32GiB)")
    machine.add_argument("--memory", metavar="SIZE", help="assume this much free memory on this machine, such as 4GiB")
    wish = parser.add_argument_group("request (what is left out, the plan chooses)")
    for name, text in (
        ("height", "pixels"),
        ("width", "pixels"),
        ("frames", "of a video, 4k+1"),
        ("batch", "outputs made together"),
        ("steps", "denoising steps"),
        ("max-new-tokens", "length of a text (default: the card's)"),
    ):
        wish.add_argument(f"--{name}", type=int, metavar="N", help=text)
    wish.add_argument("--engine", metavar="NAME", help="of a text model: transformers or llama.cpp (4-bit weights)")
    wish.add_argument("--dtype", help="fp32, fp16, bf16, or fp8 for stored weights of the denoiser")
    wish.add_argument("--placement", help="resident, model, group or sequential")
    wish.add_argument("--attention", help="sdpa, math, sliced or xformers")
    wish.add_argument("--policy", help="kit (default), or course: the course's ladder of sizes for video")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the explanation")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")
    about = "fit the predictions to this GPU, on the records of runs made here"
    description = "Reads the sidecars of image and video runs that were made on a GPU, fits the overheads (workspace, "
    description += "allocator) on their measured peaks, and writes them where plans for this machine look for them."
    parser = command(subparsers, "calibrate", calibrate, about, description)
    parser.add_argument("folders", nargs="*", help="folders with records (default: $AIGC_OUT, else out)")
    parser.add_argument("--device", help="name of the GPU, where there are records of several")
    parser.add_argument("--dry-run", action="store_true", help="show the fit, write nothing")


def run(args: argparse.Namespace) -> int:
    """Print the plan."""
    from aigc_kit.core.types import as_json
    from aigc_kit.make.run import resolve
    from aigc_kit.models import cards

    card = cards.get(args.model)
    plan = resolve(_request(args, card), _budget(args, card), card)
    if args.json:
        print(json.dumps(as_json(plan), ensure_ascii=False, indent=1))
        return 0
    print(plan.explain(args.lang))
    size = plan.request
    if size.height:
        frames = f"x{size.frames}" if size.frames else ""
        print(f"= {size.height}x{size.width}{frames}, batch {size.batch}, {size.steps} steps, on {plan.budget.name}")
    return 0


def _request(args: argparse.Namespace, card: "Card") -> "Request":
    from aigc_kit.core.types import Request
    from aigc_kit.make.run import of

    why = Words(f"a {card.kind} model has no such choice", f"{card.kind} 类的模型没有这个选项")
    refuse_options(args, of(card.kind).ignored(card), card, why)
    fields = {name: getattr(args, name) for name in _SIZES}
    fields["batch"] = 1 if args.batch is None else args.batch
    extra = {name: value for name in _EXTRA if (value := getattr(args, name)) is not None}
    return Request(card.name, prompt="a prompt of usual length, about this long", **fields, extra=extra)


def _budget(args: argparse.Namespace, card: "Card") -> "Budget":
    """Describe the machine that is meant, refusing empty names."""
    from dataclasses import replace

    from aigc_kit.core import units
    from aigc_kit.make.run import of
    from aigc_kit.memory import device
    from aigc_kit.memory.plan import machines

    if args.vram is not None or args.gpu is not None:
        if args.memory is not None:
            task = f"--memory {args.memory} with an assumed GPU"
            todo = "leave it out; --ram is the memory of that GPU's host"
            raise BadInput(asked=task, found="it is the memory of this machine", todo=todo)
        return machines.a_gpu(args.vram, name=args.gpu, ram=machines.RAM if args.ram is None else args.ram)
    budget = device.probe(bandwidth=of(card.kind).bandwidth)
    if args.memory is not None:
        size = units.parse_bytes(args.memory)
        budget = replace(budget, free_bytes=size, ram_free_bytes=size, origin="assumed")
    if args.ram is not None:
        if budget.device == "cpu":
            fault = "no GPU here, nor one that is assumed: it is the memory beside a GPU"
            todo = "add --vram or --gpu, or say --memory"
            raise BadInput(asked=f"--ram {args.ram} on this machine", found=fault, todo=todo)
        budget = replace(budget, ram_free_bytes=units.parse_bytes(args.ram), origin="assumed")
    return budget


def calibrate(args: argparse.Namespace) -> int:
    """Fit the overheads of this GPU, show them, write them."""
    from pathlib import Path

    from aigc_kit.core.units import format_bytes
    from aigc_kit.keep import calibrate

    fit = calibrate.calibrate([Path(folder) for folder in args.folders] or None, args.device)
    for row, (before, after) in fit.ratios.items():
        print(f"{row}: measured / predicted {before:.3f} before, {after:.3f} after")
    for name, why in fit.skipped.items():
        print(f"not used: {name} ({why})")
    overheads = fit.overheads
    print(
        f"{fit.device}: workspace {overheads.workspace:.2f}, reserve {overheads.reserve:.2f}, "
        f"base {format_bytes(overheads.base)}, interval ±{overheads.error:.0%} of activations; "
        f"fitted on {fit.rows} measured peaks"
    )
    print("nothing written" if args.dry_run else f"written to {calibrate.save(fit)}")
    return 0
