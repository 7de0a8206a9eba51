"""Calls are counted exactly, whatever was kept, recorded, refused or failed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import AigcError, BadInput, CannotLoad, CannotWrite, NotOnDisk, OverBudget, UnknownName
from aigc_kit.models import loaded
from aigc_kit.promptlab import ask
from aigc_kit.promptlab.ask import recordings
from aigc_kit.promptlab.ask.answer_cache import AnswerCache
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.ask.backends import FunctionBackend, How, Reply


class Echo:
    """A model that counts by itself what it reads."""

    model, origin, batch = "echo", "live", 4

    def __init__(self):
        self.identity = {"of": "echo"}
        self.read, self.starts = [], 0

    def answers(self, prompts, how):
        self.starts += 1
        self.read += prompts
        return [Reply(f"{prompt}{how.max_new_tokens}", 2, 0.5) for prompt in prompts]

    def scores(self, prompts, labels, how):
        self.starts += 1
        self.read += prompts
        return np.array([[-float(len(prompt) + len(label)) for label in labels] for prompt in prompts])


prompts = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "g"]), max_size=9)


@settings(max_examples=60)
@given(st.lists(st.tuples(prompts, st.sampled_from([None, 3, "scores"])), max_size=6))
def test_the_ledger_says_what_the_model_itself_counted(rounds):
    model = Echo()
    asker = Asker(model, calls=1000)
    total = 0
    for some, how in rounds:
        before, batches = len(model.read), asker.ledger.batches
        if how == "scores":
            assert asker.scores(some, ["x", "yy"]).shape == (len(some), 2)
        else:
            changes = {} if how is None else {"max_new_tokens": how}
            answers = asker.answers(some, **changes)
            assert [each.text for each in answers] == [f"{prompt}{how or 64}" for prompt in some]
            assert sum(each.origin == "live" for each in answers) == len(model.read) - before
        fresh = len(model.read) - before
        assert asker.ledger.batches - batches == -(-fresh // 4)
        total += len(some)
        ledger = asker.ledger
        assert ledger.live == len(model.read) and ledger.live + ledger.cached == total
        assert ledger.batches == model.starts and asker.left == 1000 - ledger.live
        assert (ledger.recorded, ledger.failed) == (0, 0)
    assert len(set(model.read)) <= 7 and model.read.count("a") <= 3  # once for each way of asking


def test_more_than_the_budget_is_refused_before_anything_is_asked():
    model = Echo()
    asker = Asker(model, calls=5)
    asker(["a", "b", "c"])
    with pytest.raises(OverBudget) as refusal:
        asker(["d", "e", "f"])
    assert len(model.read) == 3 and asker.left == 2 and "2 of 5 are left" in refusal.value.found
    assert asker(["a", "b", "d", "d", "e"]) == ["a64", "b64", "d64", "d64", "e64"]  # the advice: at most 2 new ones
    assert asker.left == 0 and asker(["a"]) == ["a64"]
    with pytest.raises(OverBudget, match="calls=6"):
        asker(["z"])
    for calls in (-1, 1.5, True, "9"):
        with pytest.raises(BadInput, match="no number of calls"):
            Asker(model, calls=calls)


def test_what_failed_is_a_call_and_what_came_before_it_is_kept():
    class Broken(Echo):
        def answers(self, prompts, how):
            if "e" in prompts:
                self.read += prompts
                raise RuntimeError("the server went away")
            return super().answers(prompts, how)

    model = Broken()
    asker = Asker(model, calls=20)
    with pytest.raises(RuntimeError):
        asker(["a", "b", "c", "d", "e", "f"])
    assert (asker.ledger.live, asker.ledger.failed, asker.ledger.batches) == (6, 2, 2) and len(model.read) == 6
    assert asker(["a", "d"]) == ["a64", "d64"] and asker.ledger.cached == 2


def test_what_was_refused_by_the_model_is_no_call():
    class Strict(Echo):
        def answers(self, prompts, how):
            raise BadInput(asked="a prompt", found="too long", todo="shorten it")

    asker = Asker(Strict())
    with pytest.raises(BadInput):
        asker(["a"])
    assert asker.ledger.live == 0


def test_kept_answers_come_back_in_a_later_session_and_are_no_calls(tmp_path):
    path = tmp_path / "deep" / "answers.sqlite"
    first = Asker(Echo(), cache=AnswerCache(path))
    first(["a", "b"])
    first.scores(["a"], ["x", "y"])
    model = Echo()
    later = Asker(model, cache=AnswerCache(path), calls=1)
    assert [each.origin for each in later.answers(["a", "b", "c"])] == ["cached", "cached", "live"]
    assert later.scores(["a"], ["x", "y"]).tolist() == [[-2.0, -2.0]]
    assert model.read == ["c"] and later.ledger.cached == 3 and later.left == 0
    other = Asker(Echo(), cache=AnswerCache(path), how=How(max_new_tokens=9))
    assert other.answers(["a"])[0].origin == "live"  # other settings, another answer


def test_another_model_has_no_part_in_kept_answers(tmp_path):
    cache = AnswerCache(tmp_path / "answers.sqlite")
    one = Asker(FunctionBackend(lambda some: ["一"] * len(some), "f"), cache=cache)
    two = Asker(FunctionBackend(lambda some: ["二"] * len(some), "f"), cache=cache)
    assert one(["a"]) == ["一"] and [each.origin for each in two.answers(["a"])] == ["live"]


def test_a_file_that_is_no_cache_stays_as_it_is(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("somebody's notes " * 99)
    with pytest.raises(CannotLoad, match="name another file"):
        AnswerCache(path)
    assert path.read_text() == "somebody's notes " * 99
    with pytest.raises(CannotWrite):
        AnswerCache(path / "answers.sqlite")


@pytest.fixture
def recording(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "folder", lambda: tmp_path)
    asker = Asker(Echo())
    made = recordings.record(asker, ["a", "b"], where="a test", at="2026-01-01", labels=["x", "yy"])
    made.save(tmp_path / "echo.json")
    return made


def test_recorded_answers_are_marked_and_never_calls(recording):
    asker = ask.recorded("echo")
    answers = asker.answers(["b", "a", "b"])
    assert [each.text for each in answers] == ["b64", "a64", "b64"]
    assert {each.origin for each in answers} == {"recorded"}
    assert asker.scores(["a"], ["x", "yy"]).tolist() == [[-2.0, -3.0]]
    assert (asker.ledger.live, asker.ledger.cached, asker.ledger.recorded) == (0, 0, 4) and asker.left == 0
    assert asker.ledger.seconds == 0


def test_what_was_not_recorded_is_not_invented(recording):
    asker = ask.recorded("echo")
    with pytest.raises(NotOnDisk, match="1 of them were never recorded"):
        asker(["a", "c"])
    with pytest.raises(NotOnDisk):
        asker.answers(["a"], max_new_tokens=5)
    with pytest.raises(NotOnDisk):
        asker.scores(["a"], ["x", "z"])
    assert asker.ledger.recorded == 0
    with pytest.raises(UnknownName, match="echo"):
        ask.recorded("ecko")


def test_damaged_and_large_recordings_are_refused(recording, tmp_path):
    (tmp_path / "bad.json").write_text('{"model": "bad"')
    with pytest.raises(CannotLoad, match="damaged"):
        ask.recorded("bad")
    with pytest.raises(BadInput, match="bytes"):
        recordings.record(Asker(Echo()), ["长" * 200_000], where="", at="").save(tmp_path / "large.json")
    assert not (tmp_path / "large.json").exists()


@pytest.mark.parametrize("wrong", [[""], ["  "], [None], [["a"]], ["\ud800"], "ab "])
def test_empty_and_wrong_prompts_are_refused_before_any_call(wrong):
    model = Echo()
    with pytest.raises(BadInput):
        Asker(model).answers(["a", *wrong])
    assert model.read == []


def test_labels_are_two_different_words():
    for labels in ([], ["a"], ["a", "a"], ["a", ""], ["a", 1]):
        with pytest.raises(BadInput, match="different labels"):
            Asker(Echo()).scores(["p"], labels)
    assert Asker(Echo()).scores([], ["a", "b"]).shape == (0, 2)


def test_a_missing_model_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    monkeypatch.setenv("AIGC_OFFLINE", "1")
    loaded.free("smollm2-135m")  # another test may have it in memory
    with pytest.raises(NotOnDisk, match="aigc fetch smollm2-135m"):
        ask.model("smollm2-135m")(["hello"])
    with pytest.raises(UnknownName):
        ask.model("smollm3")
    with pytest.raises(BadInput, match="image card"):
        ask.model("tinysdxl")
    with pytest.raises(AigcError):
        ask.model("endpoint")(["hello"])
    with pytest.raises(BadInput, match="max_new_tokens"):
        ask.model("poem", max_new_tokens=0)


def test_a_function_gives_texts_only():
    asker = Asker(FunctionBackend(lambda some: [each.upper() for each in some], "upper"))
    assert asker(["ab"]) == ["AB"]
    with pytest.raises(BadInput, match="no scores"):
        asker.scores(["ab"], ["x", "y"])
    with pytest.raises(BadInput, match="0 answers"):
        Asker(FunctionBackend(lambda some: [], "lazy"))(["ab"])


def test_calibration_takes_the_prompts_own_leaning_off():
    rng = np.random.default_rng(0)
    own, truth = np.log(np.array([0.7, 0.2, 0.1])), np.log(rng.dirichlet(np.ones(3), 50))
    read = ask.leaning(lambda some: np.tile(own, (len(some), 1)) - 3.0, lambda blank: f"消息：{blank}")
    assert np.allclose(read, own) and np.isclose(np.exp(read).sum(), 1)
    assert np.array_equal(ask.calibrated(truth + own, read).argmax(axis=1), truth.argmax(axis=1))
    assert np.allclose(ask.among(truth * 1.0 - 500).sum(axis=1), 1)


@pytest.fixture(scope="module")
def tiny():
    return ask.model("tinychat", max_new_tokens=40)


def some_prompts(count=24):
    from aigc_kit.worlds.shop.prompt_tasks import all_tasks

    task = all_tasks()["intent"]
    return task, task.items(count, split="held")


def test_a_real_model_is_asked_once_for_each_prompt(tiny):
    task, items = some_prompts()
    before = tiny.ledger.live
    written = [task.prompt(task.instruction, item) for item in items]
    answers = tiny.answers(written)
    right = sum(bool(task.check(item, each.text)) for item, each in zip(items, answers, strict=True))
    assert right >= 22 and {each.origin for each in answers} == {"live"} and all(each.tokens for each in answers)
    assert tiny.ledger.live - before == 24
    assert tiny(written) == [each.text for each in answers] and tiny.ledger.live - before == 24


def test_scores_of_labels_are_those_of_the_engine_one_by_one(tiny):
    task, items = some_prompts(3)
    written = [task.prompt("判断顾客的意图。", item) for item in items]
    labels = [*task.labels, "表扬退款"]  # one label of two tokens
    scores = tiny.scores(written, labels)
    engine = tiny.backend.engine
    for row, prompt in zip(scores, written, strict=True):
        ids = engine.chat([{"role": "user", "content": prompt}])
        ends = [engine.tokenizer(label, add_special_tokens=False).input_ids for label in labels]
        truth = [engine.logprobs([*ids, *end], len(ids)).sum() for end in ends]
        assert np.allclose(row, truth, atol=1e-3)
    chosen = [labels[best] for best in scores.argmax(axis=1)]
    assert chosen == [item.answer for item in items]


def test_drawn_answers_come_from_their_seed(tiny):
    first = tiny.answers(["判断顾客的意图。\n消息：快递到哪了"], temperature=1.5, seed=1)[0]
    again = ask.model("tinychat", max_new_tokens=40, temperature=1.5, seed=1)
    assert again.answers(["判断顾客的意图。\n消息：快递到哪了"])[0].text == first.text
    loose = "说出顾客的诉求。\n消息：快递到哪了"
    many = {tiny.answers([loose], temperature=2.0, seed=seed)[0].text for seed in range(8)}
    assert len(many) > 1


def test_a_prompt_longer_than_the_context_is_refused_and_is_no_call(tiny):
    before = tiny.ledger
    with pytest.raises(BadInput):
        tiny(["快递到哪了。" * 200])
    assert tiny.ledger == before
