"""A narrow transformer's weights in a wide one: what it says, and that everything new can learn."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from assets.train.tinywan import codec, network, text, widen  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")
NARROW, WIDE = 4, 6  # heads


def build(monkeypatch, heads: int):
    monkeypatch.setattr(network, "HEADS", heads)
    monkeypatch.setattr(network, "WIDTH", heads * network.HEAD_WIDTH)
    model = network.build()
    network.restore(model)
    return model


@pytest.fixture
def narrow(monkeypatch):
    """Weights that say something: an untrained output layer is zero."""
    model = build(monkeypatch, NARROW)
    torch.manual_seed(3)
    for parameter in model.proj_out.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model


def told(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(3, codec.CHANNELS, 5, 8, 8, generator=generator)
    return latents, torch.tensor([950.0, 500.0, 60.0]), torch.randn(3, 40, text.WIDTH, generator=generator)


def wider(monkeypatch, narrow):
    model = build(monkeypatch, WIDE)
    model.load_state_dict(widen.widen(narrow.state_dict()))
    return model


def strayed(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a - b).square().mean() / a.square().mean()).sqrt().item()


@torch.no_grad()
def test_the_wide_one_says_what_the_narrow_one_said(monkeypatch, narrow):
    before = narrow(*told(), return_dict=False)[0]
    found = strayed(before, wider(monkeypatch, narrow)(*told(), return_dict=False)[0])
    monkeypatch.setattr(widen, "QUIET", 0.0)
    still = strayed(before, wider(monkeypatch, narrow)(*told(), return_dict=False)[0])
    monkeypatch.setattr(widen, "_widened", lambda *known, real=widen._widened: real(*known[:-1], 1.0))
    uncorrected = strayed(before, wider(monkeypatch, narrow)(*told(), return_dict=False)[0])
    assert still < found < 0.2
    assert uncorrected > 2 * still


def test_gradients_reach_every_new_weight(monkeypatch, narrow):
    model = wider(monkeypatch, narrow)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    for seed in range(2):  # what reads a new channel starts at zero, so what writes to it learns from the second step
        model(*told(seed), return_dict=False)[0].square().mean().backward()
        optimiser.step()
        reached = {name: p.grad.abs() > 0 for name, p in model.named_parameters()}
        optimiser.zero_grad()
    for name, at in reached.items():
        assert at.any(-1).float().mean() > 0.95, name


def test_the_same_width_stays_and_narrowing_is_refused(monkeypatch, narrow):
    state = narrow.state_dict()
    assert widen.widen(state) is state
    build(monkeypatch, NARROW - 1)
    with pytest.raises(ValueError, match="asked for width 96, found weights of width 128"):
        widen.widen(state)
