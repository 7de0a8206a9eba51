"""Write what fixed seeds make, and compare two such files.

    python -m tests.same_bytes OUT.json          # the tiny tier, offline, on the processor
    python -m tests.same_bytes OLD.json NEW.json  # what differs; exit status 1 when bytes do

Section "bytes" holds name -> sha256 of what was made, "plans" and "records" texts that a new wording may change. A
result may differ between machines, BLAS builds and thread counts: compare two commits on one machine,
with the same processors to run on.
"""

import argparse
import difflib
import hashlib
import json
import os
import random
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.update(AIGC_OFFLINE="1", AIGC_PROGRESS="0", AIGC_TIER="tiny")

GIB = 2**30
GPUS = (("T4", 16), ("RTX3060", 12), ("RTX4090", 24), ("V100-32G", 32), ("A100-80G", 80))
SIZES_GIB = (4, 6, 8, 12, 16, 24, 80)
TIMED = {"created", "measured", "seconds", "bandwidth", "versions", "device"}  # of this moment and this machine
MEASURED = re.compile(r"\d[\d.,]*(?= ?(?:[KMGT]i?B|B|s|ms)\b)")
FORMS_OF_WRITING = (
    *("105", "一共1024个", "12,000人", "3.14", "-8", "007", "13.5亿", "第3名", "2个苹果", "第2个", "2号", "１２３"),
    *("90年代", "30年后", "2024年3月5日", "2024-03-05", "2024.1.2", "8:30", "14:20:05", "3:2", "5km", "60 km/h"),
    *("37.5℃", "-5~3°C", "120m²", "16GB", "24kHz", "50%", "10%-20%", "3‰", "¥99", "$3.5", "€20-30", "3-5天"),
    *("1/2", "½", "1+1=2", "5-3=2", "138-0013-8000", "我用Python写了3行code", "www.example.com", "a@b.cn"),
    *("他说:“好(真的)……”", "你好\u200bпривет", "😀真好", "②号", "Ⅳ章", "GPU和AI", "一个一个地走", "不会不去"),
    *("展览馆里有小水塔", "银行行长重新开了会", "长江很长，重量很重", "这里有一百只老虎吗？"),
)
POEM = "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。"
CLIMB = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
POEMS = (POEM, POEM.replace("鸟", "鱼"), "春眠不觉晓。", CLIMB, "abc，春")
ASKED = ("一张可爱小狗在花丛中玩耍的照片", "a red cat, oil painting, night", "甜甜圈变成咖啡杯", "量子", "下雨")
WEIGHTED = ("a ((red)) [cat]", "一只(红色:1.5)的小猫，[森林]", r"a \(real\) (dog:0.5) AND sky", "(unclosed", "plain")
VERSES = (("五言绝句", "春夜", 3, 0.2), ("五言绝句", "秋山", 1, 1.2), ("七言绝句", "江", 2, 0.7))
LONG = "从前有一座山，山里有一座庙。庙里住着一位老和尚和一个小和尚，他们每天一起挑水、扫地、念经。" * 3
SCRIPT = "小明：今天的天气真不错！\n小红（speed=7，pitch=1.1）：是啊。\n（停顿 0.8 秒）\n旁白：他们一起去了公园。"


# What both layouts of the package are called by: all that knows of them is here


