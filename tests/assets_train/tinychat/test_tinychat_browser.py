"""The browser export against torch, where onnx, onnxscript and onnxruntime are installed: nothing else needs them."""

import numpy as np
import pytest

for needed in ("torch", "transformers", "onnx", "onnxscript", "onnxruntime"):
    pytest.importorskip(needed)

import torch  # noqa: E402

from aigc_kit.worlds.shop import prompt_tasks  # noqa: E402
from assets.train.tinychat import browser, chat, export, paths  # noqa: E402

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # of the exporter itself
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.skipif(not (paths.MODEL / "model.safetensors").exists(), reason="no weights of tinychat here"),
]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    import onnxruntime

    file = browser.export(tmp_path_factory.mktemp("browser") / "tinychat.onnx")
    assert file.stat().st_size < 16_000_000
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("length", [2, 24, 61, 300])
def test_scores_and_attention_are_those_of_torch(length, session):
    ids = torch.randint(5, 1000, (1, length), generator=torch.Generator().manual_seed(length))
    with torch.no_grad():
        logits, attention = browser.step()(ids)
    told = session.run(None, {"ids": ids.numpy()})
    np.testing.assert_allclose(told[0], logits.numpy(), atol=export.CLOSE)
    np.testing.assert_allclose(told[1], attention.numpy(), atol=1e-4)


@pytest.mark.parametrize("name", ["intent", "fields", "total_steps", "reply"])
def test_it_writes_what_torch_writes(name, session):
    talk = chat.Chat()
    task = prompt_tasks.all_tasks()[name]
    item = task.items(1, split="held", seed=2)[0]
    prompt = task.prompt(task.instruction, item)
    ids, begun = talk.encode([prompt]).input_ids[0].tolist(), len(talk.encode([prompt]).input_ids[0])
    never = talk.model.generation_config.suppress_tokens
    while len(ids) < begun + 90:
        logits = session.run(["logits"], {"ids": np.array([ids])})[0][0]
        logits[never] = -np.inf
        ids.append(int(logits.argmax()))
        if ids[-1] == talk.tokenizer.eos_token_id:
            break
    assert talk.tokenizer.decode(ids[begun:], skip_special_tokens=True) == talk.ask([prompt])[0]
