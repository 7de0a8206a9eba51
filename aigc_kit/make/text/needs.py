"""Plan language models.

Weights and KV cache are counted exactly; the peak adds what was seen on top of them, and the time follows from memory
traffic, since every new token reads all weights once.
"""

from dataclasses import replace

from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Card, Change, Figure, FrozenMap, Plan, Request, Words
from aigc_kit.core.types.atoms import shown
from aigc_kit.core.units import MIB, format_bytes
from aigc_kit.make.text.settings import TOP_N, engine_of
from aigc_kit.memory.plan.options import MARGIN

DTYPE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
# What a run adds to the process besides weights and cache, as seen on a 2-core x86-64 machine
BUFFER_BYTES = {"transformers": 40 * MIB, "llama.cpp": 90 * MIB}
RSS_NOISE = 32 * MIB  # pages that the system takes away or gives back while nobody asks
# Python with the libraries and no model; always of the host's memory
LIBRARY_BYTES = {"transformers": 420 * MIB, "llama.cpp": 150 * MIB}
GGUF_BYTES, GGUF_ERROR = 0.85, 0.2  # bytes a parameter of a 4-bit file: 0.73 and 0.99 in the two that are known
# Seconds a token: how often the weights' bytes are worth reading (4-bit weights are unpacked on the way), and what a
# layer costs besides; seen with SmolLM2 and the poem model on the same machine
MEMORY_PASSES = {"transformers": 1.0, "llama.cpp": 2.5}
LAYER_SECONDS = 6e-4


def resolve(request: Request, budget: Budget, card: Card) -> Plan:
    """Resolve a request for a language model."""
    engine = engine_of(request, card)
    request, changes = _resolve_text(request.change(engine=engine), card)
    plan = Plan(
        request=request,
        card=card,
        budget=budget,
        dtypes=FrozenMap(model="unknown"),
        placement=FrozenMap(model="server"),
        attention="library",
        vae=FrozenMap(),
        prediction=FrozenMap(),
        changes=changes,
        reasons=(Words("the model runs on a server", "模型在服务器上运行，本机只收发文字"),),
    )
    if engine == "endpoint":
        return plan
    device = "cuda" if budget.device == "cuda" and engine == "transformers" else "cpu"
    dtype, reason = _text_dtype(engine, device, budget)
    weights, cache = _weight_bytes(card, engine, dtype), _cache_bytes(card, request, dtype)
    prediction = {"weights": weights, "kv_cache": cache, "peak": _peak(weights, cache, engine)}
    fit = _check_fit(card, engine, device, prediction["peak"], budget)
    if budget.bandwidth:
        prediction["seconds"] = _seconds(card, request, weights, cache, budget)
    return replace(
        plan,
        dtypes=FrozenMap(model=dtype),
        placement=FrozenMap(model=device),
        attention="library" if engine == "llama.cpp" else "sdpa",
        prediction=FrozenMap(prediction),
        reasons=(reason, *_few_candidates(request, engine), fit),
    )


def _few_candidates(request: Request, engine: str) -> tuple[Words, ...]:
    """Say that llama.cpp draws from a list of tokens."""
    top_k = request.extra.get("top_k")
    if engine != "llama.cpp" or request.extra.get("search") in ("greedy", "beam") or (top_k and top_k <= TOP_N):
        return ()
    return (
        Words(
            f"llama.cpp lists the {TOP_N:,} most probable tokens and the draw is from these; labels['cut_mass'] bounds "
            "what the others would have had after temperature",
            f"llama.cpp 只列出概率最高的 {TOP_N:,} 个 token，抽样只在其中进行；"
            "其余的调温后占多少（下限，上限）见 labels['cut_mass']",
        ),
    )


def _resolve_text(request: Request, card: Card) -> tuple[Request, tuple[Change, ...]]:
    """Fill in the card's defaults, and cut to the context."""
    extra = FrozenMap(card.defaults, **{k: v for k, v in request.extra.items() if v is not None})
    limit, length = card.facts.max_context, extra["max_new_tokens"]
    if not isinstance(length, int) or isinstance(length, bool) or length < 1:
        raise BadInput(
            asked=f"max_new_tokens={shown(length)}",
            found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
            todo=Words("choose 1 or more", "改成 1 或更大"),
        )
    if request.batch != 1:
        raise BadInput(
            asked=f"batch={request.batch}",
            found=Words("texts are made one at a time", "文字一次只生成一段"),
            todo=Words("loop over seeds", "用循环换着种子生成"),
        )
    if length < limit:
        return replace(request, extra=extra), ()
    why = Words(
        f"the model sees at most {limit} tokens, the prompt included",
        f"模型的上下文最多 {limit} 个 token，提示词也算在内",
    )
    request = replace(request, extra=extra.put(max_new_tokens=limit - 1))
    return request, (Change("max_new_tokens", length, limit - 1, why),)


def _text_dtype(engine: str, device: str, budget: Budget) -> tuple[str, Words]:
    if engine == "llama.cpp":
        return "q4", Words("the file holds 4-bit weights; llama.cpp computes on them", "文件是 4 比特权重，直接计算")
    if device == "cpu":
        return "float32", Words(
            "on a CPU float32 is the exact and usually the faster choice", "在 CPU 上用 float32：准确，通常也更快"
        )
    if budget.capabilities.get("bf16"):
        return "bfloat16", Words("the GPU computes in bfloat16", "显卡支持 bfloat16")
    return "float16", Words("the GPU has no bfloat16, so float16", "显卡不支持 bfloat16，用 float16")