def home(*tails: str) -> Any:
    """Import the module of the kit whose path ends so.

    Of several the least deep one; a later tail is of an older layout, taken when the ones before are not there.
    """
    import aigc_kit

    top = Path(aigc_kit.__file__).parent
    paths = [path.relative_to(top).with_suffix("").parts for path in sorted(top.rglob("*.py"))]
    names = [".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in paths]
    for tail in tails:
        ending = tail.replace("/", ".")
        fitting = [name for name in names if f".{name}".endswith(f".{ending}")]
        if fitting:
            return import_module(f"aigc_kit.{min(fitting, key=lambda name: name.count('.'))}")
    raise ImportError(f"the kit has no module {' or '.join(tails)}")


def take_of(kind: str, prompt: str, **values: Any) -> Any:
    """Make one thing by its modality's plan and run."""
    modality = home(kind)
    start = {name: values.pop(name) for name in ("image", "mask") if name in values}
    plan = modality.plan_for(prompt, **values)
    return modality.run(plan, **start) if hasattr(modality, "make") else modality.run(plan.request, plan, **start)


def plan_on(card: str, prompt: str, budget: Any, **values: Any) -> Any:
    """Plan a request for a machine that is not here."""
    request = home("types").Request(card, prompt).change(**values)
    try:
        planner = home("make/run").resolve
    except ImportError:
        planner = home("plan").plan
    return planner(request, budget, home("cards").get(card))


def read_by(take: Any) -> list[Any]:
    """Tell what the encoders read of a prompt."""
    if getattr(take, "words", None):
        words = take.words[0]
        return [words.read, words.tokens, words.cut, words.phrase, words.kept or None]
    return [take.labels.get(key) for key in ("prompt_read", "tokens", "cut", "phrase", "kept")]


# What is made


Made = Iterator[tuple[str, Any]]
SECTIONS_OF_A_FILE = ("bytes", "records", "plans")


def answer(call: Callable[..., Any], *arguments: Any) -> Any:
    """Call something, and take its refusal for an answer."""
    from aigc_kit import AigcError

    try:
        return call(*arguments)
    except AigcError as error:
        return f"{type(error).__name__}: {error}"


def texts() -> Made:
    """Yield texts, by every way of choosing a token."""
    verse = home("verse")
    for form, title, seed, heat in VERSES:
        take = take_of("text", verse.prompt_for(form, title=title), card="poem", temperature=heat, seed=seed)
        yield f"poem/{form}-{title}-{heat}", take
        poem = verse.body_of(take.plan.request.prompt + take.data)
        yield f"poem/{form}-{title}-{heat}/verdict", verse.check(poem, form)
    yield "poem/opening", take_of("text", verse.prompt_for("五言绝句", opening="明月照高楼"), card="poem", seed=1)
    yield "poem/beam", take_of("text", verse.prompt_for("五言绝句", title="雪"), card="poem", search="beam", beams=3)
    start, short = "The future of artificial intelligence will", {"card": "smollm2-135m", "max_new_tokens": 12}
    ways: dict[str, dict[str, Any]] = {
        "sampled": {"temperature": 0.7, "seed": 1},
        "top-k": {"top_k": 20, "seed": 2},
        "top-p": {"top_p": 0.8, "seed": 3},
        "penalty": {"repetition_penalty": 1.3, "seed": 4},
        "all": {"temperature": 1.3, "top_k": 50, "top_p": 0.9, "repetition_penalty": 1.1, "seed": 5},
        "cold": {"temperature": 0},
        "greedy": {"search": "greedy"},
        "beam": {"search": "beam", "beams": 3, "max_new_tokens": 6},
        "stop": {"stop": ",", "seed": 6},
        "creative": {"preset": "creative", "seed": 7},
        "code": {"preset": "code", "seed": 8},
        "chat": {"chat": True, "seed": 9},
        "system": {"chat": True, "system": "Answer in one word.", "seed": 10},
        "llama.cpp": {"engine": "llama.cpp", "seed": 11},
        "llama.cpp-chat": {"engine": "llama.cpp", "chat": True, "search": "greedy"},
    }
    for name, values in ways.items():
        take = take_of("text", start, **{**short, **values})
        yield f"smollm2/{name}", take
        yield f"smollm2/{name}/ids", take.labels["ids"]
    yield "text/chosen", take_of("text", "春风", language="zh-verse", max_new_tokens=6, seed=12)


def verses() -> Made:
    """Yield verdicts over poems, good and bad."""
    verse = home("verse")
    for poem in POEMS:
        for form in ("五言绝句", "七言绝句", "五言律诗"):
            yield f"verse/{form}/{poem[:6]}{len(poem)}{poem[9:11]}", verse.check(poem, form)
    yield "verse/prompt", verse.prompt_for("七言律诗", title="秋", rhyme="东")


def speech() -> Made:
    """Yield waves: texts, controls, joins, pauses, a dialogue."""
    line = "今天的天气真不错，我们去公园吧。"
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "plain": (line, {}),
        "question": ("你吃饭了吗？", {"seed": 2}),
        "numbers": ("2024年3月5日，气温-5℃，花了¥3.5万。", {}),
        "written": ("2024年", {"normalise": False}),
        "letters": ("我用GPU写了3行code😀。", {}),
        "fast": (line, {"speed": 9}),
        "slow": (line, {"speed": 1}),
        "high": (line, {"pitch": 1.4}),
        "loud": (line, {"energy": 1.8}),
        "monotone": (line, {"intonation": 0.0}),
        "sung": (line, {"intonation": 1.8, "pitch": 0.8}),
        "breaks": (line, {"breaks": 7}),
        "no-breaks": (line, {"breaks": 0}),
        "tokens": (line, {"controls": "[break_6][speed_3]"}),
        "inline": ("今天[uv_break]的天气真不错。[lbreak]", {}),
        "ignored": (line, {"oral": 3, "laugh": 1}),
        "long": (LONG, {}),
        "streamed": (LONG[:60], {"stream": True}),
    }
    for name, (text, values) in ways.items():
        yield f"speech/{name}", take_of("speech", text, card="baker", **values)
    voices = ("baker", "baker-low", "baker-high")
    for voice in voices:
        yield f"speech/voice-{voice}", take_of("speech", line, card="baker", voice=voice)
    script, dialogue = home("speech/script", "speech/dialogue"), home("speech/dialogue")
    cast = {"小明": {"voice": voices[0], "speed": 4}, "小红": voices[-1], "旁白": voices[0]}
    play = dialogue.perform(script.parse(SCRIPT), cast, card="baker")
    yield "speech/dialogue", play
    yield "speech/dialogue/cues", play.labels["cues"]
    speakers = home("speech/speakers")
    yield "speech/speaker", speakers.encode([((7 * i) % 19 - 9) / 4 for i in range(speakers.DIM)])


