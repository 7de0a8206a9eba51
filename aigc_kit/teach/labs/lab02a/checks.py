"""Check noise taken back, strips of pictures, and prompts.

Each check has a truth of its own: the formula, the bytes of pictures, CLIP's own tokenizer, the tiny world's reader.
"""

from collections.abc import Callable, Sequence

import numpy as np

from aigc_kit.teach.checks import check

SEEDS, ENOUGH = 8, 5  # pictures, and how many must be right
SHORTEST, LONGEST = 20, 75  # tokens
LEVELS = (0.99, 0.5, 0.04)  # of alpha-bar


@check("02a", "a", title="把噪声减回去", expects="一个函数 f(xt, noise, alpha_bar)，返回 x0，形状和 xt 相同")
def a(function: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> bool | str:
    """Ask for the clean latents of a known mixture."""
    rng = np.random.default_rng(2)
    for share in LEVELS:
        x0, noise = rng.standard_normal((4, 50, 50)), rng.standard_normal((4, 50, 50))
        mixture = x0 * share**0.5 + noise * (1 - share) ** 0.5
        clean = np.asarray(function(mixture.copy(), noise.copy(), share), dtype=np.float64)
        if clean.shape != x0.shape:
            return f"输入的形状是 {x0.shape}，你返回的是 {clean.shape}。"
        if np.allclose(clean, x0, atol=1e-6):
            continue
        if np.allclose(clean, mixture - noise * (1 - share) ** 0.5, atol=1e-6):
            return f"ᾱ = {share} 时，噪声减掉了，可是剩下的信号比 x0 小：它前面还乘着什么？"
        if np.allclose(clean, (mixture - noise * (1 - share)) / share, atol=1e-6):
            return "ᾱ 说的是功率（方差）的份额。公式里的两个系数是它吗？"
        return f"ᾱ = {share} 时不对。把 4.3 的公式写下来，x₀ 当未知数，一步一步移项。"
    return True


@check("02a", "b", title="一排种子", expects="一个函数 f(prompt, seeds)，返回一张图：uint8 (H, W × 种子数, 3)")
def b(function: Callable[[str, Sequence[int]], np.ndarray]) -> bool | str:
    """Ask for equal bytes only where seed and prompt are."""
    words, other = "一只红色的小猫，在海边", "一个蓝色的方块，夜晚"
    strip = np.asarray(function(words, [7, 8]))
    if strip.dtype != np.uint8 or strip.ndim != 3 or strip.shape[2] != 3:
        return f"返回的是 {strip.dtype} {strip.shape}，应该是一张图：uint8，高 × 宽 × 3。几张图怎样接成一张？"
    height, width = strip.shape[:2]
    if width != 2 * height:
        return f"两个种子，返回的图高 {height}、宽 {width}。应该左右并排：宽是高的两倍。"
    left, right = strip[:, :height], strip[:, height:]
    if np.array_equal(left, right):
        return "两个种子的图一模一样：种子好像没有用上。"
    turned = np.asarray(function(words, [8, 7]))
    if not (np.array_equal(turned[:, :height], right) and np.array_equal(turned[:, height:], left)):
        return "种子换了次序，图却不只是换了次序。每张图的噪声只由它自己的种子决定吗？"
    if np.array_equal(strip, np.asarray(function(other, [7, 8]))):
        return "换了提示词，图没有变：提示词好像没有用上。"
    return True


@check("02a", "c", title="装得下的提示词", expects="一句英文提示词（字符串）")
def c(prompt: str) -> bool | str:
    """Ask for English, six parts, and 20 to 75 tokens."""
    from aigc_kit.worlds.prompts import decompose, part_names

    if not isinstance(prompt, str) or not prompt.strip():
        return "需要一句话。"
    if any("\u3400" <= letter <= "\u9fff" for letter in prompt):
        return "里面有汉字。SDXL 的编码器只学过英文。"
    tokens = _clip_tokens(prompt)
    if tokens > LONGEST:
        return f"一共 {tokens} 个 token，超过了 {LONGEST}，后面的读不到。先删哪些词影响最小？"
    if tokens < SHORTEST:
        return f"只有 {tokens} 个 token，太短了：六个部分都写上，至少 {SHORTEST} 个。"
    missing = [part_names()[part] for part in decompose(prompt).missing]
    return not missing or f"没有认出这些部分：{'、'.join(missing)}。用逗号把六个部分隔开，从词库里挑词最稳妥。"


@check("02a", "d", title="从 v 回到 x₀ 和 ε", expects="一个函数 f(xt, v, alpha_bar)，返回两个数组 (x0, noise)")
def d(function: Callable[[np.ndarray, np.ndarray, float], tuple[np.ndarray, np.ndarray]]) -> bool | str:
    """Ask for both parts of a mixture with known velocity."""
    rng = np.random.default_rng(3)
    for share in (*LEVELS, 0.0):
        x0, noise = rng.standard_normal((4, 50, 50)), rng.standard_normal((4, 50, 50))
        signal, rest = share**0.5, (1 - share) ** 0.5
        parts = function(signal * x0 + rest * noise, signal * noise - rest * x0, share)
        if not isinstance(parts, (tuple, list)) or len(parts) != 2:
            return "要返回两样东西：(x0, noise)。"
        clean, waste = (np.asarray(part, dtype=np.float64) for part in parts)
        if np.allclose(clean, noise, atol=1e-6) and np.allclose(waste, x0, atol=1e-6):
            return "两样都对，次序反了：先 x0，后噪声。"
        if not np.isfinite(clean).all():
            return f"ᾱ = {share} 时出现了无穷大：除以了零？这两个未知数不用除法也能解出来。"
        for name, part, truth in (("x0", clean, x0), ("噪声", waste, noise)):
            if part.shape != truth.shape or not np.allclose(part, truth, atol=1e-6):
                return f"ᾱ = {share} 时 {name} 不对。两个方程、两个未知数；两个系数的平方加起来是 1。"
    return True


@check("02a", "e", title="画对的提示词", expects="一句小世界里的提示词（字符串），至少说四个属性")
def e(prompt: str) -> bool | str:
    """Let the tiny model draw eight seeds, and read them."""
    from aigc_kit.make import image
    from aigc_kit.make.image import measures
    from aigc_kit.worlds.tinyworld import vocab

    attributes = vocab.spec_of(prompt).known()
    if len(attributes) < 4:
        words = "、".join(attributes.values()) or "没有"
        return f"小世界只听懂了 {len(attributes)} 个属性：{words}。再说上颜色、场景、画风、光线、大小、位置。"
    plan = image.plan_for(prompt, card="tinysdxl", seed=0, batch=SEEDS, steps=15)
    right = sum(all(picture.values()) for picture in measures.shows(image.run(plan)))
    hint = (
        f"{SEEDS} 张图、{len(attributes)} 个属性，全部画对的只有 {right} 张。哪种主体、哪种画风它画得最稳？换一个再试。"
    )
    return bool(right >= ENOUGH) or hint


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
