"""Operations on the meta device: what each makes and costs, remembered, since a pipeline repeats its blocks."""

from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Cost:
    """Cost of one operation.

    Args:
        flops: operations, 2 per multiply-add; counted for products, convolutions and attention, as torch does.
        traffic: bytes read and written; 0 for one that only looks at its input in another way.
        conv: numbers in input and output of a convolution with a kernel larger than one; else 0.
    """

    flops: int
    traffic: int
    conv: int


class Kernels:
    """Runs operations. One that was run before on the same shapes is not worked out again: its result is made anew
    with the same shape, strides and dtype.
    """

    def __init__(self) -> None:
        self._known: dict[Any, tuple[Cost, bool, list[tuple[Any, Any, Any]]]] = {}

    def run(self, func: Any, args: Any, kwargs: Any) -> tuple[Any, Cost]:
        """(result, cost) of an operation on meta tensors."""
        import torch

        if func is torch.ops.aten._local_scalar_dense.default:
            return _unknown(args[0]), Cost(0, 0, 0)
        key = _key(func, args, kwargs)
        found = self._known.get(key) if key is not None else None
        if found is not None:
            cost, single, layouts = found
            made = [torch.empty_strided(size, stride, dtype=dtype, device="meta") for size, stride, dtype in layouts]
            return (made[0] if single else tuple(made)), cost
        out = func(*args, **kwargs)
        cost, fresh = _cost(func, args, kwargs, out)
        leaves = out if isinstance(out, tuple) else (out,)
        if key is not None and fresh and all(_whole(leaf) for leaf in leaves):
            layouts = [(leaf.size(), leaf.stride(), leaf.dtype) for leaf in leaves]
            self._known[key] = cost, not isinstance(out, tuple), layouts
        return out, cost


def _unknown(tensor: Any) -> bool | int | float:
    """What stands for a value that a module asks for, where there are none: False or 0.

    Modules ask whether a mask masks nothing (then they leave it out) or whether a number is infinite. A padded prompt
    does mask something, and numbers are finite, so False is what a real run answers.
    """
    if tensor.dtype.is_floating_point:
        return 0.0
    return False if str(tensor.dtype) == "torch.bool" else 0


def _cost(func: Any, args: Any, kwargs: Any, out: Any) -> tuple[Cost, bool]:
    """The cost, and whether all results are new tensors."""
    from torch import Tensor
    from torch.utils._pytree import tree_leaves
    from torch.utils.flop_counter import flop_registry

    made = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
    given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    sources = {tensor.untyped_storage()._cdata for tensor in given}
    aliases = [tensor.untyped_storage()._cdata in sources for tensor in made]
    writes = _mutates(func)
    traffic = 0 if made and all(aliases) and not writes else sum(_size(tensor) for tensor in (*made, *given))
    flops = conv = 0
    count = flop_registry.get(func._overloadpacket)
    if count is not None:
        flops = count(*args, **kwargs, out_val=out)
        if func._overloadpacket._qualified_op_name == "aten::convolution" and max(given[1].shape[2:]) > 1:
            conv = given[0].numel() + made[0].numel()
    return Cost(flops, traffic, conv), bool(made) and not any(aliases) and not writes


def _key(func: Any, args: Any, kwargs: Any) -> Any:
    """What determines the shapes of the results; None where that cannot be said."""
    key = (func, _shape(args), *((name, _shape(value)) for name, value in kwargs.items()))
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _shape(value: Any) -> Any:
    """A tensor without its contents, lists as tuples, numbers with their type (1 and True are equal)."""
    if isinstance(value, (list, tuple)):
        return tuple([_shape(item) for item in value])
    size = getattr(value, "size", None)
    if size is None:
        return value if isinstance(value, str) else (type(value), value)
    if value.device.type != "meta":
        return []  # cannot be hashed, and so is not remembered
    return (size(), value.stride(), value.dtype, value.storage_offset())


def _whole(leaf: Any) -> bool:
    """Whether a result is a tensor of the meta device that fills its storage from the start."""
    from torch import Tensor

    if not isinstance(leaf, Tensor) or leaf.device.type != "meta" or leaf.storage_offset():
        return False
    span = 1 + sum((size - 1) * stride for size, stride in zip(leaf.shape, leaf.stride(), strict=True))
    return leaf.numel() > 0 and span * leaf.element_size() == leaf.untyped_storage().nbytes()


def _size(tensor: Any) -> int:
    return tensor.numel() * tensor.element_size()


@cache
def _mutates(func: Any) -> bool:
    return func._schema.is_mutable
