"""A quick look into a checkpoint: does it rhyme yet? Seconds, where sampling takes minutes."""

import torch

from . import corpus, paths, rhymes
from .network import Network, Shape
from .vocabulary import Encoder, rhyme_token


@torch.no_grad()
def rhyme_probability(poems: int = 400) -> dict:
    """Mean probability that the averaged network puts on the poem's rhyme group at each even line end.

    Over validation poems, with the rhyme token and without it (``<不限韵>``); keys are line numbers.
    """
    state = torch.load(paths.CHECKPOINT, weights_only=True)
    network = Network(Shape(**state["shape"]))
    network.load_state_dict(state["averaged"])
    encoder, table = Encoder(), rhymes.load()
    known = [poem for poem in corpus.load("validation")[:poems] if rhyme_token(poem.rhyme) in encoder.ids]
    found: dict = {"step": state["step"], "tokens": state["tokens"]}
    for rhymed in (True, False):
        chances: dict[int, list[float]] = {}
        for poem in known:
            if not poem.rhyme:
                continue
            members = [number for token, number in encoder.ids.items() if poem.rhyme in table.get(token, ())]
            prompt, length = encoder.prompt(poem), len(poem.lines[0]) + 1
            ids = torch.tensor([prompt + encoder.answer(poem, rhymed)])
            likely = (network.hidden(ids)[0] @ network.embedding.weight.T).softmax(-1)
            for line in range(2, len(poem.lines) + 1, 2):
                end = len(prompt) + line * length - 1  # after the rhyme token; the last place of a line is its mark
                chances.setdefault(line, []).append(likely[end - 1, members].sum().item())
        name = "with_rhyme_token" if rhymed else "without"
        found[name] = {line: round(sum(values) / len(values), 3) for line, values in sorted(chances.items())}
    return found
