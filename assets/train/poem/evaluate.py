"""Every number of the model card, measured on the shipped files; writes ``assets/models/poem/eval.json``."""

import json
import math
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
import transformers
from transformers import PreTrainedModel

from aigc_kit.worlds import verse

from . import batches, copying, corpus, paths, sampling
from .vocabulary import ANY_RHYME, FORM_TOKENS, Encoder

TEMPERATURES = (0.2, 0.7, 1.0, 1.2)
PER_FORM = 60  # poems of each form at each temperature
SHOWN = 12


def share(hits: int, total: int) -> dict:
    """Rate with its 95 % Wilson interval, in percent."""
    z, rate = 1.96, hits / total
    middle = (rate + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return {"percent": round(100 * rate, 1), "low": round(100 * low, 1), "high": round(100 * high, 1), "of": total}


@torch.inference_mode()
def perplexities(model: PreTrainedModel, poems: list[corpus.Poem], rhymed: bool = True) -> dict:
    """Perplexity of the tokens that the baseline scores, after the same given tokens.

    With ``rhymed`` False every poem says ``<不限韵>``, whose own probability is left out as it is always given.
    """
    encoder = Encoder()
    han = torch.zeros(len(encoder.ids), dtype=torch.bool)
    han[[number for token, number in encoder.ids.items() if corpus.HAN_LINE.fullmatch(token)]] = True
    total = torch.zeros(2, dtype=torch.float64)
    scored = [0, 0]
    for batch in batches.epoch(poems, encoder, 4096, None):
        ids, start = batch.ids.clone(), batch.start
        if not rhymed:
            ids[:, start] = encoder.ids[ANY_RHYME]
            start += 1
        loss = F.cross_entropy(model(ids).logits[:, start - 1 : -1].mT, ids[:, start:], reduction="none").double()
        chosen = han[ids[:, start:]]
        total += torch.stack((loss.sum(), loss[chosen].sum()))
        scored = [scored[0] + loss.numel(), scored[1] + int(chosen.sum())]
    tokens, characters = (total / torch.tensor(scored)).exp().tolist()
    return {"perplexity": tokens, "tokens": scored[0], "characters_only": characters, "characters": scored[1]}


def title_effect(model: PreTrainedModel, poems: list[corpus.Poem]) -> dict:
    """Perplexity of the characters of titled poems under their own title, none, and the next poem's of that form."""
    titled = [poem for poem in poems if poem.title]
    others = []
    for form in corpus.FORMS.values():
        own = [poem for poem in titled if poem.form == form]
        others += [replace(poem, title=other.title) for poem, other in zip(own, own[1:] + own[:1], strict=True)]
    ways = {"own": titled, "none": [replace(poem, title="") for poem in titled], "of_another_poem": others}
    found = {name: perplexities(model, changed)["characters_only"] for name, changed in ways.items()}
    return found | {"poems": len(titled)}


def titled_prompts(per_form: int, make: Callable[[corpus.Poem], str]) -> list[tuple[str, str]]:
    """(form, prompt) for the first ``per_form`` titled test poems of each form."""
    chosen = []
    for token in FORM_TOKENS:
        of_form = [poem for poem in corpus.load("test") if f"<{poem.form}>" == token and poem.title]
        chosen += [(poem.form, make(poem)) for poem in of_form[:per_form]]
    return chosen


def measure(samples: list[sampling.Sample], training: copying.Training) -> dict:
    """Form, rhyme, repetition, variety and copying of a set of poems."""
    verdicts = [verse.check(sample.body, sample.form) for sample in samples]
    pairs = [
        body[i : i + 2] for body in (copying.bare(sample.body) for sample in samples) for i in range(len(body) - 1)
    ]
    total = len(samples)
    by_form = {}
    for form in corpus.FORMS.values():
        own = [verdict for sample, verdict in zip(samples, verdicts, strict=True) if sample.form == form]
        by_form[form] = {
            "form": share(sum(v.form_ok for v in own), len(own)),
            "rhyme": share(sum(v.rhyme_ok for v in own), len(own)),
        }
    return {
        "form": share(sum(v.form_ok for v in verdicts), total),
        "rhyme": share(sum(v.rhyme_ok for v in verdicts), total),
        "rhyme_only_twice": share(sum(v.form_ok and not v.rhyme_ok and bool(v.rhyme_groups) for v in verdicts), total),
        "form_and_rhyme": share(sum(v.form_ok and v.rhyme_ok for v in verdicts), total),
        "repetition": share(sum(bool(v.repeated) for v in verdicts), total),
        "copied": share(sum(training.is_copied(sample.body) for sample in samples), total),
        "distinct_pairs": round(len(set(pairs)) / max(1, len(pairs)), 3),
        "different_poems": len({sample.body for sample in samples}),
        "by_form": by_form,
    }


def modes() -> dict[str, list[tuple[str, str]]]:
    """The ways to ask, each as (form, prompt) pairs; titles and openings come from test poems."""
    return {
        "title": titled_prompts(PER_FORM, lambda poem: verse.prompt_for(poem.form, poem.title)),
        "nothing": titled_prompts(PER_FORM, lambda poem: verse.prompt_for(poem.form)),
        "title_and_rhyme": titled_prompts(
            PER_FORM, lambda poem: verse.prompt_for(poem.form, poem.title, rhyme="东支真阳尤"[len(poem.title) % 5])
        ),
        "opening": titled_prompts(PER_FORM, lambda poem: verse.prompt_for(poem.form, opening=poem.body[:2])),
        "first_line": titled_prompts(PER_FORM, lambda poem: verse.prompt_for(poem.form, opening=poem.lines[0])),
    }


def nearest(samples: list[sampling.Sample], training: copying.Training) -> list[dict]:
    """The nearest training poem of the first poems of each form, by the longest passage in common."""
    each = SHOWN // len(corpus.FORMS)
    shown = []
    for form in corpus.FORMS.values():
        for sample in [sample for sample in samples if sample.form == form][:each]:
            passage, poem = training.nearest(sample.body)
            verdict = verse.check(sample.body, form)
            title = sample.text.partition(">")[2].partition("<")[0]
            shown.append(
                {"form": form, "title": title, "poem": sample.body, "passage": passage}
                | {"form_ok": verdict.form_ok, "rhyme_ok": verdict.rhyme_ok}
                | {"nearest_title": poem.title if poem else "", "nearest": poem.body if poem else ""}
            )
    return shown


def speed(repeats: int = 8) -> dict:
    """Characters a second of one poem at a time on one thread, and seconds to load in a fresh process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    model, tokenizer = sampling.load()
    rates = {}
    for form in ("五绝", "七律"):
        sampling.sample(model, tokenizer, [(form, verse.prompt_for(form))], 0.7, 0)
        began, written = time.perf_counter(), 0
        for seed in range(repeats):
            written += len(sampling.sample(model, tokenizer, [(form, verse.prompt_for(form))], 0.7, seed)[0].body)
        rates[form] = round(written / (time.perf_counter() - began))
    torch.set_num_threads(before)
    script = (
        "import time, torch; from transformers import AutoModelForCausalLM as M, AutoTokenizer as T;"
        "from transformers import LlamaForCausalLM, PreTrainedTokenizerFast; torch.set_num_threads(1);"
        f"t = time.perf_counter(); p = {str(paths.MODEL)!r}; M.from_pretrained(p, dtype=torch.float32);"
        "T.from_pretrained(p); print(time.perf_counter() - t)"
    )
    loads = [
        float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    return {"characters_per_second": rates, "threads": 1, "load_seconds": round(sorted(loads)[1], 3)}


def training_summary() -> dict:
    """The last line of the training log, and how far the last epoch is."""
    last = json.loads(paths.TRAINING_LOG.read_text().splitlines()[-1])
    poems, encoder = corpus.load("train"), Encoder()
    titled = 1 - batches.LEAVE_OUT_TITLE
    epoch = sum(1 + len(poem.title) * titled + 1 + len(encoder.answer(poem)) for poem in poems)
    return last | {"part_of_epoch": round(last["tokens"] / epoch - last["epoch"], 3)}


def evaluate() -> dict:
    """Measure everything; the ways to ask at T = 0.7, the title alone at every temperature."""
    model, tokenizer = sampling.load()
    training = copying.Training(corpus.load("train"))
    test = corpus.load("test")
    held_out = [sampling.Sample(poem.form, "", poem.body) for poem in test]
    asked = modes()
    sampled = {t: sampling.sample(model, tokenizer, asked["title"], t, seed=0) for t in TEMPERATURES}
    others = {name: prompts for name, prompts in asked.items() if name != "title"}
    report = {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "machine": f"{torch.get_num_threads()} of 2 cores of an {platform.machine()} CPU",
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "corpus": json.loads(paths.CORPUS_REPORT.read_text()),
        "training": training_summary(),
        "test": perplexities(model, test) | {"without_rhyme_token": perplexities(model, test, rhymed=False)},
        "title": title_effect(model, test),
        "baseline": json.loads(paths.BASELINE.read_text()),
        "temperature": {str(t): measure(samples, training) for t, samples in sampled.items()},
        "asked_at_0.7": {
            name: measure(sampling.sample(model, tokenizer, prompts, 0.7, seed=1), training)
            for name, prompts in others.items()
        },
        "held_out_poems": measure(held_out, training),
        "nearest_at_0.7": nearest(sampled[0.7], training),
        "speed": speed(),
    }
    paths.EVALUATION.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return report
