"""What learners of lab 05 see: counted pictures, escaped tables, forms whose state is data, a preview that is small."""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from aigc_kit.teach.labs import lab05
from aigc_kit.teach.notebooks.lint_outputs import leaks
from aigc_kit.works import Work, draft, hints, review, sample
from aigc_kit.worlds.topology import coarse, donut_to_mug, render, torus
from tests.core_models import require_card

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def work():
    made = Work(HOSTILE, HOSTILE)
    made.add("text", sample() + HOSTILE, "brought", credit=HOSTILE, title=HOSTILE)
    made.add("image", render(torus(), size=400), "computed", alt=HOSTILE)
    tone = 0.1 * np.sin(np.arange(24000) * 0.1).astype(np.float32)
    made.add("audio", (tone, 24000), "person")
    return made


def test_pictures_say_what_was_counted():
    made = lab05.solid(0.5, 64)
    assert "= 0，亏格 1" in repr(made)
    assert made.png()[:4] == b"\x89PNG"
    assert "从甜甜圈" in repr(lab05.stages((0.0, 1.0)))
    assert repr(lab05.counts(points=3, cell=0.15)) == "3 个 t 的 V − E + F：0, 0, 0"
    torn = repr(lab05.tearing((0.0, 1.0)))
    assert "剪断：亏格 1 → 0" in torn and "粘合：亏格 1 + 1 → 2" in torn


def test_tables_are_escaped(work):
    work.mark("text.right", 3, HOSTILE)
    board = draft(sample() + "看" + HOSTILE + "。")
    for shown in (
        lab05.findings(review(work.text)),
        lab05.parts(work),
        lab05.phrases(HOSTILE),
        lab05.differences(HOSTILE, HOSTILE * 2),
        lab05.rubric(work),
        lab05.storyboard(board),
        lab05.preview(work),
    ):
        assert "<script>alert" not in shown.html
        assert repr(shown)


def test_a_prompt_is_shown_in_the_tiny_models_words():
    assert "甜甜圈" in lab05.phrases("一个发光的甜甜圈，量子纠缠").text
    assert "小世界里没有" in lab05.phrases("量子纠缠").text


def test_marks_go_into_the_work_and_can_be_taken_back(work):
    form = lab05.Marks(work)
    form.sliders["image.idea"].value = 4
    assert work.marks["image.idea"]["points"] == 4
    form.sliders["image.idea"].value = 0
    assert "image.idea" not in work.marks
    assert hints(work)["image.craft"].words.startswith("400×400")


def test_a_gallery_a_sheet_and_bars_say_what_they_show(work):
    assert "甲、乙" in repr(lab05.gallery({"甲": render(torus(), size=32), "乙": render(torus(), size=32)}))
    four = lab05.gallery({f"{HOSTILE}{i}": render(torus(), size=32) for i in range(4)}, HOSTILE)
    assert four.html.count("<img") == 4 and "<script>" not in four.html and "pixelated" in four.html
    shown = lab05.sheet(work)
    assert "文字 AI 生成（从别处带来）" in repr(shown) and "视频 还没有" in repr(shown)
    assert shown.png()[:4] == b"\x89PNG"
    work.mark("image.idea", 4)
    assert "创意表现 4" in repr(lab05.points(work))
    assert lab05.timeline(draft(sample()), [1.0] * 8).png()[:4] == b"\x89PNG"
    assert "格子 0.3：V 230，亏格 0" in repr(lab05.coarse(coarse(donut_to_mug(1.0), (0.1, 0.3))))


def test_changes_of_a_prompt_are_marked_and_escaped():
    made = lab05.differences("讲甜甜圈" + HOSTILE, "讲黑洞" + HOSTILE)
    assert "[-甜甜圈-]{+黑洞+}" in made.text
    assert ">甜甜圈</del>" in made.html and "<script>" not in made.html


