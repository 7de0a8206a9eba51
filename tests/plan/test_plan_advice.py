"""Every advice about plans, settings, sizes and seeds is followed, by a rule that reads it, and then it works."""

import re
from dataclasses import replace

import pytest

from aigc_kit import cards, image
from aigc_kit.core.errors import AigcError, BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make import video
from aigc_kit.make.run import resolve
from aigc_kit.memory.plan import machines

SERVER = Budget("cpu", "a server", 512 * GIB, 512 * GIB, 512 * GIB, 99 * GIB)
MODALITIES = {"image": image.MODALITY, "video": video.MODALITY}


def make(card, prompt="a cat", budget=SERVER, **values):
    known = cards.get(card)
    request = Request(card, prompt).change(**values)
    MODALITIES[known.kind].settings(request, known)
    return resolve(request, budget, known)


def value_of(text):
    text = text.strip().strip("'")
    if text in ("True", "False"):
        return text == "True"
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def wishes(todo, values):
    """Read an advice into requests: name=value, HxW, 'N frames', a quoted name, 'leave out', 'choose N'."""
    ((name, _), *_) = values.items()
    if pairs := re.findall(r"\b(\w+)=('[^']+'|[\w.]+)", todo):
        return [{**values, key: value_of(value)} for key, value in pairs]
    if sizes := re.findall(r"(\d+)x(\d+)", todo):
        return [{**values, "height": int(h), "width": int(w)} for h, w in sizes]
    if todo.startswith("leave"):
        return [{key: value for key, value in values.items() if (key not in todo and key != name) or key == "policy"}]
    if names := re.findall(r"'([^']+)'", todo):
        return [{**values, name: names[0]}]
    if numbers := re.findall(r"(?<![\w.])\d+(?:\.\d+)?", todo):
        return [{**values, name: value_of(number)} for number in numbers[:2]]
    raise AssertionError(f"an advice that nobody can follow: {todo}")


CASES = [
    *(("sdxl", {"seed": seed}) for seed in ("42", 7.0, -1, 2**32, 2**70, None, True, 1.5, "cat", float("nan"))),
    *(("tinywan", {"seed": seed}) for seed in ("42", -1, 2**32)),
    *(("sdxl", {name: value}) for name in ("steps", "batch") for value in (0, -3, "20", 2.5, 10.0)),
    *(("sdxl", {"steps": steps}) for steps in (1001, 10**9)),
    *(("sdxl", {"guidance": value}) for value in (-1, "5", "high", float("nan"), float("inf"))),
    *(("tinywan", {"fps": value}) for value in (0, -8, "16")),
    *(("sdxl", {"height": value, "width": 1024}) for value in ("1024", 1000.0, 0, -8, 8, 1001)),
    *(("sdxl", {"width": value, "height": 1024}) for value in (1, 1023, 5000)),
    *((card, {"height": 4096, "width": 4096}) for card in ("sdxl", "sd15", "kolors", "tinysdxl")),
    *((card, {"height": 2160, "width": 3840}) for card in ("wan2.1-1.3b", "wan2.1-14b", "tinywan")),
    *(("sdxl", {"height": h, "width": w}) for h, w in ((1536, 1536), (2048, 1024))),
    *((card, {"frames": value}) for card in ("tinywan", "wan2.1-1.3b") for value in (7, 18, 121, 0, "17", 17.5)),
    ("sdxl", {"frames": 17}),
    *((card, {"batch": 2}) for card in ("tinywan", "wan2.1-1.3b")),
    *(("sdxl", {name: "yes"}) for name in ("vae_tiling", "vae_slicing", "text_on_cpu", "weights", "translate")),
    *((card, {"follow": 1}) for card in ("sdxl", "tinywan")),
    ("sdxl", {"dtype": "fp8", "placement": "sequential"}),
    ("sdxl", {"policy": "course"}),
    ("wan2.1-1.3b", {"frames": 17, "policy": "course"}),
    *(("sdxl", {"strength": value}) for value in (0, 1.2, -1, "0.5", float("nan"))),
    *(("tinywan", {"first_block_cache": value}) for value in (0, 1, 2, "much")),
    ("sdxl", {"english": 3}),
    ("sdxl", {"negative": 3}),
    *(("sdxl", {name: value}) for name, value in (("stpes", 20), ("guidence", 5.0), ("seeed", 3), ("strenght", 0.5))),
]  # fmt: skip


