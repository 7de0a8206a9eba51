"""Build a ChatTTS checkpoint of 4 MB with random weights, which the real package loads and runs end to end.

Its sound is noise and is never shown as speech: it is here for what the package does with texts, tokens and samples.

    python tests/speech/chattts/tiny.py FOLDER     writes FOLDER/chattts/asset/... and FOLDER/chattts/aigc-chattts.json

`AIGC_MODELS_DIR=FOLDER` then makes it the files of the card "chattts".
"""

import json
import sys
import warnings
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

LABEL = "随机权重：只有噪声，不是语音（random weights: noise, not speech）"
SIZES = {
    "gpt": {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_hidden_layers": 2},
    "embed": {"hidden_size": 64},
    "decoder": {"idim": 32, "odim": 32, "hidden": 48, "n_layer": 2, "bn_dim": 24},
    "dvae": {
        "encoder": {"idim": 32, "odim": 64, "hidden": 32, "n_layer": 2, "bn_dim": 16},
        "decoder": {"idim": 32, "odim": 32, "hidden": 32, "n_layer": 2, "bn_dim": 16},
        "vq": {"dim": 64},
    },
    "vocos": {
        "backbone": {"init_args": {"dim": 48, "intermediate_dim": 96, "num_layers": 2}},
        "head": {"init_args": {"dim": 48}},
    },
}
PLAIN = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# The package drops every id from [break_0] on out of a refined text, so that the order matters
SPECIAL = [
    *("[Sasr]", "[Pasr]", "[Easr]", "[Stts]", "[Ptts]", "[Etts]", "[Sbreak]", "[Pbreak]", "[Ebreak]", "[uv_break]"),
    *("[v_break]", "[lbreak]", "[llbreak]", "[undefine]", "[laugh]", "[spk_emb]", "[empty_spk]", "[music]", "[pure]"),
    *(f"[break_{i}]" for i in range(8)),
    *(f"[laugh_{i}]" for i in range(3)),
    *(f"[oral_{i}]" for i in range(10)),
    *(f"[speed_{i}]" for i in range(10)),
]


def vocabulary() -> list[str]:
    """Latin letters, the marks of ChatTTS, and the 6,763 characters of GB 2312."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    han = []
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                han.append(bytes([high, low]).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return [*PLAIN, *letters, *("##" + c for c in letters), *",.，。、", *han]


def write_tokenizer(folder: Path) -> None:
    """A WordPiece tokenizer like the real one's, of these words."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

    words = {word: i for i, word in enumerate(vocabulary())}
    tokenizer = Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in (*PLAIN, *SPECIAL)])
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {f"{t[1:4].lower()}_token": t for t in ("[UNK]", "[SEP]", "[PAD]", "[CLS]")} | {"mask_token": "[MASK]"}
    special = {**names, "additional_special_tokens": SPECIAL}
    (folder / "special_tokens_map.json").write_text(json.dumps(special), encoding="utf-8")
    more = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps({**special, **more}), encoding="utf-8")


def sizes(seed: int) -> dict:
    """What the manifest says: the sizes, and a spread of speakers."""
    import numpy as np

    from aigc_kit.make.speech import base16384

    random = np.random.default_rng(seed)
    spread, middle = np.abs(random.normal(1, 0.2, 64)), random.normal(0, 0.5, 64)
    count = len(vocabulary()) + len(SPECIAL)
    told = {**SIZES, "spk_stat": base16384.encode_base16384(np.concatenate([spread, middle]).astype("<f2").tobytes())}
    for part in ("gpt", "embed"):
        told[part] = {**told[part], "num_text_tokens": count}
    return told


def build(folder: Path, seed: int = 0, ends: float = 1.35, ends_text: float = 4.0) -> Path:
    """Write the checkpoint.

    Args:
        folder: to hold `chattts/`.
        seed: of the weights.
        ends, ends_text: how much more weight the token has that ends a sound, and a refined text, so that both end
            somewhere; 1 is the same as any other's.
    """
    import torch
    from ChatTTS.config import Config
    from ChatTTS.model import DVAE, Embed
    from safetensors.torch import save_file
    from transformers import LlamaConfig, LlamaModel
    from vocos import Vocos
    from vocos.pretrained import instantiate_class

    from aigc_kit.make.speech.engines.chattts_files import MANIFEST, _configured

    root = folder / "chattts"
    assets = root / "asset"
    told = sizes(seed)
    config = _configured(Config(), told)
    write_tokenizer(assets / "tokenizer")
    torch.manual_seed(seed)

    def save(module, name):
        save_file({k: v.contiguous().clone() for k, v in module.state_dict().items()}, str(assets / name))

    embed = Embed(64, config.embed.num_audio_tokens, config.embed.num_text_tokens, config.embed.num_vq)
    with torch.no_grad():
        for head in embed.head_code:
            head.parametrizations.weight.original0[config.gpt.num_audio_tokens - 1] *= ends
        end = len(vocabulary()) + SPECIAL.index("[Ebreak]")
        embed.head_text.parametrizations.weight.original0[end] *= ends_text
    save(embed, "Embed.safetensors")
    encoder, decoder, levels = (asdict(part) for part in (config.dvae.encoder, config.dvae.decoder, config.dvae.vq))
    dvae = DVAE(decoder_config=decoder, encoder_config=encoder, vq_config=levels, dim=config.dvae.decoder.idim)
    save(dvae, "DVAE.safetensors")
    save(DVAE(decoder_config=asdict(config.decoder), dim=config.decoder.idim, coef=str(dvae)), "Decoder.safetensors")
    vocos = (config.vocos.feature_extractor, config.vocos.backbone, config.vocos.head)
    save(Vocos(*(instantiate_class((), asdict(part)) for part in vocos)), "Vocos.safetensors")
    llama = LlamaConfig(
        **{name: SIZES["gpt"][name] for name in SIZES["gpt"]},
        num_key_value_heads=4,
        vocab_size=8,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
        initializer_range=0.25,  # with the usual 0.02 neither text nor speaker would be seen in the tokens
    )
    LlamaModel(llama).save_pretrained(assets / "gpt")
    hashes = {
        path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(assets.rglob("*"))
        if path.is_file()
    }
    manifest = {"label": LABEL, "config": told, "sha256": hashes}
    (root / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    return root


if __name__ == "__main__":
    from aigc_kit.models import compat

    compat.bypass_broken_torchaudio()
    warnings.simplefilter("ignore")
    print(build(Path(sys.argv[1])))
