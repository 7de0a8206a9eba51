"""What learners see: text of models is escaped, pictures are real PNGs, fonts never give boxes, intervals are right."""

import io
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from PIL import Image

from aigc_kit import cards, verse
from aigc_kit.core import statistics
from aigc_kit.core.types import PHASES, Budget, Cost, Phase, Request, Take
from aigc_kit.core.units import GIB
from aigc_kit.make.run import resolve as plan
from aigc_kit.make.text.engines.base import Candidates
from aigc_kit.make.text.settings import Settings
from aigc_kit.media import fonts
from aigc_kit.memory.plan import machines
from aigc_kit.teach.labs import lab01
from aigc_kit.teach.show import page, plots

HOSTILE = '<script>alert("x")</script>'
LAPTOP = Budget("cpu", HOSTILE, 8 * GIB, 16 * GIB, 8 * GIB, 100 * GIB, bandwidth=1e10)


class Letters:
    """Stands for an engine: token i is the i-th letter."""

    def token_text(self, token):
        return chr(ord("a") + token)


@pytest.fixture
def take():
    made = plan(Request("smollm2-135m", HOSTILE), LAPTOP, cards.get("smollm2-135m"))
    how = "measured: growth of the process's RSS"
    cost = Cost((Phase("load", 1.0, GIB, how), Phase("tokens", 2.0, GIB, how)))
    return Take("text", HOSTILE, made, cost, {"ids": (1, 2, 1), "mean_logprob": -0.5, "tokens": 3})


def test_what_a_model_says_is_escaped(take):
    for shown in (
        page.take(take, HOSTILE),
        page.plan(take.plan),
        page.cost(take),
        page.table([(HOSTILE, 1.5)], (HOSTILE,), HOSTILE),
        lab01.verses({HOSTILE: HOSTILE}, "五言绝句"),
        lab01.searches({HOSTILE: take}),
    ):
        assert "<script>" not in shown._repr_html_()
        assert repr(shown)


def test_the_plan_says_tier_and_origin(take):
    html = page.plan(take.plan).html
    assert "tiny 小模型" in html
    assert "预测：" in html
    assert "Apache-2.0" in html


def test_cost_sets_measured_beside_predicted_with_the_ratio(take):
    words = page.cost(take).text
    predicted = take.plan.prediction["seconds"].value
    assert f"{2.0 / predicted:.2f}" in words
    assert "比运行前增加的量" in words


def test_a_page_in_chinese_names_phases_and_ways_of_measuring_in_chinese(take):
    from aigc_kit.core.peak import HOW

    for how in HOW.values():
        phases = (Phase("load", 1.0, None, "wall clock"), *(Phase(name, 1.0, GIB, how) for name in PHASES))
        words = page.cost(Take("image", "", take.plan, Cost(phases), {})).text
        assert not re.search(r"measured|wall clock|events|denoise|decode|text_encoder|load", words), words


def test_a_plan_without_settings_has_no_row_for_them():
    from aigc_kit import speech

    shown = repr(page.plan(speech.plan_for("你好", card="baker")))
    assert "提示词: 你好" in shown and not re.search(r"^\S+: *$", shown, re.MULTILINE)
    assert "参数" not in shown and "参数: " in repr(page.plan(speech.plan_for("你好", card="baker", speed=7)))


def test_a_plan_in_chinese_has_no_phase_or_rule_in_english():
    for name in ("sdxl", "wan2.1-1.3b"):
        for gpu in (machines.a_gpu(12 * GIB), machines.a_gpu(name="RTX3060")):
            words = plan(Request(name, "一只小狗"), gpu, cards.get(name)).explain("zh")
            assert not re.search(
                r"(denoise|decode) 阶段|traced with|fitted on|(denoise|decode|text_encoder\w*): ", words
            )
            assert not re.search(r"data sheet|published runs|efficiency of", words)


def test_a_cost_outside_its_interval_says_why_that_happens(take):
    assert "超出误差范围" in page.cost(take).text and page.WHY_OUTSIDE in page.cost(take).html
    exact = take.plan.prediction["seconds"].value
    within = Take("text", "", take.plan, Cost((Phase("tokens", exact, None, "not measured"),)), {})
    assert page.WHY_OUTSIDE not in page.cost(within).html


def test_a_plan_in_chinese_says_where_its_figures_come_from_in_chinese():
    """Of the kit's own rules no English phrase is left, in any plan of the tiny tier."""

    from aigc_kit import image, speech, text
    from aigc_kit.make import video

    plans = [
        text.plan_for("春风", card="poem"),
        text.plan_for("hi", card="smollm2-135m"),
        speech.plan_for("你好", card="baker"),
        image.plan_for("一只小狗", card="tinysdxl"),
        video.plan_for("一只小狗", card="tinywan"),
    ]
    for made in plans:
        for name, figure in made.prediction.items():
            assert not re.search(r"[a-z]{3,} [a-z]{2,}", figure.source.zh), (name, figure.source)
            assert figure.source.zh in made.explain("zh")
            assert figure.source.en in made.explain("en")


@pytest.fixture
def without_font(monkeypatch):
    monkeypatch.setattr("aigc_kit.media.fonts.system_font", lambda: None)
    monkeypatch.setattr(fonts, "fetched_font", lambda: None)
    fonts.use.cache_clear()
    yield
    fonts.use.cache_clear()


