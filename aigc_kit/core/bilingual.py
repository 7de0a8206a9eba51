"""Hold what is said in English and in Chinese."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Say the same in English and in Chinese.

    >>> str(Words("all weights", "全部权重") + Words(", and more", "，还有别的")), Words.of("SDXL").zh
    ('all weights, and more', 'SDXL')
    """

    en: str
    zh: str

    @classmethod
    def of(cls, value: "Words | str | Mapping[str, str]") -> "Words":
        """Take words as they are, a text for both languages."""
        if isinstance(value, Words):
            return value
        return cls(value, value) if isinstance(value, str) else cls(**value)

    @classmethod
    def join(cls, *parts: "Words | str", en: str = "; ", zh: str = "；") -> "Words":
        """Put several together with a mark between them."""
        every = [cls.of(part) for part in parts]
        return cls(en.join(part.en for part in every), zh.join(part.zh for part in every))

    def __add__(self, more: "Words | str") -> "Words":
        return Words.join(self, more, en="", zh="")

    def __str__(self) -> str:
        return self.en


def named(names: Mapping[str, Words], name: str) -> Words:
    """Look up what a name is called, by default itself."""
    return names.get(name) or Words(name, name)
