"""The stop button: a run ends within one step, and the kernel goes on as if nothing had been."""

import asyncio
import re
import time
from pathlib import Path

import pytest
from core_models import require_card

from aigc_kit import cards, fetch
from aigc_kit.teach.notebooks.kernel import environment, manager

# Each step prints its number and the time; the first of them tells that the run is under way.
RUN = """
import time
from aigc_kit import {module}
made = {module}.plan_for({prompt!r}, {settings})
def show(step):
    print(f"step {{step.index}} {{time.time():.6f}}", flush=True)
take = {module}.run(made, show)
"""
PROBE = """
from aigc_kit import loaded
again = {module}.plan_for({short!r}, {settings})
take = {module}.run(again)
print("works", len(take.data) > 0, loaded.free())
"""
LONG = "今天的天气真不错，我们一起去公园散步吧。" * 20
CASES = {
    "transformers": ("text", "Once upon", "Once upon", "card='smollm2-135m', engine='transformers', max_new_tokens=60"),
    "llama.cpp": ("text", "Once upon", "Once upon", "card='smollm2-135m', engine='llama.cpp', max_new_tokens=250"),
    "speech": ("speech", LONG, "你好。", "card='baker'"),
    "image": ("image", "一只小狗", "一只小狗", "card='tinysdxl', steps=50"),
}
NEEDS = {"transformers": "smollm2-135m", "llama.cpp": "smollm2-135m", "speech": "baker", "image": "tinysdxl"}


async def interrupt(code: str, probe: str, folder: Path):
    """Run a cell, interrupt it at its second step, run another.

    Returns:
        (time of the signal, what the first cell printed, its error, what the second printed, its error)
    """
    kernel = manager(folder / "kernels")
    await kernel.start_kernel(env=environment(folder, "tiny", offline=True), cwd=str(folder))
    client = kernel.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=600)
        sent, outcomes = None, []
        for number, source in enumerate((code, probe)):
            identity, printed, error = client.execute(source), "", None
            while True:
                message = await client.get_iopub_msg(timeout=900)
                if message["parent_header"].get("msg_id") != identity:
                    continue
                kind, content = message["msg_type"], message["content"]
                printed += content["text"] if kind == "stream" and content["name"] == "stdout" else ""
                error = content["ename"] if kind == "error" else error
                if number == 0 and sent is None and "step 1 " in printed:
                    await kernel.interrupt_kernel()
                    sent = time.time()  # the signal is on its way, however long this process waited to send it
                if kind == "status" and content["execution_state"] == "idle":
                    break
            outcomes += [printed, error]
        return sent, *outcomes
    finally:
        client.stop_channels()
        await kernel.shutdown_kernel(now=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CASES)
def test_a_run_stops_within_one_step_and_the_kernel_goes_on(name, tmp_path):
    if cards.get(NEEDS[name]).sources[0].kind == "shipped":
        if fetch.find(cards.get(NEEDS[name])) is None:
            pytest.skip(f"{NEEDS[name]} is not in this clone")
    else:
        require_card(NEEDS[name])
    module, prompt, short, settings = CASES[name]
    code = RUN.format(module=module, prompt=prompt, settings=settings)
    few = re.sub(r"(max_new_tokens|steps)=\d+", r"\1=4", settings)
    probe = PROBE.format(module=module, short=short, settings=few)
    sent, printed, error, after, second_error = asyncio.run(interrupt(code, probe, tmp_path))
    steps = [(int(index), float(at)) for index, at in re.findall(r"step (\d+) ([\d.]+)", printed)]
    assert sent is not None and error == "KeyboardInterrupt", printed[-500:]
    assert sum(at > sent for _, at in steps) <= 1, "the step that was under way may end, no more"
    assert second_error is None and after.startswith("works True"), after
    assert NEEDS[name] in after, "and free() gives its memory back"
