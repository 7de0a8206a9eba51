"""The card of the font that plots use where the machine has no Chinese one."""

from aigc_kit.types import Card, FrozenMap, Piece, RemoteFile, Source

FONT_CJK = Card(
    name="font-cjk",
    tier="tiny",
    kind="font",
    parts=FrozenMap(font="NotoSansCJKtc-Regular.otf"),
    sources=(
        Source(
            kind="wheel",
            ref="data file of the package cvttf-notosanscjk-regular",
            files=(
                RemoteFile(
                    path="NotoSansCJKtc-Regular.otf",
                    bytes=16_431_292,
                    sha256="f57e46120a3dd025ac993801981849622405d1359b32093b1f046490f7885711",
                    pieces=(
                        Piece(
                            requirement="cvttf-notosanscjk-regular==1.0",
                            wheel_sha256="0a99bbb933cc4237895d3dbd95de65f7b508607872471f1f51d0eb91a5fe7766",
                            member="cvttf_NotoSansCJK_Regular/NotoSansCJKtc-Regular.otf",
                            wheel_bytes=27_408_933,
                        ),
                    ),
                ),
            ),
        ),
    ),
    constraints=FrozenMap(),
    defaults=FrozenMap(),
    licence="SIL Open Font License 1.1 (Noto Sans CJK)",
    notes=("图表用的中文字体；系统里已有中文字体时不需要。",),
)

FONT_CARDS = (FONT_CJK,)
