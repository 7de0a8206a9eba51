"""What learners of lab 02 see: pictures with what the model was given, token bars, tables, plots; nothing unescaped."""

import base64
import io
import re
from dataclasses import replace
from mmap import mmap

import numpy as np
import pytest
from PIL import Image

from aigc_kit import cards, prompts
from aigc_kit.core.types import Budget, Cost, Figure, FrozenMap, Phase, Plan, ReadWords, Request, Step, Take
from aigc_kit.core.units import GIB
from aigc_kit.make.image import Comparison, Grid, Side
from aigc_kit.teach.labs import lab02a, lab02b
from aigc_kit.teach.notebooks.lint_outputs import leaks
from aigc_kit.worlds.tinyworld import Spec, render
from aigc_kit.worlds.tinyworld.vocab import phrase
from tests.core_models import require_card

HOSTILE = '<script>alert("x")</script>'
MACHINE = Budget("cpu", "a test's CPU", GIB, GIB, GIB, GIB, FrozenMap())


def take_of(prompt="一只红色的小猫，在海边", pictures=None, negative=None, **values):
    """A take as the kit's run would make it, with pictures of the renderer."""
    request = Request("tinysdxl", prompt, negative=negative, steps=20, guidance=5.0, height=128, width=128)
    request = request.change(**values)
    plan = Plan(request, cards.get("tinysdxl"), MACHINE, {"unet": "float32"}, {"unet": "cpu"}, "sdpa", {}, {})
    pictures = pictures or [render(Spec(subject="cat", colour="red", scene="sea"), seed=request.seed)]
    labels = {
        "model": "tinysdxl",
        "tier": "tiny",
        "size": pictures[0].shape[:2],
        "seeds": tuple(request.seed + i for i in range(len(pictures))),
        "notes": (),
    }
    words = []
    for text in (prompt, negative):
        if text:
            said = phrase(text)
            kept = tuple((k.text, k.attribute, k.value) for k in said.kept)
            dropped = tuple((d.text, d.why) for d in said.dropped)
            words.append(ReadWords(text, said.phrase, 5, 75, phrase=said.phrase, kept=kept, dropped=dropped))
    cost = Cost((Phase("denoise", 1.5, None, "wall clock"), Phase("decode", 0.5, None, "wall clock")))
    return Take("image", np.stack(pictures), plan, cost, labels, tuple(words))


def pictures_in(html):
    data = re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", html)
    return [Image.open(io.BytesIO(base64.b64decode(one))) for one in data]


def test_under_a_picture_stands_what_the_model_was_given():
    shown = lab02a.show(take_of("一只可爱的小猫", negative="夜晚，丑陋"))
    assert "一只小猫" in shown.html and "可爱" in shown.html and "小世界里没有" in shown.html
    assert "丑陋" in shown.html and "夜晚" in shown.html
    assert "AI 生成" in shown.text and "2.00 s" in shown.text
    assert pictures_in(shown.html)[0].size == (128, 128)


def test_a_picture_is_not_changed_but_for_webp():
    take = take_of()
    found = np.asarray(pictures_in(lab02a.show(take).html)[0]).astype(int)
    assert np.abs(found - take.data[0]).mean() < 6


@pytest.mark.parametrize("show", [lab02a.show, lambda take: lab02a.shows([take], [HOSTILE])])
def test_words_are_escaped(show):
    shown = show(take_of(f"一只小猫{HOSTILE}", negative=HOSTILE))
    assert "<script" not in shown.html
    assert not list(leaks(shown.html.replace("base64", ""), hosts=True))


def test_what_all_pictures_share_is_said_once():
    shown = lab02a.shows([take_of(steps=20), take_of(steps=40)], ["20 步", "40 步"])
    assert shown.html.count("提示词：一只红色的小猫") == 1
    assert shown.html.count("AI 生成") == 2 and "· 40 步 ·" in shown.html


def test_large_pictures_are_shown_small():
    take = take_of(pictures=[np.zeros((1024, 768, 3), np.uint8)])
    assert pictures_in(lab02a.show(take).html)[0].size == (384, 512)


def test_a_grid_says_its_dials_and_what_all_share():
    takes = tuple(tuple(take_of(steps=steps, height=side, width=side) for steps in (20, 25, 30)) for side in (96, 128))
    shown = lab02a.grid(Grid(("size", ((768, 768), (1024, 1024))), ("steps", (20, 25, 30)), takes))
    assert len(pictures_in(shown.html)) == 6
    assert "768×768" in shown.html and "步数 25" in shown.html
    assert "CFG 5" in shown.text and "2 × 3 张图" in shown.text