def test_engines_say_what_is_here_and_what_stands_in_for_what_is_not(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    monkeypatch.setenv("AIGC_TIER", "full")
    made = lab05.engines()
    assert "没有会中文的通用模型" in made.text and "教材范文" in made.text
    assert "没有模型 | 用真实的网格算出动画" in made.text


def test_a_film_is_shown_small(tmp_path):
    from aigc_kit.media.encode import mp4

    frames = np.random.default_rng(0).integers(0, 255, (8, 90, 160, 3), dtype=np.uint8)
    path = tmp_path / "clip.mp4"
    mp4(path, frames, 8)
    made = lab05.film(path, HOSTILE, width=64)
    assert "160×90" in made.text and "<script>" not in made.html
    assert len(made.html) < path.stat().st_size
    assert "前 0.5 秒" in lab05.film(path, width=64, seconds=0.5).html


def test_the_storyboard_is_edited_in_place():
    form = lab05.Table(draft(sample()))
    before = form.board.shots[0].seconds
    form.boxes[0]["旁白"].value = "短一点。"
    assert form.board.shots[0].voice == "短一点。"
    form.boxes[0]["秒"].value = before + 3
    assert "减去 3 秒" in form.html().text
    form.boxes[1]["秒"].value = form.rows[1]["秒"] - 3
    assert form.board.shots[0].seconds == before + 3


def test_the_wizard_goes_from_pasted_text_to_a_page(tmp_path):
    work = Work("洞")
    wizard = lab05.Wizard(work, tmp_path / "out")
    wizard.words.value, wizard.model.value = sample(), "某网页的模型"
    assert "通过" in wizard.put_text().text
    assert work.parts[0].label.startswith("AI 生成")
    wizard.model.value = ""
    wizard.put_text()
    assert work.parts[0].label == "人工撰写，非模型生成"
    wizard.use_sample()
    assert work.parts[0].label == "教材范文，非本次运行生成"
    picture = tmp_path / "a.png"
    Image.fromarray(render(torus(), size=64)).save(picture)
    wizard.alt.value = "圆环"
    wizard.put_file("image", picture.read_bytes())
    assert "写好了" in wizard.finish().text
    assert (tmp_path / "out" / "topology_story.html").is_file()
    assert Work.load(tmp_path / "out").text == sample()


def test_the_wizard_paints_speaks_and_moves_with_what_is_here(tmp_path, monkeypatch):
    require_card("tinysdxl")
    require_card("baker")
    monkeypatch.setenv("AIGC_TIER", "tiny")
    work = Work("洞")
    wizard = lab05.Wizard(work, tmp_path)
    wizard.use_sample()
    wizard.moment.value = "一个蓝色的咖啡杯"
    assert "一个蓝色的咖啡杯，霓虹风格" in wizard.paint().text
    work.add("text", "一个洞。", "person", credit="我")
    wizard.speak()
    assert [part.label for part in work.parts] == ["AI 生成", "人工撰写，非模型生成", "AI 生成"]
    assert work.of("image")[0].alt == "一个蓝色的咖啡杯"


def test_where_a_chinese_model_is_here_the_wizard_lets_it_write(tmp_path, monkeypatch):
    module = import_module("aigc_kit.teach.labs.lab05.forms")
    rounds = []

    class Talk:
        def __init__(self):
            self.rounds = rounds

        def start(self, prompt):
            rounds.append(SimpleNamespace(review=review(sample())))

        def again(self, wish):
            assert wish == "短一点"
            rounds.append(SimpleNamespace(review=review("短。")))

        def into(self, work):
            work.add("text", sample(), "brought", credit="某模型")

    monkeypatch.setattr(module, "can_write", lambda: "某模型")
    monkeypatch.setattr(module, "Conversation", Talk)
    wizard = lab05.Wizard(Work("洞"), tmp_path)
    assert "全部通过" in wizard.write().text
    wizard.wish.value = "短一点"
    assert "要改" in wizard.write().text and len(rounds) == 2


def test_a_mistake_in_the_wizard_is_a_card_not_a_traceback(tmp_path, monkeypatch):
    wizard = lab05.Wizard(Work("洞"), tmp_path)
    wizard._do(wizard.put_text)
    said, _, page = wizard.views
    assert "0 字节" in said().text
    assert "还没有内容" in page().text


def test_the_preview_is_small_enough_for_a_notebook(work):
    small, whole = lab05.preview(work), lab05.preview(work, whole=True)
    assert len(small.html) < 120_000 < len(whole.html)
    assert "1 个（声音、视频）只在网页里" in small.text
    assert small.html.count("<iframe") == 1 and 'sandbox="allow-scripts"' in small.html


def test_the_viewer_fits_a_notebook_and_leaks_nothing():
    shown = lab05.viewer(moments=3)
    assert len(shown.html) < 300_000
    assert not list(leaks(shown.html, hosts=True))