def readings() -> Made:
    """Yield how many written forms are read."""
    frontend = home("speech/frontend")
    for form in FORMS_OF_WRITING:
        reading = frontend.normalise(form)
        yield f"reading/{form}", (reading.spoken, reading.changes, reading.unspoken)
        yield f"reading/{form}/kept", frontend.normalise(form, english="keep").spoken
        yield f"reading/{form}/pinyin", frontend.syllables(reading.spoken)


def pictures() -> Made:
    """Yield pictures: prompts, weights, batches, schedulers, sizes, retouching."""
    cat, few = "一只红色的小猫，森林，油画", {"steps": 3, "seed": 7}
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "zh": (cat, {}),
        "en": ("a blue fish in the sea, ink painting", {}),
        "course": ("一张可爱小狗在花丛中玩耍的照片", {"height": 1024, "width": 1024}),
        "unknown": ("量子色动力学", {}),
        "traditional": ("一隻紅色的貓", {}),
        "long": (cat + "，夜晚，很大，在左边" * 12, {}),
        "negative": (cat, {"negative": "蓝色，城市"}),
        "weights": ("一只(红色:1.5)的小猫，[森林]", {}),
        "no-weights": ("一只(红色:1.5)的小猫", {"weights": False}),
        "weighted-negative": (cat, {"negative": "(蓝色:1.3)"}),
        "batch": (cat, {"batch": 3}),
        "unguided": (cat, {"guidance": 1}),
        "guided": (cat, {"guidance": 9}),
        "other-seed": (cat, {"seed": 8}),
        "more-steps": (cat, {"steps": 9}),
        "wide": (cat, {"height": 96, "width": 160}),
        "small": (cat, {"height": 64, "width": 64}),
        "sliced": (cat, {"vae_slicing": True, "batch": 2}),
        "tiled": (cat, {"vae_tiling": True}),
        "math": (cat, {"attention": "math", "dtype": "float32"}),
        "followed": (cat, {"follow": True}),
    }
    first_take = None
    for name, (prompt, values) in ways.items():
        take = take_of("image", prompt, card="tinysdxl", **{**few, **values})
        first_take = first_take or take
        yield f"image/{name}", take
        yield (
            f"image/{name}/words",
            read_by(take),
        )
    for scheduler in home("image").SCHEDULERS:
        yield f"image/{scheduler}", take_of("image", cat, scheduler=scheduler, steps=4, seed=3)
    first = first_take.data[0]
    start = {"image": first, "seed": 5, "steps": 6}
    yield "image/from", take_of("image", "一只蓝色的小猫", **start)
    yield "image/from-strong", take_of("image", "一只蓝色的小猫", strength=0.9, **start)
    yield "image/inpaint", take_of("image", "一朵花", mask=(32, 32, 96, 96), **start)
    yield "image/inpaint-full", take_of("image", "一朵花", mask=(0, 0, 64, 128), strength=1.0, **start)
    module = home("image")
    yield "image/upscaled", module.upscale(first, 2).data
    pipe = home("loaded", "load").engine(first_take.plan)
    vae = getattr(pipe, "pipe", pipe).vae
    latents = module.encode(vae, first_take.data)
    yield "image/latents", latents.numpy()
    yield "image/decoded", module.decode(vae, latents)
    measures = home("image/measures")
    yield (
        "image/measures",
        (measures.shows(first_take), measures.seen(first_take, "小猫"), measures.diversity(first[None].repeat(2, 0))),
    )