def test_readings_tell_right_from_wrong():
    cat, heart = (render(Spec(subject=s, colour="red", scene="sea", style="flat"), seed=3) for s in ("cat", "heart"))
    shown = lab02a.reading(take_of(pictures=[cat, heart]))
    lines = shown.text.splitlines()
    assert "✓ 小猫" in lines[1] and "✗ 爱心" in lines[2]


def test_a_token_bar_strikes_out_what_is_cut():
    workshop = prompts.course_prompt("workshop")
    fits, cut = prompts.budget(workshop.en), prompts.budget(workshop.zh)
    shown = lab02a.token_bars({"en": fits, "zh": cut})
    assert "全部读到" in shown.text and f"后 {cut.used - 75} 个读不到" in shown.text
    html = lab02a.token_bar(cut).html
    struck = "".join(re.sub("<sub.*?</sub>", "", one) for one in re.findall(r"line-through[^>]*>(.*?)</span>", html))
    assert struck and cut.text.endswith(struck.replace("，", "")[-4:])
    assert "line-through" not in lab02a.token_bar(fits).html
    assert "<script" not in lab02a.token_bar(prompts.budget(HOSTILE), HOSTILE).html


def test_plots_say_their_numbers():
    zh, en = (prompts.budget(text) for text in ("一只小狗", "a puppy"))
    assert f"中文 {zh.used} 英文 {en.used}" in repr(lab02a.counts({"小狗": (zh, en)}))
    assert "夜晚：3/4 → 0/4 张" in repr(lab02a.removal({"夜晚": ([True] * 3 + [False], [False] * 4)}))
    falling = np.linspace(1, 0, 1000)
    assert "t = 0 时 1.000" in repr(lab02a.noising(falling, (0, 999), falling))
    cats = [render(Spec(subject="cat", colour="red", scene="sea", style="flat"), seed=s) for s in (1, 2)]
    plot = lab02a.adherence({1: [take_of(pictures=cats)], 5: [take_of(pictures=cats)]})
    assert "CFG 1：2/2 张" in repr(plot) and plot.png()[:4] == b"\x89PNG"
    assert "主体 2/2" in repr(lab02a.per_attribute([take_of(pictures=cats)]))
    grid = Grid(("size", ((96, 96),)), ("steps", (20, 40)), ((take_of(), take_of()),))
    assert lab02b.seconds(grid).png()[:4] == b"\x89PNG"
    late = Cost((Phase("denoise", 100.0, None, "wall clock"),))
    slow = replace(grid, takes=tuple(tuple(replace(take, cost=late) for take in row) for row in grid.takes))
    (axis,) = lab02b.seconds(slow, grid, grid).figure.axes
    spent = [take.measured()["seconds"].value for take in grid.takes[0]]
    assert list(axis.lines[0].get_ydata()) == spent and "3 次的中位数" in axis.get_ylabel()


def test_two_sides_are_laid_beside_each_other():
    peak = Figure(40_000_000, "B", "measured", "a test")
    one, two = take_of(), take_of(pictures=[np.full((128, 128, 3), 7, np.uint8)])
    a = Side("A", one.plan, (), 28_000_000, (1.0, 1.2), peak, None, one)
    b = Side("B", two.plan, (), 14_000_000, (2.0, 2.2), peak, None, two)
    found = Comparison(a, b, "AB", (0.5,), 3.0, 9, 31.0)
    shown = lab02b.sides(found)
    assert "| 2.00" in shown.text.splitlines()[1] and "AB" in shown.text and "31.0 dB" in shown.text
    shown, most = lab02b.difference(found), np.abs(one.data[0].astype(int) - two.data[0]).max()
    assert len(pictures_in(shown.html)) == 3
    assert f"× {255 / most:.3g}" in shown.text and np.asarray(pictures_in(shown.html)[2]).max() > 200


def test_tables_of_prompts():
    assert "1.21" in lab02a.weights("((红色))的小猫").text
    shown = lab02a.weights(prompts.course_prompt("landscape").zh).text
    assert "条件 2" in shown and "|" in shown
    assert "（空）" in lab02a.parts(prompts.decompose("一只猫")).text
    assert "low quality" in lab02a.groups().text
    assert "词表里没有" in lab02a.translation(prompts.translate("一只麒麟")).text
    times = lab02b.times(take_of(), take_of()).text
    assert "合计 | 2.00 s | 2.00 s" in times


