"""The tracer's counts against published and hand-computed numbers, its options, and its errors."""

import json
from dataclasses import replace

import pytest

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, CannotLoad, UnknownName
from aigc_kit.memory.footprint import cached, known
from tests.xray.pipelines import RECIPES, save

COUNTS = {
    "sdxl": {"unet": 2_567_463_684, "vae": 83_653_863, "text_encoder": 123_060_480, "text_encoder_2": 694_659_840},
    "kolors": {"unet": 2_579_458_820, "vae": 83_653_863, "text_encoder": 6_243_584_000},
    "sd15": {"unet": 859_520_964, "text_encoder": 123_060_480},
    "wan2.1-1.3b": {"transformer": 1_418_996_800, "vae": 126_892_531, "text_encoder": 5_680_910_336},
    "wan2.1-14b": {"transformer": 14_288_491_584},
    "flux.1-dev": {"transformer": 11_901_408_320, "text_encoder_2": 4_762_310_656},
    "sd3-medium": {"transformer": 2_028_328_000},
    "qwen-image": {"transformer": 20_430_401_088, "vae": 126_892_531},
    "cogvideox-2b": {"transformer": 1_693_783_872},
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return save(RECIPES["sdxl"], tmp_path_factory.mktemp("sdxl"))


@pytest.fixture(scope="module")
def wan(tmp_path_factory):
    return save(RECIPES["wan"], tmp_path_factory.mktemp("wan"))


@pytest.mark.parametrize("model", COUNTS)
def test_parameters_of_published_models_are_exact(model):
    from aigc_kit.memory.xray import build

    folder = paths.assets() / "configs" / model
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    for name, count in COUNTS[model].items():
        config = build.read_json(folder / name / "config.json")
        made = build.build(name, *index[name], config, "float32")
        assert sum(p.numel() for p in made.parameters()) == count, name
        if model in known():
            part = next(p for p in cached_facts(model).parts if p.name == name)
            assert part.params == count, f"the shipped trace of {name}"


def cached_facts(model):
    from aigc_kit.memory.footprint import sizes, usual

    return cached(model, *sizes(model)[0], dtype=usual(model)["dtype"])


def test_chattts_has_its_published_parameters():
    from aigc_kit.memory.xray import trace

    facts = trace("chattts", dtype="fp16")
    assert facts.params == 279_657_740
    counts = {part.name: round(part.params / 1e6, 1) for part in facts.parts}
    assert counts == {"gpt": 188.8, "embed": 36.4, "decoder": 25.9, "dvae": 15.0, "vocos": 13.5}
    token = facts.phases[0]
    cache = 2 * 20 * 768 * 2 * (facts.tokens - 1)  # keys and values of 20 layers in float16
    assert cache < token.held_bytes < 1.05 * cache


def test_a_convolution_by_hand():
    import torch

    from aigc_kit.memory.xray.tracer import tracing

    with torch.device("meta"):
        net = torch.nn.Sequential(torch.nn.Conv2d(8, 16, 3, padding=1), torch.nn.SiLU(), torch.nn.Conv2d(16, 4, 1))
    with torch.no_grad(), tracing([net], granule=1) as trace:
        x = torch.empty(1, 8, 64, 64, device="meta")
        net(x)
    given, middle, last = (channels * 64 * 64 for channels in (8, 16, 4))
    assert trace.flops == 2 * 64 * 64 * (8 * 9 * 16 + 16 * 4)
    assert trace.top == (4 * (given + 2 * middle), "1 silu")
    assert [(p.live, p.conv) for p in trace.hull()] == [
        (4 * (given + 2 * middle), 0),
        (4 * (given + middle), given + middle),
    ]
    assert trace.live == 4 * given  # all that is left is x
    weights = sum(p.numel() for p in net.parameters())
    made = given  # x counts as written once
    assert trace.traffic == 4 * (made + given + middle + 2 * middle + middle + last + weights)


def test_allocations_are_rounded_as_the_gpu_allocator_does():
    import torch

    from aigc_kit.memory.xray.tracer import tracing

    with tracing([]) as trace:
        held = [torch.empty(1, device="meta") for _ in range(3)]
    assert trace.live == 3 * 512 and len(held) == 3


def test_only_moments_that_can_be_the_peak_are_kept():
    from aigc_kit.memory.xray.tracer import Trace

    found = [(90, 10, "a"), (50, 20, "b"), (10, 100, "c"), (95, 2, "d"), (9, 99, "e")]
    trace = Trace(top=(100, "top"), convolutions=found)
    hull = trace.hull()
    for workspace in (0, 0.3, 0.5, 1, 2, 5, 50):
        best = max(live + workspace * conv for live, conv, _ in [(100, 0, ""), *found])
        assert max(p.live + workspace * p.conv for p in hull) == best
    assert {p.setter for p in hull} <= {"top", "a", "c", "d"}


def test_what_was_run_before_is_remembered_exactly(tiny):
    from aigc_kit.memory.xray import trace, tracer
    from aigc_kit.memory.xray.tracer import Kernels

    first = trace(tiny, 96, 64, dtype="fp32")
    tracer._KERNELS = Kernels()
    assert trace(tiny, 96, 64, dtype="fp32") == first
    assert trace(tiny, 96, 64, dtype="fp32") == first


def test_both_half_precisions_make_tensors_of_the_same_size(wan):
    from aigc_kit.memory.xray import trace

    steps = [trace(wan, 64, 96, 9, dtype=dtype).phases[1] for dtype in ("fp16", "bf16")]
    assert steps[0].points == steps[1].points and steps[0].flops == steps[1].flops


def test_the_decoder_is_upcast_only_where_its_pipeline_does(tiny, wan):
    from aigc_kit.memory.xray import trace

    assert [trace(tiny, 96, 64, dtype=d).phases[-1].dtype for d in ("fp16", "bf16")] == ["float32", "bfloat16"]
    facts = trace(wan, 64, 96, 9, dtype="bf16")
    assert facts.part("vae").dtype == "float32" and facts.part("transformer").float32_params > 0
    assert trace(wan, 64, 96, 9, dtype="bf16", dtypes={"vae": "bf16"}).part("vae").dtype == "bfloat16"


def test_an_adapter_adds_its_weights_and_keeps_more_alive(tiny):
    from aigc_kit.memory.xray import trace

    plain, adapted = trace(tiny, 96, 64), trace(tiny, 96, 64, lora_rank=4)
    unet = json.loads((tiny / "unet" / "config.json").read_text(encoding="utf-8"))
    assert adapted.params > plain.params and adapted.lora_rank == 4 and unet["cross_attention_dim"] == 64
    assert adapted.phases[-2].live_bytes >= plain.phases[-2].live_bytes
    assert adapted.phases[-1] == plain.phases[-1]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("kind", ["nf4", "int8", "int8wo", "float8"])
def test_layers_of_packed_weights_by_hand(kind, dtype):
    """x (10, 64) in 16 bits meets a weight (32, 64); what is alive at the highest moment beside x."""
    import torch

    from aigc_kit.memory.xray import quantised
    from aigc_kit.memory.xray.tracer import tracing

    net = torch.nn.Sequential(torch.nn.Linear(64, 32, bias=False, device="meta", dtype=getattr(torch, dtype)))
    quantised.store(net, kind)
    with torch.no_grad(), tracing([net], granule=1) as trace:
        x = torch.empty(10, 64, device="meta", dtype=getattr(torch, dtype))
        out = net(x)
    made, weight = 2 * 10 * 32, 64 * 32
    other = dtype == "bfloat16"
    codes = 10 * 64 + 4 * 10  # and scales of x; int8's result is float16, and its sums are alive while it is cast
    most = {
        "nf4": 2 * weight + made,
        "int8": codes
        + max(10 * 64 * (3 + 2 * other), 4 * 10 * 32 + made * (1 + other)),  # |x| and where it is high; sums
        "int8wo": 2 * weight + made,  # the scale comes when the copy is gone
        "float8": weight + made,  # the second byte of each weight
    }
    assert out.shape == (10, 32) and trace.flops == 2 * 10 * 64 * 32
    assert trace.top[0] - x.nbytes == most[kind]


@pytest.mark.parametrize(
    "change,error,words",
    [
        ({"frames": 0}, BadInput, "frames"),
        ({"height": 0}, BadInput, "height"),
        ({"height": 97}, BadInput, "multiples of"),
        ({"frames": 9}, BadInput, "single images"),
        ({"dtype": "fp128"}, BadInput, "dtype"),
        ({"batch": -1}, BadInput, "batch"),
        ({"attention": "magic"}, BadInput, "attention"),
        ({"dtypes": {"ghost": "fp16"}}, BadInput, "ghost"),
        ({"stored": {"ghost": "nf4"}}, BadInput, "ghost"),
        ({"stored": {"unet": "q4"}}, BadInput, "q4"),
    ],
)
def test_bad_values(tiny, change, error, words):
    from aigc_kit.memory.xray import trace

    with pytest.raises(error, match=words):
        trace(tiny, **change)


def test_frames_of_a_video_are_4k_plus_1(wan):
    from aigc_kit.memory.xray import trace

    with pytest.raises(BadInput, match="frames 13 or 17"):
        trace(wan, 64, 96, 16)
    with pytest.raises(BadInput, match="slice"):
        trace(wan, 64, 96, 9, attention="sliced")


def test_a_tokenizer_of_any_class_is_no_part():
    """The newer transformers saves `TokenizersBackend`; the model that ships with the kit has one."""
    from aigc_kit.memory.xray import build

    assert sorted(build.load(paths.assets() / "models" / "tinywan", "float32").parts) == [
        "text_encoder",
        "transformer",
        "vae",
    ]


def test_folders_that_are_no_pipelines(tmp_path, tiny):
    from aigc_kit.memory.xray import trace

    with pytest.raises(UnknownName, match="neither a model"):
        trace(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="holds no configs"):
        trace(tmp_path)
    (tmp_path / "model_index.json").write_text('{"_class_name": "X", "unet": ["diff', encoding="utf-8")
    with pytest.raises(BadInput, match="cannot be read as JSON"):
        trace(tmp_path)
    index = {"_class_name": "X", "unet": ["diffusers", "UNet2DConditionModel"]}
    (tmp_path / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(BadInput, match="no such file"):
        trace(tmp_path)
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "config.json").write_text('{"block_out_channels": "red"}', encoding="utf-8")
    with pytest.raises(CannotLoad, match="part 'unet'"):
        trace(tmp_path)


@pytest.mark.parametrize("entry", [["diffusers", "NoSuchNet"], ["os", "system"], ["my.code", "Net"]])
def test_classes_outside_the_libraries_are_never_loaded(tmp_path, entry):
    from aigc_kit.memory.xray import trace

    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "X", "unet": entry}), encoding="utf-8")
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CannotLoad, match="never run"):
        trace(tmp_path)


def test_a_part_that_cannot_be_fed_is_named(tmp_path):
    from aigc_kit.memory.xray import trace

    index = {"_class_name": "X", "transformer": ["diffusers", "Kandinsky6Transformer3DModel"]}
    (tmp_path / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    (tmp_path / "transformer").mkdir()
    (tmp_path / "transformer" / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CannotLoad, match="Kandinsky6Transformer3DModel"):
        trace(tmp_path, 128, 128)


def test_shipped_traces_are_what_the_tracer_finds():
    from aigc_kit.memory.xray import trace

    shipped, traced = cached("sd15", 512, 512, dtype="fp16"), trace("sd15", 512, 512, dtype="fp16")
    assert replace(traced, traced_with=shipped.traced_with) == shipped
    assert all(phase.pool_bytes > 0 for phase in shipped.phases) and list(traced.pools) == sorted(traced.pools)
