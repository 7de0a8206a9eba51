"""What lab 09 shows: figures and tables say the numbers that they are drawn from, and recorded answers are marked."""

import numpy as np
import pytest

from aigc_kit.core.errors import NotOnDisk
from aigc_kit.promptlab import ask
from aigc_kit.promptlab.ask import Asker, FunctionBackend
from aigc_kit.promptlab.ask.asking import Ledger
from aigc_kit.promptlab.patterns import Registry, pattern
from aigc_kit.promptlab.trials import Trial, compare
from aigc_kit.teach import lab09
from aigc_kit.teach.labs.lab09 import ways, widgets
from aigc_kit.worlds.prompt_task import Mark


def fake(name, right, count=20, at=None):
    marks = tuple(Mark(number < right, "" if number < right else "应当是“退款”") for number in range(count))
    prompts = tuple(f"判断\n消息：第 {number} 条<b>" for number in range(count))
    return Trial(name, at, prompts, tuple("退款" for _ in marks), marks)


def test_figures_draw_the_shares():
    known, fresh = [fake(f"{n} 个例子", n + 10, at=n) for n in (0, 1, 2, 4)], [fake("x", 5 + n, at=n) for n in (0, 2)]
    picture = lab09.shots(known, fresh, [0.3, 1.0], "tinychat")
    assert [row.held for row in picture.rows] == [10, 11, 12, 14, 5, 7] and "0 个例子 50%" in picture.words
    assert lab09.bars(known, "tinychat", ("次序", "order")).rows[3].share == 0.7
    pairs = lab09.pairs({"算总价": (fake("直接", 1), fake("步骤", 20))}, "tinychat")
    assert "算总价 5% 和 100%" in pairs.words
    shares = lab09.beliefs(np.array([[0.7, 0.3], [0.2, 0.8]]), ["退款", "物流"], ["一", "二"])
    assert shares.rows[3] == {"prompt": "二", "label": "物流", "share": 0.8}


def test_wordings_stand_in_the_order_of_their_shares():
    some = [
        fake("请帮我看看。", 1, at="只问"),
        fake("{text}\n" + "长" * 40, 20, at="消息在前"),
        fake("中", 9, at="只问"),
    ]
    rows = lab09.wordings(some, "tinychat").rows
    assert [row.held for row in rows] == [20, 9, 1]


def test_tables_escape_and_say_what_is_real():
    trials = [fake("一", 10), fake("二", 20)]
    answers = lab09.answers(trials, 2)
    assert "<b>" not in answers.html and "第 0 条&lt;b&gt;" in answers.html and len(answers.rows) == 4
    told = lab09.changes(compare(trials))
    assert "真的升了" in told.text and "0 题变错，10 题变对" in told.text
    assert "看不出差别" in lab09.changes(compare([fake("一", 10), fake("二", 11)])).text


def test_tokens_versions_calls_and_sentences(tmp_path):
    rows = lab09.tokens({"短": "判断顾客的意图。"}).rows
    assert rows[0]["characters"] == 8 and rows[0]["utf-8"] == 24 and rows[0]["tinychat"] < 8
    registry = Registry(tmp_path / "prompts.sqlite")
    registry.save(pattern("story"), "第一版")
    assert "第一版" in lab09.history(registry.history("story")).text
    asker = Asker(FunctionBackend(list, "echo"), calls=9)
    asker(["a", "b"])
    later = asker.ledger
    asker(["a", "c"])
    shown = lab09.calls(asker, Ledger(), Ledger(**{**vars(later), "seconds": 1.0}))
    assert (
        "3 次（预算 9，还剩 6）" in shown.text and "缓存里取的 | 1 次" in shown.text and "500 ms（预测）" in shown.text
    )
    assert later.live == 2 and len(lab09.article().rows) == 9


