"""Check noising, memory, seeds, prompts and a table.

Each check has a truth of its own: the formula, the numbers in the weight files, the bytes of two pictures, CLIP's own
tokenizer, the tiny world's reader.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aigc_kit.teach.checks import check

SEEDS, ENOUGH = 8, 0.6
SHORTEST, LONGEST = 20, 75  # tokens
COLUMNS = ("weights", "peak", "seconds")
HOW = ("measured", "predicted")
_ZH = {"weights": "权重", "peak": "峰值", "seconds": "用时", "how": "来历"}


@check("02", "a", title="前向加噪", expects="一个函数 f(x0, noise, alpha_bar)，返回和 x0 同样形状的数组")
def a(function: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> bool | str:
    """Compare with sqrt(alpha-bar) x0 + sqrt(1 - alpha-bar) noise."""
    rng = np.random.default_rng(2)
    for share in (1.0, 0.5, 0.01, 0.0):
        x0, noise = rng.standard_normal((4, 50, 50)), rng.standard_normal((4, 50, 50))
        mixture = np.asarray(function(x0.copy(), noise.copy(), share), dtype=np.float64)
        if mixture.shape != x0.shape:
            return f"输入的形状是 {x0.shape}，你返回的是 {mixture.shape}。"
        if np.allclose(mixture, x0 * share**0.5 + noise * (1 - share) ** 0.5, atol=1e-6):
            continue
        if np.allclose(mixture, x0 * share + noise * (1 - share), atol=1e-6):
            return f"ᾱ = {share} 时，结果的方差变成了 {mixture.var():.2f}。ᾱ 说的是功率（方差），不是幅度。"
        if share == 1.0:
            return "ᾱ = 1 表示信号一点没丢，应该得到 x0 本身。"
        return f"ᾱ = {share} 时不对。两项的系数平方之后，加起来应该是多少？"
    return True


@check("02", "b", title="峰值不小于常驻", expects="两个整数：运行时的峰值、调用之后的常驻，都以字节为单位")
def b(peak: int, resident: int) -> bool | str:
    """Compare the resident bytes with the weight files' numbers."""
    peak, resident = int(peak), int(resident)
    if resident > peak:
        return f"常驻 {resident:,} 比峰值 {peak:,} 还大：次序反了，还是单位不同？"
    numbers = _numbers_in_the_files()
    if not any(abs(resident - width * numbers) <= 0.02 * width * numbers for width in (2, 4)):
        return (
            f"这个模型的文件里有 {numbers:,} 个数，FP32 应占 {4 * numbers:,} 字节。你的常驻是 {resident:,}："
            "是不是读了 RSS，或者用了别的单位？"
        )
    if peak < resident * 1.01:
        return "峰值和常驻几乎相等：这是调用结束之后读的吧（勘误 E8）？激活在运行的时候才存在。"
    if peak > resident * 50:
        return "峰值比权重大了五十倍以上：看看是不是读成了进程或整机的内存。"
    return True


@check("02", "c", title="同一个种子，同一张图", expects="一个函数 f(prompt, seed)，返回 uint8 (H, W, 3)")
def c(function: Callable[[str, int], np.ndarray]) -> bool | str:
    """Ask for equal bytes only where seed and prompt are."""
    words, other = "一只红色的小猫，在海边", "一个蓝色的方块，夜晚"
    first = np.asarray(function(words, 7))
    if first.dtype != np.uint8 or first.ndim != 3 or first.shape[2] != 3:
        what = f"返回的是 {first.dtype} {first.shape}，应该是一张图：uint8，高 × 宽 × 3"
        return f"{what}。take.data 是一批，怎样取出一张？"
    if not np.array_equal(first, np.asarray(function(words, 7))):
        return "种子都是 7，两次的图却不同。噪声从哪里来？种子传到了吗？"
    if np.array_equal(first, np.asarray(function(words, 8))):
        return "种子 7 和 8 的图一模一样：种子好像没有用上。"
    if np.array_equal(first, np.asarray(function(other, 7))):
        return "换了提示词，图没有变：提示词好像没有用上。"
    return True


