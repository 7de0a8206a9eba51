"""Lab 05's checks: right answers pass, each typical mistake gets its own hint."""

import numpy as np
import pytest

from aigc_kit.teach.labs.lab05 import checks
from aigc_kit.works import Work, draft, feynman, sample, write_page
from aigc_kit.worlds.topology import TEARING, moment, render, torus


def test_a_accepts_the_genus():
    assert checks.a(lambda v, f: 1 - (v - f / 2) / 2)
    assert checks.a(lambda v, f: (2 - v + f // 2) // 2)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda v, f: v - f // 2, "从 2 − 2 × 亏格"),
        (lambda v, f: 1 - (v - 3 * f + f) / 2, "属于几个三角形"),
        (lambda v, f: 1, "四面体"),
        (lambda v, f: 0, "圆环"),
        (lambda v, f: min(1, 1 - (v - f / 2) / 2), "双环"),
    ],
)
def test_a_refuses(wrong, hint):
    assert hint in checks.a(wrong).hint


def test_b_counts_holes_not_dents():
    assert checks.b(dict(checks.HOLES))
    assert "碗" in checks.b({**checks.HOLES, "碗": 1}).hint
    assert "还差" in checks.b({"碗": 0}).hint


def test_c_accepts_what_halving_finds():
    assert checks.c(*moment(TEARING["粘合"][0], tolerance=0.05, cell=0.06))
    assert "更准" in checks.c(0.2, 0.8).hint
    assert "没有变" in checks.c(0.8, 0.83).hint
    assert "更小" in checks.c(0.5, 0.4).hint


PROMPT = feynman(
    concept="囚徒困境",
    analogy="两个人各自写纸条",
    must="各自算计，合起来更糟",
    steps="从一张表走到结局",
    example="抢座位",
).text
OTHER = sample().replace("甜甜圈", "囚徒困境")


@pytest.mark.parametrize(
    ("prompt", "text", "hint"),
    [
        (feynman().text, OTHER, "甜甜圈"),
        (PROMPT.replace("抢座位", "{example}"), OTHER, "还没有填"),
        ("写一篇文章", OTHER, "看不到要讲的概念"),
        (PROMPT, sample(), "没有提到“囚徒困境”"),
        (PROMPT, OTHER[:100], "汉字"),
        (PROMPT, OTHER.replace("首先", "").replace("然后", "").replace("接着", ""), "步骤"),
        (PROMPT, OTHER.replace("现在动手", "**现在动手**"), "残留"),
        (PROMPT, OTHER[:-1], "没有写完"),
    ],
)
def test_d_refuses(prompt, text, hint):
    assert checks.d(PROMPT, OTHER)
    assert hint in checks.d(prompt, text).hint


def test_e_wants_one_style_and_three_contents():
    paint = np.random.default_rng(0).integers

    def noise(low, high):
        return paint(low, high, (32, 32, 3), dtype=np.uint8)

    series = [noise(0, 80) for _ in range(3)]
    apart = [noise(0, 60), noise(90, 130), noise(200, 255)]
    assert checks.e(series, apart)
    assert "不比随便" in checks.e(apart, series).hint
    assert "一模一样" in checks.e([series[0], series[0], series[1]], apart).hint
    assert "各要三张" in checks.e(series[:2], apart).hint


def test_f_reads_the_table():
    rows = draft(sample()).table()
    assert checks.f(rows)
    assert "至少 5" in checks.f(rows[:3]).hint
    longer = [{**row} for row in rows]
    longer[0]["秒"] += 2
    assert "合计 62.00" in checks.f(longer).hint
    fast = [{**row} for row in rows]
    fast[1]["旁白"] = "字" * 80
    assert "太快" in checks.f(fast).hint
    same = [{**row, "画面描述": "同一幅"} for row in rows]
    assert "一模一样" in checks.f(same).hint


def test_g_opens_the_page(tmp_path):
    work = Work("洞", "甜甜圈")
    work.add("text", sample(), "sample")
    assert "没有找到" in checks.g(tmp_path / "no.html").hint
    assert "图片" in checks.g(write_page(work, tmp_path)).hint
    work.add("image", render(torus(), size=32), "computed", alt="圆环")
    assert "声音" in checks.g(write_page(work, tmp_path)).hint
    tone = 0.1 * np.sin(np.arange(2400) * 0.1).astype(np.float32)
    work.add("audio", (tone, 24000), "person")
    page = write_page(work, tmp_path)
    assert checks.g(page)
    html = page.read_text(encoding="utf-8")
    for bad, hint in (
        (html.replace('alt="圆环"', 'alt=""'), "alt"),
        (html.replace("</main>", '<img src="https://x.example/a.png" alt="x"></main>'), "断网"),
        (html.replace("非模型生成", "").replace("AI 生成", ""), "写明"),
    ):
        page.write_text(bad, encoding="utf-8")
        assert hint in checks.g(page).hint
