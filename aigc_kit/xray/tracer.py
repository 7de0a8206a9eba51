"""Follows what is alive while a module runs on the meta device: storages by weak reference, operation by operation."""

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from aigc_kit.footprint.facts import Point
from aigc_kit.xray.kernels import Kernels

GRANULE = 512  # bytes; the CUDA caching allocator rounds every tensor up to a multiple of it
TIMELINE = 48
_KERNELS = Kernels()


@dataclass
class Trace:
    """What one call did.

    Args:
        live: bytes alive now, weights not among them.
        held: bytes that were alive before the call.
        top: (live, setter) of the highest moment.
        convolutions: (live, numbers in input and output, setter) of each.
        samples: live bytes after each operation.
        flops: operations, 2 per multiply-add.
        traffic: bytes read and written, each operation by itself.
    """

    live: int = 0
    held: int = 0
    top: tuple[int, str] = (0, "inputs")
    convolutions: list[tuple[int, int, str]] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)
    flops: int = 0
    traffic: int = 0

    def hull(self) -> tuple[Point, ...]:
        """The moments that are the peak for some workspace per number of a convolution, highest live bytes first."""
        best: dict[int, tuple[int, str]] = {}
        for live, conv, setter in [(self.top[0], 0, self.top[1]), *self.convolutions]:
            if live > best.get(conv, (-1, ""))[0]:
                best[conv] = (live, setter)
        chain: list[Point] = []
        for conv in sorted(best, reverse=True):
            new = Point(best[conv][0], conv, best[conv][1])
            if chain and new.live <= chain[-1].live:
                continue  # an earlier one is at least as high in both
            while len(chain) > 1 and _below(chain[-2], chain[-1], new):
                chain.pop()
            chain.append(new)
        return tuple(reversed(chain))

    def timeline(self) -> tuple[int, ...]:
        """Live bytes along the call: the highest of each of at most TIMELINE equal stretches."""
        count = min(TIMELINE, len(self.samples))
        edges = [len(self.samples) * i // count for i in range(count + 1)] if count else []
        return tuple(max(self.samples[a:b]) for a, b in pairwise(edges))


def _below(first: Point, middle: Point, last: Point) -> bool:
    """Whether `middle` lies on or under the line between its neighbours, and so is the peak for no workspace."""
    across = (middle.live - first.live) * (first.conv - last.conv)
    return across <= (last.live - first.live) * (first.conv - middle.conv)


@contextmanager
def tracing(modules: list[Any], granule: int | None = None) -> Iterator[Trace]:
    """Follow all tensors made inside the block.

    Args:
        modules: parts whose weights are not counted.
        granule: bytes to whose multiple a tensor is rounded up, GRANULE unless given; 1 counts the bare bytes.

    Yields:
        The Trace, complete when the block ends.
    """
    trace = Trace()
    with ExitStack() as stack:
        names = stack.enter_context(_paths(modules))
        stack.enter_context(_mode(trace, modules, names, granule or GRANULE))
        yield trace


@contextmanager
def _paths(modules: list[Any]) -> Iterator[list[str]]:
    """A stack that holds, at any time, the paths of the modules that are running."""
    from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

    names = {id(module): name for part in modules for name, module in part.named_modules()}
    running = [""]

    def enter(module: Any, _: Any) -> None:
        running.append(names.get(id(module), running[-1]))

    def leave(module: Any, _: Any, __: Any) -> None:
        running.pop()

    hooks = register_module_forward_pre_hook(enter), register_module_forward_hook(leave)
    try:
        yield running
    finally:
        for hook in hooks:
            hook.remove()


def _mode(trace: Trace, modules: list[Any], running: list[str], granule: int) -> Any:
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    weights = {t.untyped_storage()._cdata for m in modules for t in (*m.parameters(), *m.buffers())}
    alive: dict[int, int] = {}

    def ended(key: int) -> None:
        trace.live -= alive.pop(key, 0)

    def follow(tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key not in alive and key not in weights:
            alive[key] = -(-storage.nbytes() // granule) * granule
            trace.live += alive[key]
            weakref.finalize(storage, ended, key)

    class Mode(TorchDispatchMode):
        """Sees every operation that reaches a kernel."""

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out, cost = _KERNELS.run(func, args, kwargs or {})
            for tensor in (out,) if isinstance(out, Tensor) else tree_leaves(out):
                if isinstance(tensor, Tensor):
                    follow(tensor)
            trace.samples.append(trace.live)
            trace.traffic += cost.traffic
            trace.flops += cost.flops
            if trace.live > trace.top[0]:
                trace.top = trace.live, _setter(running[-1], func)
            if cost.conv:
                trace.convolutions.append((trace.live, cost.conv, _setter(running[-1], func)))
            return out

    return Mode()


def _setter(path: str, func: Any) -> str:
    return f"{path} {func._overloadpacket.__name__}".strip()
