"""By hand is the library's, the base never changes, an interrupted run goes on, numbers judge a rehearsal."""

import copy
import hashlib
from itertools import islice

import numpy as np
import pytest
import torch

from aigc_kit import text
from aigc_kit.core.errors import BadInput, CannotLoad, UnknownName
from aigc_kit.make.train.answering import encode, surprise, surprises
from aigc_kit.promptlab.tune import WAYS, Tuning, TuningSandbox, adapters, big_run, clock, continual, nf4, soft
from aigc_kit.promptlab.tune.rehearsal import Matrix, Rehearsal
from aigc_kit.worlds.old_verse import OldVerse

TASK = OldVerse(lines=2)


@pytest.fixture(scope="module")
def poet():
    return text.engine(text.plan_for("春", card="poem", engine="transformers"))


@pytest.fixture(scope="module")
def rows(poet):
    return encode(poet.tokenizer, [(TASK.prompt(TASK.instruction, item), item.answer) for item in TASK.items(12)])


@pytest.fixture
def tuned(poet, rows):
    """A LoRA after three steps: B is no longer zero."""
    tuning = Tuning(poet, "lora", rows, size=4)
    list(tuning.run(3))
    return tuning


def weights_of(network):
    return {name: hashlib.sha256(value.numpy().tobytes()).hexdigest() for name, value in network.state_dict().items()}


# ---- soft prompts ---------------------------------------------------------------------------------------------------


def test_a_soft_prompt_by_hand_is_pefts(poet, rows):
    """Same vectors, same loss and same gradient; PEFT's mask and label shift are its own. float32: 1e-4."""
    from peft import PromptTuningConfig, get_peft_model

    start = soft.starting_vectors(poet)
    config = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=len(start))
    with adapters.quiet_peft():
        theirs = get_peft_model(copy.deepcopy(poet.model), config)
    vectors = theirs.prompt_encoder["default"].embedding.weight
    with torch.no_grad():
        vectors.copy_(start)
    mask = (rows.ids != poet.tokenizer.pad_token_id).long()
    their_loss = theirs(input_ids=rows.ids, attention_mask=mask, labels=rows.labels).loss
    their_loss.backward()
    own = start.clone().requires_grad_(True)
    loss = surprise(poet.model, rows, own)
    (gradient,) = torch.autograd.grad(loss, own)
    assert float(loss.detach()) == pytest.approx(float(their_loss.detach()), rel=1e-5)
    assert torch.allclose(gradient, vectors.grad, rtol=1e-4, atol=1e-6)


def test_vectors_start_as_tokens_and_leave_them(poet, rows):
    words, distances = soft.nearest_tokens(poet, soft.starting_vectors(poet))
    assert words == soft.START and max(distances) < 1e-3
    tuning = Tuning(poet, "soft", rows, size=4)
    list(tuning.run(12))
    assert tuning.count == 5 * 192
    assert max(soft.nearest_tokens(poet, tuning.soft)[1]) > 0.1


@pytest.mark.parametrize("words", ["", None])
def test_a_start_without_tokens_is_refused(poet, words):
    with pytest.raises(BadInput, match="some characters"):
        soft.starting_vectors(poet, words or "")


def test_what_is_written_is_that_of_generate(poet):
    """At a low temperature sampling is greedy: transformers' own generate writes the same."""
    prompts = ["<五绝>春夜<诗>", "<五绝>江楼送友人<诗>", "<五绝>秋日<诗>"]
    texts = soft.continued(poet, poet.model, prompts, None, temperature=1e-4, max_new_tokens=12)
    for prompt, written in zip(prompts, texts, strict=True):
        ids = torch.tensor([poet.encode(prompt)])
        whole = poet.model.generate(ids, do_sample=False, max_new_tokens=12, attention_mask=torch.ones_like(ids))
        assert written == poet.decode(whole[0, ids.shape[1] :].tolist())


# ---- LoRA -----------------------------------------------------------------------------------------------------------


def test_lora_is_counted_and_merged_is_unmerged(poet, rows, tuned):
    by_hand = sum(8 * (192 + 192) for _ in range(5) for _ in "qv")
    assert tuned.count == by_hand == adapters.lora_numbers([(192, 192)] * 10) == 30_720
    merged = adapters.merged(tuned.network)
    assert not any("lora" in name for name, _ in merged.named_parameters())
    with torch.inference_mode():
        one, other, before = (surprises(network, rows) for network in (tuned.network, merged, poet.model))
    assert torch.allclose(one, other, rtol=1e-4) and not torch.allclose(one, before, rtol=1e-3)
    name = "model.layers.0.self_attn.q_proj"
    part = tuned.network.get_submodule(f"base_model.model.{name}")
    delta = 2 * part.lora_B["default"].weight @ part.lora_A["default"].weight  # alpha / r = 2
    assert torch.allclose(merged.get_submodule(name).weight, poet.model.get_submodule(name).weight + delta, atol=1e-6)


