"""The advice of errors about values, records, sounds, clips and works is followed here, and works."""
# ruff: noqa: E501, F401  (the rows use these names)

import json
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from aigc_kit.core import paths, types, units
from aigc_kit.core.types import Budget, Plan, Request, Take, atoms
from aigc_kit.keep import record, sweep
from aigc_kit.keep.record import sidecar
from aigc_kit.keep.sweep import grid, workers
from aigc_kit.media import encode, stamp, wav
from aigc_kit.models import cards
from aigc_kit.teach.notebooks import cells
from aigc_kit.works import parts
from aigc_kit.worlds import verse
from tests.advice.following import follow, rows

ROWS = rows("""
# sizes
units.parse_bytes(-5) ⇒ a size of (0 bytes) or more ⇒ units.parse_bytes(0)
units.parse_bytes("much") ⇒ write it like (\\w+) or (\\w+) ⇒ [units.parse_bytes(said(1)), units.parse_bytes(said(2))]
units.parse_bytes("8G") ⇒ (8GiB) .* or (8GB) ⇒ [units.parse_bytes(said(1)), units.parse_bytes(said(2))]
units.parse_bytes("24") ⇒ (24GiB) .*, (24GB) .*, or (24B) ⇒ [units.parse_bytes(said(n)) for n in (1, 2, 3)]
# figures and requests
types.Figure(1, "B", "guessed", "me") ⇒ one of (.*) ⇒ [types.Figure(1, "B", how, "me", error=0.1) for how in said()]
types.Figure(1, "B", "measured", " ") ⇒ say where it comes from ⇒ types.Figure(1, "B", "measured", "this laptop")
types.Figure(1, "B", "predicted", "x") ⇒ give error=([\\d.]+) ⇒ types.Figure(1, "B", "predicted", "x", error=said())
types.as_json({"a": {1, 2}}) ⇒ pass plain values ⇒ types.as_json({"a": [1, 2]})
Request("sdxl", "a cat", steps="20") ⇒ steps=(\\d+) ⇒ Request("sdxl", "a cat", steps=said())
Request("sdxl", "a cat", guidance="high") ⇒ guidance=([\\d.]+) ⇒ Request("sdxl", "a cat", guidance=said())
Request("", "a cat") ⇒ name a card ⇒ Request("sdxl", "a cat")
Request("sdxl", 5) ⇒ write at least one word ⇒ Request("sdxl", "cat")
Request("sdxl", ["一只猫", "a dog"]) ⇒ give one text, such as ('.*'), and call once ⇒ Request("sdxl", said())
Request("sdxl", "a \\udcff") ⇒ write it in UTF-8 ⇒ Request("sdxl", "a ÿ")
atoms.check_language("Chinese") ⇒ choose ('zh') ⇒ atoms.check_language(said())
cards.get("SDXL") ⇒ choose ('sdxl'), or another of ([\\w.-]+), ⇒ [cards.get(said(n)) for n in (1, 2)]
cards.get("gpt3-chinese") ⇒ choose ('[\\w.-]+'), ⇒ cards.get(said())
sidecar.request_from_json({"card": "sdxl", "promt": "x"}) ⇒ some of .*card.*prompt
    ⇒ sidecar.request_from_json({"card": "sdxl", "prompt": "x"})
sidecar.request_from_json({"card": "sdxl", "prompt": "x", "steps": "many"}) ⇒ steps=(\\d+)
    ⇒ sidecar.request_from_json({"card": "sdxl", "prompt": "x", "steps": said()})
# records
record.load(TMP / "none.json") ⇒ the path of a .json ⇒ record.load(SIDECAR)
record.load(TMP) ⇒ the path of a file ⇒ record.load(SIDECAR)
record.load(written("x.json", "{")) ⇒ give a sidecar ⇒ record.load(SIDECAR)
record.load(written("y.json", "[]")) ⇒ that aigc_kit.keep.record.save wrote ⇒ record.load(record.save(TAKE, TMP))
record.load(changed(label=5)) ⇒ save the run again ⇒ record.load(record.save(TAKE, TMP))
record.save("some text") ⇒ run first ⇒ record.save(TAKE, TMP)
record.save(TAKE, 5) ⇒ such as '(\\w+)' ⇒ record.save(TAKE, TMP / said())
record.save(TAKE, TMP, "诗" * 99) ⇒ a few letters and digits ⇒ record.save(TAKE, TMP, "poem1")
record.save(replace(TAKE, kind="smell"), TMP) ⇒ `record.build` still gives ⇒ record.build(replace(TAKE, kind="smell"))
record.best([], len, "length") ⇒ make some first ⇒ record.best([TAKE], lambda take: 1, "length")
# sweeps
grid(PLAN.request) ⇒ such as seed=range\\((\\d)\\) ⇒ len(list(grid(PLAN.request, seed=range(said()))))
grid(PLAN.request, seed="123") ⇒ give a list ⇒ grid(PLAN.request, seed=[1, 2, 3])
workers.processes(0) ⇒ choose (\\d) ⇒ workers.processes(said()).shutdown()
workers.processes(3, gpus=(0, 1)) ⇒ as many workers as GPUs ⇒ workers.processes(2, gpus=(0, 1)).shutdown()
# sounds
wav.to_bytes(np.arange(9, dtype=np.int16)) ⇒ divide by the peak first ⇒ wav.to_bytes(peaked(np.arange(9, dtype=np.int16)))
wav.to_bytes(np.float32([0, 3, -4])) ⇒ divide by the peak first ⇒ wav.to_bytes(peaked(np.float32([0, 3, -4])))
wav.to_bytes(np.zeros((9, 2), np.float32)) ⇒ wave\\[:, 0\\] ⇒ wav.to_bytes(np.zeros((9, 2), np.float32)[:, 0])
wav.to_bytes(np.float32([0, np.nan])) ⇒ np.nan_to_num\\(wave\\) ⇒ wav.to_bytes(np.nan_to_num(np.float32([0, np.nan])))
wav.to_bytes(WAVE, 24000.5) ⇒ speech here has (\\d+) ⇒ wav.to_bytes(WAVE, said())
wav.to_bytes(WAVE, info={"Comment": "x"}) ⇒ say '(\\w{4})' or '(\\w{4})' ⇒ wav.to_bytes(WAVE, info={said(1): "x", said(2): "y"})
wav.read(written("x.wav", "RIFF")) ⇒ one that aigc_kit.media.wav.write wrote ⇒ wav.read(wav.write(TMP / "y.wav", WAVE))
stamp.stamp(SOUND, "audio/wav", {"Author": "x"}) ⇒ use (\\w+), ⇒ stamp.stamp(SOUND, "audio/wav", {said(): "x"})
stamp.stamp(SOUND[:30], "audio/wav", {"Title": "x"}) ⇒ make it again ⇒ stamp.stamp(wav.to_bytes(WAVE), "audio/wav", {"Title": "x"})
# clips
encode.mp4(CLIP, TMP / "a.mp4", 8) ⇒ encode.mp4\\('(.*)', frames, (\\d+)\\) ⇒ encode.mp4(TMP / said(1), CLIP, int(said(2)))
encode.Writer(TMP / "a.avi", 8) ⇒ use (\\.mp4) ⇒ encode.Writer(TMP / ("a" + said()), 8)
encode.mp4(TMP / "a.mp4", CLIP, "fast") ⇒ (\\d+) ⇒ encode.mp4(TMP / "a.mp4", CLIP, int(said()))
encode.mp4(TMP / "a.mp4", CLIP, 0) ⇒ (\\d+) ⇒ encode.mp4(TMP / "a.mp4", CLIP, int(said()))
encode.mp4(TMP / "a.mp4", CLIP, 8, odd="scale") ⇒ None, ('crop') or ('pad') ⇒ encode.mp4(TMP / "a.mp4", CLIP, 8, odd=said(2))
encode.mp4(TMP / "a.mp4", CLIP, 8, crf=99) ⇒ (\\d+) is a good picture ⇒ encode.mp4(TMP / "a.mp4", CLIP, 8, crf=int(said()))
encode.mp4(TMP / "a.mp4", CLIP[:, :-1], 8) ⇒ odd=('crop') .* or odd=('pad')
    ⇒ [encode.mp4(TMP / "a.mp4", CLIP[:, :-1], 8, odd=said(n)) for n in (1, 2)]
encode.mp4(TMP / "a.mp4", CLIP[:0], 8) ⇒ at least one ⇒ encode.mp4(TMP / "a.mp4", CLIP[:1], 8)
encode.mp4(TMP / "a.mp4", CLIP / 255, 8) ⇒ aigc_kit.media.frames.to_frames\\( ⇒ encode.mp4(TMP / "a.mp4", to_frames(CLIP / 255), 8)
encode.mp4(TMP / "a.mp4", [CLIP[0], CLIP[0, :16]], 8) ⇒ all frames of one size ⇒ encode.mp4(TMP / "a.mp4", [CLIP[0], CLIP[0]], 8)
encode.mp4(TMP / "a.mp4", CLIP, 8, sound=TMP / "no.wav") ⇒ or leave sound out ⇒ encode.mp4(TMP / "a.mp4", CLIP, 8)
encode.mp4(TMP / "a.mp4", CLIP, 8, sound=WAVE) ⇒ \\(wave, rate in Hz\\) ⇒ encode.mp4(TMP / "a.mp4", CLIP, 8, sound=(WAVE, 24000))
encode.mp4(TMP / "a.mp4", CLIP, 8, sound=(WAVE[:0], 24000)) ⇒ or none ⇒ encode.mp4(TMP / "a.mp4", CLIP, 8, sound=None)
encode.gif(TMP / "a.gif", CLIP, 60) ⇒ (\\d+) ⇒ encode.gif(TMP / "a.gif", CLIP, int(said()))
encode.probe(TMP / "no.mp4") ⇒ check the path ⇒ encode.probe(encode.mp4(TMP / "a.mp4", CLIP, 8) and TMP / "a.mp4")
encode.probe(written("b.mp4", "no clip")) ⇒ write the clip again ⇒ encode.mp4(TMP / "b.mp4", CLIP, 8) and encode.probe(TMP / "b.mp4")
encode.contact_sheet(CLIP / 255, 8) ⇒ pass uint8 ⇒ encode.contact_sheet(np.uint8(CLIP), 8)
encode.contact_sheet(CLIP, 8, width=3) ⇒ at least 1, width at least (\\d+) ⇒ encode.contact_sheet(CLIP, 8, most=1, width=said())
# storyboards
storyboard.Shot("", "v", "s", 3) ⇒ what is in the picture ⇒ storyboard.Shot("a cat", "v", "s", 3)
storyboard.Shot("a", "v", "s", "long") ⇒ (\\d+) to (\\d+) seconds ⇒ [storyboard.Shot("a", "v", "s", said(n)) for n in (1, 2)]
storyboard.Storyboard(()) ⇒ (1) to ⇒ storyboard.Storyboard((SHOT,), SHOT.seconds)
storyboard.Storyboard((SHOT,) * 99, 99 * SHOT.seconds) ⇒ 1 to (\\d+) ⇒ storyboard.Storyboard((SHOT,) * said(), said() * SHOT.seconds)
storyboard.Storyboard((SHOT,), 8) ⇒ add (\\d+) s ⇒ storyboard.Storyboard((replace(SHOT, seconds=SHOT.seconds + said()),), 8)
storyboard.Storyboard((SHOT,), 2) ⇒ take away (\\d+) s ⇒ storyboard.Storyboard((replace(SHOT, seconds=SHOT.seconds - said()),), 2)
storyboard.Storyboard((SHOT,), 8) ⇒ balanced ⇒ storyboard.balanced([SHOT], 8)
BOARD.pictured(["a"]) ⇒ one for each shot ⇒ BOARD.pictured(["a", "b"])
BOARD.retimed([1.0]) ⇒ one for each, (0) if none ⇒ BOARD.retimed([1.0, said()])
BOARD.retimed([30.0, 30.0]) ⇒ shorten the voice-over ⇒ BOARD.retimed([3.0, 4.0])
storyboard.from_rows([{"画面": "x"}]) ⇒ give (.*) ⇒ storyboard.from_rows([dict(zip(said(), (1, "x", "", "", 60)))])
storyboard.parse("我不会") ⇒ or take draft\\(article\\) ⇒ storyboard.draft("一个甜甜圈。变成了杯子。")
storyboard.parse("1 | a | b | c | 9-3s") ⇒ the beginning before the end ⇒ storyboard.parse("1 | a | b | c | 3-9s")
storyboard.balanced([SHOT] * 9, 5) ⇒ take fewer ⇒ storyboard.balanced([SHOT] * 5, 5)
storyboard.draft("……") ⇒ write the article first ⇒ storyboard.draft("猫来了。")
# parts of works
parts.Part("smell", b"x", "text/plain", "person") ⇒ choose from (\\w+) ⇒ parts.Part(said(), b"x", "text/plain", "person")
parts.Part("text", b"", "text/plain", "person") ⇒ give (1) to ⇒ parts.Part("text", b"x" * said(), "text/plain", "person")
parts.Part("text", b"x", "image/png", "person") ⇒ leave the type to the kit ⇒ part_from.make("text", "x", "person")
parts.Part("text", b"x", "text/plain", "model") ⇒ say origin=('brought') ⇒ part_from.make("text", "x", said(), credit="Qwen, chat page")
part_from.make("text", "x", "brought") ⇒ (credit)=('.*') ⇒ part_from.make("text", "x", "brought", **{said(1): said(2)})
part_from.make("image", CLIP[0], "person") ⇒ pass (alt)= ⇒ part_from.make("image", CLIP[0], "person", **{said(): "a field"})
part_from.make("image", CLIP / 255, "person", alt="x") ⇒ uint8 \\(H, W, 3\\) ⇒ part_from.make("image", CLIP[0], "person", alt="x")
part_from.make("image", b"GIF89a...", "person", alt="x") ⇒ save it again as PNG ⇒ part_from.make("image", PNG, "person", alt="x")
part_from.make("image", b"%PDF", "person", alt="x") ⇒ give \\.(\\w+) ⇒ part_from.make("image", PNG, "person", alt="x")
part_from.make("audio", 5, "person") ⇒ a path or bytes ⇒ [part_from.make("audio", SOUND, "person"), part_from.make("audio", wav.write(TMP / "y.wav", WAVE), "person")]
part_from.from_take(replace(TAKE, kind="smell")) ⇒ use (\\w+) ⇒ part_from.from_take(replace(TAKE, kind=said()))
part_from.make("text", large("essay.txt"), "person") ⇒ smaller than ([\\d,]+)
    ⇒ part_from.make("text", large("essay.txt", int("".join(map(str, said()))) - 1), "person")
# notebooks
cells.read(TMP / "no.ipynb") ⇒ look into (.*) ⇒ cells.read(next(Path(said()).glob("whole.ipynb")))
cells.read(written("z.ipynb", "{")) ⇒ restore the file ⇒ cells.read(NOTEBOOK)
cells.read(written("z.ipynb", OLD)) ⇒ JupyterLab 4 \\(format (4\\.5)\\) ⇒ cells.read(NOTEBOOK)
# what needs a whole clone
verse._read_rhymes(TMP / "no.json") ⇒ the (\\S+) in (\\S+) ⇒ verse._read_rhymes(paths.assets().parent / said(2) / said(1))
part_from.make("audio", TMP / "no.wav", "person") ⇒ check the path ⇒ part_from.make("audio", wav.write(TMP / "y.wav", WAVE), "person")
""")
WAVE = np.float32([0, 0.5, -0.5, 0])
CLIP = np.tile(np.arange(32, dtype=np.uint8)[:, None, None], (3, 1, 32, 3)) * 7