def clips() -> Made:
    """Yield clips: prompts, frames, sizes, the cache."""
    moon, few = "一只小狗在月球上跳舞", {"steps": 2, "seed": 7, "frames": 9}
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "moon": (moon, {}),
        "donut": ("a donut turns into a cup", {}),
        "negative": (moon, {"negative": "low quality, watermark"}),
        "long": (moon, {"frames": 17}),
        "rounded": (moon, {"frames": 16, "height": 480, "width": 832}),
        "cached": (moon, {"first_block_cache": 0.2, "steps": 6}),
        "unguided": (moon, {"guidance": 1}),
        "one": (moon, {"frames": 1}),
        "followed": (moon, {"follow": True}),
    }
    for name, (prompt, values) in ways.items():
        take = take_of("video", prompt, card="tinywan", **{**few, **values})
        yield f"video/{name}", take
        yield f"video/{name}/words", [take.labels.get(key) for key in ("prompt_read", "tokens", "cut", "cache_skipped")]
        if name == "moon":
            yield "video/moon/consistency", home("video/measures").consistency(take.data)
            yield "video/moon/strip", _array(home("video").strip(take.data))


def files() -> Made:
    """Yield files of a fixed clip, and one read back."""
    import numpy as np

    encode = home("media/encode", "encode")
    y, x, t = np.mgrid[0:48, 0:64, 0:12]
    channels = np.stack([x * 3 + t * 5, y * 4, (x + y + 9 * t) % 256], -1).astype(np.uint8)
    frames = np.ascontiguousarray(channels.transpose(2, 0, 1, 3))
    tone = np.sin(np.arange(24000) / 24000 * 2 * np.pi * 440).astype(np.float32) * 0.3
    with tempfile.TemporaryDirectory() as folder:
        ways = {"plain": {}, "titled": {"metadata": {"title": "花"}}, "sound": {"sound": (tone, 24000)}}
        for name, options in ways.items():
            facts = encode.mp4(f"{folder}/{name}.mp4", frames, 12, **options)
            yield f"encode/{name}.mp4", Path(folder, f"{name}.mp4").read_bytes()
            yield f"encode/{name}.mp4/frames", (facts.frames, str(facts.fps))
        yield "encode/read", np.stack(list(encode.read_frames(f"{folder}/plain.mp4")))
        for name in ("gif", "webp"):
            getattr(encode, name)(f"{folder}/clip.{name}", frames, 10)
            yield f"encode/clip.{name}", Path(folder, f"clip.{name}").read_bytes()
    yield "encode/sheet", _array(encode.contact_sheet(frames, 12))
    yield "encode/sheet-5", _array(encode.contact_sheet(frames, 12, most=5, columns=2, width=48))
    to_frames = home("media/frames", "frames").to_frames
    yield "frames/bytes", to_frames(frames)
    yield "frames/floats", to_frames((frames / 255).astype(np.float32))