def test_the_courses_model_has_so_many_numbers():
    """r = 8 on q and v of 32 layers of width 4096: 4.19 million of 6.74 billion."""
    count = adapters.lora_numbers([(4096, 4096)] * 64)
    assert count == 4_194_304 and round(100 * count / 6.74e9, 3) == 0.062


def test_peft_mixes_no_prompt_with_lora(poet):
    """What the course combines: the library refuses, vectors by hand do it."""
    from peft import LoraConfig, PromptTuningConfig, get_peft_model

    with adapters.quiet_peft():
        network = get_peft_model(copy.deepcopy(poet.model), LoraConfig(target_modules=["q_proj"]), mixed=True)
        with pytest.raises(ValueError, match="compatible"):
            network.add_adapter("soft", PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=5))


@pytest.mark.parametrize("way", WAYS)
def test_no_weight_of_the_base_changes(poet, rows, way):
    before = weights_of(poet.model)
    tuning = Tuning(poet, way, rows, size=4)
    print_of = adapters.fingerprint(poet.model)
    list(tuning.run(2))
    assert weights_of(poet.model) == before
    assert (adapters.fingerprint(tuning.network) == print_of) is (way != "full")


@pytest.mark.parametrize("way", WAYS)
def test_learning_lowers_the_loss(poet, rows, way):
    tuning = Tuning(poet, way, rows, size=8)
    first = tuning.surprises(rows).mean()
    losses = [progress.loss for progress in tuning.run(15)]
    assert tuning.surprises(rows).mean() < first - 0.2 and tuning.losses == losses and tuning.step == 15


def test_both_are_vectors_and_lora_on_one_base(poet, rows):
    both = Tuning(poet, "both", rows, size=4)
    assert both.count == 960 + 30_720 and "soft" in both.learning()
    before = {name: value.detach().clone() for name, value in both.learning().items()}
    list(both.run(2))
    assert all(not torch.equal(value, before[name]) for name, value in both.learning().items() if "lora_A" not in name)


# ---- kept, interrupted, exchanged -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(poet, rows, tmp_path, way):
    whole = Tuning(poet, way, rows, size=4)
    list(whole.run(6))
    broken = Tuning(poet, way, rows, size=4)
    list(islice(broken.run(6), 3))
    path = broken.save(tmp_path / "half.safetensors")
    second = Tuning(poet, way, rows, size=4)
    second.resume(path)
    assert second.step == 3 and second.losses == whole.losses[:3]
    list(second.run(3))
    assert second.losses == pytest.approx(whole.losses, rel=1e-6)
    for name, value in whole.learning().items():
        assert torch.allclose(second.learning()[name], value, atol=1e-6), name


def test_files_of_other_runs_are_refused(poet, rows, tuned, tmp_path):
    path = tuned.save(tmp_path / "lora.safetensors")
    for other in (
        Tuning(poet, "both", rows, size=4),
        Tuning(poet, "lora", rows.of(range(8)), size=4),
        Tuning(poet, "lora", rows, size=4, seed=1),
        Tuning(poet, "lora", rows, size=4, rank=4),
    ):
        with pytest.raises(BadInput, match="that run"):
            other.resume(path)
    same = Tuning(poet, "lora", rows, size=4)
    same.base = "another"
    with pytest.raises(BadInput, match="trained on the model"):
        same.resume(path)
    with pytest.raises(CannotLoad, match="no file of a tuning"):
        same.resume(adapters.save_adapter(tuned.network, tmp_path / "adapter.safetensors"))


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_files_cut_short_are_told(poet, rows, tuned, tmp_path, keep):
    path = tuned.save(tmp_path / "lora.safetensors")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CannotLoad, match="save it again"):
        Tuning(poet, "lora", rows, size=4).resume(path)
    with pytest.raises(CannotLoad):
        adapters.load_adapter(tuned.network, path, "other")
    with pytest.raises(CannotLoad):
        adapters.load_adapter(tuned.network, tmp_path / "none.safetensors", "other")


