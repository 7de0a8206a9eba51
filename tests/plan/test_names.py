"""Names that do not exist are refused with the nearest; what a driver calls a card is understood."""

import pytest

from aigc_kit import cards, footprint, image, text
from aigc_kit.core.errors import UnknownName, nearest
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make import video
from aigc_kit.make.run import resolve
from aigc_kit.memory.plan import machines, search

CPU = Budget("cpu", "a server", 64 * GIB, 64 * GIB, 64 * GIB, 99 * GIB)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("NVIDIA GeForce RTX 4090", "RTX4090"), ("rtx 4090", "RTX4090"), ("RTX-3060", "RTX3060"), ("Tesla T4", "T4"),
        ("NVIDIA A100-SXM4-40GB", "A100-40G"), ("NVIDIA A100 80GB PCIe", "A100-80G"), ("a100-80g", "A100-80G"),
        ("Tesla V100-SXM2-32GB", "V100-32G"), ("NVIDIA H100 80GB HBM3", "H100"), ("NVIDIA H20", "H20"),
        *((name, name) for name in footprint.GPUS),
    ],
)  # fmt: skip
def test_a_gpu_is_known_by_what_drivers_call_it(said, meant):
    assert machines.a_gpu(name=said).name == meant
    assert machines.a_gpu("10GiB", name=said).free_bytes == 10 * GIB
    total = footprint.GPUS[meant].memory_bytes
    probed = Budget("cuda", said, total, total, 64 * GIB, 99 * GIB)
    assert search.gpu_of(probed).name == meant


@pytest.mark.parametrize(
    ("said", "close"),
    [("RTX 4080", "RTX4090"), ("4090", "RTX4090"), ("RTX 3060 Ti", "RTX3060"), ("V100-16G", "V100-32G"),
     ("NVIDIA GeForce RTX 4090 Laptop GPU", "RTX4090"), ("H200", "H20")],
)  # fmt: skip
def test_another_gpu_is_refused_with_the_nearest(said, close):
    for ask in (lambda name: machines.a_gpu(name=name), lambda name: footprint.seconds(FACTS, name)):
        with pytest.raises(UnknownName, match=f"close: .*{close}") as caught:
            ask(said)
        assert ask(advised(caught.value)) is not None
    assert machines.a_gpu(vram="8GiB") and "vram='8GiB'" in caught.value.todo


FACTS = footprint.cached("sdxl", 1024, 1024)


def advised(error):
    return error.todo.split("'")[1]


def test_a_name_of_two_gpus_asks_which():
    with pytest.raises(UnknownName, match="A100-40G, A100-80G") as caught:
        machines.a_gpu(name="NVIDIA A100")
    assert machines.a_gpu(name=advised(caught.value)).name == "A100-40G"
    assert machines.a_gpu("80GiB", name="A100").name == "A100-80G"
    laptop = Budget("cuda", "NVIDIA GeForce RTX 4090 Laptop GPU", 16 * GIB, 16 * GIB, 0, 0)
    assert search.gpu_of(laptop) is None


@pytest.mark.parametrize("make", [image, video, text])
def test_a_tier_is_refused_with_the_nearest(make, monkeypatch):
    monkeypatch.delenv("AIGC_TIER", raising=False)
    for said, close in (("Tiny", "tiny"), ("ful", "full"), ("tinny", "tiny")):
        with pytest.raises(UnknownName, match=f"tier='{said}'.*\n.*close: {close}") as caught:
            make.plan_for("a cat", tier=said)
        assert advised(caught.value) == close
    with pytest.raises(UnknownName, match="tier='big'"):
        make.plan_for("a cat", tier="big", card={image: "tinysdxl", video: "tinywan", text: "poem"}[make])
    monkeypatch.setenv("AIGC_TIER", "fulll")
    with pytest.raises(UnknownName, match=r"AIGC_TIER='fulll'.*\n.*close: full"):
        make.plan_for("a cat")


def test_the_tier_that_is_advised_works(monkeypatch):
    with pytest.raises(UnknownName) as caught:
        image.plan_for("a cat", tier="tinny")
    assert image.plan_for("a cat", tier=advised(caught.value)).card.tier == "tiny"


@pytest.mark.parametrize(
    ("said", "meant"),
    [("chinese", "zh"), ("zh-CN", "zh"), ("中文", "zh"), ("English", "en"), ("EN", "en"), ("fr", "zh")],
)
def test_a_language_of_a_plans_words_is_refused_with_the_nearest(said, meant):
    plan = resolve(Request("sdxl", "a cat"), CPU, cards.get("sdxl"))
    with pytest.raises(UnknownName, match="lang=") as caught:
        plan.explain(said)
    assert advised(caught.value) == meant
    assert plan.explain(advised(caught.value))


@pytest.mark.parametrize(
    ("said", "meant"), [("chinese", "zh"), ("zh-CN", "zh"), ("english", "en"), ("zh-vers", "zh-verse")]
)
def test_a_language_of_a_text_is_refused_with_the_nearest(said, meant):
    for ask in (text.speaks, lambda name: text.plan_for("春风", card="poem", language=name)):
        with pytest.raises(UnknownName, match="language=") as caught:
            ask(said)
        assert advised(caught.value) == meant
        assert ask(advised(caught.value)) is not None


@pytest.mark.parametrize(
    ("name", "said", "close"),
    [("dtype", "fp61", "fp16"), ("dtype", "float64", "float16"), ("placement", "models", "model"),
     ("attention", "spda", "sdpa"), ("policy", "curse", "course"), ("scheduler", "eular", "euler")],
)  # fmt: skip
def test_a_setting_is_refused_with_the_nearest(name, said, close):
    card = "wan2.1-1.3b" if name == "policy" else "sdxl"
    gpu = machines.a_gpu("24GiB")

    def ask(value):
        request = Request(card, "a cat").change(**{name: value})
        image.MODALITY.settings(request, cards.get(card)) if card == "sdxl" else None
        return resolve(request, gpu, cards.get(card))

    with pytest.raises(UnknownName, match=f"{name}='{said}'.*\n.*close: ") as caught:
        ask(said)
    assert close in caught.value.todo
    assert ask(advised(caught.value))


def test_nothing_is_near_to_what_resembles_nothing():
    assert nearest("", ("tiny", "full")) == nearest(5, ("tiny", "full")) == []