def solids() -> Made:
    """Yield meshes with their topology, and pictures of them."""
    import numpy as np

    topology = home("topology")
    meshes = {
        **{name: getattr(topology, name)() for name in ("sphere", "cube", "octahedron", "torus", "double_torus")},
        "klein_bottle": topology.klein_bottle(),
        **{f"mug-{t}": topology.mesh_of(topology.donut_to_mug(t), cell=0.1) for t in (0.0, 0.3, 0.7, 1.0)},
    }
    for name, (family, _, _) in topology.TEARING.items():
        for t in (0.2, 0.8):
            meshes[f"{name}-{t}"] = topology.mesh_of(family(t), cell=0.1)
    for name, mesh in meshes.items():
        yield f"mesh/{name}", (mesh.vertices, mesh.faces)
        yield f"mesh/{name}/topology", answer(topology.topology, mesh)
    yield "mesh/moment", topology.moment(topology.TEARING["剪断"][0], tolerance=0.1, cell=0.1)
    mug = topology.donut_to_mug(0.5)
    mesh = topology.mesh_of(mug, cell=0.1)
    yield "solid/plain", topology.render(mesh, size=128)
    yield "solid/turned", topology.render(mesh, topology.Camera(turn=40, rise=50, zoom=1.3), size=128, gold=0.2)
    yield "solid/gilded", topology.render(mesh, size=96, gold=topology.gilding(0.5, mesh.vertices), field=mug)
    yield "solid/bare", topology.render(topology.torus(), size=96, lines=False, floor=False)
    yield "solid/normals", np.round(topology.normals(mesh), 9)


def worlds() -> Made:
    """Yield drawings, captions, readings and clips of the tiny world."""
    tinyworld, rng = home("tinyworld"), random.Random(5)
    specs = [tinyworld.Spec.sample(rng) for _ in range(36)]
    drawings = [tinyworld.render(spec, seed=index) for index, spec in enumerate(specs)]
    for index, spec in enumerate(specs):
        yield f"world/{index}", drawings[index]
        words = [tinyworld.caption(spec, random.Random(index), language) for language in ("zh", "en")]
        yield f"world/{index}/words", (*words, tinyworld.canonical(spec), tinyworld.canonical(spec, "en"))
    yield "world/wide", tinyworld.render(specs[0], 96, 200, 3)
    yield "world/mask", tinyworld.render_with_mask(specs[1], 64, 64, 4)[1]
    yield "world/read", home("tinyworld/checker").read(drawings[:12])
    motion = home("tinyworld/motion")
    for index in range(6):
        yield f"world/clip-{index}", motion.film(motion.ClipSpec().fill(rng), 9, 64, 64, index)
    vocab, clip_vocab = home("tinyworld/vocab"), home("tinyworld/clip_vocab")
    for prompt in ASKED:
        yield f"world/phrase/{prompt}", vocab.phrase(prompt)
        yield f"world/clip-phrase/{prompt}", clip_vocab.clip_phrase(prompt)