def test_two_adapters_are_exchanged_on_one_base(poet, rows, tmp_path):
    files, truths = {}, {}
    for name, seed in (("one", 0), ("two", 1)):
        tuning = Tuning(poet, "lora", rows, size=4, seed=seed)
        list(tuning.run(3))
        files[name] = adapters.save_adapter(tuning.network, tmp_path / f"{name}.safetensors")
        with torch.inference_mode():
            truths[name] = surprises(adapters.merged(tuning.network), rows)
    network = adapters.with_lora(poet.model)
    for name, path in files.items():
        adapters.load_adapter(network, path, name)
    for name in ("one", "two", "one"):
        network.set_adapter(name)
        with torch.inference_mode():
            assert torch.allclose(surprises(network, rows), truths[name], rtol=1e-4), name
    assert not torch.allclose(truths["one"], truths["two"], rtol=1e-3)
    network.get_base_model().model.embed_tokens.weight.data[0] += 1
    with pytest.raises(BadInput, match="trained on the model"):
        adapters.load_adapter(network, files["one"], "three")


# ---- bad input ------------------------------------------------------------------------------------------------------


def test_bad_input_is_refused(poet, rows):
    with pytest.raises(UnknownName, match="lora"):
        Tuning(poet, "lorra", rows)
    with pytest.raises(BadInput, match="smaller batches"):
        Tuning(poet, "lora", rows, size=13)
    with pytest.raises(BadInput, match="q_proj"):
        adapters.with_lora(poet.model, targets=["query"])
    for steps in (0, -1, 1.5, True, "60"):
        with pytest.raises(BadInput, match="such as 60"):
            next(Tuning(poet, "soft", rows, size=4).run(steps))


# ---- four bits ------------------------------------------------------------------------------------------------------


def test_levels_are_quantiles_of_a_normal_distribution():
    """As QLoRA defines them: eight below zero, zero, seven above, scaled to one. Source: bitsandbytes' offset."""
    from scipy.stats import norm

    offset = 0.9677083
    above = norm.ppf(np.linspace(offset, 0.5, 9)[:-1])
    below = -norm.ppf(np.linspace(offset, 0.5, 8)[:-1])
    levels = np.sort(np.concatenate([above, below, [0]]))
    assert pytest.approx(levels / levels.max(), abs=1e-6) == list(nf4.LEVELS)


def test_every_weight_goes_to_its_nearest_level():
    weights = torch.randn(7, 64, generator=torch.Generator().manual_seed(0))
    codes, scales = nf4.quantise(weights)
    for row, code, scale in zip(weights.tolist(), codes.tolist(), scales.tolist(), strict=True):
        assert scale == pytest.approx(max(map(abs, row)))
        nearest = [min(range(16), key=lambda k, w=w: abs(w / scale - nf4.LEVELS[k])) for w in row]
        assert nearest == code
    assert nf4.BITS == 4.5


def test_rounding_twice_is_rounding_once(poet):
    weights = poet.model.model.layers[0].self_attn.q_proj.weight.detach()
    once = nf4.rounded(weights)
    assert torch.allclose(nf4.rounded(once), once, atol=1e-7)
    assert 0.08 < float((once - weights).norm() / weights.norm()) < 0.10


@pytest.mark.parametrize("weights", [torch.zeros(0), torch.ones(65), torch.full((64,), float("nan"))], ids=range(3))
def test_weights_that_make_no_blocks_are_refused(weights):
    with pytest.raises(BadInput, match="multiple of 64"):
        nf4.quantise(weights)


def test_a_block_of_zeros_stays_zero():
    assert not nf4.rounded(torch.zeros(128)).any()


def test_four_bits_by_hand_are_the_librarys(poet):
    functional = pytest.importorskip("bitsandbytes.functional", reason="the optional bitsandbytes is not installed")
    weights = poet.model.model.layers[1].mlp.up_proj.weight.detach()
    theirs = functional.dequantize_4bit(*functional.quantize_4bit(weights, blocksize=64, quant_type="nf4"))
    assert torch.equal(theirs.float(), nf4.rounded(weights))


# ---- the rehearsal --------------------------------------------------------------------------------------------------


def test_a_rehearsal_in_full_precision_is_exact(poet, rows):
    show = TuningSandbox(poet, rows, round_to=lambda weights: weights.detach().clone()).rehearse(steps=2)
    assert show.same == 0 and show.weight_error == 0 and show.trusted and show.verdict.startswith("可以相信")
    assert max(matrix.distance for matrix in show.matrices) < 1e-6 and show.loss == show.rounded_loss


def test_four_bits_are_not_trusted_and_it_says_why(poet, rows):
    sandbox = TuningSandbox(poet, rows)
    early, later = sandbox.rehearse(), sandbox.rehearse(steps=4)
    assert sum(matrix.zero for matrix in early.matrices) == 10 and any("恰好是 0" in why for why in early.reasons)
    assert not any(matrix.zero for matrix in later.matrices) and later.steps == 4
    assert not later.trusted and later.verdict.startswith("不能相信") and later.same == 0
    assert 0.05 < later.median("distance") < 0.8 and 0.8 < later.median("cosine") < 1


