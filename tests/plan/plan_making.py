"""Facts made by a rule that can be reckoned by hand, in place of traces: parts of SDXL's and Wan's true sizes."""

from aigc_kit.memory.footprint import ModelFacts, PartFacts, PhaseFacts, Point

SIZES = {
    "sdxl": tuple((h, w, 1) for h, w in ((1024, 1024), (768, 1024), (768, 768), (512, 512))),
    "sd15": tuple((s, s, 1) for s in (512, 384, 256)),
    "wan2.1-1.3b": tuple(
        (h, w, f) for h, w in ((480, 832), (384, 640), (320, 576), (256, 448)) for f in (81, 49, 33, 17, 13, 9, 5)
    ),
}
PARAMS = {
    "sdxl": {"text_encoder": 123_060_480, "text_encoder_2": 694_659_840, "unet": 2_567_463_684, "vae": 83_653_863},
    "sd15": {"text_encoder": 123_060_480, "unet": 859_520_964, "vae": 83_653_863},
    "wan2.1-1.3b": {"text_encoder": 5_680_910_336, "transformer": 1_418_996_800, "vae": 126_892_531},
}
ROLES = {"unet": "denoise", "transformer": "denoise", "vae": "decode", "text_encoder": "text", "text_encoder_2": "text"}
LIVE = {"text": 0, "denoise": 300, "decode": 3000}  # bytes a pixel (of one frame in four for the denoiser)


def facts(
    model, height, width, frames=1, batch=1, dtype="float16", attention="sdpa", vae_slicing=False, vae_tiling=False
):
    """ModelFacts by the rule; None for a size that SIZES does not list."""
    if (height, width, frames) not in SIZES.get(model, ()) or batch not in (1, 4):
        return None
    pixels = height * width * batch * (frames + 3) // 4
    scale = 2 if dtype == "float32" else 1
    parts, phases = [], []
    for name, params in PARAMS[model].items():
        role = ROLES[name]
        kept = "float32" if role == "decode" and model.startswith("wan") else dtype
        blocks = (params // 20,) * 19
        layers = params * 9 // 10
        parts.append(
            PartFacts(
                name=name,
                cls=name,
                role=role,
                params=params,
                dtype=kept,
                layer_params=layers,
                largest_leaf=params // 50,
                blocks=blocks,
                leaves=400,
            )
        )
        live = (
            LIVE[role]
            * pixels
            * (1 if role == "decode" else scale)
            * (4 if attention == "math" and role == "denoise" else 1)
        )
        live = live // 4 if vae_tiling and role == "decode" else live
        live = live // batch if vae_slicing and role == "decode" else live
        phases.append(
            PhaseFacts(
                name={"denoise": "denoise", "decode": "decode"}.get(role, name),
                part=name,
                dtype="float32" if role == "decode" else dtype,
                points=(Point(live + 10**6, live // 4, f"{name}.out convolution"),),
                held_bytes=10**6,
                flops=params * 1000 + pixels * (11 if vae_tiling else 10),
                traffic_bytes=10**9,
                calls=2 if role == "text" else 1,
                per="step" if role == "denoise" else "run",
            )
        )
    return ModelFacts(
        model=model,
        pipeline="Some",
        parts=tuple(parts),
        phases=tuple(phases),
        height=height,
        width=width,
        frames=frames,
        batch=batch,
        dtype=dtype,
        attention=attention,
        vae_slicing=vae_slicing,
        vae_tiling=vae_tiling,
        steps=20,
        traced_with="a rule",
    )
