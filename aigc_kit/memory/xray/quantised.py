"""Run layers of weights in fewer bits, on meta.

Each function makes what a library's layer makes beside its result. Sources: bitsandbytes 0.45 (`MatMul8bitLt`,
`dequantize_4bit`), torchao 0.7 (int8 weight only), diffusers 0.42 (layerwise casting).
"""

from types import MethodType
from typing import Any

from aigc_kit.memory.xray import build

OUTLIER = 6.0  # the usual `llm_int8_threshold`


def store(module: Any, kind: str) -> None:
    """Let a part's layers compute as from storage.

    Args:
        module: on the meta device, changed in place; its weights stay as they are.
        kind: "float8" | "int8" | "int8wo" | "nf4".
    """
    rules = {"float8": _float8, "int8": _int8, "int8wo": _int8_weights, "nf4": _nf4}
    for layer in layers(module, kind).values():
        layer.forward = MethodType(rules[kind], layer)


def layers(module: Any, kind: str) -> dict[str, Any]:
    """Find the layers that a format covers."""
    import torch

    if kind == "float8":
        kinds = (torch.nn.Linear, torch.nn.modules.conv._ConvNd)
        return {n: m for n, m in module.named_modules() if isinstance(m, kinds) and build.is_cast(module, n)}
    linear = {n: m for n, m in module.named_modules() if isinstance(m, torch.nn.Linear)}
    return {name: layer for name, layer in linear.items() if not build.is_spared(module, name)}


def _plain(layer: Any) -> Any:
    return type(layer).forward


def _float8(layer: Any, *inputs: Any) -> Any:
    """Hold the second byte of each weight meanwhile."""
    import torch

    copies = [torch.empty_like(weight, dtype=torch.int8) for weight in layer.parameters(recurse=False)]
    out = _plain(layer)(layer, *inputs)
    del copies
    return out


def _nf4(layer: Any, x: Any) -> Any:
    import torch

    return torch.nn.functional.linear(x, torch.empty_like(layer.weight, dtype=x.dtype), layer.bias)


def _int8_weights(layer: Any, x: Any) -> Any:
    """Cast the weight, multiply, and scale the product."""
    import torch

    product = torch.mm(x.reshape(-1, x.shape[-1]), torch.empty_like(layer.weight, dtype=x.dtype).t())
    out = (product * product.new_empty(layer.out_features)).reshape(*x.shape[:-1], layer.out_features)
    if layer.bias is not None:
        out += layer.bias
    return out


def _int8(layer: Any, x: Any) -> Any:
    """Make codes of the input, 32-bit sums, and float16.

    Codes and sums stay until the result has its dtype. Columns with outliers, which depend on values, are left out:
    each layer keeps their weights in 16 bits from its first call on.
    """
    import torch

    rows = x.reshape(-1, x.shape[-1])
    half = rows.to(torch.float16)
    codes = torch.empty_like(half, dtype=torch.int8)
    scales = codes.new_empty(rows.shape[0], dtype=torch.float32)
    half.abs().ge(OUTLIER)  # looked for in every column
    del half
    stored = layer.weight.view(torch.int8)[:, : layer.in_features]  # a view, which takes nothing
    torch.mm(codes, stored.t())  # for its operations: the meta device makes bytes, the kernel sums in 32 bits
    sums = torch.empty(rows.shape[0], layer.out_features, dtype=torch.int32)
    out = torch.empty_like(sums, dtype=torch.float16).to(x.dtype)
    del codes, scales, sums
    return out.reshape(*x.shape[:-1], layer.out_features)