def test_every_way_keeps_its_items_and_tells_its_kind():
    tiny = ask.model("tinychat", max_new_tokens=110)
    orders = ways.by_order(tiny, 6)
    assert len(orders) == 6 and len({each.prompts for each in orders}) == 6
    assert ways.by_role(tiny, count=4)[0].name == "（不加）"
    trials, best = ways.by_new_labels(tiny, (0, 4), 12)
    assert best[0] == pytest.approx(1 / 3) and best[1] == 1.0 and [each.at for each in trials] == [0, 4]
    groups = ways.by_steps(tiny, 6)
    for direct, steps in groups.values():
        assert [a.rpartition("消息")[2] for a in direct.prompts] == [b.rpartition("消息")[2] for b in steps.prompts]
    assert sum(groups["算总价"][1].held) > sum(groups["算总价"][0].held)
    bare = ways.by_shots(tiny, counts=(0,), count=12)[0]
    assert sum(ways.known(tiny, bare, ways.tasks()["intent"].labels).held) >= sum(bare.held)
    assert sum(map(len, ways.WORDINGS.values())) == 30
    assert [each.name for each in ways.decoded({"贪心": tiny}, 3)] == ["贪心"]
    assert len({item.answer for item in ways.examples(6)}) == 6


def test_judges_of_other_models_look_at_the_meaning():
    assert ways.names_label("意图：退款。", "退款") and not ways.names_label("退款或者换货", "退款")
    assert ways.ends_in("3 × 25 = 75，再加 6 元，共 81 元", "81") and ways.ends_in("1,081", "1081")
    assert not ways.ends_in("", "81") and not ways.ends_in("81 元，减 5", "81")


def test_recorded_answers_belong_to_the_prompts_of_the_lab():
    qwen = ask.recorded("qwen2.5-coder-0.5b")
    trials = ways.elsewhere(qwen)
    assert len(trials) == 6 and all(each.share.count == 20 for each in trials)
    assert qwen.ledger.live == 0 and qwen.ledger.recorded == 120
    recording = qwen.backend.recording
    assert recording.where and recording.at and recording.identity["engine"] == "llama.cpp"
    small = ask.recorded("smollm2-135m")
    assert len(ways.elsewhere(small, 10, sums=False)) == 4 and small.ledger.recorded == 40
    with pytest.raises(NotOnDisk):
        ways.elsewhere(small, 12, sums=False)


def test_the_button_asks_and_says_when_the_model_is_not_here(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    monkeypatch.setenv("AIGC_OFFLINE", "1")
    shown, buttons = [], []
    monkeypatch.setattr(widgets.Place, "put", lambda place, content: shown.append(content))
    monkeypatch.setattr(widgets, "show_widget", buttons.append)
    trials = ways.elsewhere(ask.recorded("qwen2.5-coder-0.5b"))
    lab09.live("qwen2.5-coder-0.5b", trials)
    buttons[0].click()
    assert "aigc fetch qwen2.5-coder-0.5b" in shown[-1].text
    monkeypatch.setattr(widgets.ask, "model", lambda name, **how: Asker(FunctionBackend(lambda s: ["退款"] * 6, name)))
    buttons[0].click()
    assert "现场 6 次调用" in shown[-1].text


def test_the_prompt_that_is_put_together_is_asked(monkeypatch):
    draws = []
    monkeypatch.setattr(widgets, "follow", lambda controls, *views: draws.extend((controls, *views)))
    tiny = ask.model("tinychat", max_new_tokens=40)
    lab09.play(tiny)
    controls, words, beliefs = draws
    assert "判断顾客的意图。" in words().text and len(beliefs().rows) == 6
    controls[0].value, controls[2].value = "你是一只猫。", 2
    assert "你是一只猫。判断顾客的意图。" in words().text and words().text.count("消息：") == 3
    assert tiny.ledger.live == 3 and tiny.ledger.cached >= 1


def test_the_promise_is_drawn_from_real_answers():
    rows = lab09.promise().rows
    assert rows[0].share > 0.9 and rows[-1].share < 0.2