def test_predictions_are_called_so():
    from aigc_kit.memory.footprint import cached, predict

    facts = cached("sdxl", 1024, 1024, dtype="float16")
    shown = lab02b.predicted({"B": predict(facts), "轮换": predict(facts, "model")})
    assert shown.text.count("GiB") >= 8 and "预测" in shown.text
    assert "6.62\u00a0GiB" in shown.text


def test_a_film_keeps_first_and_last_step(capsys):
    film = lab02a.Film(shots=3)
    shades = [np.full((16, 16, 3), 20 * i, np.uint8) for i in range(10)]
    for i in range(10):
        film(Step(i, 11, "denoise", 0.1, lambda what="picture", i=i: Image.fromarray(shades[i])))
    film(Step(10, 11, "decode", 0.1, lambda: None))
    assert [number for number, _, _ in film.frames] == [1, 3, 10]  # closer together at the beginning
    assert len(pictures_in(film.html().html)) == 6


def test_a_quiet_film_shows_nothing_until_it_is_asked(capsys):
    film = lab02a.Film(shots=2, quiet=True)
    film(Step(0, 3, "denoise", 0.1, lambda what="picture": Image.fromarray(np.zeros((16, 16, 3), np.uint8))))
    assert capsys.readouterr().out == "" and len(pictures_in(film.html().html)) == 2


def test_what_changed_unasked_is_counted_seed_by_seed():
    day, night = (
        take_of(
            pictures=[render(Spec(subject="cat", colour="red", scene="sea", light=light), seed=s) for s in range(4)]
        )
        for light in ("day", "night")
    )
    changed = {row["attribute"]: row["changed"] for row in lab02a.shifts(day, night).rows}
    assert changed["光线"] == 4 and changed["主体"] == changed["场景"] == 0


def test_a_monitor_knows_before_peak_and_after():
    with lab02b.Monitor() as monitor:
        block = mmap(-1, 60_000_000)  # pages of its own: an array could get memory that the process has already
        np.frombuffer(block, np.uint8)[:] = 1
        monitor(Step(0, 1, "denoise", 0.1, lambda: None))
    assert monitor.peak >= monitor.before + 50_000_000
    assert "峰值" in repr(monitor.picture())


def test_the_composer_joins_words_and_shows_an_error_as_a_card():
    asked = []

    def paint(prompt, **values):
        asked.append(prompt)
        return take_of(prompt)

    form = lab02a.composer(paint, subject="猫", style="油画")
    assert form.prompt == "猫，油画" and asked == ["猫，油画"]
    form.own.value = "红色"
    assert form.prompt == "猫，油画，红色"
    assert "给 SDXL 的英文" in form.html().text
    for box in form.boxes.values():
        box.value = ""
    assert "BadInput" in form.html().text
    recipe = lab02a.cookbook(paint, own="一只小猫", 风格="国风水墨")
    assert recipe.prompt == "国风水墨，一只小猫"


def test_the_english_can_be_edited():
    form = lab02a.english("一只小狗")
    assert form.en.value == "a puppy"
    form.en.value = "a small dog"
    assert "英文： 3 / 75" in form.html().text.replace("：", "： ").replace("  ", " ")
    form.zh.value = "一只小猫"
    assert form.en.value == "a kitten" or form.en.value == "a cat"


def test_the_promise_shows_a_run_and_six_prompts_with_one_seed():
    require_card("tinysdxl")
    picture = lab02a.promise()
    assert len(picture.rows) == 6 and {row["seed"] for row in picture.rows} == {picture.rows[0]["seed"]}
    drawn = [axis.images[0].get_array() for axis in picture.figure.axes]
    assert len(drawn) == 12 and all(np.ptp(pixels) > 100 for pixels in drawn), "six moments of one run, six pictures"
    assert np.abs(drawn[5].astype(int) - drawn[6]).mean() < np.abs(drawn[0].astype(int) - drawn[6]).mean()


def test_the_switches_are_those_of_the_real_sdxl_and_predicted():
    picture = lab02b.switches()
    assert "sdxl" in picture.words and "预测" in picture.words
    peaks = [row.peak.value for row in picture.rows if row.peak]
    assert len(peaks) > 4 and min(peaks) > GIB and max(peaks) < 40 * GIB
