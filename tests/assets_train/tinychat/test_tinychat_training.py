"""The code that trains tinychat: encoding, mixtures, resuming, the exported function. Seconds on one core."""

import random

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from aigc_kit.worlds.shop import outside, tasks  # noqa: E402
from assets.train.tinychat import drills, export, mixture, network, paths, state, tokens, train, watch  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def encoder():
    return tokens.Encoder()


def small(encoder):
    return network.shape(encoder.size, width=64, layers=3, inner=96)


def test_the_tokenizer_is_the_worlds_vocabulary(encoder):
    assert [encoder.tokenizer.id_to_token(k) for k in range(encoder.size)] == outside.vocabulary()


@pytest.mark.parametrize("task", tasks.MAKERS)
@pytest.mark.parametrize("split", ["train", "held"])
def test_prompts_and_answers_are_read_and_decode_to_themselves(task, split, encoder):
    rng = random.Random(task)
    for _ in range(20):
        sample = tasks.draw(task, rng, split, split)
        for text in (sample.answer, sample.prompt):
            if task != "outside":
                assert encoder.tokenizer.decode(encoder.text(text), skip_special_tokens=False) == text


def test_numbers_are_read_digit_by_digit(encoder):
    assert len(encoder.text("A371")) == 4
    assert len(encoder.text("3月15日")) == 5


def test_only_answers_weigh_more_than_prompts(encoder):
    turns = mixture.conversation(random.Random(1), "rules")
    ids, weights = encoder.conversation(turns)
    assert len(ids) == len(weights)
    assert weights[0] == 0
    assert ids[-1] == encoder.ids[tokens.END]
    assert {round(w, 3) for w in weights if w < 1} <= {0.0, 0.1}


@pytest.mark.parametrize("stage", mixture.STAGES)
def test_every_stage_draws_every_task_and_drill(stage):
    rng = random.Random(0)
    seen = {sample.task for _ in range(1500) for sample in mixture.conversation(rng, stage)}
    assert seen == set(tasks.MAKERS) | set(drills.DRILLS)
    assert sum(mixture.STAGES[stage].values()) == pytest.approx(1)


@pytest.mark.parametrize("drill", drills.DRILLS)
def test_drills_have_true_answers(drill):
    rng = random.Random(drill)
    for _ in range(200):
        sample = drills.DRILLS[drill](rng)
        if drill == "lookup":
            assert sample.answer in sample.prompt
        if drill == "copy":
            assert sample.prompt.endswith(sample.answer)
        if drill == "tables":
            question = sample.prompt.splitlines()[-1].replace("×", "*").removesuffix("=")
            assert str(eval(question)) == sample.answer.partition("写")[0]


def test_held_out_labels_are_no_labels_in_training():
    from aigc_kit.worlds.shop import instructions

    rng = random.Random(3)
    held = set(instructions.HELD_SYMBOLS + instructions.NEW_SYMBOLS)
    for _ in range(400):
        for task in ("rule", "examples"):
            assert not held & set(tasks.draw(task, rng).facts["labels"].values())


def test_a_run_goes_on_where_it_stopped(tmp_path, encoder):
    settings = train.Settings(compiled=False)
    run = train.Run(small(encoder), settings)
    stream = train.batches(random.Random(0), encoder, 512, lambda: "meaning")
    batches = [next(stream) for _ in range(4)]

    def step(run, batch):
        ids, weights = batch
        run.network.loss(ids, weights).div(weights.sum()).backward()
        run.update()

    for batch in batches[:2]:
        step(run, batch)
    state.save(tmp_path / "state.safetensors", run)
    again = train.Run(small(encoder), train.Settings(compiled=False, seed=5))
    state.load(tmp_path / "state.safetensors", again)
    for batch in batches[2:]:
        step(run, batch)
        step(again, batch)
    assert again.step == run.step == 4
    for part in ("network", "averaged"):
        assert state.same(getattr(run, part).state_dict(), getattr(again, part).state_dict())
    kept = state.averaged(tmp_path / "state.safetensors").state_dict()
    assert not state.same(kept, run.averaged.state_dict())  # saved before the last two steps


def test_another_shape_is_refused(tmp_path, encoder):
    state.save(tmp_path / "state.safetensors", train.Run(small(encoder), train.Settings()))
    other = train.Run(network.shape(encoder.size, width=96, layers=3, inner=96), train.Settings())
    with pytest.raises(ValueError, match="remove it"):
        state.load(tmp_path / "state.safetensors", other)


def test_the_loss_falls(encoder):
    run = train.Run(small(encoder), train.Settings(warmup_steps=1))
    stream = train.batches(random.Random(0), encoder, 512, lambda: "meaning")
    losses = []
    for _ in range(12):
        ids, weights = next(stream)
        loss = run.network.loss(ids, weights) / weights.sum()
        loss.backward()
        run.update()
        losses.append(loss.item())
    assert min(losses[-3:]) < losses[0] - 0.5


def test_the_export_is_the_same_function(encoder):
    net = network.Network(small(encoder))
    for block in net.blocks:
        torch.nn.init.normal_(block.out.weight, std=0.1)
        torch.nn.init.normal_(block.down.weight, std=0.1)
    model = export.as_transformers(net)
    assert type(model) is transformers.LlamaForCausalLM
    assert model.config.vocab_size == encoder.size
    assert export.difference(net, model) < export.CLOSE


def test_what_is_watched_is_the_same_at_every_call(encoder):
    net = network.Network(small(encoder)).eval()
    assert watch.drawn("json", 3) == watch.drawn("json", 3)
    assert set(watch.scores(net, encoder, 2)) == set(watch.WATCHED) | set(drills.DRILLS)


def test_padding_does_not_change_the_loss(encoder):
    net = network.Network(small(encoder)).eval()
    rows = [encoder.conversation(mixture.conversation(random.Random(k), "rules")) for k in range(2)]
    alone = sum(net.loss(*train.padded([row]), probe=0.0) for row in rows)
    together = net.loss(*train.padded(rows), probe=0.0)
    assert torch.allclose(alone, together, rtol=1e-4)


def test_paths_lie_beside_the_code_unless_told_otherwise():
    assert paths.MODEL.name == "tinychat"
    assert paths.PROMPTS.exists()


def test_shipped_weights_can_be_trained_on(tmp_path, encoder, monkeypatch):
    from assets.train.tinychat import restore

    net = network.Network(small(encoder))
    for block in net.blocks:
        torch.nn.init.normal_(block.out.weight, std=0.1)
        torch.nn.init.normal_(block.down.weight, std=0.1)
    export.as_transformers(net).save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes((paths.MODEL / "tokenizer.json").read_bytes())
    monkeypatch.setattr(paths, "MODEL", tmp_path)
    monkeypatch.setattr(paths, "STATE", tmp_path / "state.safetensors")
    run = restore.restore()
    kept = state.averaged(paths.STATE)
    ids = torch.randint(5, encoder.size, (2, 20))
    assert torch.allclose(kept.streams(ids)[0], run.network.streams(ids)[0], atol=1e-6)  # weights of two alignments
    assert torch.allclose(kept.streams(ids)[0], net.streams(ids)[0], atol=1e-5)
    with pytest.raises(FileExistsError, match="remove it"):
        restore.restore()