def test_a_rehearsals_numbers_decide():
    good, far, turned = Matrix("a", 0.001, 0.9999), Matrix("b", 0.02, 0.9999), Matrix("c", 0.001, 0.98)
    for matrices, trusted in (((good,), True), ((good, far), False), ((good, turned), False)):
        assert Rehearsal(matrices, 0.1, 0.0, 8.0, 8.0, 1).trusted is trusted
    assert not Matrix("d", float("nan"), float("nan")).passes


# ---- what the big run needs -----------------------------------------------------------------------------------------


def test_the_prediction_on_no_device_is_what_torch_keeps_here(poet):
    ids = torch.zeros(3, 17, dtype=torch.long)
    network = adapters.with_lora(poet.model)

    def step():
        logits = network(input_ids=ids, use_cache=False).logits
        torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), ids[:, 1:].flatten())

    kept = big_run.kept_bytes(network, step)
    meta = copy.deepcopy(network).to("meta")
    assert big_run.saved_bytes(meta, ids.to("meta")) == kept
    assert big_run.saved_bytes(network, ids) == kept


def test_needs_are_counted_by_hand():
    from transformers import LlamaConfig

    config = LlamaConfig(
        hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, vocab_size=100,
        tie_word_embeddings=True,
    )  # fmt: skip
    blocks = 2 * (4 * 64 * 64 + 3 * 64 * 128)
    full, four = (big_run.big_run(config, batch=2, length=8, four_bits=bits) for bits in (False, True))
    total = blocks + 100 * 64 + 5 * 64
    assert full.total == four.total == total and full.numbers == 2 * 2 * 8 * 128
    assert full.weights == 2 * total and four.weights == 2 * (total - blocks) + blocks * 4.5 / 8
    assert full.lora == 16 * full.numbers and full.saved == four.saved and full.bytes - four.bytes == blocks * 23 / 16


# ---- lessons one after another --------------------------------------------------------------------------------------


def test_replay_is_half_of_every_batch(poet, rows):
    own = continual.own_samples(poet, ["<五绝>春夜<诗>", "<五绝>秋日<诗>"] * 2, seed=3)
    tuning = Tuning(poet, "lora", rows, size=6, replay=own)
    new, old = next(iter(tuning._draw(1)))
    assert (len(new), len(old)) == (3, 3) and {tuple(row[:6].tolist()) for row in old.ids} <= {
        tuple(row[:6].tolist()) for row in own.ids
    }
    (progress,) = tuning.run(1)
    fresh = Tuning(poet, "lora", rows, size=6, replay=own)
    with torch.inference_mode():
        assert progress.loss == pytest.approx(sum(float(part) for part in fresh._mistakes((new, old))), rel=1e-5)


def test_lessons_are_taught_in_turn_and_judged(poet, rows):
    told = continual.in_turn(
        poet, {"一": rows, "二": rows.of(range(6))}, lambda tuning: {"steps": tuning.step}, steps=2, size=4
    )
    assert [(row["after"], row["steps"]) for row in told] == [("", 0), ("一", 2), ("二", 4)]


# ---- the clock ------------------------------------------------------------------------------------------------------


def test_checkpointing_keeps_less_and_gives_the_same_loss(poet, rows):
    passes = clock.checkpointing(poet, rows, repeats=1)
    assert passes["on"].saved < 0.6 * passes["off"].saved
    assert passes["on"].loss == pytest.approx(passes["off"].loss, rel=1e-6)


def test_every_batch_of_a_loader_is_worked_on(rows):
    worked = []
    assert clock.loading(rows, lambda: worked.append(1), workers=0, size=5) > 0
    assert len(worked) == 3


def test_prompts_of_all_lengths_are_continued_as_each_alone(poet):
    """Almost greedily: what stands beside a row does not matter."""
    prompts = ["<五绝>春夜<诗>", "<五绝>江<诗>", "<七绝>送友人<诗>"]
    for vectors in (None, soft.starting_vectors(poet)):
        how = {"temperature": 1e-3, "max_new_tokens": 20}
        together = soft.continued(poet, poet.model, prompts, vectors, **how)
        alone = [soft.continued(poet, poet.model, [prompt], vectors, **how)[0] for prompt in prompts]
        assert together == alone and all(together)
    assert soft.continued(poet, poet.model, [], None) == []
