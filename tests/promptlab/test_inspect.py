"""Attributions: against closed forms, against captum, shap and lime, and against what the world knows."""

import numpy as np
import pytest
import torch

from aigc_kit import text
from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.promptlab import inspect
from aigc_kit.promptlab.inspect import attributions, cam, deletion, libraries, question
from aigc_kit.worlds.shop.prompt_tasks import all_tasks
from aigc_kit.worlds.tinyworld.render import render_with_mask
from aigc_kit.worlds.tinyworld.spec import Spec

PROMPT, ANSWER = "<五绝>秋江<诗>", "山空月正收"


@pytest.fixture(scope="module")
def poet():
    return text.engine(text.plan_for("春", card="poem", engine="transformers"))


@pytest.fixture(scope="module")
def chat():
    return text.engine(text.plan_for("判断", card="tinychat", engine="transformers"))


@pytest.fixture
def asked(poet):
    return inspect.AlignInspector(poet).question(PROMPT, ANSWER)


class Sum:
    """A question whose value is known: a sum over words, and one pair that only counts together."""

    def __init__(self, weights, pair=0.0):
        self.weights, self.pair, self.words = np.asarray(weights, float), pair, tuple("甲乙丙丁戊己"[: len(weights)])
        self.evaluations = 0

    def value(self, keeps):
        keeps = np.asarray(keeps, bool)
        return keeps @ self.weights + self.pair * (keeps[:, 0] & keeps[:, 1])


def test_the_value_is_the_engines_own_log_probability(poet, asked):
    everything = asked.value(np.ones((1, len(asked.words)), bool))[0]
    ids = poet.encode(PROMPT)
    assert everything == pytest.approx(poet.logprobs(ids + poet.encode(ANSWER), len(ids)).sum(), abs=1e-3)


def test_log_odds_are_those_of_the_probability(poet):
    odds = inspect.AlignInspector(poet).question(PROMPT, "山", scale="odds")
    plain = inspect.AlignInspector(poet).question(PROMPT, "山")
    keeps = np.ones((1, len(odds.words)), bool)
    share = np.exp(plain.value(keeps)[0])
    assert odds.value(keeps)[0] == pytest.approx(np.log(share / (1 - share)), abs=1e-3)


def test_a_word_replaced_is_a_prompt_with_unk(poet, asked):
    keeps = np.ones((1, len(asked.words)), bool)
    keeps[0, 1] = False
    ids = [
        poet.tokenizer.unk_token_id if own else token for own, token in zip(asked.owners()[1], asked.ids, strict=True)
    ]
    whole = ids + asked.target
    assert asked.value(keeps)[0] == pytest.approx(poet.logprobs(whole, len(ids)).sum(), abs=1e-3)


def test_a_word_taken_out_is_a_shorter_prompt(poet):
    out = inspect.AlignInspector(poet, "gone").question(PROMPT, ANSWER)
    keeps = np.ones((2, len(out.words)), bool)
    keeps[0, 1] = False
    ids = [token for own, token in zip(out.owners()[1], out.ids, strict=True) if not own]
    assert len(ids) < len(out.ids)
    assert out.value(keeps)[0] == pytest.approx(poet.logprobs(ids + out.target, len(ids)).sum(), abs=1e-3)
    with pytest.raises(BadInput, match="no vector"):
        attributions.integrated(out)


@pytest.mark.parametrize("name", ["occlusion", "shapley", "exact"])
def test_a_sum_gives_every_word_its_weight(name):
    weights = [3.0, -1.0, 0.5, 0.0]
    how = attributions.exact_shapley if name == "exact" else attributions.METHODS[name].scores
    assert how(Sum(weights)) == pytest.approx(weights)


def test_a_pair_is_shared_equally_by_shapley_and_counted_twice_by_occlusion():
    both = Sum([0, 0, 1.0], pair=2.0)
    assert attributions.exact_shapley(both) == pytest.approx([1, 1, 1])
    assert attributions.occlusion(both) == pytest.approx([2, 2, 1])


def test_sampled_shapley_adds_up_and_tends_to_the_exact_one(asked):
    exact = attributions.exact_shapley(asked)
    sampled = attributions.shapley(asked, orders=60)
    count = len(asked.words)
    full, empty = asked.value(np.stack([np.ones(count, bool), np.zeros(count, bool)]))
    assert sampled.sum() == pytest.approx(full - empty, abs=1e-2) and exact.sum() == pytest.approx(
        full - empty, abs=1e-2
    )
    assert np.abs(sampled - exact).max() < 0.15 * np.abs(exact).max()


def test_many_words_are_not_gone_through_exactly():
    with pytest.raises(BadInput, match="2\\^13"):
        attributions.exact_shapley(type("Long", (), {"words": ("字",) * 13})())


