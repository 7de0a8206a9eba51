"""Follow live storages while a module runs on meta."""

import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count, pairwise
from typing import Any

from aigc_kit.memory.footprint.model_facts import Point

GRANULE = 512  # bytes; the CUDA caching allocator rounds every tensor up to a multiple of it
TIMELINE = 48
INDEXED = 2**31 - 1  # numbers that a 32-bit index reaches


@dataclass(frozen=True)
class Cost:
    """Hold the cost of one operation.

    Args:
        flops: operations, 2 per multiply-add; counted for products, convolutions and attention, as torch does.
        traffic: bytes read and written; 0 for one that only looks at its input in another way.
        conv: numbers in input and output of a convolution with a kernel larger than one; else 0. It is 0 too where the
            output has more than INDEXED: kernels that copy into another layout do not take it (one published run,
            FLUX.1-dev with a batch of 8, tells so to .1 %).
    """

    flops: int
    traffic: int
    conv: int


class Kernels:
    """Run operations, working out each shape once."""

    def __init__(self) -> None:
        self._known: dict[Any, tuple[Cost, bool, list[tuple[Any, Any, Any]]]] = {}

    def run(self, func: Any, args: Any, kwargs: Any) -> tuple[Any, Cost]:
        """Give result and cost of an operation on meta tensors."""
        import torch

        if func is torch.ops.aten._local_scalar_dense.default and args[0].device.type == "meta":
            return _unknown(args[0]), Cost(0, 0, 0)
        key = _key(func, args, kwargs)
        entry = self._known.get(key) if key is not None else None
        if entry is not None:
            cost, single, layouts = entry
            new = [torch.empty_strided(size, stride, dtype=dtype, device="meta") for size, stride, dtype in layouts]
            return (new[0] if single else tuple(new)), cost
        out = func(*args, **kwargs)
        cost, fresh = _cost(func, args, kwargs, out)
        leaves = out if isinstance(out, tuple) else (out,)
        if key is not None and fresh and all(_whole(leaf) for leaf in leaves):
            layouts = [(leaf.size(), leaf.stride(), leaf.dtype) for leaf in leaves]
            self._known[key] = cost, not isinstance(out, tuple), layouts
        return out, cost


_KERNELS = Kernels()


def _unknown(tensor: Any) -> bool | int | float:
    """Answer False or 0 for a value not there.

    Modules ask whether a mask masks nothing (then they leave it out) or whether a number is infinite. A padded prompt
    does mask something, and numbers are finite, so False is what a real run answers.
    """
    if tensor.dtype.is_floating_point:
        return 0.0
    return False if str(tensor.dtype) == "torch.bool" else 0


def _cost(func: Any, args: Any, kwargs: Any, out: Any) -> tuple[Cost, bool]:
    """Give the cost, and whether all results are new."""
    from torch import Tensor
    from torch.utils._pytree import tree_leaves
    from torch.utils.flop_counter import flop_registry

    results = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
    inputs = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    sources = {tensor.untyped_storage()._cdata for tensor in inputs}
    aliases = [tensor.untyped_storage()._cdata in sources for tensor in results]
    writes = _mutates(func)
    looks = results and all(aliases) and not writes
    traffic = 0 if looks else sum(tensor.numel() * tensor.element_size() for tensor in (*results, *inputs))
    flops = conv = 0
    count = flop_registry.get(func._overloadpacket)
    if count is not None:
        flops = count(*args, **kwargs, out_val=out)
        name = func._overloadpacket._qualified_op_name
        if name == "aten::convolution" and max(inputs[1].shape[2:]) > 1:
            conv = inputs[0].numel() + results[0].numel() if results[0].numel() <= INDEXED else 0
        elif name == "aten::convolution_backward" and max(inputs[2].shape[2:]) > 1:
            conv = inputs[0].numel() + inputs[1].numel()  # the result's gradient, and the input
    return Cost(flops, traffic, conv), bool(results) and not any(aliases) and not writes