def test_plots_have_the_comma_of_simplified_chinese():
    """Lower left, where Traditional Chinese has it in the middle."""
    import matplotlib as mpl

    if fonts.use() is None or "text.language" not in mpl.rcParams:
        pytest.skip("no Chinese font, or a matplotlib that does not choose among its forms")
    inks = []
    for words in ("口，口", "口　口"):
        figure, (axis,) = plots.canvas(width=4, height=2, tight=False)
        axis.set_axis_off()
        figure.text(0.1, 0.4, words, fontsize=60)
        picture = Image.open(io.BytesIO(plots.Picture(figure, "").png())).convert("L")
        inks.append(np.asarray(picture, int) < 128)
    (box_rows, _), (rows, columns) = np.nonzero(inks[1]), np.nonzero(inks[0] & ~inks[1])
    boxes = np.flatnonzero(inks[1].any(axis=0))
    middle = (boxes.min() + boxes.max()) / 2
    assert columns.mean() < middle - 5 and rows.mean() > np.quantile(box_rows, 0.75)


def candidates():
    return Candidates(np.arange(20), np.linspace(3, -3, 20).astype(np.float32))


PICTURES = {
    "temperatures": lambda: lab01.temperatures(Letters(), candidates(), (0.2, 0.7, 1.2)),
    "filters": lambda: lab01.filters(Letters(), candidates(), Settings(temperature=0.5, top_k=5, top_p=0.9)),
    "sweep": lambda: lab01.sweep(
        [{"temperature": t, "x": t * i} for t in (0.2, 1.2) for i in range(3)], {"x": ("量", "x")}, "模型（tiny）"
    ),
    "shares": lambda: lab01.shares(
        [{"temperature": 1.0, "x": i > 1} for i in range(5)], {"x": ("量", "x")}, "诗词（tiny）"
    ),
    "attention": lambda: lab01.attention(np.tril(np.full((3, 3), 1 / 3)), ["春", "b", " c"], layer=0, head=1),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_pngs_with_words(name):
    made = PICTURES[name]()
    bundle, _ = made._repr_mimebundle_()
    image = Image.open(io.BytesIO(bundle["image/png"]))
    assert image.width > 200
    assert np.asarray(image.convert("L")).std() > 5  # something is drawn
    assert bundle["text/plain"]


@pytest.mark.parametrize("name", PICTURES)
def test_without_a_chinese_font_no_glyph_is_missing(name, without_font):
    assert PICTURES[name]().png()  # matplotlib warns of a missing glyph, and warnings are errors here


def test_an_interval_stays_within_what_is_possible():
    rows = [{"temperature": 0.5, "x": value} for value in (0.9, 1.0, 1.0)]
    figure = lab01.sweep(rows, {"x": ("量", "x")}, "m", bounds={"x": (0, 1)}).figure
    (segment,) = figure.axes[0].collections[0].get_segments()
    assert segment[:, 1].max() <= 1


def test_the_telling_head_is_picked_by_contrast():
    weights = np.zeros((2, 2, 4, 4), dtype=np.float32)
    weights[0, 0, 1:, 0] = 0.9  # every later token looks at the first: tells nothing of token 2
    weights[1, 0, 2, 0] = 0.4
    assert lab01.telling_head(weights, row=2, column=0) == (1, 0)


def test_a_saved_picture_is_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_OUT", str(tmp_path / "new"))
    path = lab01.temperatures(Letters(), candidates(), (1.0,)).save("one")
    with Image.open(path) as image:
        assert image.width > 100
    assert [p.name for p in path.parent.iterdir()] == ["one.png"]


def test_filters_show_what_is_left():
    figure = lab01.filters(Letters(), candidates(), Settings(temperature=1.0, top_k=5)).figure
    assert figure.axes[2].get_title().splitlines()[1] in {"还剩 5 个", "5 left"}
    bars = figure.axes[2].patches
    assert sum(bar.get_width() > 0 for bar in bars) == 5
    assert {bar.get_facecolor() for bar in figure.axes[1].patches} == {to_rgba(plots.GREY)}  # T = 1 changes nothing


def test_without_a_chinese_font_there_are_words_and_no_boxes(without_font):
    assert fonts.use() is None
    assert fonts.label("温度", "temperature") == "temperature"
    assert fonts.glyphs("春 b") == "U+6625␣b"


def test_with_a_font_every_chinese_label_has_a_glyph():
    if fonts.use() is None:
        pytest.skip("no Chinese font on this machine; run: aigc fetch font-cjk")
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    path = font_manager.findfont(font_manager.FontProperties(family=fonts.use()))
    known = FT2Font(path).get_charmap()
    assert all(
        ord(char) in known for char in "温度熵比特重复率意外程度还剩个原始分布第步词元看向格式正确押韵，。：（）"
    )


def test_visible_marks_white_space():
    assert fonts.visible("a b\n\t") == "a␣b↵⇥"


def test_a_t_interval_by_hand():
    # mean 5, s = 2.138, n = 8, t(7) = 2.36462
    mean, half = statistics.mean_interval(np.array([2, 4, 4, 4, 5, 5, 7, 9]))
    assert mean == 5
    assert half == pytest.approx(2.36462 * 2.13809 / 8**0.5, rel=1e-4)
    assert statistics.mean_interval(np.array([3.0])) == (3.0, 0.0)


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)]
)
def test_wilson_intervals_as_published(hits, count, low, high):
    share, found_low, found_high = statistics.wilson(hits, count)
    assert share == hits / count
    assert (found_low, found_high) == pytest.approx((low, high), abs=2e-4)


def test_verses_are_judged():
    poem = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
    words = lab01.verses({"登鹳雀楼": poem}, "五言绝句").text
    assert verse.check(poem, "五言绝句").ok
    assert "字数 ✓" in words and "平仄 ✓" in words
    assert "尤韵" in words
    assert "字数 ✗（各行字数：5、4）" in lab01.verses({"x": "白日依山尽，黄河入海。"}, "五言绝句").text