def prompts() -> Made:
    """Yield what the prompt tools make of prompts."""
    module = home("worlds/prompts", "prompts")
    for text in WEIGHTED:
        tree = answer(module.parse, text)
        yield f"prompts/{text}/tree", tree
        if not isinstance(tree, str):
            yield f"prompts/{text}/pieces", [module.flatten(condition) for condition in tree.conditions]
    for text in ("一只可爱的小狗", "一张可爱小狗在花丛中玩耍的照片", "a cat, oil painting, best quality" * 9):
        yield f"prompts/{text[:20]}/translated", module.translate(text)
        yield f"prompts/{text[:20]}/budget", module.budget(text)
        yield f"prompts/{text[:20]}/parts", module.decompose(text)
    yield "prompts/composed", module.compose({"subject": "一只猫", "style": "油画"}).text


def plans() -> Iterator[tuple[str, str]]:
    """Yield plans and refusals in words, in both languages."""
    machines = home("plan/machines")
    gpus = {f"{gib}GiB": machines.a_gpu(gib * GIB) for gib in SIZES_GIB}
    gpus |= {name: machines.a_gpu(name=name) for name, _ in GPUS}
    requests: dict[str, tuple[str, str, dict[str, Any]]] = {
        "sdxl": ("sdxl", "一只小狗", {}),
        "sdxl-batch": ("sdxl", "一只小狗", {"batch": 4, "height": 768, "width": 768}),
        "sd15": ("sd15", "a dog", {}),
        "kolors": ("kolors", "一只小狗", {}),
        "wan": ("wan2.1-1.3b", "一只小狗", {"steps": 20}),
        "wan-81": ("wan2.1-1.3b", "一只小狗", {"frames": 81, "height": 480, "width": 832}),
        "wan-14b": ("wan2.1-14b", "一只小狗", {"frames": 17}),
        "tinysdxl": ("tinysdxl", "一只小狗", {}),
        "tinywan": ("tinywan", "小猫", {}),
        "chattts": ("chattts", "今天天气真好。", {}),
        "baker": ("baker", "今天天气真好。", {}),
        "qwen": ("qwen2.5-0.5b", "hello", {"max_new_tokens": 95}),
        "smollm2": ("smollm2-135m", "hello", {"engine": "llama.cpp"}),
        "sdxl-group": ("sdxl", "a dog", {"placement": "group"}),
        "sdxl-fp32": ("sdxl", "a dog", {"dtype": "float32"}),
    }
    for name, (card, prompt, values) in requests.items():
        for gpu, budget in gpus.items():
            plan = answer(partial(plan_on, card, prompt, budget, **values))
            for language in ("zh", "en"):
                yield f"{name}/{gpu}/{language}", plan if isinstance(plan, str) else plan.explain(language)


SECTIONS: tuple[Callable[[], Made], ...] = (
    texts,
    verses,
    speech,
    readings,
    pictures,
    clips,
    files,
    solids,
    worlds,
    prompts,
)


def _array(picture: Any) -> Any:
    import numpy as np

    return np.asarray(picture)


def digest(value: Any) -> str:
    """Give the sha256 of a value's bytes."""
    return hashlib.sha256(as_bytes(value)).hexdigest()


