"""Turn pinyin into initial and final, or Kokoro's phonetic signs."""

from functools import lru_cache

from aigc_kit.make.speech.frontend.symbols import table

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcs")
_WITHOUT_INITIAL = table(
    """
    yi=i ya=ia yan=ian yang=iang yao=iao ye=ie yin=in ying=ing yo=o yong=iong you=iou yu=v yuan=van yue=ve yun=vn
    wu=u wa=ua wai=uai wan=uan wang=uang wei=uei wen=uen weng=ueng wo=uo
    """
)
_LONG = table("iu=iou ui=uei un=uen ue=ve")
_IPA_INITIALS = table("b=p p=pʰ m=m f=f d=t t=tʰ n=n l=l g=k k=kʰ h=x j=ʨ q=ʨʰ x=ɕ z=ʦ c=ʦʰ s=s zh=ꭧ ch=ꭧʰ sh=ʂ r=ɻ")
# The tone stands behind the vowel that carries it, where the dot is
_IPA_FINALS = table(
    """
    a=a· ai=ai· an=a·n ang=a·ŋ ao=au· e=ɤ· ei=ei· en=ə·n eng=ə·ŋ er=ɚ· i=i· ia=ja· ian=jɛ·n iang=ja·ŋ iao=jau· ie=je·
    in=i·n ing=i·ŋ iong=jʊ·ŋ iou=jou· o=wo· ong=ʊ·ŋ ou=ou· u=u· ua=wa· uai=wai· uan=wa·n uang=wa·ŋ uei=wei· uen=wə·n
    ueng=wə·ŋ uo=wo· v=y· van=ɥɛ·n ve=ɥe· vn=y·n ii=ɨ· iii=ɨ·
    """
)
_TONES = ("", "→", "↗", "↓", "↘", "")


@lru_cache(maxsize=2048)
def parts(pinyin: str) -> tuple[str, str] | None:
    """Split a toneless syllable into (initial, final), or None.

    >>> parts("zhuang"), parts("yuan"), parts("shi"), parts("xue")
    (('zh', 'uang'), ('', 'van'), ('sh', 'iii'), ('x', 've'))
    """
    if pinyin in _WITHOUT_INITIAL:
        return "", _WITHOUT_INITIAL[pinyin]
    initial = next((i for i in _INITIALS if pinyin.startswith(i)), "")
    final = pinyin[len(initial) :]
    if initial in ("j", "q", "x") and final.startswith("u"):
        final = "v" + final[1:]
    elif final == "i" and initial in ("zh", "ch", "sh", "r"):
        final = "iii"
    elif final == "i" and initial in ("z", "c", "s"):
        final = "ii"
    else:
        final = _LONG.get(final, final)
    return (initial, final) if final in _IPA_FINALS else None


def phonetic(pinyin: str, tone: int) -> str:
    """Write the signs of one syllable, "" for no syllable.

    >>> phonetic("hao", 3), phonetic("yuan", 2), phonetic("de", 5)
    ('xau↓', 'ɥɛ↗n', 'tɤ')
    """
    syllable = parts("en" if pinyin in ("n", "ng", "m") else pinyin)
    if syllable is None:
        return ""
    initial, final = syllable
    signs = "ɔ·" if syllable == ("", "o") else _IPA_FINALS[final]
    return _IPA_INITIALS.get(initial, "") + signs.replace("·", _TONES[tone])