@check("02", "d", title="装得下的提示词", expects="一句英文提示词（字符串）")
def d(prompt: str) -> bool | str:
    """Ask for English, six parts, and 20 to 75 tokens."""
    from aigc_kit.worlds.prompts import decompose, part_names

    if not isinstance(prompt, str) or not prompt.strip():
        return "需要一句话。"
    if any("\u3400" <= letter <= "\u9fff" for letter in prompt):
        return "里面有汉字。SDXL 的编码器只学过英文（勘误 E15）。"
    tokens = _clip_tokens(prompt)
    if tokens > LONGEST:
        return f"一共 {tokens} 个 token，超过了 {LONGEST}，后面的读不到。先删哪些词影响最小？"
    if tokens < SHORTEST:
        return f"只有 {tokens} 个 token，太短了：六个部分都写上，至少 {SHORTEST} 个。"
    missing = [part_names()[part] for part in decompose(prompt).missing]
    return not missing or f"没有认出这些部分：{'、'.join(missing)}。用逗号把六个部分隔开，从词库里挑词最稳妥。"


@check(
    "02",
    "e",
    title="表格填完了",
    expects='一个字典：{"FP32": {...}, "FP16": {...}}，每行有 weights、peak、seconds、how',
)
def e(table: Mapping[str, Mapping[str, Any]]) -> bool | str:
    """Ask for a whole table that agrees with itself."""
    for name in ("FP32", "FP16"):
        if name not in table:
            return f"少了 {name} 这一行。"
        row = table[name]
        for column in COLUMNS:
            value = row.get(column)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                return f"{name} 的{_ZH[column]}还没有填，或者不是一个正数。"
        if row.get("how") not in HOW:
            return f'{name} 的来历要写 "measured" 或 "predicted"：没有来历的数字不能进表。'
        if row["peak"] < row["weights"]:
            return f"{name} 的峰值比权重还小：峰值里包括权重。"
    ratio = table["FP32"]["weights"] / table["FP16"]["weights"]
    return bool(1.9 < ratio < 2.1) or f"FP32 的权重是 FP16 的 {ratio:.2f} 倍。每个数的字节数差几倍？两行填反了吗？"


@check("02", "f", title="画对的提示词", expects="一句小世界里的提示词（字符串），至少说四个属性")
def f(prompt: str) -> bool | str:
    """Let the tiny model draw eight seeds, and read them."""
    from aigc_kit.make import image
    from aigc_kit.make.image import measures
    from aigc_kit.worlds.tinyworld import vocab

    attributes = vocab.spec_of(prompt).known()
    if len(attributes) < 4:
        words = "、".join(attributes.values()) or "没有"
        return f"小世界只听懂了 {len(attributes)} 个属性：{words}。再说上颜色、场景、画风、光线、大小、位置。"
    plan = image.plan_for(prompt, card="tinysdxl", seed=0, batch=SEEDS, steps=15)
    share = measures.adherence([image.run(plan)])
    hint = f"{SEEDS} 个种子，{len(attributes)} 个属性，画对了 {share:.0%}。哪种主体、哪种画风它画得最稳？换一个再试。"
    return bool(share >= ENOUGH) or hint


def _numbers_in_the_files() -> int:
    """Count the image model's weights by its files' headers."""
    from safetensors import safe_open

    from aigc_kit.make import image
    from aigc_kit.models import loaded

    total = 0
    for file in loaded.on_disk(image.plan_for("一只小狗").card).rglob("*.safetensors"):
        with safe_open(file, "numpy") as tensors:
            total += sum(int(np.prod(tensors.get_slice(key).get_shape())) for key in tensors.keys())  # noqa: SIM118
    return total


def _clip_tokens(text: str) -> int:
    """Count by the library tokenizers, from CLIP's published merges.

    Nothing of the kit's own counting is used.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    from aigc_kit.worlds.prompts import bpe

    how = {"end_of_word_suffix": "</w>", "continuing_subword_prefix": ""}
    tokenizer = Tokenizer(models.BPE(bpe.vocabulary(), bpe.merges(), **how))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    pattern = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
    words = pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True)
    signs = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, signs])
    return len(tokenizer.encode(text, add_special_tokens=False).ids)
