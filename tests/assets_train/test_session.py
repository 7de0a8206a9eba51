"""A training by the clock: what it saves, what it notes, how its rates fall; and three steps of both tiny models."""

import copy
import json
import random
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from assets.train import session  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def paths(tmp_path):
    names = {"NETWORK": "network.pt", "DECAYED": "decayed.pt", "PROGRESS": "none.json", "LOG": "log.jsonl"}
    return SimpleNamespace(RUN=tmp_path, **{name: tmp_path / file for name, file in names.items()})


class Line(session.Run):
    """One number that learns to be 3."""

    def __init__(self, paths, **settings):
        network = torch.nn.Linear(1, 1, bias=False)
        super().__init__(
            paths, network, [torch.optim.SGD(network.parameters(), lr=0.1)], averaged=torch.nn.Linear(1, 1, bias=False)
        )
        self.settings = SimpleNamespace(**{"batch": 4, "save_seconds": 0.0, "probe_seconds": 0.0} | settings)
        self.bank = SimpleNamespace(chunks=[1, 2], refresh=lambda: 2)
        self.factors = []

    def loss(self, batch):
        return (self.network(batch) - 3 * batch).square().mean()

    def update(self, factor=1.0):
        self.factors.append(factor)
        super().update(factor)


class Clock:
    """Every look at it takes a hundredth of a second."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(session, "time", SimpleNamespace(monotonic=self.look, process_time=self.look))

    def look(self):
        self.now += 0.01
        return self.now


WATCH = SimpleNamespace(look=lambda network: {"weight": round(network.weight.item(), 2)})


def test_it_saves_notes_and_goes_on(paths, monkeypatch, capsys):
    Clock(monkeypatch)
    run = Line(paths)
    assert not run.resume(paths.NETWORK)
    session.go_on(run, lambda: torch.ones(4, 1), run.loss, WATCH, wall=1.0)
    lines = [json.loads(line) for line in paths.LOG.read_text(encoding="utf-8").splitlines()]
    assert run.step == len(run.factors) > 3 and set(run.factors) == {1.0} and run.samples == 4 * run.step
    assert lines[0]["loss"] > lines[-2]["loss"] and lines[0]["chunks"] == 2 and "prefers" in lines[-1]
    assert lines[-1]["step"] == run.step and not paths.DECAYED.exists()
    again = Line(paths)
    assert again.resume(paths.NETWORK) and (again.step, again.samples) == (run.step, run.samples)
    assert torch.equal(again.averaged.weight, run.averaged.weight)


def test_a_branch_has_falling_rates_and_leaves_the_checkpoint(paths, monkeypatch):
    Clock(monkeypatch)
    run = Line(paths)
    run.save()
    before = paths.NETWORK.read_bytes()
    session.go_on(run, lambda: torch.ones(4, 1), run.loss, WATCH, wall=1.0, fall_from=0.4)
    assert run.factors == sorted(run.factors, reverse=True)
    assert run.factors[0] == pytest.approx(0.4, abs=0.02) and 0 <= run.factors[-1] < 0.05
    assert paths.NETWORK.read_bytes() == before and paths.DECAYED.exists()


def test_a_branch_that_is_interrupted_is_kept_as_it_was_saved_last(paths, monkeypatch):
    Clock(monkeypatch)
    run, steps = Line(paths), 0

    def loss(batch):
        nonlocal steps
        steps += 1
        if steps > 8:
            raise KeyboardInterrupt
        return run.loss(batch)

    with pytest.raises(KeyboardInterrupt):
        session.go_on(run, lambda: torch.ones(4, 1), loss, WATCH, wall=1.0, fall_from=0.4)
    kept = torch.load(paths.DECAYED, weights_only=True)
    assert 0 < kept["step"] <= 8 and not paths.NETWORK.exists()


def steps_of(run, loss):
    """Three steps by the loop, and the same by hand: as it stood in each training."""
    twin = type(run)(run.settings, run.bank)
    twin.restore(copy.deepcopy(run.state()))
    twin.rng = random.Random(4)
    run.rng = random.Random(4)
    losses = ([], [])
    for progress in session.train(run, range(3), loss(run), lambda step: 0.5 + 0.1 * step):
        losses[0].append(progress.loss)
    for step in range(3):
        error = loss(twin)(step)
        error.backward()
        torch.nn.utils.clip_grad_norm_(twin.network.parameters(), 1.0)
        for optimiser, rate in zip(twin.optimisers, (run.settings.matrix_lr, run.settings.other_lr), strict=True):
            optimiser.param_groups[0]["lr"] = rate * (0.5 + 0.1 * step)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        weight = 1 - min(run.average, (step + 2) / (step + 11))
        with torch.no_grad():
            for mean, value in zip(twin.averaged.parameters(), twin.network.parameters(), strict=True):
                mean.lerp_(value, weight)
        losses[1].append(error.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    for ours, theirs in ((run.network, twin.network), (run.averaged, twin.averaged)):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(a, b, rtol=1e-5, atol=1e-7)


def drawn(number, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(number))


def test_three_steps_of_the_tiny_sdxl_are_those_of_its_loop_written_out():
    from assets.train.tinysdxl import bank, diffusion, text

    encoder = text.Text().eval()
    run = diffusion.Run(diffusion.POLISH, SimpleNamespace(encoder=encoder))
    with torch.no_grad():
        for value in run.unet.parameters():
            value.add_(0.02 * torch.randn_like(value))

    def loss(of):
        def drawn_batch(number):
            torch.manual_seed(number)
            cells = torch.rand(6, 8, 8)
            batch = bank.Batch(drawn(1, 6, 16, 8, 8), drawn(2, 6, 29, 192), drawn(3, 6, 128), cells)
            return of.loss(batch)

        return drawn_batch

    steps_of(run, loss)


@pytest.mark.filterwarnings("ignore:Mismatch dtype")  # torch says so of every RMSNorm under autocast
def test_three_steps_of_the_tiny_wan_are_those_of_its_loop_written_out():
    from assets.train.tinywan import bank, flow, text

    few = SimpleNamespace(encode=lambda texts: drawn(len(texts), len(texts), text.KEPT + 1, 96))
    torch.manual_seed(0)
    run = flow.Run(flow.Settings(), few)
    channels = run.model.config.in_channels

    def loss(of):
        def drawn_batch(number):
            torch.manual_seed(number)
            batch = bank.Batch(drawn(1, 4, channels, 3, 8, 8), drawn(2, 4, text.KEPT + 1, 96), torch.zeros(4))
            return of.both(batch)

        return drawn_batch

    steps_of(run, loss)
    assert len(run.errors) == 3 and min(run.places) > 0 and set(run.more()) == {"loss", "places"} and not run.errors


@pytest.mark.parametrize(("fast", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_bfloat16_is_used_only_where_it_is_fast(monkeypatch, fast, dtype):
    monkeypatch.setattr(session, "half_is_fast", lambda: fast)
    with session.half():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is dtype
    from assets.train.tinysdxl import network

    matrices, _ = network.optimisers(torch.nn.Sequential(torch.nn.Linear(2, 3)), 0.01, 0.01)
    assert matrices.half is fast


def test_whether_bfloat16_is_fast_is_found_once():
    assert session.half_is_fast() in (True, False)
    assert session.half_is_fast.cache_info().currsize == 1