def peaked(wave):
    return np.float32(wave / np.abs(wave).max())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    from aigc_kit.media.frames import to_frames
    from aigc_kit.works import part_from

    storyboard = sys.modules["aigc_kit.works.storyboard"]  # works offers a function of this name
    folder = tmp_path_factory.mktemp("advice")
    card = cards.get("poem")
    plan = Plan(Request("poem", "春", seed=1), card, Budget("cpu", "here", 9, 9, 9, 9), {}, {}, "sdpa", {}, {})
    take = Take("text", "春眠不觉晓", plan, types.Cost(()))
    saved = record.save(take, folder, "saved")
    shot = storyboard.Shot("a cat", "miau", "wind", 5)

    def written(name, text):
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name

    def large(name, size=None):
        (folder / name).write_bytes(b"x" * (size or parts.MOST_BYTES["text"] + 1))
        return folder / name

    def changed(**values):
        return written("changed.json", json.dumps({**json.loads(saved.read_text(encoding="utf-8")), **values}))

    names = {
        **globals(),
        "TMP": folder,
        "PLAN": plan,
        "TAKE": take,
        "SIDECAR": saved,
        "SHOT": shot,
        "SOUND": wav.to_bytes(WAVE),
    }
    names |= {
        "PNG": part_from.encoded(part_from.picture_of(CLIP[0]), "PNG"),
        "to_frames": to_frames,
        "part_from": part_from,
        "storyboard": storyboard,
    }
    new = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="a")])
    names |= {
        "NOTEBOOK": cells.write(new, folder / "whole.ipynb"),
        "OLD": json.dumps({**new, "nbformat_minor": 2, "cells": []}),
        "large": large,
    }
    return names | {"BOARD": storyboard.Storyboard((shot, shot), 10), "written": written, "changed": changed}


@pytest.mark.parametrize("row", ROWS, ids=[wrong[:60] for wrong, _, _ in ROWS])
def test_the_advice_works(row, world):
    follow(row, world)
