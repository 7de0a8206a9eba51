"""Of all ways of running a pipeline: the best that fits. Most pixels x frames, then dtype, then fewest seconds.

The order does not depend on the memory, and what fits into less fits into more: more memory never gives a worse plan.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import floor, log

from aigc_kit.core.types import Budget, Card
from aigc_kit.memory.plan.options import MARGIN, SETTINGS, Asked, Size, smaller, volume
from aigc_kit.memory.plan.ways import Need, Way, need, traced_with

PLACEMENTS = ("resident", "model", "group", "sequential")
# (placement, text encoders on the CPU), what moves least first, for ways that take about the same time
SIMPLE = (
    ("resident", False),
    ("model", False),
    ("resident", True),
    ("model", True),
    ("group", False),
    ("group", True),
    ("sequential", False),
    ("sequential", True),
)


@dataclass(frozen=True)
class Space:
    """Where to search: a card on a machine, with what the request fixes."""

    card: Card
    budget: Budget
    batch: int
    asked: Asked

    def ways(self, size: Size) -> Iterator[Way]:
        """All ways of running at this size."""
        asked, gpu = self.asked, self.budget.device != "cpu"
        places = (asked.placement,) if asked.placement and gpu else PLACEMENTS if gpu else ("resident",)
        on_cpu = _open(asked.text_on_cpu) if gpu else (False,)
        slicing = _open(asked.vae_slicing) if self.batch > 1 or asked.vae_slicing is not None else (False,)
        tiling = _open(asked.vae_tiling)
        (dtype, stored), attention = self.dtypes(), self.attention()
        for float8, place, cpu, sliced, tiled in product(stored, places, on_cpu, slicing, tiling):
            if not (float8 and place == "sequential"):  # two libraries would both want to own the weights
                yield Way(*size, self.batch, dtype, float8, attention, place, cpu, sliced, tiled)

    def dtypes(self) -> tuple[str, tuple[bool, ...]]:
        """The dtype of computation, and whether the denoiser's weights may be stored in float8, the better first."""
        wanted = self.asked.dtype
        if self.budget.device == "cpu":
            return wanted if wanted in {"float16", "bfloat16"} else "float32", (False,)
        half = self.card.defaults["dtype"] if wanted in {None, "float8"} else wanted
        if half == "bfloat16" and not self.budget.capabilities.get("bf16", True):
            half = "float16"
        if half == "float32" and wanted != "float32":
            half = "float16"  # the card of a small model, which a CPU runs in float32
        return str(half), (True,) if wanted == "float8" else (False,) if wanted else (False, True)

    def attention(self) -> str:
        """As asked; else torch's fused attention, or the plain one where the GPU lacks it and a trace tells of it."""
        plain = not self.fused() and traced_with(self.card.name, "math")
        return self.asked.attention or ("math" if plain else "sdpa")

    def fused(self) -> bool:
        """Whether the machine has fused attention in every format."""
        return bool(self.budget.capabilities.get("fused_attention", True))

    def needs(self, size: Size) -> Iterator[Need]:
        """What each way needs, for the ways of which something is known."""
        for way in self.ways(size):
            found = need(self.card.name, way, self.budget)
            if found is not None:
                yield found

    def fits(self, found: Need) -> bool:
        """Whether both memories have room for it, with the margin."""
        return self.short(found) == (0, 0)

    def short(self, found: Need) -> tuple[int, int]:
        """Bytes that are missing on the device and in the host's memory."""
        device = found.device_bytes / MARGIN - self.budget.free_bytes
        host = 0.0 if self.budget.device == "cpu" else found.ram_bytes / MARGIN - self.budget.ram_free_bytes
        return max(0, -int(-device // 1)), max(0, -int(-host // 1))


def order(found: Need) -> tuple[float, ...]:
    """Lower is better: pixels x frames, dtype, seconds (by sixths: they are estimates), seams, simplicity."""
    way = found.way
    return (
        -volume((way.height, way.width, way.frames)),
        way.float8,
        floor(log(max(found.seconds, 1e-3), 7 / 6)),
        way.tiling,
        SIMPLE.index((way.placement, way.text_on_cpu)),
        way.slicing,
    )


def best(space: Space, sizes: list[Size]) -> Need | None:
    """The best of the ways that fit; `sizes` with most pixels x frames first."""
    for size in sizes:
        fitting = [found for found in space.needs(size) if space.fits(found)]
        if fitting:
            return min(fitting, key=order)
    return None


def known(space: Space, sizes: list[Size]) -> bool:
    """Whether anything is known of any of these sizes."""
    return any(True for size in sizes for _ in space.needs(size))


def below(space: Space, found: Need, sizes: list[Size], count: int) -> list[Need]:
    """What to fall back to when `found` runs out of memory after all: each needs a tenth less than the one before.

    Args:
        sizes: that may be tried, most pixels x frames first; those of the plan's own size come first.
    """
    ladder: list[Need] = []
    limit = 0.9 * found.device_bytes
    for size in sizes:
        for other in sorted(space.needs(size), key=order):
            if other.device_bytes <= limit and space.short(other)[1] == 0 and len(ladder) < count:
                ladder.append(other)
                limit = 0.9 * other.device_bytes
    return ladder


@dataclass(frozen=True)
class Remedy:
    """The smallest changes that would fit.

    Args:
        needs: of plans that fit after a change of the request, the one that keeps most pixels x frames first: fewer
            frames in the same size, a smaller size with the same frames, or, where neither helps, both. Empty where no
            change helps.
        opened: names of settings that must be left open for them.
        device_bytes, ram_bytes: what must be freed instead, for the request as it is.
    """

    needs: tuple[Need, ...]
    opened: tuple[str, ...]
    device_bytes: int
    ram_bytes: int


def remedy(space: Space, sizes: list[Size], *, fixed: bool) -> Remedy:
    """Search for what would fit, from the smallest change on: settings left open, fewer frames, a smaller size.

    Args:
        sizes: that were tried in vain.
        fixed: whether the request fixed size or frames, so that smaller ones were not tried.
    """
    shorts = [space.short(found) for size in sizes for found in space.needs(size)]
    device, host = min(shorts, key=lambda pair: (sum(pair), pair))
    free = replace(space, asked=space.asked.freed())
    names = tuple(name for name in SETTINGS[:-1] if getattr(space.asked, name) is not None)
    for trial, opened in ((space, ()), (free, names)):
        found = best(trial, sizes) if opened else None
        needs = (found,) if found else _smaller(trial, sizes[0]) if fixed else ()
        if needs:
            return Remedy(needs, opened, device, host)
    return Remedy((), (), device, host)


def _smaller(space: Space, size: Size) -> tuple[Need, ...]:
    others = smaller(size, space.card)
    shorter = best(space, [one for one in others if one[:2] == size[:2]])
    flatter = best(space, [one for one in others if one[2] == size[2]])
    pair = [found for found in (shorter, flatter) if found is not None]
    both = None if pair else best(space, others)
    return tuple(sorted(pair, key=order)) if both is None else (both,)


def _open(value: bool | None) -> tuple[bool, ...]:
    return (False, True) if value is None else (value,)
