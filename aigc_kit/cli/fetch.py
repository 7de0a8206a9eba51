"""Add `aigc fetch` for models, `aigc prefetch` for a class."""

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from aigc_kit.cli import columns, command
from aigc_kit.core.errors import AigcError, BadInput, FetchError
from aigc_kit.core.types import Card
from aigc_kit.core.units import format_bytes
from aigc_kit.models import cards

FONT = "font-cjk"


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register both sub-commands."""
    description = f"Bring the files of models to this machine. Groups: {', '.join(cards.ALIASES)}."
    parser = command(subparsers, "fetch", run, "bring the files of models to this machine", description)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a model (see --list) or a group")
    parser.add_argument("--list", action="store_true", help="print what there is, how large, and what is on disk")
    parser.add_argument("--from", dest="from_dir", type=Path, metavar="DIR", help="take the files from a folder only")
    parser.add_argument("--offline", action="store_true", help="never use the network (as AIGC_OFFLINE=1)")
    parser.add_argument("--verify", action="store_true", help="read what is on disk again and compare its sha256")
    parser.add_argument("--all-core", action="store_true", help="fetch the font of `core` even where one is installed")
    about = "models and wheels into one folder, for a classroom without a network"
    description = "Fill a folder (a stick, a share). With it: make labs OFFLINE=DIR, or aigc fetch core --from DIR."
    parser = command(subparsers, "prefetch", fill, about, description)
    parser.add_argument("folder", type=Path, metavar="DIR")
    about = "models or groups (default: core)"
    parser.add_argument("--models", nargs="+", default=["core"], metavar="NAME", help=about)
    about = "also the wheels of make labs, for this system and Python"
    parser.add_argument("--wheels", action="store_true", help=about)
    about = "also the tiny models as pages for a browser, in DIR/site (see aigc site)"
    parser.add_argument("--site", action="store_true", help=about)


def run(args: argparse.Namespace) -> int:
    """Fetch, list or check models, 1 when something is wrong.

    Raises:
        BadInput: an unknown name, or nothing to do.
    """
    models = _wanted(args.names, all_core=args.all_core)
    if args.list:
        print(table(models or list(cards.ALL.values())))
        return 0
    if args.verify:
        return _verify(models)
    if not models and not args.names:
        todo = "say what, such as: aigc fetch core (aigc fetch --list shows all)"
        raise BadInput(asked="aigc fetch", found="no name", todo=todo)
    return max([_fetch(card, args) for card in models], default=0)


def fill(args: argparse.Namespace) -> int:
    """Fill a folder with models and wheels."""
    from aigc_kit.teach.classroom import prefetch

    members = dict.fromkeys(member for name in args.models for member in cards.ALIASES.get(name, (name,)))
    with closing(Bar("prefetch")) as bar:
        for place in prefetch.models([cards.get(name) for name in members], args.folder, bar):
            print(place)
    if args.wheels:
        print(f"{len(prefetch.wheels(args.folder))} wheels in {args.folder / 'wheels'}")
    if args.site:
        from aigc_kit.teach import site

        for page in site.build(args.folder / "site", say=lambda words: print(words, file=sys.stderr, flush=True)):
            print(page)
    sums = prefetch.write_sums(args.folder)
    size = sum(path.stat().st_size for path in args.folder.rglob("*") if path.is_file())
    print(f"{args.folder}: {format_bytes(size, decimal=True)}; check a copy with: sha256sum -c {sums.name}")
    print(f"then, in a clone without a network: make labs OFFLINE={args.folder.absolute()}", file=sys.stderr)
    return 0


def table(models: list[Card]) -> str:
    """Lay out cards as a table."""
    from aigc_kit.models import fetch

    rows = [("name", "tier", "kind", "size", "on disk", "sha256 from", "licence")]
    for card in models:
        origin = {"card": "card", "lock": "aigc.lock", "none": "hub, on first use"}[fetch.hash_origin(card)]
        if not any(source.files for source in card.sources):
            origin = "-"
        here = "-" if card.tier == "none" or _is_endpoint(card) else "yes" if fetch.find(card) else "no"
        rows.append((card.name, card.tier, card.kind, _size(card), here, origin, card.licence))
    return "\n".join(columns(rows))


def _wanted(names: list[str], *, all_core: bool) -> list[Card]:
    """Look up all cards that are meant, each once."""
    models: dict[str, Card] = {}
    for name in names or (["core"] if all_core else []):
        for member in cards.ALIASES.get(name, (name,)):
            if member == FONT and name != FONT and not all_core and _font_installed():
                continue
            models[member] = cards.get(member)
    return list(models.values())


def _font_installed() -> bool:
    from aigc_kit.media import fonts

    font = fonts.system_font()
    if font:
        print(f"{FONT}: not needed, {font.name} is installed (--all-core fetches it all the same)", file=sys.stderr)
    return font is not None


def _fetch(card: Card, args: argparse.Namespace) -> int:
    """Fetch one card, or print why not."""
    from aigc_kit.models import fetch

    if args.from_dir is None and not args.offline and not fetch.find(card):
        print(fetch.preflight(card).text, file=sys.stderr)
    try:
        with closing(Bar(card.name)) as bar:
            folder = fetch.get(card, offline=args.offline or None, from_dir=args.from_dir, progress=bar)
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{card.name}: {folder}")
    return _prepare(card)


def _prepare(card: Card) -> int:
    """Unpack what was fetched before the first lesson waits."""
    from aigc_kit.make.run import modalities

    try:
        if card.kind in modalities() and modalities()[card.kind].prepare(card):
            print(f"{card.name}: 4-bit weights unpacked to float32 for the transformers engine")
    except AigcError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _verify(models: list[Card]) -> int:
    from aigc_kit.models import fetch

    wrong = False
    for card in models or cards.ALL.values():
        with closing(Bar(card.name)) as bar:
            checks = fetch.verify(card, bar)
        if models and not checks:
            print(f"{card.name}: nothing on disk to check")
        for check in checks:
            origin = {"card": "sha256 of the card", "lock": "sha256 of aigc.lock", "none": "no sha256 to compare with"}
            print(f"{card.name}: {check.path.name}: {check.state} ({origin[check.origin]})")
            if check.state in {"wrong", "missing"}:
                wrong = True
                print(f"what to do: delete {check.path.parent}, then aigc fetch {card.name}", file=sys.stderr)
    return int(wrong)


class Bar:
    """Show a bar on terminals, a line per file elsewhere."""

    def __init__(self, name: str) -> None:
        self.name, self._label = name, ""
        self._bar: Any = None

    def __call__(self, done: int, total: int | None, label: str) -> None:
        """Show `done` of `total` bytes of the phase `label`."""
        if not sys.stderr.isatty():
            if label != self._label:
                print(f"{self.name}: {label}", file=sys.stderr)
                self._label = label
            return
        if self._bar is None or self._bar.total != total or done < self._bar.n:
            from tqdm import tqdm

            self.close()
            self._bar = tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1000, file=sys.stderr)
        if label != self._label:
            self._bar.set_description(f"{self.name}: {label}", refresh=False)
            self._label = label
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """End the bar that is shown."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _size(card: Card) -> str:
    for source in card.sources:
        sizes = [file.bytes for file in source.files]
        if sizes:
            return "hub says" if None in sizes else format_bytes(sum(size or 0 for size in sizes), decimal=True)
    return "-"


def _is_endpoint(card: Card) -> bool:
    return all(source.kind == "endpoint" for source in card.sources)
