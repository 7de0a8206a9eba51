"""The training loop, its losses and its optimiser against loops written out, other libraries and closed forms."""

import copy
import itertools

import pytest

torch = pytest.importorskip("torch")

import by_hand  # noqa: E402

from aigc_kit.core.errors import BadInput  # noqa: E402
from aigc_kit.make.train import (  # noqa: E402
    Training,
    denoising,
    muon,
    next_token,
    orthogonalise,
    read_weights,
    save_checkpoint,
    train,
    write_weights,
)

pytestmark = pytest.mark.usefixtures("one_thread")
# One order of float32 sums against another: each of three steps may differ in the last bits.
CLOSE = {"rtol": 1e-4, "atol": 1e-6}


def small():
    """A network with a matrix that is tall, a convolution, and what is no matrix."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(4, 12, 3, padding=1), torch.nn.GroupNorm(2, 12), torch.nn.SiLU(), torch.nn.Conv2d(12, 4, 1)
    )


def batches(count):
    return [torch.randn(6, 4, 5, 5, generator=torch.Generator().manual_seed(k)) for k in range(count)]


def split(network):
    values = list(network.parameters())
    return [v for v in values if v.ndim > 1], [v for v in values if v.ndim == 1]


@pytest.mark.parametrize("clip", [0.1, None])
def test_three_steps_are_those_of_a_loop_by_hand(clip):
    """v-prediction with weights, two optimisers, warm-up, clipping and a running average."""
    mixed = torch.tensor(0.8).sqrt(), torch.tensor(0.2).sqrt()
    pace = lambda step: (step + 1) / 3  # noqa: E731
    network, averaged = small(), small()
    matrices, others = split(network)
    both = [muon(matrices, 0.02, decay=0.02), torch.optim.AdamW(others, lr=0.01, weight_decay=0.0)]
    training = Training(network, both, averaged=averaged, average=0.2, clip=clip)

    def loss(clean):
        return denoising("v", network, clean, clean.flip(0), *mixed, weight=1 + clean.abs())

    steps = list(train(training, batches(3), loss, pace))

    plain, mean = small(), small()
    matrices, others = split(plain)
    own, adam, losses = by_hand.Muon(matrices, 0.02, decay=0.02), torch.optim.AdamW(others, weight_decay=0.0), []
    for step, clean in enumerate(batches(3)):
        noise, weight = clean.flip(0), 1 + clean.abs()
        said = plain(mixed[0] * clean + mixed[1] * noise)
        error = (((said - (mixed[0] * noise - mixed[1] * clean)) ** 2) * weight).sum() / weight.sum()
        for value in plain.parameters():
            value.grad = None
        error.backward()
        if clip:
            by_hand.clip(list(plain.parameters()), clip)
        own.lr, adam.param_groups[0]["lr"] = 0.02 * (step + 1) / 3, 0.01 * (step + 1) / 3
        own.step()
        adam.step()
        by_hand.follow(mean.parameters(), plain.parameters(), step + 1, 0.2)
        losses.append(error.item())

    assert [progress.step for progress in steps] == [1, 2, 3] and min(progress.seconds for progress in steps) > 0
    assert [progress.loss for progress in steps] == pytest.approx(losses, rel=1e-5)
    for ours, theirs in ((network, plain), (averaged, mean)):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(a, b, **CLOSE)


def test_gradients_of_several_losses_add_up():
    one, two = small(), small()
    optimiser = lambda network: [torch.optim.SGD(network.parameters(), lr=0.1)]  # noqa: E731
    (clean,) = batches(1)
    whole = list(train(Training(one, optimiser(one), clip=None), [clean], lambda x: one(x).square().mean()))
    halves = list(
        train(
            Training(two, optimiser(two), clip=None),
            [clean],
            lambda x: (two(part).square().mean() / 2 for part in x.split(3)),
        )
    )
    assert halves[0].loss == pytest.approx(whole[0].loss, rel=1e-5)
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.allclose(a, b, **CLOSE)


def test_nothing_is_trained_that_is_not_asked_for():
    network, drawn = small(), []

    def stream():
        for k in itertools.count():
            drawn.append(k)
            yield batches(1)[0]

    training = Training(network, [torch.optim.SGD(network.parameters(), lr=0.1)])
    for progress in train(training, stream(), lambda clean: network(clean).square().mean()):
        if progress.step == 2:
            break
    assert drawn == [0, 1] and training.step == 2


def test_a_training_goes_on_exactly_from_its_checkpoint(tmp_path):
    def start():
        network = small()
        matrices, others = split(network)
        both = [muon(matrices, 0.02), torch.optim.AdamW(others, lr=0.01)]
        return Training(network, both, averaged=copy.deepcopy(network), average=0.9)

    def go(training, some):
        return [p.loss for p in train(training, some, lambda x: (training.network(x) - x).square().mean())]

    straight = start()
    go(straight, batches(2))
    save_checkpoint(straight.state(), tmp_path / "state.pt")
    later = go(straight, batches(4)[2:])
    resumed = start()
    resumed.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert resumed.step == 2 and go(resumed, batches(4)[2:]) == later
    for ours, theirs in zip(straight.averaged.parameters(), resumed.averaged.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_weights_are_written_whole_and_read_back(tmp_path, monkeypatch):
    from safetensors import safe_open

    state = {"a": torch.randn(3, 4).T, "b": torch.tensor(2.0)}
    path = write_weights(state, tmp_path / "w.safetensors", half=True)
    with safe_open(path, "numpy") as file:
        assert file.get_tensor("a").dtype == "float16"
    back = read_weights(path)
    assert back["a"].dtype == torch.float32 and torch.equal(back["a"], state["a"].half().float())
    before = path.read_bytes()

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_weights({"a": torch.zeros(1)}, path)
    assert path.read_bytes() == before


# --- losses


def test_targets_are_those_of_diffusers():
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    clean, noise, steps = torch.randn(4, 3, 5, 5), torch.randn(4, 3, 5, 5), torch.tensor([0, 300, 700, 999])
    ddpm = diffusers.DDPMScheduler()
    alphas = ddpm.alphas_cumprod[steps].view(-1, 1, 1, 1)
    flow = diffusers.FlowMatchEulerDiscreteScheduler()
    sigmas = flow.sigmas[steps].view(-1, 1, 1, 1)
    cases = {
        "epsilon": (alphas.sqrt(), (1 - alphas).sqrt(), ddpm.add_noise(clean, noise, steps), noise),
        "v": (
            alphas.sqrt(),
            (1 - alphas).sqrt(),
            ddpm.add_noise(clean, noise, steps),
            ddpm.get_velocity(clean, noise, steps),
        ),
        "flow": (1 - sigmas, sigmas, flow.scale_noise(clean, flow.timesteps[steps], noise), noise - clean),
    }
    for target, (signal, share, noisy, wanted) in cases.items():
        seen = []

        def predict(given, seen=seen, wanted=wanted):
            seen.append(given)
            return wanted + 0.5

        assert denoising(target, predict, clean, noise, signal, share).item() == pytest.approx(0.25, rel=1e-4)
        assert torch.allclose(seen[0], noisy, atol=1e-5), target
    with pytest.raises(BadInput, match="epsilon"):
        denoising("x0", lambda noisy: noisy, clean, noise, *cases["v"][:2])


def test_the_velocity_of_a_flow_is_the_slope_of_its_path():
    """What is added to a noisy sample per sigma, by differences: sample(sigma + d) - sample(sigma) = d * velocity."""
    torch.manual_seed(0)
    clean, noise, sigma = torch.randn(2, 3), torch.randn(2, 3), torch.tensor(0.4)
    slope = ((1 - sigma - 0.5) * clean + (sigma + 0.5) * noise - (1 - sigma) * clean - sigma * noise) / 0.5
    assert denoising("flow", lambda _: slope, clean, noise, 1 - sigma, sigma).item() < 1e-12


def test_the_next_token_costs_what_transformers_says():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=23, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2
    )
    model = transformers.LlamaForCausalLM(config).eval()
    ids = torch.randint(23, (3, 9))
    with torch.no_grad():
        for start in (1, 4):
            labels = ids.clone()
            labels[:, :start] = -100
            expected = model(ids, labels=labels).loss.item()
            logits = model(ids[:, :-1]).logits[:, start - 1 :]
            assert next_token(logits, ids, start).item() == pytest.approx(expected, rel=1e-5)


# --- the optimiser


@pytest.mark.parametrize("momentum", [0.0, 0.9, 0.95])
def test_muon_is_that_of_one_matrix_after_the_other(momentum):
    """Tall, wide and a convolution; momentum as a mean or as a sum gives the same steps."""
    torch.manual_seed(1)
    shapes = ((20, 8), (8, 20), (8, 20), (6, 4, 3, 3))
    ours = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
    theirs = [torch.nn.Parameter(value.detach().clone()) for value in ours]
    one, other = muon(ours, 0.1, momentum=momentum, decay=0.02), by_hand.Muon(theirs, 0.1, momentum, 0.02)
    for _ in range(3):
        for a, b in zip(ours, theirs, strict=True):
            a.grad = torch.randn_like(a)
            b.grad = a.grad.clone()
        one.step()
        other.step()
    for a, b in zip(ours, theirs, strict=True):
        assert torch.allclose(a, b, **CLOSE)


def test_a_stack_of_matrices_is_updated_as_each_of_them():
    torch.manual_seed(2)
    parts = [torch.nn.Parameter(torch.randn(8, 16)) for _ in range(3)]
    stack = torch.nn.Parameter(torch.cat([part.detach() for part in parts]))
    for part in parts:
        part.grad = torch.randn_like(part)
    stack.grad = torch.cat([part.grad for part in parts])
    muon(parts, 0.1).step()
    muon([(stack, 3)], 0.1).step()
    assert torch.allclose(stack, torch.cat(list(parts)), **CLOSE)


def test_what_has_no_gradient_stays_and_half_precision_is_near():
    torch.manual_seed(3)
    resting, moving, exact = (torch.nn.Parameter(torch.randn(6, 9)) for _ in range(3))
    exact.data.copy_(moving.data)
    before = resting.detach().clone()
    moving.grad = torch.randn_like(moving)
    exact.grad = moving.grad.clone()
    muon([resting, moving], 0.1, half=True).step()
    muon([exact], 0.1).step()
    assert torch.equal(resting, before)
    assert (moving - exact).norm() < 0.05 * (0.1 * 6**0.5)  # bfloat16 has 8 bits


def test_orthogonalising_keeps_the_singular_vectors():
    torch.manual_seed(0)
    matrix = torch.randn(1, 24, 60, dtype=torch.float64)
    left, _, right = torch.linalg.svd(matrix[0], full_matrices=False)
    own = orthogonalise(matrix)[0]
    assert ((own - left @ right).norm() / (left @ right).norm()).item() < 0.3
    middle = left.T @ own @ right.T
    assert (middle - torch.diag(torch.diag(middle))).abs().max() < 1e-6
    values = torch.linalg.svdvals(orthogonalise(torch.randn(3, 16, 40)))
    assert values.min() > 0.5 and values.max() < 1.3


def test_a_convolution_is_updated_as_a_matrix():
    torch.manual_seed(0)
    convolution = torch.nn.Conv2d(8, 6, 3)
    before = convolution.weight.detach().clone()
    convolution.weight.grad = torch.randn_like(before)
    muon([convolution.weight], lr=0.1, momentum=0.0, decay=0.02).step()
    step = (before * (1 - 0.002) - convolution.weight.detach()).flatten(1) / 0.1
    values = torch.linalg.svdvals(step)
    assert values.min() > 0.6 and values.max() < 1.3


@pytest.mark.parametrize(("asked", "taken"), [(None, 1), (3, 3)])
def test_a_small_network_is_trained_by_one_thread_or_as_many_as_asked_which_are_given_back(asked, taken):
    torch.set_num_threads(2)
    network = small()
    training = Training(network, [torch.optim.SGD(network.parameters(), lr=0.1)])
    loop = train(training, batches(3), lambda batch: network(batch).square().mean(), threads=asked)
    next(loop)
    assert torch.get_num_threads() == taken
    loop.close()
    assert torch.get_num_threads() == 2