def _weight_bytes(card: Card, engine: str, dtype: str) -> Figure:
    if engine == "llama.cpp":
        sizes = [file.bytes for file in card.sources[0].files]
        if sizes and None not in sizes:
            rule = Words("size of the model file", "模型文件的大小")
            return Figure(sum(size or 0 for size in sizes), "B", "published", rule)
    if card.params is None:
        raise BadInput(
            asked=Words(f"a plan for {card.name!r}", f"为 {card.name!r} 做方案"),
            found=Words(
                "its card gives neither the size of its file nor the number of its parameters",
                "它的卡里既没有文件大小，也没有参数个数",
            ),
            todo=Words("add params=Figure(...) to the card", "在卡里加上 params=Figure(...)"),
        )
    if engine == "llama.cpp":
        rule = Words(
            f"parameters x {GGUF_BYTES:g} bytes each, since the card does not give the file's size",
            f"参数个数 × {GGUF_BYTES:g} 字节（模型卡没有写文件大小）",
        )
        return Figure(card.params.value * GGUF_BYTES, "B", "predicted", rule, error=GGUF_ERROR)
    rule = Words("parameters x bytes each", "参数个数 × 每个的字节数")
    return Figure(card.params.value * DTYPE_BYTES[dtype], "B", "predicted", rule, error=0.01)


def _cache_bytes(card: Card, request: Request, dtype: str) -> Figure:
    """Count keys and values of every layer for the context.

    A prompt has at most one token a byte.
    """
    facts = card.facts
    length = min(len(request.prompt.encode()) + request.extra["max_new_tokens"], facts.max_context)
    per_token = 2 * facts.layers * facts.kv_heads * facts.head_dim * DTYPE_BYTES.get(dtype, 2)
    rule = Words(
        f"2 x {facts.layers} layers x {facts.kv_heads} heads x {facts.head_dim} x <= {length} tokens",
        f"2 × {facts.layers} 层 × {facts.kv_heads} 个头 × {facts.head_dim} × 至多 {length} 个 token",
    )
    return Figure(per_token * length, "B", "predicted", rule, error=0.5)


def _peak(weights: Figure, cache: Figure, engine: str) -> Figure:
    """Predict what the process grows by."""
    buffers = BUFFER_BYTES[engine]
    total = 1.02 * weights.value + cache.value + buffers
    rule = Words(
        f"weights x 1.02 + KV cache + {format_bytes(buffers)} of buffers, beside the libraries",
        f"权重 × 1.02 + KV 缓存 + 缓冲区 {format_bytes(buffers)}，库本身不算在内",
    )
    return Figure(total, "B", "predicted", rule, error=0.25 + RSS_NOISE / total)


def _seconds(card: Card, request: Request, weights: Figure, cache: Figure, budget: Budget) -> Figure:
    tokens, engine = request.extra["max_new_tokens"], request.extra["engine"]
    assert budget.bandwidth is not None
    passes = MEMORY_PASSES[engine]
    per_token = passes * (weights.value + cache.value / 2) / budget.bandwidth + card.facts.layers * LAYER_SECONDS
    rate, layer = f"{budget.bandwidth / 1e9:.1f} GB/s", f"{LAYER_SECONDS * 1e3:g} ms"
    rule = Words(
        f"{tokens} tokens x {passes:g} x (weights + half the cache) / {rate} + {layer} a layer",
        f"{tokens} 个 token × {passes:g} ×（权重 + 一半缓存）÷ {rate} + 每层 {layer}",
    )
    return Figure(tokens * per_token, "s", "predicted", rule, error=0.5)


def _check_fit(card: Card, engine: str, device: str, peak: Figure, budget: Budget) -> Words:
    """Say that it fits: libraries share the host's memory.

    On a CPU the model shares it with them, on a GPU not.

    Raises:
        DoesNotFit: it does not.
    """

    def check(size: float, free: int, what: Words) -> tuple[str, str]:
        if size > MARGIN * free:
            raise _does_not_fit(
                card, engine, Words(f"{format_bytes(size)} {what}", f"要 {format_bytes(size)} {what.zh}"), size, free
            )
        return format_bytes(free), format_bytes(size)

    libraries, interval = LIBRARY_BYTES[engine], f"(±{peak.error:.0%})"
    if device == "cuda":
        check(libraries, budget.ram_free_bytes, Words("of main memory for the libraries", "给程序库的内存"))
        free, size = check(peak.value, budget.free_bytes, Words(f"predicted {interval}", f"显存（预测，{interval}）"))
        return Words(f"{free} are free on the GPU, {size} are predicted", f"显存空闲 {free}，预测需要 {size}")
    room = budget.free_bytes if budget.device == "cpu" else budget.ram_free_bytes
    free, size = check(
        peak.value + libraries,
        room,
        Words(f"predicted with the libraries {interval}", f"内存（预测，连同程序库，{interval}）"),
    )
    return Words(f"{free} are free, {size} are predicted with the libraries", f"空闲 {free}，连同程序库预测需要 {size}")


def _does_not_fit(card: Card, engine: str, found: Words, size: float, free: int) -> DoesNotFit:
    todo = Words(
        f"free {format_bytes(int(size / MARGIN - free) + 1)} more",
        f"再空出 {format_bytes(int(size / MARGIN - free) + 1)}",
    )
    if engine != "llama.cpp" and "llama.cpp" in card.facts.engines:
        todo += Words(", or ask for engine='llama.cpp' (4-bit weights)", "，或改用 engine='llama.cpp'（4 比特权重）")
    return DoesNotFit(
        asked=Words(f"{card.name} on the {engine} engine", f"用 {engine} 引擎运行 {card.name}"),
        found=found + Words(f", {format_bytes(free)} free", f"，空闲 {format_bytes(free)}"),
        todo=todo,
    )
