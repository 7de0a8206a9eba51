"""Where a figure comes from, said in Chinese: the rules of the plans, and phrases of the X-ray."""

import re
from collections.abc import Callable

from aigc_kit.core.types.base import PHASES_ZH

_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(english), chinese)
    for english, chinese in (
        (r"parameters in the files x bytes", "文件里的参数个数 × 每个的字节数"),
        (r"parameters counted x bytes", "数出的参数个数 × 每个的字节数"),
        (r"parameters x bytes each", "参数个数 × 每个的字节数"),
        (
            r"parameters x (\S+) bytes each, since the card does not give the file's size",
            r"参数个数 × \1 字节（模型卡没有写文件大小）",
        ),
        (r"size of the model file", "模型文件的大小"),
        (r"counted on the meta device from the published configs", "按公开的配置，在元设备上数出来"),
        (r"weights \+ (\S+) bytes a pixel and frame", r"权重 + 每像素每帧 \1 字节"),
        (r"; this model was not traced", "；这个模型没有逐张量追踪过"),
        (
            r"weights x (\S+) \+ KV cache \+ (.+?) of buffers, beside the libraries",
            r"权重 × \1 + KV 缓存 + 缓冲区 \2，库本身不算在内",
        ),
        (
            r"(\d+) tokens x (\S+) x \(weights \+ half the cache\) / (\S+) GB/s \+ (\S+) ms a layer",
            r"\1 个 token × \2 ×（权重 + 一半缓存）÷ \3 GB/s + 每层 \4 ms",
        ),
        (r"2 x (\d+) layers x (\d+) heads x (\d+) x <= (\d+) tokens", r"2 × \1 层 × \2 个头 × \3 × 至多 \4 个 token"),
        (
            r"seen on another machine: less for a short text, or where the voice was loaded before",
            "在另一台机器上见到的值；文字短，或者这个声音先前载入过，就会少一些",
        ),
        (
            r"(\S+) s \+ (\d+) characters x (\S+) s x real-time factor (\S+), where the processor is idle",
            r"\1 s + \2 个字 × \3 s × 实时率 \4，处理器空闲时",
        ),
        (r"all weights, and the libraries", "全部权重，加上库"),
        (r"traced with ", "追踪所用："),
        (
            r"fitted on published peaks: SDXL on an A100, VAE decoders of InvokeAI's measurements",
            "按公开的峰值拟合：A100 上的 SDXL、InvokeAI 量的 VAE 解码器",
        ),
        (r"an upper bound, by the trace of (\S+);", r"上界，按 \1 的追踪；"),
        (r"\b(text_encoder_2|text_encoder|denoise|decode): ", lambda found: f"{PHASES_ZH[found[1]]}："),
        (r"with the allocator's slack", "含分配器的余量"),
    )
)


def source_zh(source: str) -> str:
    """The source of a figure with what the kit's own rules say in Chinese; other words stay as they are.

    >>> source_zh("weights + 300 bytes a pixel and frame; this model was not traced")
    '权重 + 每像素每帧 300 字节；这个模型没有逐张量追踪过'
    >>> source_zh("Podell et al. 2023")
    'Podell et al. 2023'
    """
    for english, chinese in _RULES:
        source = english.sub(chinese, source)
    return source
