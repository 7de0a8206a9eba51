"""Real pipelines of reduced width with random weights: the classes that the full tier uses."""

import json

import torch

WORDS = ("a", "dog", "cat", "red", "blue", "moon", "in", "the", "on", "of")


def clip_tokenizer(folder):
    """A CLIPTokenizer whose words are WORDS."""
    from transformers import CLIPTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    letters = sorted({letter for word in WORDS for letter in word})
    pieces = [*letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = {piece: index for index, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    made = CLIPTokenizer.from_pretrained(folder)
    made.model_max_length = 16
    return made, len(vocabulary)


def sdxl(folder, *, dtype=torch.float32):
    """A StableDiffusionXLPipeline for 64 x 64, a few hundred thousand parameters."""
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    tokenizer, size = clip_tokenizer(folder / "tokenizer")
    text = CLIPTextConfig(
        vocab_size=size,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=2,
        max_position_embeddings=16,
        projection_dim=32,
        bos_token_id=size - 2,
        eos_token_id=size - 1,
        pad_token_id=size - 1,
        hidden_act="gelu",
    )
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(32, 64),
        layers_per_block=1,
        attention_head_dim=(2, 4),
        transformer_layers_per_block=(1, 1),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=8 * 6 + 32,
        cross_attention_dim=64,
        norm_num_groups=8,
    )
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 16, 32, 32),
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=64,
        force_upcast=False,
    )
    pipe = StableDiffusionXLPipeline(
        vae=vae.to(dtype).eval(),
        text_encoder=CLIPTextModel(text).to(dtype).eval(),
        text_encoder_2=CLIPTextModelWithProjection(text).to(dtype).eval(),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=unet.to(dtype).eval(),
        scheduler=EulerDiscreteScheduler(prediction_type="v_prediction", timestep_spacing="trailing"),
        add_watermarker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def wan():
    """A WanPipeline for 32 x 32, with a tokenizer of whole words."""
    from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

    torch.manual_seed(0)
    vocabulary = {word: index for index, word in enumerate(["<pad>", "</s>", "<unk>", *WORDS])}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=512
    )
    text = UMT5Config(
        vocab_size=len(vocabulary), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, dropout_rate=0.0
    )
    transformer = WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=16,
        out_channels=16,
        text_dim=32,
        freq_dim=32,
        ffn_dim=48,
        num_layers=3,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
    )
    vae = AutoencoderKLWan(
        base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )
    pipe = WanPipeline(
        tokenizer=tokenizer,
        text_encoder=UMT5EncoderModel(text).eval(),
        transformer=transformer.eval(),
        vae=vae.eval(),
        scheduler=UniPCMultistepScheduler(flow_shift=3.0, prediction_type="flow_prediction", use_flow_sigmas=True),
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def plan_of(pipe, placement, *, device="cuda", dtypes=None, attention="sdpa", **vae):
    """A Plan for these parts, as the planner would make it for a machine with a GPU."""
    from aigc_kit import cards
    from aigc_kit.core.types import Budget, FrozenMap, Plan, Request
    from aigc_kit.core.units import GIB

    video = type(pipe).__name__ == "WanPipeline"
    card = cards.get("wan2.1-1.3b" if video else "sdxl")
    names = [name for name, part in pipe.components.items() if isinstance(part, torch.nn.Module)]
    places = placement if isinstance(placement, dict) else dict.fromkeys(names, placement)
    size = {"height": 32, "width": 32, "frames": 5} if video else {"height": 64, "width": 64}
    return Plan(
        request=Request(card.name, "a dog", steps=2, **size),
        card=card,
        budget=Budget(device, "a card", 8 * GIB, 8 * GIB, 16 * GIB, 100 * GIB, {"bf16": True}),
        dtypes=FrozenMap(dtypes or dict.fromkeys(names, "float32")),
        placement=FrozenMap(places),
        attention=attention,
        vae=FrozenMap(vae),
        prediction=FrozenMap(),
    )
