"""The advice of errors about speech, text, measures, memory, models and teaching is followed here, and works."""
# ruff: noqa: E501, F401  (the rows use these names)

from dataclasses import replace

import numpy as np
import pytest

from aigc_kit import cards, text
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make import image, speech, video
from aigc_kit.make.image import comparison, measures, pixels
from aigc_kit.make.run import resolve
from aigc_kit.make.speech import controls, dialogue, speaker_store, speakers, split
from aigc_kit.make.speech.engines import chattts_text
from aigc_kit.make.speech.settings import Settings
from aigc_kit.make.speech.speakers import Speaker
from aigc_kit.make.text import sampling, tokens
from aigc_kit.make.text.measures import distinct_n, entropy
from aigc_kit.make.text.settings import wording
from aigc_kit.make.video import measures as clips
from aigc_kit.media.frames import to_frames
from aigc_kit.memory import footprint
from aigc_kit.memory.plan import machines, what_ifs
from aigc_kit.teach import checks, labs
from aigc_kit.teach.show import prediction
from tests.advice.following import follow, rows

ROWS = rows("""
# voices
speech.plan_for("你好", speed=12) ⇒ choose speed from (\\d) to (\\d)
    ⇒ [speech.plan_for("你好", speed=said(n)) for n in (1, 2)]
speech.plan_for("你好", pitch=9) ⇒ choose pitch from ([\\d.]+) to ([\\d.]+)
    ⇒ [speech.plan_for("你好", pitch=said(n)) for n in (1, 2)]
planned("chattts", top_k=0) ⇒ say (\\d+), or (None) ⇒ [planned("chattts", top_k=said(n)) for n in (1, 2)]
speech.plan_for("你好", voice=5) ⇒ give a text as voice ⇒ speech.plan_for("你好", voice="baker")
speech.plan_for("你好", voice=" ") ⇒ or leave it out ⇒ speech.plan_for("你好")
speech.plan_for("你好", voice="alice") ⇒ choose one of these ⇒ speech.plan_for("你好", voice=BAKER.facts.voices[0])
speech.plan_for("你好", batch=2) ⇒ loop over texts ⇒ [speech.plan_for(text) for text in ("你好", "再见")]
speech.plan_for("你好", normalise="no") ⇒ normalise=(True) or normalise=(False)
    ⇒ [speech.plan_for("你好", normalise=said(n)) for n in (1, 2)]
speech.plan_for("你好[smile]") ⇒ [（(]|choose|write|take ⇒ speech.plan_for("你好（smile）")
speech.plan_for("你好]") ⇒ take it out, or write (］) ⇒ [speech.plan_for("你好" + sign) for sign in ("", said())]
speech.plan_for("你好[laugh") ⇒ close it with ] ⇒ speech.plan_for("你好[laugh]")
controls.show({"spede": 3}) ⇒ choose from (\\w+), ⇒ controls.show({said(): 3})
controls.show({"speed": 33}) ⇒ a level from (\\d) to (\\d), or (None) ⇒ [controls.show({"speed": said(n)}) for n in (1, 2, 3)]
dialogue.parse(5) ⇒ pass a str ⇒ dialogue.parse("小明：你好！")
dialogue.parse("") ⇒ write lines such as (.*) ⇒ dialogue.parse(said())
dialogue.parse("你好！") ⇒ such as (.*) ⇒ dialogue.parse(said())
dialogue.parse("（停顿1秒）\\n甲：好") ⇒ between two lines ⇒ dialogue.parse("甲：好\\n（停顿1秒）\\n乙：走")
dialogue.parse("甲：好\\n（停顿很久）") ⇒ write (（.*）) ⇒ dialogue.parse("甲：好\\n" + said() + "\\n乙：走")
dialogue.parse("甲：好\\n（停顿 900 秒）\\n乙：走") ⇒ such as (（.*）) ⇒ dialogue.parse("甲：好\\n" + said() + "\\n乙：走")
dialogue.parse("甲：") ⇒ write words behind the colon ⇒ dialogue.parse("甲：好")
dialogue.parse("甲：好", roles=("乙",)) ⇒ choose from (\\w) ⇒ dialogue.parse(said() + "：好", roles=("乙",))
dialogue.parse("甲（loud=1）：好") ⇒ name=number, with one of (\\w+) ⇒ dialogue.parse(f"甲（{said()}=1）：好")
dialogue.parse("甲（speed=99）：好") ⇒ choose speed from (\\d) to (\\d) ⇒ dialogue.parse(f"甲（speed={said(2)}）：好")
dialogue.plans(dialogue.parse("甲：好"), {}) ⇒ cast=(\\{'甲': )'a voice' ⇒ dialogue.plans(dialogue.parse("甲：好"), {"甲": "baker"})
speakers.check_name("a/b") ⇒ such as (\\S+) or (\\S+) ⇒ [speakers.check_name(said(n)) for n in (1, 2)]
speakers.decode("") ⇒ paste the string that `export` ⇒ speakers.decode(CODE)
speakers.decode(CODE[:-3]) ⇒ copy the whole ⇒ speakers.decode(CODE)
speakers.decode(CODE, 5) ⇒ a string of the same model ⇒ speakers.decode(CODE, 768)
speakers.blend(A, B, 3) ⇒ ([\\d.]+) is halfway ⇒ speakers.blend(A, B, said())
speakers.blend(A, C, 0.5) ⇒ choose two of one engine ⇒ speakers.blend(A, B, 0.5)
speakers.blend(C, OPPOSITE, 0.5) ⇒ choose another weight ⇒ speakers.blend(C, OPPOSITE, 0.4)
Speaker("甲", "fastspeech2", settings={"pitch": 99}) ⇒ choose pitch from ([\\d.]+) to
    ⇒ Speaker("甲", "fastspeech2", settings={"pitch": said()})
Speaker("甲", "fastspeech2", settings={"mood": 1}) ⇒ choose from (\\w+), ⇒ Speaker("甲", "fastspeech2", settings={said(): 1})
Speaker("甲", "fastspeech2", settings={"voice": "a", "mix": {"a": 1.0}}) ⇒ keep one of the two
    ⇒ Speaker("甲", "fastspeech2", settings={"voice": "a"})
Speaker("甲", "fastspeech2", settings={"mix": {"a": 3}}) ⇒ weights that sum to (1)
    ⇒ Speaker("甲", "fastspeech2", settings={"mix": {"a": said()}})
speaker_store.get("没有") ⇒ (keep)\\(speaker\\) ⇒ [speaker_store.keep(replace(A, name="没有")), speaker_store.get("没有")]
kept_again() ⇒ (replace)=(True) ⇒ kept_again(**{said(1): said(2)})
split.sentences("你好。", 1) ⇒ choose (\\d+) or more; (\\d+) is usual ⇒ [split.sentences("你好。", said(n)) for n in (1, 2)]
chattts_text.check(Settings(pitch=1.5), ["你好"]) ⇒ leave (pitch) out ⇒ chattts_text.check(Settings(), ["你好"])
chattts_text.check(Settings(refine=False, oral=3), ["你好"]) ⇒ say refine=(True), or put (\\[uv_break\\])
    ⇒ [chattts_text.check(Settings(refine=said(), oral=3), ["你好"]), chattts_text.check(Settings(refine=False), ["你好[uv_break]"])]
chattts_text.check(Settings(), ["你[uv_break]好"]) ⇒ say refine=(False) .* or take them out
    ⇒ [chattts_text.check(Settings(refine=said()), ["你[uv_break]好"]), chattts_text.check(Settings(), ["你好"])]
chattts_text.fit("3.5", {}) ⇒ write numbers and signs in words, or leave normalise=(True)
    ⇒ [chattts_text.fit("三点五", {}), chattts_text.fit(speech.normalise("3.5").spoken, {})]
# texts
text.plan_for("春", card="poem", temperature=-1) ⇒ say ([\\d.]+); ⇒ text.plan_for("春", card="poem", temperature=said())
text.plan_for("春", card="poem", top_p=0) ⇒ say ([\\d.]+); ⇒ text.plan_for("春", card="poem", top_p=said())
text.plan_for("春", card="poem", top_k=0) ⇒ say (\\d+); ⇒ text.plan_for("春", card="poem", top_k=said())
text.plan_for("春", card="poem", repetition_penalty=0) ⇒ ([\\d.]+) is off, ([\\d.]+) is strong
    ⇒ [text.plan_for("春", card="poem", repetition_penalty=said(n)) for n in (1, 2)]
text.plan_for("春", card="poem", max_new_tokens="many") ⇒ say (\\d+) ⇒ text.plan_for("春", card="poem", max_new_tokens=said())
text.plan_for("春", card="poem", search="beam", beams=1) ⇒ one beam is search='(greedy)'
    ⇒ text.plan_for("春", card="poem", search=said())
text.plan_for("春", card="poem", search="bean") ⇒ choose (\\w+), (\\w+) or (\\w+)
    ⇒ [text.plan_for("春", card="poem", search=said(n)) for n in (1, 2, 3)]
text.plan_for("春", card="poem", chat="yes") ⇒ chat=(True) or chat=(False) ⇒ text.plan_for("春", card="poem", chat=said(2))
text.plan_for("春", card="poem", stop=[""]) ⇒ give non-empty texts ⇒ text.plan_for("春", card="poem", stop=["。"])
text.plan_for("春", card="poem", engine="vllm") ⇒ say engine=('\\w+'), or leave
    ⇒ text.plan_for("春", card="poem", engine=said())
text.plan_for("春", card="poem", preset="wild") ⇒ choose from (\\w+) ⇒ text.plan_for("春", card="poem", preset=said())
text.plan_for("春", card="poem", batch=3) ⇒ loop over seeds ⇒ [text.plan_for("春", card="poem", seed=seed) for seed in range(3)]
wording("spring", POEM) ⇒ write '(<.*>)' ⇒ wording(said(), POEM)
wording("spring", POEM) ⇒ of up to (\\d) characters ⇒ wording("春" * said(), POEM)
text.plan_for("春", card="poem", height=64) ⇒ leave it out ⇒ text.plan_for("春", card="poem")
text.plan_for("a cat", card="tinysdxl") ⇒ choose (?:from|one of)? ?'?([\\w.-]+) ⇒ text.plan_for("春", card=said())
sampling.apply_temperature(SCORES, -1) ⇒ say ([\\d.]+) ⇒ sampling.apply_temperature(SCORES, said())
sampling.top_k(SCORES, 0) ⇒ say (\\d+); V keeps all ⇒ [sampling.top_k(SCORES, k) for k in (said(), len(SCORES))]
sampling.top_p(SCORES, 0) ⇒ say ([\\d.]+); (1) keeps all ⇒ [sampling.top_p(SCORES, said(n)) for n in (1, 2)]
sampling.repetition_penalty(SCORES, [0], 0) ⇒ choose ([\\d.]+) \\(off\\) to about ([\\d.]+)
    ⇒ [sampling.repetition_penalty(SCORES, [0], said(n)) for n in (1, 2)]
sampling.softmax(SCORES - np.inf) ⇒ leave at least one finite score ⇒ sampling.softmax(SCORES)
sampling.softmax(SCORES[None]) ⇒ an array \\(V,\\) ⇒ sampling.softmax(SCORES)
sampling.draw(-SCORES, np.random.default_rng(0)) ⇒ pass softmax\\(logits\\)
    ⇒ sampling.draw(sampling.softmax(SCORES), np.random.default_rng(0))
entropy(SCORES) ⇒ such as softmax\\(logits\\) ⇒ entropy(sampling.softmax(SCORES))
distinct_n(["春眠"], 0) ⇒ n = (\\d) ⇒ distinct_n(["春眠不觉晓"], said())
tokens.read("", "utf-8") ⇒ at least one character ⇒ tokens.read("猫", "utf-8")
tokens.read("猫", "utf-8").cut(-1) ⇒ choose (0) or more ⇒ tokens.read("猫", "utf-8").cut(said())
# pictures and clips, and what is measured of them
planned("sdxl", strength=2) ⇒ strength=([\\d.]+) ⇒ planned("sdxl", strength=said())
measures.diversity(PICTURE[None]) ⇒ give \\(B, H, W, 3\\) ⇒ measures.diversity(np.stack([PICTURE, PICTURE]))
comparison.check_repeats(0, 3) ⇒ choose (\\d) or more ⇒ comparison.check_repeats(said(), 3)
image.upscale(PICTURE, 1) ⇒ choose (\\d) ⇒ image.upscale(PICTURE, said())
pixels.picture(PICTURE / 255) ⇒ to_frames\\(array\\)\\.data\\[0\\] ⇒ pixels.picture(to_frames(PICTURE / 255).data[0])
pixels.mask(np.zeros((64, 64), bool), (64, 64)) ⇒ make white ⇒ pixels.mask(np.ones((64, 64), bool), (64, 64))
clips.consistency(np.zeros((2, 9, 9, 3))) ⇒ to_frames\\(\\.\\.\\.\\)\\.data ⇒ clips.consistency(to_frames(FILM / 255).data)
clips.consistency(FILM[:1]) ⇒ it needs (\\d) frames ⇒ clips.consistency(FILM[: said()])
clips.text_similarity(FILM, [], judge=JUDGE) ⇒ name a subject ⇒ clips.text_similarity(FILM, ["cat"], judge=JUDGE)
# memory
machines.a_gpu() ⇒ give one of them ⇒ [machines.a_gpu("8GiB"), machines.a_gpu(name="RTX4090")]
machines.a_gpu(name="RTX 4900") ⇒ choose '([\\w.-]+)', or another of ([\\w-]+), .* vram=('8GiB')
    ⇒ [machines.a_gpu(name=said(1)), machines.a_gpu(name=said(2)), machines.a_gpu(said(3))]
machines.a_gpu(name="A100") ⇒ choose '([\\w.-]+)' or '([\\w.-]+)' ⇒ [machines.a_gpu(name=said(n)) for n in (1, 2)]
footprint.predict(FACTS, "somewhere") ⇒ one of (\\[.*\\]) ⇒ [footprint.predict(FACTS, place) for place in said()]
footprint.rough_seconds("sdxl", 0, "RTX4090") ⇒ choose (1) or more ⇒ said()
FACTS.part("lora") ⇒ name one of these ⇒ FACTS.part("unet")
what_ifs.needed(text.plan_for("春", card="poem")) ⇒ use (sdxl) or (wan2.1-1.3b)
    ⇒ [what_ifs.needed(planned(said(n))) for n in (1, 2)]
# teaching
checks.checks_of("1") ⇒ such as '(\\d\\d)' ⇒ checks.checks_of(said())
checks.run_checks("01", {"no": 1}) ⇒ use those names ⇒ checks.run_checks("01", {checks.checks_of("01")[0].name: 1})
labs.numbered("99") ⇒ (\\d\\d) ⇒ labs.numbered(said())
prediction.predict("会下雨吗？", ["会"]) ⇒ give two or more, or none
    ⇒ [prediction.predict("会下雨吗？", ["会", "不会"]), prediction.predict("会下雨吗？")]
""")
SERVER = Budget("cpu", "a server", 512 * GIB, 512 * GIB, 512 * GIB, 99 * GIB)
SCORES = np.float32([1, 2, 4])
PICTURE = np.tile(np.arange(64, dtype=np.uint8)[:, None, None], (1, 64, 3))
FILM = np.stack([PICTURE] * 8)
A, B = Speaker("甲", "fastspeech2", settings={"pitch": 0.8}), Speaker("乙", "fastspeech2", settings={"pitch": 1.2})
VECTOR = np.random.default_rng(0).normal(size=768).astype(np.float16)


def kept_again(**how):
    speaker_store.keep(replace(A, name="重名"))
    return speaker_store.keep(replace(B, name="重名"), **how)


def planned(name, **values):
    card = cards.get(name)
    request = Request(name, "一只猫").change(**values)
    {"image": image, "speech": speech, "video": video}[card.kind].MODALITY.settings(request, card)
    return resolve(request, SERVER, card)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("speakers")
        patch.setattr(speaker_store, "folder", lambda: folder)
        code = speakers.encode(VECTOR)
        own = {
            "CODE": code,
            "C": Speaker("丙", "chattts", code),
            "OPPOSITE": Speaker("丁", "chattts", speakers.encode(-VECTOR)),
        }
        own |= {"BAKER": cards.get("baker"), "POEM": cards.get("poem"), "FACTS": footprint.cached("sdxl", 1024, 1024)}
        own["JUDGE"] = lambda pictures, texts: np.zeros((len(pictures), len(texts)))
        yield {**globals(), **own}


@pytest.mark.parametrize("row", ROWS, ids=[wrong[:60] for wrong, _, _ in ROWS])
def test_the_advice_works(row, world):
    follow(row, world)