def _key(func: Any, args: Any, kwargs: Any) -> Any:
    """Give what determines the shapes of results, or None."""
    key = (func, _shape(args), *((name, _shape(value)) for name, value in kwargs.items()))
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _shape(value: Any) -> Any:
    """Describe a tensor, lists as tuples, numbers with their type.

    (1 and True are equal.)
    """
    if isinstance(value, (list, tuple)):
        return tuple([_shape(item) for item in value])
    size = getattr(value, "size", None)
    if size is None:
        return value if isinstance(value, str) else (type(value), value)
    if value.device.type != "meta":
        return []  # cannot be hashed, and so is not remembered
    return (size(), value.stride(), value.dtype, value.storage_offset())


def _whole(leaf: Any) -> bool:
    """Tell whether a meta tensor fills its storage."""
    from torch import Tensor

    if not isinstance(leaf, Tensor) or leaf.device.type != "meta" or leaf.storage_offset():
        return False
    span = 1 + sum((size - 1) * stride for size, stride in zip(leaf.shape, leaf.stride(), strict=True))
    return leaf.numel() > 0 and span * leaf.element_size() == leaf.untyped_storage().nbytes()


@cache
def _mutates(func: Any) -> bool:
    return func._schema.is_mutable


@dataclass
class Trace:
    """Hold what one call did.

    Args:
        live: bytes alive now, weights not among them.
        held: bytes that were alive before the call.
        top: (live, setter) of the highest moment.
        convolutions: (live, numbers in input and output, setter) of each.
        samples: live bytes after each operation.
        flops: operations, 2 per multiply-add.
        traffic: bytes read and written, each operation by itself.
        events: what `caching.Allocator.replay` follows, in order.
    """

    live: int = 0
    held: int = 0
    top: tuple[int, str] = (0, "inputs")
    convolutions: list[tuple[int, int, str]] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)
    flops: int = 0
    traffic: int = 0
    events: list[tuple[int, int]] = field(default_factory=list)

    def hull(self) -> tuple[Point, ...]:
        """Find the moments that are the peak for some workspace."""
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
        """Give the highest live bytes of each of TIMELINE stretches."""
        count = min(TIMELINE, len(self.samples))
        edges = [len(self.samples) * i // count for i in range(count + 1)] if count else []
        return tuple(max(self.samples[a:b]) for a, b in pairwise(edges))


def _below(first: Point, middle: Point, last: Point) -> bool:
    """Tell whether `middle` lies under its neighbours' line."""
    across = (middle.live - first.live) * (first.conv - last.conv)
    return across <= (last.live - first.live) * (first.conv - middle.conv)


@contextmanager
def tracing(modules: list[Any], granule: int | None = None, others: Sequence[Any] = ()) -> Iterator[Trace]:
    """Follow all tensors made inside the block.

    Args:
        modules: parts whose weights are not counted.
        others: tensors that are not counted either.
        granule: bytes to whose multiple a tensor is rounded up, GRANULE unless given; 1 counts the bare bytes.

    Yields:
        The Trace, complete when the block ends.
    """
    trace = Trace()
    with ExitStack() as stack:
        names = stack.enter_context(_paths(modules))
        stack.enter_context(_mode(trace, modules, names, granule or GRANULE, others))
        yield trace


@contextmanager
def _paths(modules: list[Any]) -> Iterator[list[str]]:
    """Keep a stack of the paths of running modules."""
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


def _mode(trace: Trace, modules: list[Any], running: list[str], granule: int, others: Sequence[Any]) -> Any:
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    weights = {t.untyped_storage()._cdata for m in modules for t in (*m.parameters(), *m.buffers())}
    weights |= {t.untyped_storage()._cdata for t in others}
    alive: dict[int, tuple[int, int]] = {}
    names = count()

    def ended(key: int) -> None:
        if key in alive:
            size, name = alive.pop(key)
            trace.live -= size
            trace.events.append((-1, name))

    def follow(tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key not in alive and key not in weights:
            size = -(-storage.nbytes() // granule) * granule
            alive[key] = size, next(names)
            trace.live += size
            trace.events.append(alive[key])
            weakref.finalize(storage, ended, key)

    class Mode(TorchDispatchMode):
        """See every operation that reaches a kernel."""

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
                trace.events.append((0, cost.conv))
                trace.convolutions.append((trace.live, cost.conv, _setter(running[-1], func)))
            return out

    return Mode()


def _setter(path: str, func: Any) -> str:
    return f"{path} {func._overloadpacket.__name__}".strip()
