"""The page: hostile text is text, nothing is loaded from elsewhere, only the kit's own script may run."""

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.works import Work, document, morph_view, notebook_html, page
from aigc_kit.works.measured import agreement, distance, spread
from aigc_kit.works.viewer import pack
from aigc_kit.worlds.topology import TEARING, Mesh, donut_to_mug, gilding, mesh_of, topology, torus

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "]]><!--<svg/onload=alert(1)>-->",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066",
    "&lt;b&gt; &amp;",
)


class Reader(HTMLParser):
    """Collects tags with attributes, and the text outside style and script."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.words, self.inside = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("style", "script"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)


@pytest.fixture(scope="module")
def view():
    return morph_view(moments=3, cell=0.2)


def hostile_work(work, words):
    made = Work(words[:200], words[:200])
    made.add("text", words, "brought", title=words, credit=words, prompt=words)
    made.add("image", work.of("image")[0].data, "person", alt=words, title=words, credit=words)
    made.add("audio", work.of("audio")[0].data, "person", title=words, credit=words)
    made.add("video", work.of("video")[0].data, "person", alt=words, title=words, credit=words)
    made.log(words, words, words, words)
    made.mark("text.right", 3, words)
    return made


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_is_shown_as_text_everywhere(work, words):
    plain, made = Reader(page(work)), Reader(page(hostile_work(work, words)))
    assert {tag for tag, _ in made.tags} <= {tag for tag, _ in plain.tags} | {"h3", "div", "p"}
    assert not [name for _, attrs in made.tags for name in attrs if name.startswith("on") or name == "style"]
    shown = words.replace("\u202e", "[U+202E]").replace("\u2066", "[U+2066]")
    assert made.text.count(shown) >= 6


def test_100_kilobytes_of_text_are_shown_whole(work):
    words = "<b>" + "洞" * 33_000 + "</b>"
    assert len(words.encode()) > 99_000
    assert words in Reader(page(hostile_work(work, words))).text


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=80))
def test_no_text_makes_a_tag(words):
    made = Work("洞")
    made.add("text", "起" + words, "person", title=words)
    tags = [tag for tag, _ in Reader(page(made)).tags]
    assert not {"script", "img", "iframe", "svg", "object", "link"} & set(tags)


def test_nothing_is_loaded_from_elsewhere(work, view):
    html = page(work, view)
    for _, attrs in Reader(html).tags:
        for name in ("src", "href", "poster", "srcset", "action", "data"):
            assert (attrs.get(name) or "data:").startswith(("data:", "#main")), (name, attrs[name][:80])
    assert "http://" not in html and "https://" not in html
    assert "url(" not in html and "@import" not in html


def test_a_voice_that_reads_the_article_does_not_repeat_it_in_the_log(make_take, wave):
    made = Work("洞")
    made.add("text", "一个洞。\n还是一个洞。", "person", credit="我")
    made.take(make_take("speech", wave, prompt="一个洞。\n还是一个洞。", rate=24000))
    text = Reader(page(made)).text
    assert text.count("还是一个洞") == 1 and "就是这一页的文章" in text


def test_the_log_says_what_a_tiny_model_read(make_take, frames):
    made = Work("洞")
    made.take(make_take("image", frames[:1], prompt="量子纠缠的甜甜圈", phrase="一个甜甜圈"))
    text = Reader(page(made)).text
    assert "量子纠缠的甜甜圈" in text and "模型读到的是“一个甜甜圈”；种子 7" in text


def test_small_pictures_stand_beside_the_text_and_large_ones_before_it(make_take):
    made = Work("洞")
    made.add("text", "一个洞。", "person", credit="我")
    for side in (128, 512):
        made.add("image", np.zeros((side, side, 3), np.uint8), "computed", alt=f"{side}", keep=True)
    words = [attrs.get("alt") or attrs.get("class") for _, attrs in Reader(page(made)).tags]
    order = [word for word in words if word in ("plates", "512", "reading pair", "beside", "128")]
    assert order == ["plates", "512", "reading pair", "beside", "128"]


def test_the_policy_allows_only_what_the_page_brought(work, view):
    html = page(work, view)
    metas = [attrs for tag, attrs in Reader(html).tags if tag == "meta" and attrs.get("http-equiv")]
    rules = dict(rule.strip().split(" ", 1) for rule in metas[0]["content"].split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in metas[0]["content"]
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
        assert len(bodies) == 1
        digest = base64.b64encode(hashlib.sha256(bodies[0].encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    plain = next(attrs for tag, attrs in Reader(page(work)).tags if tag == "meta" and attrs.get("http-equiv"))
    assert "script-src 'none'" in plain["content"]


def test_ai_made_parts_are_labelled_in_sight_and_in_the_head(work):
    made = Reader(page(work))
    assert made.text.count("AI 生成") >= 6  # at each of three parts, and in the credits
    assert made.text.count("教材范文，非本次运行生成") >= 2
    assert any(attrs.get("name") == "ai-generated" for tag, attrs in made.tags if tag == "meta")
    own = Work("洞")
    own.add("text", "一个洞。", "person")
    mine = Reader(page(own))
    assert "AI" not in mine.text and "人工撰写，非模型生成" in mine.text
    assert not any(attrs.get("name") == "ai-generated" for tag, attrs in mine.tags if tag == "meta")


def test_credits_name_models_and_licences(work):
    text = Reader(page(work)).text
    for words in ("tiny-image", "tiny-speech", "tiny-video", "Apache-2.0", "种子 7", "发光的甜甜圈"):
        assert words in text


def test_the_page_can_be_read_without_eyes(work, view):
    tags = Reader(page(work, view)).tags
    assert ("html", {"lang": "zh-CN"}) in tags
    assert all(attrs.get("alt") for tag, attrs in tags if tag == "img")
    assert all(attrs.get("aria-label") for tag, attrs in tags if tag in ("audio", "video", "canvas", "input"))
    assert sum(tag == "h1" for tag, _ in tags) == 1


def test_no_parts_no_page():
    with pytest.raises(BadInput, match="without parts"):
        page(Work("洞"))


def test_the_view_says_what_its_meshes_were_counted_as(view):
    assert "亏格都是 1" in view.words
    assert view.data.count("亏格 1") == 3
    torn = morph_view(TEARING["剪断"][0], moments=3, cell=0.12, gold=None)
    assert "之间从 1 变成 0" in torn.words and "没有撕破" not in torn.words and "亏格 0" in torn.data


def unpack(text: str) -> list[tuple[Mesh, np.ndarray]]:
    """Unpack what `pack` packed, as the script does."""
    data = json.loads(text)
    plain = np.frombuffer(zlib.decompress(base64.b64decode(data["packed"])), np.uint8).astype(np.int64)
    numbers, place, pairs = plain[: data["length"]] | plain[data["length"] :] << 8, 0, []

    def take(count: int, width: int) -> np.ndarray:
        nonlocal place
        rows = numbers[place : place + count * width].reshape(count, width)
        place += count * width
        return np.cumsum(rows, axis=0) & 65535

    for shape in data["shapes"]:
        places, faces = take(shape["vertices"], 3), take(shape["faces"], 3)
        share = take(shape["vertices"], 1)[:, 0] / 255
        pairs.append((Mesh(np.array(data["low"]) + places * data["step"], faces), share))
    return pairs


def test_meshes_come_back_from_the_page_as_they_went_in():
    meshes = [mesh_of(donut_to_mug(t), 0.2) for t in (0.0, 1.0)]
    shares = [gilding(t, mesh.vertices) for t, mesh in zip((0.0, 1.0), meshes, strict=True)]
    back = unpack(pack(meshes, shares, ["<a>", "b"]))
    assert "<" not in pack(meshes, shares, ["<a>", "b"])
    for (mesh, share), one, gold in zip(back, meshes, shares, strict=True):
        assert np.array_equal(mesh.faces, one.faces)
        assert np.abs(mesh.vertices - one.vertices).max() < 1e-4
        assert np.abs(share - gold).max() < 0.003
        assert topology(mesh).genus == (1,)


def test_meshes_that_are_too_fine_are_refused():
    with pytest.raises(BadInput, match="65,536 fit"):
        pack([torus(300, 300)], [np.ones(90_000)], ["x"])
    with pytest.raises(BadInput, match="not a slider"):
        morph_view(moments=1)


def test_in_a_notebook_the_view_stands_in_a_frame_that_can_reach_nothing(view):
    tags = Reader(notebook_html(view)).tags
    (frame,) = [attrs for tag, attrs in tags if tag == "iframe"]
    assert frame["sandbox"] == "allow-scripts"
    assert [tag for tag, _ in tags] == ["iframe", "img", "p"], "inside: the still that stays where frames are taken out"
    assert tags[1][1]["src"].startswith("data:image/") and tags[1][1]["alt"] == frame["title"]
    assert frame["srcdoc"] == document(view)
    assert len(notebook_html(view)) < 600_000


def test_palettes():
    gold, blue = (np.full((20, 20, 3), colour, np.uint8) for colour in ((230, 160, 30), (30, 90, 230)))
    assert distance(gold, gold) == 0
    assert distance(gold, blue) == pytest.approx(1)
    half = np.concatenate([gold, blue])
    assert 0.4 < agreement(gold, half) < 0.6
    assert spread([gold, gold, blue]) == pytest.approx(2 / 3)
    with pytest.raises(BadInput):
        spread([gold])
    with pytest.raises(BadInput):
        distance(gold, np.zeros((2, 2)))