def test_integrated_gradients_add_up_better_with_more_steps(asked):
    count = len(asked.words)
    full, empty = asked.value(np.stack([np.ones(count, bool), np.zeros(count, bool)]))
    gaps = [abs(attributions.integrated(asked, steps=steps).sum() - (full - empty)) for steps in (1, 8, 64)]
    assert gaps[2] < gaps[0] and gaps[2] < 0.05 * abs(full - empty) + 0.5


def test_gradient_x_input_is_the_slope(asked):
    slope = attributions.gradient_x_input(asked)[1]
    table = asked.embeddings()[None]
    step = torch.from_numpy(asked.owners()[1])[:, None] * (table - asked.baseline()) * 1e-3
    with torch.no_grad():
        up, down = (asked.score(table + sign * step).item() for sign in (1, -1))
    assert slope == pytest.approx((up - down) / 2e-3, rel=0.05, abs=0.05)


def test_lime_is_a_weighted_ridge():
    weights = np.array([2.0, 0.0, -1.0])
    masks = attributions.masks_of(Sum(weights), count=400)
    assert masks[0].all() and masks.shape == (400, 3)
    slopes = attributions.ridge(masks, Sum(weights).value(masks), alpha=1e-6)
    assert slopes == pytest.approx(weights, abs=1e-3)


def test_words_are_not_pieces():
    line = "我想退款 ok 12"
    pieces = [(0, 1), (1, 2), (2, 3), (3, 4), (3, 4), (4, 5), (5, 7), (7, 8), (8, 9), (9, 10)]
    spans = [(line[a:b], tokens) for (a, b), tokens in question.word_groups(line, pieces)]
    assert spans == [("我", [0]), ("想", [1]), ("退款", [2, 3, 4]), ("ok", [6]), ("12", [8, 9])]
    assert question.word_groups("退款", [(0, 0), (0, 2), (-3, 0)]) == [((0, 2), [1])]
    assert question.word_groups("我想退款", [(0, 4)]) == [((0, 4), [0])]


def test_only_the_part_that_is_asked_for_shares_the_credit(chat):
    item = all_tasks()["intent"].items(1, split="held", seed=5)[0]
    prompt = all_tasks()["intent"].prompt(all_tasks()["intent"].instruction, item)
    start = prompt.rindex(item.text)
    reason = inspect.AlignInspector(chat).explain(prompt, item.answer, "occlusion", part=(start, len(prompt)))
    assert all(span[0] >= start for span in reason.spans) and len(reason.scores) == len(reason.words)
    assert reason.operator == "unk" and reason.evaluations == len(reason.words) + 1
    assert "".join(reason.words) in prompt.replace(" ", "") and reason.top(1)[0] in reason.words


def test_the_world_knows_which_words_carry_the_answer(chat):
    task, inspector, hits = all_tasks()["intent"], inspect.AlignInspector(chat), []
    for item in task.items(8, split="held", seed=130):
        prompt = task.prompt(task.instruction, item)
        start = prompt.rindex(item.text)
        reason = inspector.explain(prompt, item.answer, "integrated", part=(start, len(prompt)), scale="odds")
        hits.append(deletion.hit(reason.spans, reason.scores, [(a + start, b + start) for a, b in item.carriers]))
    assert sum(hits) >= 6  # .9 of many; 5 or fewer of 8 would come once in 200 draws


def test_deletion_is_judged_against_random():
    heavy = Sum([5.0, 0.0, 0.0, 0.0])
    assert deletion.curve(heavy, heavy.weights) == pytest.approx([5, 0, 0, 0, 0])
    assert deletion.fall(np.array([5.0, 0, 0, 0, 0])) == 5
    chance = deletion.fall(deletion.random_curves(heavy, 40)).mean()
    assert deletion.fall(deletion.curve(heavy, heavy.weights)) > chance + 1
    assert deletion.fall(deletion.curve(heavy, -heavy.weights)) < chance
    assert deletion.hit([(0, 2), (2, 4)], np.array([0.0, 1.0]), [(3, 9)])
    assert not deletion.hit([(0, 2), (2, 4)], np.array([1.0, 0.0]), [(2, 9)])


@pytest.mark.parametrize(
    ("prompt", "answer", "settings"),
    [
        ("", "好", {}),
        (" ", "好", {}),
        ("春", "", {}),
        (None, "好", {}),
        ("春", "好", {"part": (9, 9)}),
        ("春" * 2000, "好", {}),
    ],
)
def test_bad_questions_are_refused(poet, prompt, answer, settings):
    with pytest.raises(BadInput):
        inspect.AlignInspector(poet).question(prompt, answer, **settings)


def test_bad_names_and_masks_are_refused(poet, asked):
    with pytest.raises(UnknownName, match="occlusion"):
        inspect.AlignInspector(poet).explain(PROMPT, ANSWER, "oclusion")
    with pytest.raises(UnknownName, match="gone"):
        inspect.AlignInspector(poet, "gon").question(PROMPT, ANSWER)
    with pytest.raises(UnknownName, match="odds"):
        inspect.AlignInspector(poet).question(PROMPT, ANSWER, scale="od")
    with pytest.raises(BadInput, match="shape"):
        asked.value(np.ones(3, bool))