def as_bytes(value: Any) -> bytes:
    """Write a value without the names of types and fields.

    So a type or a field with a new name is no other value; an array counts with its type and shape.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if hasattr(value, "tobytes"):
        return f"{value.dtype}{value.shape}".encode() + value.tobytes()
    if is_dataclass(value):
        value = [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, Mapping):
        value = sorted(value.items(), key=repr)
    if isinstance(value, list | tuple | set | frozenset):
        parts = [digest(part) for part in value]
        return f"[{', '.join(sorted(parts) if isinstance(value, set | frozenset) else parts)}]".encode()
    return repr(value).encode()


def blotted(value: Any, key: str = "") -> Any:
    """Blot what another moment or machine changes.

    That is times, free memory, versions and the last digits of floats; digests stay.
    """
    if isinstance(value, dict):
        if key == "budget":
            return sorted(value)
        return {name: "…" if name in TIMED else blotted(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [blotted(inner, key) for inner in value]
    if isinstance(value, float):
        return float(f"{value:.3g}")
    if isinstance(value, str) and key in ("en", "zh", "why", "why_zh", "text", "how", "source"):
        return MEASURED.sub("…", value)
    return value


def made(parts: list[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Make all sections or the named ones.

    Returns:
        Section of the file -> name -> digest or text; and the sections that broke on the way.
    """
    out: dict[str, dict[str, str]] = {section: {} for section in SECTIONS_OF_A_FILE}
    failures = []
    for section in (*SECTIONS, plans):
        if parts and section.__name__ not in parts:
            continue
        began = time.perf_counter()
        try:
            for name, value in section():
                if section is plans:
                    out["plans"][name] = value
                else:
                    note(out, name, value)
        except Exception:
            traceback.print_exc()
            failures.append(section.__name__)
        print(f"{section.__name__}: {time.perf_counter() - began:.1f} s", file=sys.stderr)
    return out, failures


def note(out: dict[str, dict[str, str]], name: str, value: Any) -> None:
    """Note the digest of a value; of a take all.

    That is also the digests of the files that its record names, and the record.
    """
    assert name not in out["bytes"], name
    if not hasattr(value, "plan"):
        out["bytes"][name] = digest(value)
        return
    out["bytes"][name] = digest(value.data)
    with tempfile.TemporaryDirectory() as folder:
        path = home("record").save(value, Path(folder), name.replace("/", "-"))
        data = json.loads(path.read_text(encoding="utf-8"))
    out["records"][name] = json.dumps(blotted(data), ensure_ascii=False, indent=1, sort_keys=True)
    out["bytes"] |= {f"{name}/{file}": sha256 for file, sha256 in data["outputs"].items()}


def machine() -> dict[str, str]:
    """Say what changes the last bits: sounds and MP4 files depend on it."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processors": str(processors), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "")}


def differences(old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield (section, line) for each name that differs."""
    for section in SECTIONS_OF_A_FILE:
        for name in sorted({*old[section], *new[section]}):
            then, now = old[section].get(name), new[section].get(name)
            if then == now:
                continue
            if then is None or now is None:
                yield section, f"{name}: only in the {'new' if then is None else 'old'} one"
            elif section == "bytes":
                yield section, f"{name}: {then[:12]} -> {now[:12]}"
            else:
                lines = difflib.unified_diff(then.splitlines(), now.splitlines(), lineterm="", n=0)
                apart = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
                yield section, "\n    ".join([f"{name}:", *apart])


def main() -> int:
    """Write one file, or compare two."""
    parser = argparse.ArgumentParser(prog="python -m tests.same_bytes", description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE", help="one: write it; two: compare them")
    parser.add_argument("--only", action="append", default=[], help="a section, such as pictures; may repeat")
    args = parser.parse_args()
    if len(args.files) == 1:
        out, failures = made(args.only)
        text = json.dumps({**out, "machine": machine()}, ensure_ascii=False, indent=1, sort_keys=True)
        Path(args.files[0]).write_text(text + "\n", encoding="utf-8")
        if failures:
            print(f"broken off: {', '.join(failures)}", file=sys.stderr)
        return bool(failures)
    old, new = (json.loads(Path(file).read_text(encoding="utf-8")) for file in args.files[:2])
    lines = list(differences(old, new))
    for section, line in lines:
        print(f"[{section}] {line}")
    if old["machine"] != new["machine"]:
        print(f"made on different machines: {old['machine']}, {new['machine']}")
    for section in SECTIONS_OF_A_FILE:
        count = sum(one == section for one, _ in lines)
        print(f"{section}: {count} of {len({*old[section], *new[section]})} differ")
    return any(section == "bytes" for section, _ in lines)


if __name__ == "__main__":
    raise SystemExit(main())
