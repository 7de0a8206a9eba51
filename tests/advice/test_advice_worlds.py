"""The advice of errors about prompts, worlds, verse, solids and works is followed here, and works."""
# ruff: noqa: F401  (the rows use these names)

import random

import numpy as np
import pytest

from aigc_kit.models import cards
from aigc_kit.works import morphing, prompts, rubric
from aigc_kit.works.measured import histogram, spread
from aigc_kit.works.review import review
from aigc_kit.works.work import Work
from aigc_kit.worlds import verse, verse_task
from aigc_kit.worlds.prompts import budget, compose, grammar, library, negative, read_words
from aigc_kit.worlds.shop import prompt_tasks
from aigc_kit.worlds.tinyworld import captions, checker, clip, motion, spec, vocab
from aigc_kit.worlds.tinyworld.render import render_with_mask
from aigc_kit.worlds.topology import fields, invariants, marching, mesh, shading
from tests.advice.following import follow, rows

ROWS = rows("""
# weights of prompts
grammar.parse("a (cat") ⇒ \\\\\\(  ⇒ grammar.parse("a \\\\(cat")
grammar.parse("a cat)") ⇒ \\\\\\)  ⇒ grammar.parse("a cat\\\\)")
grammar.parse("a () cat") ⇒ take the bracket away ⇒ grammar.parse("a cat")
grammar.parse("(cat:99)") ⇒ choose 0 to (\\d+); ([\\d.]+) to ([\\d.]+)
    ⇒ [grammar.parse(f"(cat:{said(n)})") for n in (1, 2, 3)]
grammar.parse("(it is 5:30)") ⇒ \\\\: is the sign ⇒ grammar.parse("(it is 5\\:30)")
grammar.parse("(cat:-1)") ⇒ put what you do not want into the negative prompt ⇒ grammar.parse("a dog")
grammar.parse("((cat:3):4)") ⇒ stay within 0 to (\\d+) ⇒ grammar.parse(f"(cat:{said()})")
grammar.parse("(" * 99 + "cat" + ")" * 99) ⇒ such as \\(x:([\\d.]+)\\) ⇒ grammar.parse(f"(cat:{said()})")
grammar.parse("[cat:dog:0.5]") ⇒ write \\(x:([\\d.]+)\\) ⇒ grammar.parse(f"(cat:{said()})")
grammar.parse("[cat|dog]") ⇒ \\\\\\| ⇒ grammar.parse("[cat\\\\|dog]")
grammar.parse("a cat AND ") ⇒ write a prompt on both sides ⇒ grammar.parse("a cat AND a dog")
read_words.read_for_picture("a cat AND a dog", SDXL, None) ⇒ write \\\\AND for the word
    ⇒ grammar.parse("a cat \\\\AND a dog")
read_words.read_for_picture("(红色:1.5)的猫", KOLORS, None) ⇒ weights=(False)
    ⇒ read_words.read_for_picture("(红色:1.5)的猫", KOLORS, None, weights=said())
read_words.read_for_picture("阿卡贝拉", SDXL, None) ⇒ english=('\\.\\.\\.')
    ⇒ read_words.read_for_picture("阿卡贝拉", SDXL, TOKENS, english="a capella")
compose({"主体": ""}) ⇒ write at least the subject ⇒ compose({"主体": "一只猫"})
compose({"心情": "好"}) ⇒ use (\\w+) \\( ⇒ compose({said(): "一只猫"})
negative("hands") ⇒ choose from (\\w+), ⇒ negative(said())
negative(language="fr") ⇒ say ('zh') or ('en') ⇒ [negative(language=said(n)) for n in (1, 2)]
library.course_prompt("torus") ⇒ choose from ([\\w-]+) ⇒ library.course_prompt(said())
budget("a cat", limit=0) ⇒ choose (1) or more ⇒ budget("a cat", limit=said())
# tiny world
spec.Spec("lion") ⇒ one of .*\\b(cat)\\b ⇒ spec.Spec(said())
spec.Spec("wizard", "pink").fill(random.Random(0), training=True) ⇒ leave one of its two attributes open
    ⇒ spec.Spec("wizard").fill(random.Random(0), training=True)
motion.ClipSpec("cat", motion="morph") ⇒ another motion or (subject)
    ⇒ [motion.ClipSpec("cat", motion="turn"), motion.ClipSpec("donut", motion="morph")]
motion.film(motion.ClipSpec("cat"), 0) ⇒ at least (1) frame ⇒ motion.film(motion.ClipSpec("cat"), said())
motion.film(motion.ClipSpec("cat"), 1, 8, 8) ⇒ of (\\d+) to ⇒ motion.film(motion.ClipSpec("cat"), 1, said(), said())
render_with_mask(spec.Spec("cat"), 9, 9) ⇒ (\\d+) to ⇒ render_with_mask(spec.Spec("cat"), said(), said())
captions.canonical(spec.Spec("cat"), "fr") ⇒ zh or (en) ⇒ captions.canonical(spec.Spec("cat"), said())
checker.shrink(FLAT / 255) ⇒ give uint8 ⇒ checker.shrink(FLAT)
checker.shrink(FLAT[:9]) ⇒ at least (\\d+) pixels ⇒ checker.shrink(FLAT[:said(), :said()])
checker.sampled(np.stack([FLAT])) ⇒ at least (\\d+) frames ⇒ checker.sampled(np.stack([FLAT] * said()))
clip.similarity([], ["cat"]) ⇒ at least one of each ⇒ clip.similarity([FLAT], ["cat"])
clip.similarity([FLAT / 255], ["cat"]) ⇒ give uint8 ⇒ clip.similarity([FLAT], ["cat"])
vocab.phrase(5) ⇒ give a text ⇒ vocab.phrase("a cat")
vocab.split("一只无人机") ⇒ say it with phrase\\(\\) ⇒ vocab.split(vocab.phrase("一只猫和无人机").phrase)
# verse
verse.form_named("俳句") ⇒ choose one of (\\w+) ⇒ verse.form_named(said())
verse.prompt_for("五绝", "spring") ⇒ up to (\\d+) Chinese characters ⇒ verse.prompt_for("五绝", "春" * said())
verse.prompt_for("五绝", "春", rhyme="乐") ⇒ choose one of (\\w) ⇒ verse.prompt_for("五绝", "春", rhyme=said())
verse.prompt_for("五绝", "春", "春" * 20) ⇒ fewer than the (\\d+) ⇒ verse.prompt_for("五绝", "春", "春" * (said() - 1))
TASK.items(3, split="test") ⇒ split: "(train)" or "(held)" ⇒ [TASK.items(3, split=said(n)) for n in (1, 2)]
TASK.prompt("", TASK.items(1)[0], TASK.items(2)) ⇒ leave shots empty ⇒ TASK.prompt("", TASK.items(1)[0])
# the shop
prompt_tasks.fields(("商品", "邮编")) ⇒ use (.*) ⇒ prompt_tasks.fields(said())
prompt_tasks.rule({}) ⇒ name all six intents ⇒ prompt_tasks.rule(dict.fromkeys(INTENTS, "甲"))
prompt_tasks.reply("粗鲁") ⇒ use one of (\\w+) ⇒ prompt_tasks.reply(said())
prompt_tasks.total("fast") ⇒ use (\\w+) or (\\w+) ⇒ [prompt_tasks.total(said(n)) for n in (1, 2)]
prompt_tasks.total().items(3, split="x") ⇒ split: "(train)" or "(held)" ⇒ prompt_tasks.total().items(3, split=said(2))
prompt_tasks.total().items(-1) ⇒ count: (0) or more ⇒ prompt_tasks.total().items(said())
# solids
fields.donut_to_mug(1.5) ⇒ (0) is the beginning, (1) the end ⇒ [fields.donut_to_mug(said(n)) for n in (1, 2)]
marching.mesh_of(lambda x, y, z: 1 + 0 * x, 0.5) ⇒ check the field ⇒ marching.mesh_of(BALL, 0.5)
marching.mesh_of(BALL, 0.1, SMALL) ⇒ take a larger box ⇒ marching.mesh_of(BALL, 0.5)
marching.mesh_of(BALL, 0.5, HALF) ⇒ take a larger box ⇒ marching.mesh_of(BALL, 0.5)
marching.mesh_of(BALL, 0) ⇒ cell > 0 ⇒ marching.mesh_of(BALL, 0.5)
marching.mesh_of(BALL, 1e-4) ⇒ take larger cells ⇒ marching.mesh_of(BALL, 0.5)
marching.moment(fields.donut_to_mug, 0.9, 1, cell=0.2) ⇒ take another interval
    ⇒ marching.moment(lambda t: fields.donut_to_mug(0) if t < 0.5 else BALL, cell=0.2)
mesh.Mesh(np.zeros((3, 2)), FACE) ⇒ numbers \\(V, 3\\) ⇒ mesh.Mesh(np.eye(3), FACE)
mesh.Mesh(np.eye(3), FACE + 1) ⇒ count vertices from (0) ⇒ mesh.Mesh(np.eye(3), FACE + said())
mesh.Mesh(np.full((3, 3), np.nan), FACE) ⇒ look for NaN or infinity ⇒ mesh.Mesh(np.nan_to_num(np.eye(3)), FACE)
invariants.topology(mesh.Mesh(np.eye(3), FACE)) ⇒ close it ⇒ invariants.topology(mesh.Mesh(CORNERS, TETRAHEDRON))
invariants.topology(mesh.Mesh(np.vstack([CORNERS, CORNERS]), TETRAHEDRON)) ⇒ take them out
    ⇒ invariants.topology(mesh.Mesh(CORNERS, TETRAHEDRON))
shading.render(mesh.Mesh(CORNERS, TETRAHEDRON), size=3) ⇒ choose (\\d+) to
    ⇒ shading.render(mesh.Mesh(CORNERS, TETRAHEDRON), size=said())
# works
prompts.feynman(audience="") ⇒ fill .*audience ⇒ prompts.feynman(audience="小学生")
prompts.feynman(audience="很" * 9999) ⇒ at most (\\d+) plain ⇒ prompts.feynman(audience="很" * said())
prompts.visual("水墨") ⇒ choose (\\w+), ⇒ prompts.visual(said())
review(" ") ⇒ write or paste one first ⇒ review("一个甜甜圈。")
rubric.criterion("beauty") ⇒ ([\\w.]+), ⇒ rubric.criterion(said())
rubric.check_mark("text.whole", 9) ⇒ give (1) to (\\d) ⇒ [rubric.check_mark("text.whole", said(n)) for n in (1, 2)]
histogram(FLAT / 255) ⇒ pass uint8 ⇒ histogram(FLAT)
spread([FLAT]) ⇒ give at least two ⇒ spread([FLAT, FLAT])
next(morphing.frames(1)) ⇒ (\\d+) to 600 ⇒ next(morphing.frames(said(), size=64, cell=0.5, words=False))
next(morphing.frames(5, size=33)) ⇒ an even size ⇒ next(morphing.frames(5, size=64, cell=0.5, words=False))
Work(" ") ⇒ give a topic ⇒ Work("甜甜圈")
Work("甜", "长" * 999) ⇒ at most (\\d+) characters ⇒ Work("甜", "长" * said())
""")
FLAT = np.full((64, 64, 3), 90, np.uint8)
FACE = np.array([[0, 1, 2]])
CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
SMALL = ((-0.5, -0.5, -0.5), (0.5, 0.5, 0.5))
HALF = ((-1.5, -1.5, -1.5), (0.5, 1.5, 1.5))


def ball(x, y, z):
    return np.sqrt(x**2 + y**2 + z**2) - 1


@pytest.fixture(scope="module")
def world():
    from aigc_kit.worlds.shop import clauses

    names = {**globals(), "SDXL": cards.get("sdxl"), "KOLORS": cards.get("kolors"), "BALL": ball, "TOKENS": None}
    return names | {"TASK": verse_task.VerseTask(), "INTENTS": clauses.INTENTS}


@pytest.mark.parametrize("row", ROWS, ids=[wrong[:60] for wrong, _, _ in ROWS])
def test_the_advice_works(row, world):
    follow(row, world)
