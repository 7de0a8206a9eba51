"""Kolors with its own configuration at a fraction of its width, random weights, real classes, the files of the hub."""

import json
import shutil


def published(part, **changes):
    from aigc_kit.core.paths import assets

    file = assets() / "configs" / "kolors" / part / "config.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    return {name: value for name, value in found.items() if not name.startswith("_")} | changes


def small_parts(tokenizer):
    import torch
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
    from diffusers.pipelines.kolors import ChatGLMModel, ChatGLMTokenizer
    from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig

    torch.manual_seed(0)
    glm = published(
        "text_encoder", hidden_size=32, ffn_hidden_size=48, kv_channels=8, num_attention_heads=4, num_layers=2,
        padded_vocab_size=128, seq_length=256,
    )  # fmt: skip
    encoder = ChatGLMModel(ChatGLMConfig(**glm))
    with torch.no_grad():  # the class leaves its weights as they lie in memory
        for parameter in encoder.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.1)
    unet = published(
        "unet", sample_size=16, block_out_channels=(32, 64, 64), attention_head_dim=(2, 4, 4), cross_attention_dim=64,
        encoder_hid_dim=32, addition_time_embed_dim=8, projection_class_embeddings_input_dim=6 * 8 + 32,
        layers_per_block=1, transformer_layers_per_block=(1, 1, 1),
    )  # fmt: skip
    vae = published("vae", block_out_channels=(32,) * 4, layers_per_block=1, sample_size=128)
    return {
        "text_encoder": encoder,
        "tokenizer": ChatGLMTokenizer(str(tokenizer)),
        "unet": UNet2DConditionModel(**unet),
        "vae": AutoencoderKL(**vae),
        "scheduler": EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.014, beta_schedule="scaled_linear", num_train_timesteps=1100, steps_offset=1
        ),
    }


def write(root):
    """Kolors in the files of the hub, fp16 variants; its tokenizer is trained on a few sentences. Its folder."""
    import sentencepiece
    import torch
    from diffusers import KolorsPipeline

    words = ["一张可爱小狗在花丛中玩耍的照片", "夜晚的红色小猫，月亮和星星", "a photo of a cute puppy in the flowers"]
    (root / "words.txt").write_text("\n".join(words * 20), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(root / "words.txt"), model_prefix=str(root / "tokenizer"), vocab_size=80, model_type="bpe",
        character_coverage=1.0, minloglevel=2,
    )  # fmt: skip
    pipe = KolorsPipeline(**small_parts(root / "tokenizer.model"))
    made = root / "models" / "kolors"
    pipe.to(torch.float16).save_pretrained(made, variant="fp16")
    shutil.rmtree(made / "text_encoder")
    pipe.text_encoder.save_pretrained(
        made / "text_encoder", variant="fp16", max_shard_size="20KB"
    )  # three, as published
    return made
