"""The card of ChatTTS."""

from aigc_kit.types import Card, Figure, FrozenMap, RemoteFile, Source

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
    constraints=FrozenMap(
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

CHATTTS_CARDS = (CHATTTS,)
