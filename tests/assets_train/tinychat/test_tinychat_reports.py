"""What the card rests on: edits of tokens, parts of the evaluation, trainings with several seeds."""

import json

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
    assert not state.same(*(state.read(tmp_path / f"seed_{k}" / "state.safetensors")[1] for k in (1, 2)))


def test_the_speed_of_bfloat16_decides_unless_told(monkeypatch):
    asked = []
    monkeypatch.setattr(train, "half_is_fast", lambda: asked.append(1) or False)
    net = network.Network(network.shape(tokens.Encoder().size, width=32, layers=2, inner=32))
    ids, weights = torch.randint(5, 100, (1, 9)), torch.ones(1, 9)
    told = train.loss_function(net, train.Settings(compiled=False))(ids, weights)
    exact = train.loss_function(net, train.Settings(compiled=False, bfloat16=False))(ids, weights)
    assert asked == [1] and torch.equal(told, exact)
