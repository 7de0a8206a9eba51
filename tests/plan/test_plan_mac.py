"""Plans for one memory that GPU and host share: Apple's GPU, and NVIDIA's machines of that kind. None was run."""

from dataclasses import replace

import pytest

from aigc_kit import cards, footprint
from aigc_kit.core.errors import DoesNotFit
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make.run import resolve
from aigc_kit.memory.plan import MARGIN
from aigc_kit.memory.plan.search import LIBRARY_BYTES

MAC = Budget("mps", "Apple M2", 24 * GIB, 32 * GIB, 24 * GIB, 99 * GIB, {"bf16": True, "fused_attention": False})
SPARK = Budget("cuda", "NVIDIA GB10", 96 * GIB, 120 * GIB, 96 * GIB, 99 * GIB,
               {"bf16": True, "fused_attention": True, "unified": True})  # fmt: skip


def make(card, budget=MAC, **values):
    return resolve(Request(card, "a cat").change(**values), budget, cards.get(card))


def test_everything_stays_on_apples_gpu_in_half_precision_and_it_is_said():
    plan = make("sdxl")
    assert set(plan.placement.values()) == {"mps"}
    assert set(plan.dtypes.values()) == {"float16"}
    assert plan.attention == "math"
    english, chinese = plan.explain(), plan.explain("zh")
    assert "never ran on Apple's GPU" in english and "从没在苹果显卡上跑过" in chinese
    assert "PYTORCH_ENABLE_MPS_FALLBACK=1" in english and "one memory" in english and "共用一块内存" in chinese
    assert 'pipe.to("mps")' in english
    assert "ram" not in plan.prediction and plan.prediction["peak"].how == "predicted"


def test_bfloat16_is_there_from_macos_14_on():
    assert make("wan2.1-1.3b", replace(MAC, free_bytes=64 * GIB)).dtypes["transformer"] == "bfloat16"
    old = replace(MAC, free_bytes=64 * GIB, capabilities={"bf16": False, "fused_attention": False})
    plan = make("wan2.1-1.3b", old)
    assert plan.dtypes["transformer"] == "float16" and "no bfloat16" in plan.explain()
    assert "the true peak is higher" in plan.explain()  # of Wan plain attention was not traced


def test_wishes_that_mean_nothing_there_are_said():
    plan = make("sdxl", dtype="float8", placement="model", text_on_cpu=True)
    told = {change.what: (change.asked, change.given) for change in plan.changes}
    assert told == {"dtype": ("float8", "float16"), "placement": ("model", "resident"), "text_on_cpu": (True, False)}
    assert set(plan.placement.values()) == {"mps"} and set(plan.dtypes.values()) == {"float16"}
    cpu = Budget("cpu", "a server", 64 * GIB, 64 * GIB, 64 * GIB, 99 * GIB)
    assert {change.what for change in make("sdxl", cpu, placement="group").changes} == {"placement"}
    assert {change.what for change in make("tinysdxl", cpu, placement="group").changes} == {"placement"}


@pytest.mark.parametrize("budget", [MAC, SPARK], ids=["mac", "spark"])
def test_one_memory_holds_the_libraries_and_a_part_twice_by_hand(budget):
    """Weights and tensors at the upper end, the largest part once more while it is moved, and the libraries."""
    wish = {"height": 1024, "width": 1024, "vae_tiling": False, "attention": "sdpa", "dtype": "float16"}
    facts = footprint.cached("sdxl", 1024, 1024)
    upper = footprint.predict(facts, "resident").interval[1] + 2 * 2_567_463_684
    upper += LIBRARY_BYTES["cpu" if budget.device == "mps" else "cuda"]
    enough = replace(budget, free_bytes=int(upper / MARGIN) + 1, ram_free_bytes=0)
    plan = make("sdxl", enough, **wish)
    assert set(plan.placement.values()) == {budget.device}
    with pytest.raises(DoesNotFit, match="of main memory"):
        make("sdxl", replace(enough, free_bytes=int(upper / MARGIN) - 1), **wish)


def test_texts_and_voices_stay_on_the_processor_there():
    for card in ("smollm2-135m", "baker"):
        assert set(make(card).placement.values()) == {"cpu"}


def test_more_memory_never_gives_a_smaller_picture_there():
    sizes = []
    for gib in (8, 12, 16, 24, 32, 64):
        try:
            plan = make("sdxl", replace(MAC, free_bytes=gib * GIB))
            sizes.append(plan.request.height * plan.request.width)
        except DoesNotFit:
            sizes.append(0)
    assert sizes == sorted(sizes) and sizes[-1] == 1024 * 1024
