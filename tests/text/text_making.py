"""A random little Llama with a tokenizer of characters, made on the spot: the real classes, no download."""

from dataclasses import replace

from aigc_kit import cards
from aigc_kit.core.types import Budget
from aigc_kit.models.cards.facts import TextFacts

ALPHABET = "abcdefghijklmnopqrstuvwxyz .,!?春风又绿江南岸明月何时照我还"
TINY = replace(
    cards.get("poem"),
    name="tiny-llama",
    facts=TextFacts(
        languages=("zh", "en"), max_context=64, engines=("transformers",), layers=2, kv_heads=2, head_dim=16
    ),
    defaults=cards.get("poem").defaults.put(max_new_tokens=12),
)
BUDGET = Budget("cpu", "a laptop", 8 << 30, 16 << 30, 8 << 30, 100 << 30, {"threads": 1}, origin="assumed")


def build(folder, *, chat=True, seed=0, eos=2):
    """A LlamaForCausalLM with random weights, wide enough apart that arg-max and beams are not decided by rounding."""
    import torch
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    vocabulary = {token: i for i, token in enumerate(["<pad>", "<unk>", "</s>", *ALPHABET])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    backend.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", eos_token="</s>", pad_token="<pad>"
    )
    if chat:
        tokenizer.chat_template = "{% for m in messages %}{{ m['role'][0] }}.{{ m['content'] }}!{% endfor %}a."
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(vocabulary),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=16,
            max_position_embeddings=64,
            initializer_range=0.25,
            eos_token_id=eos,
            bos_token_id=None,
            pad_token_id=0,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