def test_captum_agrees(asked):
    pytest.importorskip("captum", reason="captum is not installed: pip install 'aigc-kit[attribution]'")
    assert attributions.integrated(asked) == pytest.approx(libraries.by_captum(asked), rel=1e-3, abs=1e-3)


def test_shap_agrees(asked):
    pytest.importorskip("shap", reason="shap is not installed: pip install 'aigc-kit[attribution]'")
    exact = attributions.exact_shapley(asked)
    assert libraries.by_shap(asked, "exact") == pytest.approx(exact, abs=2e-2)
    assert libraries.by_shap(asked).sum() == pytest.approx(exact.sum(), abs=5e-2)


def test_lime_agrees(asked):
    pytest.importorskip("lime", reason="lime is not installed: pip install 'aigc-kit[attribution]'")
    masks = attributions.masks_of(asked, count=60)
    values = asked.value(masks)
    assert attributions.ridge(masks, values) == pytest.approx(libraries.by_lime(masks, values), abs=1e-6)


@pytest.fixture(scope="module")
def pictures():
    return [render_with_mask(Spec(), 64, 64, seed=13000 + number) for number in range(24)]


def test_grad_cam_points_at_the_subject_and_not_elsewhere(pictures):
    cams = inspect.grad_cam([picture for picture, _ in pictures])
    masks = [mask for _, mask in pictures]
    game = inspect.pointing_game(cams, masks, 2)
    chance = np.mean([mask.mean() for mask in masks])
    assert game.share > 0.6 > chance and game.count == 24
    assert all(each.heat.shape == (64, 64) and each.heat.min() >= 0 and each.heat.max() <= 1.0001 for each in cams)
    assert inspect.pointing_game(cams, [~mask for mask in masks]).held == 24 - inspect.pointing_game(cams, masks).held


def test_grad_cam_by_hooks_is_the_same(pictures):
    """As the paper's code does it: hooks on the last convolution's output."""
    network = cam._reader()
    kept = {}
    handle = network[8].register_forward_hook(lambda module, given, made: kept.update(maps=made.retain_grad() or made))
    network.requires_grad_(True)
    pixels = torch.from_numpy(pictures[0][0]).movedim(-1, 0)[None].float() / 127.5 - 1
    scores = network(pixels)[:, : len(cam.ATTRIBUTES["subject"])]
    scores.max().backward()
    handle.remove()
    network.requires_grad_(False)
    heat = torch.relu((kept["maps"].grad.mean((2, 3), keepdim=True) * kept["maps"]).sum(1))[0].detach().numpy()
    mine = inspect.grad_cam([pictures[0][0]])[0].heat
    assert np.corrcoef(mine[4::8, 4::8].ravel(), heat.ravel())[0, 1] > 0.95


def test_bad_pictures_are_refused(pictures):
    with pytest.raises(BadInput, match="no picture"):
        inspect.grad_cam([])
    with pytest.raises(BadInput):
        inspect.grad_cam([pictures[0][0].astype(float)])
    with pytest.raises(UnknownName, match="subject"):
        inspect.grad_cam([pictures[0][0]], "subjekt")


@pytest.mark.parametrize("operator", ["unk", "gone"])
def test_what_stands_before_the_words_is_read_once_and_changes_nothing(chat, operator):
    task = all_tasks()["intent"]
    item = task.items(1)[0]
    prompt = task.prompt(task.instruction, item)
    part = (prompt.rindex(item.text), len(prompt))
    asked = question.Question(chat, prompt, item.answer, operator=operator, part=part)
    keeps = np.random.default_rng(0).random((4, len(asked.words))) < 0.5
    owned = ~keeps @ asked.owners()
    unknown = chat.tokenizer.unk_token_id
    for value, gone in zip(asked.value(keeps), owned, strict=True):
        ids = [unknown if out else token for token, out in zip(asked.ids, gone, strict=True)]
        ids = ids if operator == "unk" else [token for token, out in zip(asked.ids, gone, strict=True) if not out]
        truth = chat.logprobs(ids + asked.target, len(ids)).sum()
        assert value == pytest.approx(truth, abs=2e-3)


def test_slopes_are_those_of_the_whole_prompt(chat):
    task = all_tasks()["intent"]
    item = task.items(1)[0]
    prompt = task.prompt(task.instruction, item)
    asked = inspect.AlignInspector(chat).question(prompt, item.answer, part=(prompt.rindex(item.text), len(prompt)))
    whole = inspect.AlignInspector(chat).question(prompt, item.answer)
    mine = torch.from_numpy(asked.owners().any(0))
    grads = []
    for each in (asked, whole):
        points = each.embeddings()[None].clone().requires_grad_(True)
        grads.append(torch.autograd.grad(each.score(points).sum(), points)[0][0])
    assert torch.allclose(grads[0][mine], grads[1][mine], atol=1e-4 * float(grads[1].abs().max()))
    assert not grads[0][~mine][:5].any()