@pytest.mark.parametrize(("card", "values"), CASES, ids=[f"{card} {values}"[:70] for card, values in CASES])
def test_an_advice_that_is_followed_works(card, values):
    with pytest.raises(BadInput) as caught:
        make(card, **values)
    todo = caught.value.todo
    assert todo and str(next(iter(values))) not in ("", None)
    if todo == "use a video model":
        card, attempts = "wan2.1-1.3b", [values]
    elif "could be" in todo or "no setting" in caught.value.found:
        ((_, value),) = values.items()
        attempts = [{todo.split("'")[1]: value}]
    elif "give a text as" in todo:
        attempts = [{next(iter(values)): "blurry"}]
    else:
        attempts = wishes(todo, values)
    assert attempts
    for attempt in attempts:
        assert followed(card, attempt, str(caught.value)), attempt


def followed(card, attempt, before, tries=3):
    """Make the plan; of several faults, each is told when the one before is mended."""
    try:
        return make(card, **attempt)
    except BadInput as problem:
        assert str(problem) != before, "the advice leads to the same error"
        return followed(card, wishes(problem.todo, attempt)[0], str(problem), tries - 1) if tries else None


@pytest.mark.parametrize("prompt", [["a cat", "a dog"], [], ("", "a dog"), [1], "", "   ", None, 5, "a \udc80"])
@pytest.mark.parametrize("card", ["tinysdxl", "tinywan"])
def test_a_prompt_that_is_none_says_what_to_give(card, prompt):
    known = {"tinysdxl": image, "tinywan": video}[card]
    with pytest.raises(BadInput) as caught:
        known.plan_for(prompt, card=card)
    quoted = re.findall(r"'([^']+)'", caught.value.todo)
    text = quoted[0] if isinstance(prompt, (list, tuple)) else "word" if "word" in caught.value.todo else "a cat"
    assert known.plan_for(text, card=card).request.prompt == text
    if isinstance(prompt, (list, tuple)):
        assert "call once for each" in caught.value.todo


@pytest.mark.parametrize(
    ("card", "gib", "values"),
    [
        ("sdxl", 1.5, {"height": 1024, "width": 1024}),
        ("sdxl", 6, {"height": 1024, "width": 1024, "placement": "resident", "dtype": "fp32"}),
        ("sd15", 1, {"height": 512, "width": 512, "placement": "resident"}),
        ("wan2.1-1.3b", 4, {"height": 480, "width": 832, "frames": 81, "placement": "resident"}),
        ("wan2.1-1.3b", 8, {"height": 480, "width": 832, "frames": 81, "vae_tiling": False}),
        ("sdxl", 0.4, {}),
    ],
)
def test_what_does_not_fit_fits_after_each_of_the_changes_that_are_named(card, gib, values):
    budget = machines.a_gpu(int(gib * GIB), ram=64 * GIB)
    with pytest.raises(AigcError) as caught:
        make(card, budget=budget, **values)
    *ways, more = re.split(r",? or (?=ask|leave|take)", caught.value.todo)
    for way in ways:
        attempt = dict(values)
        for part in way.split(" and "):
            if part.startswith("leave out "):
                attempt = {k: v for k, v in attempt.items() if k not in part.removeprefix("leave out ").split(", ")}
            elif size := re.search(r"(\d+)x(\d+)(?:x(\d+))?", part):
                attempt |= {"height": int(size[1]), "width": int(size[2])}
                attempt |= {"frames": int(size[3])} if size[3] else {}
            elif frames := re.search(r"(\d+) frames", part):
                attempt["frames"] = int(frames[1])
        assert make(card, budget=budget, **attempt), way
    from aigc_kit.core.units import parse_bytes

    whole = parse_bytes(" ".join(more.removeprefix("take a machine with ").split()[:2]))
    assert make(card, budget=replace(budget, free_bytes=int(1.006 * whole), total_bytes=10**12), **values)


@pytest.mark.parametrize("gib", [24, 48, 72])
def test_wan_14b_says_which_mac_can_draw_it(gib):
    from aigc_kit.core.units import parse_bytes

    mac = Budget("mps", "a Mac", gib * GIB, gib * GIB, gib * GIB, 99 * GIB, {"bf16": True})
    with pytest.raises(DoesNotFit, match=r"wan2\.1-14b at any size") as caught:
        make("wan2.1-14b", budget=mac)
    whole = parse_bytes(" ".join(caught.value.todo.removeprefix("take a machine with ").split()[:2]))
    larger = replace(mac, free_bytes=int(1.006 * whole), total_bytes=int(1.006 * whole))
    assert set(make("wan2.1-14b", budget=larger).placement.values()) == {"mps"}
