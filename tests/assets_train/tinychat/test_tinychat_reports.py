"""What the card rests on: edits of tokens, parts of the evaluation, trainings with several seeds."""

import json
import time
from difflib import SequenceMatcher

import psutil
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from assets.train.tinychat import card, evaluate, nearest, network, paths, seeds, state, tokens, train, watch  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")
ROW = st.lists(st.integers(0, 3), max_size=5)


def by_definition(a, b):
    """Fewest edits, straight from the definition."""
    if not a or not b:
        return len(a) + len(b)
    kept = by_definition(a[1:], b[1:]) + (a[0] != b[0])
    return min(kept, by_definition(a[1:], b) + 1, by_definition(a, b[1:]) + 1)


@settings(max_examples=40, deadline=None)
@given(ROW, st.lists(ROW, max_size=4))
def test_edits_are_the_fewest(row, others):
    assert nearest.edits(row, others).tolist() == [by_definition(row, other) for other in others]


def test_a_part_of_the_evaluation_leaves_the_others(tmp_path, monkeypatch):
    file = tmp_path / "eval.json"
    file.write_text(json.dumps({"speed": "old", "best_reader": "old", "tasks": {}}))
    monkeypatch.setattr(paths, "EVALUATION", file)
    monkeypatch.setattr(evaluate, "Chat", lambda: None)
    evaluate.evaluate(["best_reader"])
    report = json.loads(file.read_text())
    assert report["speed"] == "old" and report["best_reader"]["examples, 4 shots"] > 95


def gate(report, name):
    """(what was measured, the verdict) of the gate whose name begins so."""
    return next((row[2], row[3]) for row in card.gates(report) if row[0].startswith(name))


@pytest.fixture(scope="module")
def report():
    return json.loads(paths.EVALUATION.read_text("utf-8"))


@pytest.mark.parametrize(("clock", "verdict"), [(299, "**missed**"), (300, "met")])
def test_the_gate_of_speed_counts_the_clock_alone(clock, verdict, report):
    speed = report["speed"] | {"classifications_per_second": clock, "classifications_per_processor_second": 290}
    told, met = gate(report | {"speed": speed}, "classifications a second")
    assert met == verdict
    assert f"{clock} measured by the clock" in told and "580 are predicted of two idle ones" in told


@pytest.mark.parametrize(
    ("others", "told"),
    [(None, "was not recorded"), (2, "less than 5 %"), (63, "other processes took 63 % of its processor time")],
)
def test_other_work_beside_the_speeds_is_a_fact(others, told, report):
    speed = {"machine": "a machine"} | ({} if others is None else {"others": others})
    assert told in card.other_work(speed)


def test_the_work_of_all_processors_is_counted():
    clock, began, own = time.perf_counter(), evaluate.busy_seconds(), time.process_time()
    while time.process_time() - own < 0.3:
        sum(range(1000))
    busy, clock = evaluate.busy_seconds() - began, time.perf_counter() - clock
    assert 0.25 < busy < psutil.cpu_count() * clock + 0.1  # the kernel counts in hundredths of a second


@pytest.mark.parametrize(
    ("points", "high", "verdict"), [(1.0, 4.0, "met"), (3.0, 7.0, "met; the interval reaches beyond"), (6.0, 9.0, "**")]
)
def test_what_held_out_messages_lose_is_met_missed_or_open(points, high, verdict, report):
    lost = report["messages_alone"]["json"] | {"points": points, "high": high}
    told = gate(report | {"messages_alone": report["messages_alone"] | {"json": lost}}, "json: held-out messages lose")
    assert told[1].startswith(verdict)


class Reader:
    """Says what it was told to."""

    def __init__(self):
        self.truths = {}

    def ask(self, prompts, *_):
        return [self.truths[prompt] for prompt in prompts]


@pytest.mark.parametrize("name", evaluate.GATED)
def test_messages_are_compared_under_the_same_instruction(name, monkeypatch):
    reader, draw, asked = Reader(), evaluate.tasks.draw, []

    def drawn(task, rng, **how):
        sample = draw(task, rng, **how)
        held = len(asked) >= 8
        asked.append(sample)
        reader.truths[sample.prompt] = "" if held and len(asked) % 2 else sample.answer
        return sample

    monkeypatch.setattr(evaluate.tasks, "draw", drawn)
    lost = evaluate.messages_alone(reader, [name], 8)[name]
    assert (lost["seen"], lost["held"], lost["points"]) == (8, 4, 50)
    assert lost["low"] < 50 < lost["high"]
    for seen, held in zip(asked[:8], asked[8:], strict=True):
        assert seen.message.text != held.message.text and seen.message.intent == held.message.intent
        heads = [each.prompt.replace(each.message.text, "") for each in (seen, held)]
        named = ("json", "rule worked, held symbols")  # which fields, and which tone, stand in the instruction
        assert heads[0] == heads[1] or (name in named and SequenceMatcher(None, *heads).ratio() > 0.5)


def test_runs_with_several_seeds_are_gathered_when_they_have_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "SEEDS", tmp_path / "seeds.json")
    with pytest.raises(FileNotFoundError, match="no run has come to its end"):
        seeds.gather(tmp_path)
    assert "No training with another seed" in card.seeds_text()
    scores = watch.scores
    monkeypatch.setattr(watch, "scores", lambda net, encoder, count=40: scores(net, encoder, 1))
    size = network.shape(tokens.Encoder().size, width=32, layers=2, inner=32)
    for seed in (1, 2, 3):
        monkeypatch.setattr(paths, "RUN", tmp_path / f"seed_{seed}")
        monkeypatch.setattr(paths, "STATE", paths.RUN / "state.safetensors")
        monkeypatch.setattr(paths, "TRAINING_LOG", paths.RUN / "training.jsonl")
        paths.RUN.mkdir()
        run = train.train(size, train.Settings(tokens=15_000, seed=seed, compiled=False))
        assert run.tokens >= 15_000 and run.progress >= 1
        assert run.rate() == 0
        if seed < 3:
            (paths.RUN / "done").touch()
    report = seeds.gather(tmp_path, count=2)
    assert list(report["runs"]) == ["seed_1", "seed_2"]  # the third has not come to its end
    assert [len(run["curve"]) for run in report["runs"].values()] == [5, 5]
    text = card.seeds_text()
    assert "2 trainings of 0.0 million tokens" in text and "| seed 1 | seed 2 |" in text
    (tmp_path / "seed_3" / "done").touch()
    (tmp_path / "seed_1" / "state.safetensors").rename(tmp_path / "first.safetensors")  # gathered, needed no more
    assert seeds.gather(tmp_path)["runs"].items() > report["runs"].items() and "3 trainings" in card.seeds_text()
    (tmp_path / "first.safetensors").rename(tmp_path / "seed_1" / "state.safetensors")
    assert not state.same(*(state.read(tmp_path / f"seed_{k}" / "state.safetensors")[1] for k in (1, 2)))


def test_the_speed_of_bfloat16_decides_unless_told(monkeypatch):
    asked = []
    monkeypatch.setattr(train, "half_is_fast", lambda: asked.append(1) or False)
    net = network.Network(network.shape(tokens.Encoder().size, width=32, layers=2, inner=32))
    ids, weights = torch.randint(5, 100, (1, 9)), torch.ones(1, 9)
    told = train.loss_function(net, train.Settings(compiled=False))(ids, weights)
    exact = train.loss_function(net, train.Settings(compiled=False, bfloat16=False))(ids, weights)
    assert asked == [1] and torch.equal(told, exact)
