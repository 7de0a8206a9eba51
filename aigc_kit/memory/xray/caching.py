"""Replay allocations through torch's CUDA allocator.

Requests are rounded up to 512 bytes. Those up to 1 MiB come from segments of 2 MiB, those under 10 MiB from segments of
20 MiB, larger ones from segments of their own, rounded up to 2 MiB. The smallest free block that fits is taken, and cut
where enough is left over: 512 bytes in a small segment, more than 1 MiB in a large one. Free neighbours are joined, and
segments stay. Source: c10/cuda/CUDACachingAllocator.cpp (torch 2.13); nothing here is fitted.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aigc_kit.core.units import MIB

ROUND, SMALL, LARGE = 512, MIB, 10 * MIB
SMALL_SEGMENT, SEGMENT, STEP = 2 * MIB, 20 * MIB, 2 * MIB
WORKSPACE = 2.0  # bytes for each number in input and output of a convolution

Event = tuple[int, int]
"""(bytes, name) takes, (-1, name) gives back, (0, numbers) is the workspace of a convolution, which comes and goes."""


@dataclass(eq=False)
class Block:
    """Hold a piece of a segment, between its neighbours."""

    size: int
    small: bool
    before: "Block | None" = None
    after: "Block | None" = None
    used: bool = False
    key: tuple[int, int] = (0, 0)


@dataclass
class Allocator:
    """Count the bytes of segments taken from the driver.

    Attributes:
        reserved: now; most: the highest.
    """

    reserved: int = 0
    most: int = 0
    _free: dict[bool, list[tuple[int, int, Block]]] = field(default_factory=lambda: {True: [], False: []})
    _count: int = 0

    def take(self, size: int) -> Block:
        """Allocate bytes."""
        size = max(ROUND, -(-size // ROUND) * ROUND)
        small = size <= SMALL
        pool = self._free[small]
        place = bisect_left(pool, (size, -1))
        block = pool.pop(place)[2] if place < len(pool) else self._segment(size, small)
        left = block.size - size
        if left >= ROUND if small else left > SMALL:
            rest = Block(left, small, block, block.after)
            if block.after is not None:
                block.after.before = rest
            block.after, block.size = rest, size
            self._put(rest)
        block.used = True
        return block

    def give(self, block: Block) -> None:
        """Free a block, joined with free neighbours."""
        block.used = False
        if block.before is not None and not block.before.used:
            first = block.before
            self._free[first.small].pop(bisect_left(self._free[first.small], first.key))
            block.before, block.size = first.before, block.size + first.size
            if block.before is not None:
                block.before.after = block
        if block.after is not None and not block.after.used:
            last = block.after
            self._free[last.small].pop(bisect_left(self._free[last.small], last.key))
            block.after, block.size = last.after, block.size + last.size
            if block.after is not None:
                block.after.before = block
        self._put(block)

    def replay(self, events: Iterable[Event], workspace: float) -> list[Block]:
        """Follow the events of a phase.

        Args:
            events: in order.
            workspace: bytes for each number in input and output of a convolution.

        Returns:
            What it leaves allocated.
        """
        held: dict[int, Block] = {}
        for size, name in events:
            if size > 0:
                held[name] = self.take(size)
            elif size < 0:
                if name in held:
                    self.give(held.pop(name))
            elif workspace:
                self.give(self.take(int(workspace * name)))
        return list(held.values())

    def _segment(self, size: int, small: bool) -> Block:
        own = SMALL_SEGMENT if small else SEGMENT if size < LARGE else -(-size // STEP) * STEP
        self.reserved += own
        self.most = max(self.most, self.reserved)
        return Block(own, small)

    def _put(self, block: Block) -> None:
        self._count += 1
        block.key = (block.size, self._count)
        insort(self._free[block.small], (*block.key, block), key=lambda entry: entry[:2])


def pools(weights: Iterable[int], phases: Iterable[Sequence[Event]]) -> list[int]:
    """Count the segments beyond the weights after each phase.

    One call of each phase is replayed: further calls take what the first left.

    Args:
        weights: bytes of each tensor that is loaded before, and whose rests of segments are used.
        phases: the events of each, in order.
    """
    allocator, segments = Allocator(), []
    loaded = sum(allocator.take(size).size for size in weights)
    for events in phases:
        for block in allocator.replay(events, WORKSPACE):
            allocator.give(block)
        segments.append(allocator.most - loaded)
    return segments
