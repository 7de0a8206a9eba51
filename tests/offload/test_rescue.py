"""Out of memory, injected: the order of the steps down, what is freed, what is told, and when it gives up."""

import sys
import weakref
from dataclasses import replace

import pytest
import torch
from making import plan_of, sdxl

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Budget, FrozenMap, Plan, Request
from aigc_kit.core.units import GIB
from aigc_kit.memory.offload import LIMIT, forget, is_out_of_memory, place, rescue


def plans(*names):
    from aigc_kit import cards

    card = cards.get("sdxl")
    return [
        Plan(
            request=Request("sdxl", "a dog", height=1024 - 64 * place, width=1024),
            card=card,
            budget=Budget("cuda", "a card", 8 * GIB, 8 * GIB, 16 * GIB, 0),
            dtypes=FrozenMap(unet="float16"),
            placement=FrozenMap(unet=name),
            attention="sdpa",
            vae=FrozenMap(tiling=place > 1),
            prediction=FrozenMap(),
        )
        for place, name in enumerate(names)
    ]


class Machine:
    """Runs out of memory by the first `times` plans, with a tensor in the frame that fails."""

    def __init__(self, times, error=None):
        self.times, self.error, self.tried, self.alive = times, error, [], []

    def __call__(self, plan):
        alive = [ref() is not None for ref in self.alive]
        self.tried.append((plan.placement["unet"], alive))
        held = torch.ones(1000)
        self.alive.append(weakref.ref(held))
        if len(self.tried) <= self.times:
            self.fail(held)
        return held.sum()

    def fail(self, tensor):
        deeper = tensor * 2
        self.alive.append(weakref.ref(deeper))
        raise self.error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nmore words")


def test_steps_down_in_order_frees_and_tells():
    machine, told = Machine(2), []
    saved = rescue(machine, plans("cuda", "model", "group", "sequential"), tell=told.append)
    assert [name for name, _ in machine.tried] == ["cuda", "model", "group"]
    assert saved.plan.placement["unet"] == "group" and saved.result == 1000
    assert not any(any(alive) for _, alive in machine.tried)  # tensors of failed runs are gone before the next one
    assert [fall.next.placement["unet"] for fall in saved.falls] == ["model", "group"]
    assert told == [fall.reason for fall in saved.falls]
    assert "1024x1024; unet=cuda" in told[0].en and "960x1024; unet=model" in told[0].en
    assert "CUDA out of memory. Tried to allocate 2.00 GiB. Memory was freed" in told[0].en
    assert "显存不足" in told[1].zh and "896x1024; unet=group; vae tiling" in told[1].zh


def test_the_plan_that_ran_names_every_step_down():
    saved = rescue(Machine(2), plans("cuda", "model", "group"), tell=lambda reason: None)
    assert [(c.what, c.asked, c.given) for c in saved.plan.changes] == [
        ("plan", "1024x1024; unet=cuda", "960x1024; unet=model"),
        ("plan", "960x1024; unet=model", "896x1024; unet=group; vae tiling"),
    ]
    assert "out of memory" in saved.plan.explain() and "显存不足" in saved.plan.explain("zh")


def test_nothing_is_told_and_nothing_changed_when_all_is_well():
    told, (plan, *_) = [], plans("cuda", "model")
    saved = rescue(Machine(0), [plan, plan], tell=told.append)
    assert saved.plan == plan and not saved.falls and not told


def test_it_is_never_silent(capsys):
    rescue(Machine(1), plans("cuda", "model"))
    printed = capsys.readouterr().out
    assert "out of memory" in printed and "显存不足" in printed


def test_gives_up_after_three_steps_with_the_librarys_own_error():
    machine = Machine(9)
    with pytest.raises(torch.OutOfMemoryError, match="Tried to allocate") as caught:
        rescue(machine, plans("cuda", "model", "group", "sequential", "cpu"), tell=lambda reason: None)
    assert LIMIT == 3 and len(machine.tried) == 4
    (note,) = caught.value.__notes__
    assert "out of memory 4 times" in note and note.count("[") == 4 and "what to do" in note
    assert not any(ref() is not None for ref in machine.alive)  # what was raised holds no tensor


def test_gives_up_when_there_is_no_plan_left():
    with pytest.raises(torch.OutOfMemoryError):
        rescue(Machine(2), plans("cuda", "model"), tell=lambda reason: None)
    with pytest.raises(BadInput, match="at least one"):
        rescue(Machine(0), [])


def test_other_errors_pass_through_at_once():
    machine = Machine(1, error=RuntimeError("expected all tensors on the same device"))
    with pytest.raises(RuntimeError, match="same device"):
        rescue(machine, plans("cuda", "model"))
    assert len(machine.tried) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("x"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("can't allocate memory"), False),
    ],
)
def test_what_counts_as_out_of_memory(error, said):
    assert is_out_of_memory(error) is said


def test_what_an_interactive_shell_keeps_is_freed():
    held = []

    def fails():
        tensor = torch.ones(10)
        held.append(weakref.ref(tensor))
        raise RuntimeError("x")

    try:
        fails()
    except RuntimeError as error:
        sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    assert held[0]() is not None
    forget()
    assert held[0]() is None and not hasattr(sys, "last_traceback")


def test_a_part_that_fails_is_rescued_by_placing_the_pipeline_anew(tmp_path):
    """A real pipeline whose denoiser runs out of memory until it is offloaded."""
    pipe = sdxl(tmp_path)
    wanted = [plan_of(pipe, name) for name in ("cuda", "model", "group")]
    refs, freed = [], []

    def greedy(module, args, kwargs):
        refs.append(weakref.ref(args[0]))
        if not hasattr(module, "_hf_hook"):
            raise torch.OutOfMemoryError("CUDA out of memory.")

    pipe.unet.register_forward_pre_hook(greedy, with_kwargs=True)

    def run(plan):
        freed.append([ref() is None for ref in refs])
        placed = place(pipe, plan, "cpu", follow=False)
        call = {"prompt": "a dog", "num_inference_steps": 1, "height": 64, "width": 64, "output_type": "np"}
        return placed(**call).images

    saved = rescue(run, wanted, tell=lambda reason: None)
    assert saved.plan.placement["unet"] == "model" and saved.result.shape == (1, 64, 64, 3)
    assert freed == [[], [True]]


def test_what_is_loaded_for_the_card_is_freed_between_tries():
    asked = []
    free = lambda: asked.append("mine")  # noqa: E731
    rescue(Machine(2), plans("cuda", "model", "group"), tell=lambda reason: None, let_go=free)
    assert asked == ["mine", "mine"]


def test_a_bare_plan_is_summed_up():
    from aigc_kit.memory.offload.rescue import summary

    (plan,) = plans("cuda")
    bare = replace(plan, request=Request("sdxl", "x"), placement=FrozenMap(transformer="group", text_encoder="cpu"))
    assert summary(bare) == "transformer=group, text_encoder=cpu"
    video = replace(plan, request=Request("wan2.1-1.3b", "x", height=480, width=832, frames=17))
    assert summary(video) == "480x832x17; unet=cuda"
