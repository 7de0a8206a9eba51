"""Measures the shipped melody model on the frozen prompts: what it writes is read back by the world's program."""

import json
import time
from collections import Counter

import numpy as np
import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from aigc_kit.make.music.bar_grammar import BarGrammar
from aigc_kit.worlds.tunes import CHOICES, SIXTEENTHS, TuneWish, hear, read_wish, tune_of
from assets.train.measures import wilson

from . import corpus, paths
from .vocabulary import ids

RUN = 12  # notes in a row, from which a passage counts as shared
GATES = {"bars": 95.0, "mode": 90.0, "metre": 85.0, "form": 85.0}
TEMPERATURES = (0.7, 1.0)


def prompts() -> list[tuple[str, TuneWish]]:
    rows = json.loads(paths.PROMPTS.read_text(encoding="utf-8"))["tunes"]
    return [(row["language"], read_wish(row["prompt"]).wish) for row in rows]


def load() -> tuple[LlamaForCausalLM, list[str]]:
    model = LlamaForCausalLM.from_pretrained(paths.MODEL, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(paths.MODEL)
    return model, tokenizer.convert_ids_to_tokens(range(len(tokenizer)))


@torch.inference_mode()
def write(
    model: LlamaForCausalLM,
    names: list[str],
    wishes: list[TuneWish],
    temperature: float,
    seed: int,
    lengths: list[int] | None = None,
) -> list[list[str]]:
    """Tokens of one tune for each wish; `lengths` of bars switch the grammar on."""
    torch.manual_seed(seed)
    given = torch.tensor([[model.config.bos_token_id, *(ids()[t] for t in wish.tokens())] for wish in wishes])
    grammar = [] if lengths is None else [_late(BarGrammar(names, lengths, given.shape[1], model.config.eos_token_id))]
    rows = model.generate(
        given,
        attention_mask=torch.ones_like(given),
        do_sample=True,
        temperature=temperature,
        top_k=0,
        logits_processor=grammar,
    )
    special = {model.config.bos_token_id, model.config.eos_token_id, model.config.pad_token_id}
    return [[names[token] for token in row[given.shape[1] :].tolist() if token not in special] for row in rows]


def _late(grammar: BarGrammar):  # the tempo comes before the first bar
    def process(input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        return grammar(input_ids, scores) if input_ids.shape[1] > grammar.given else scores

    return process


def score(wishes: list[TuneWish], texts: list[list[str]]) -> dict[str, dict]:
    """Shares of tunes with what was asked; bars: of all bars written, those as long as the asked metre says."""
    marks: dict[str, list[bool]] = {name: [] for name in CHOICES}
    bars: Counter[bool] = Counter()
    whole = []
    for wish, tokens in zip(wishes, texts, strict=True):
        tune = tune_of(tokens)
        heard = hear(tune, wish.metre)
        length = SIXTEENTHS[str(wish.metre)]
        right = [sum(note.length for note in bar) == length for bar in tune.bars]
        bars.update(right)
        whole.append(bool(right) and all(right))
        for name, value in wish.items():
            marks[name].append(getattr(heard.wish, name) == value)
    found = {name: wilson(sum(values), len(values)) for name, values in marks.items() if values}
    found["bars"] = wilson(bars[True], sum(bars.values()))
    found["tunes with every bar right"] = wilson(sum(whole), len(whole))
    return found


def passages(tokens: list[str]) -> set[int]:
    notes = [token for token in tokens if ":" in token]
    return {hash(tuple(notes[k : k + RUN])) for k in range(len(notes) - RUN + 1)}


def copying(texts: list[list[str]]) -> dict[str, float]:
    """Of the runs of twelve notes in these tunes, the share that stands in a training tune."""
    data, table = corpus.load(), {number: token for token, number in ids().items()}
    known: set[int] = set()
    for row, length in zip(data.rows[: data.trained], data.lengths, strict=False):
        known |= passages([table[int(token)] for token in row[corpus.GIVEN : length]])
    held = [
        [table[int(t)] for t in row[corpus.GIVEN : n]]
        for row, n in zip(data.rows[data.trained :], data.lengths[data.trained :], strict=True)
    ]

    def share(tunes: list[list[str]]) -> float:
        runs = [run for tokens in tunes for run in passages(tokens)]
        return 100 * float(np.mean([run in known for run in runs])) if runs else 0.0

    return {"written": share(texts), "held_out": share(held[:400])}


def evaluate() -> dict:
    torch.set_num_threads(1)
    model, names = load()
    rows = prompts()
    wishes = [wish for _, wish in rows]
    lengths = [SIXTEENTHS[str(wish.metre)] for wish in wishes]
    open_metre = [TuneWish(**dict(wish.items()) | {"metre": None}) for wish in wishes]
    report: dict = {"prompts": len(rows), "gates": GATES, "sets": {}}
    began = time.process_time()
    for temperature in TEMPERATURES:
        texts = write(model, names, wishes, temperature, seed=0)
        report["sets"][f"T = {temperature}"] = score(wishes, texts)
        if temperature == 0.7:
            report["seconds_each"] = (time.process_time() - began) / len(rows)
            report["copying"] = copying(texts)
            report["samples"] = [" ".join(tokens) for tokens in texts[:12]]
            for language in ("zh", "en"):
                chosen = [k for k, (spoken, _) in enumerate(rows) if spoken == language]
                part = score([wishes[k] for k in chosen], [texts[k] for k in chosen])
                report["sets"][f"T = 0.7, {language}"] = part
    report["sets"]["T = 1.0, constrained"] = score(wishes, write(model, names, open_metre, 1.0, 0, lengths))
    report["sets"]["T = 1.0, both"] = score(wishes, write(model, names, wishes, 1.0, 0, lengths))
    state = torch.load(paths.CHECKPOINT, weights_only=True)
    log = [json.loads(line) for line in paths.TRAINING_LOG.read_text(encoding="utf-8").splitlines()]
    report |= {"steps": state["step"], "cpu_seconds": round(state["cpu"]), "held_out_nats": log[-1]["held_out"]}
    report["tunes_trained"] = state["step"] * 64
    report["parameters"] = sum(weights.numel() for weights in model.parameters())
    paths.EVALUATION.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return {name: {k: round(v["percent"], 1) for k, v in part.items()} for name, part in report["sets"].items()}
