"""Compare engines of masks, by a model that knows nothing.

Each byte is drawn evenly among those that the mask allows, so what comes out valid is the mask's work alone. Whether it
is valid, jsonschema says, with the formats checked. xgrammar and outlines-core are optional; what they did elsewhere is
shipped.
"""

import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from time import process_time
from typing import Any

import numpy as np
from jsonschema import Draft202012Validator, FormatChecker

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, MissingExtra, missing_extra, unknown_name
from aigc_kit.promptlab.schema.masks import BYTES, JsonMask, Vocabulary, grammar_of
from aigc_kit.promptlab.schema.schemas import FORMATS

ENGINES: Mapping[str, str] = {"llguidance": "llguidance", "xgrammar": "xgrammar", "outlines-core": "outlines_core"}
"""Package -> its module."""


def _object(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(fields), "properties": fields}


_LETTERS = {"enum": ["a", "b", "c"]}
TWELVE: Mapping[str, Mapping[str, Any]] = {
    "枚举": _object(status={"enum": ["pending", "processed", "failed"]}),
    "uuid": _object(id={"type": "string", "format": "uuid"}),
    "日期": _object(date={"type": "string", "format": "date"}),
    "IPv4": _object(ip={"type": "string", "format": "ipv4"}),
    "整数上下限": _object(count={"type": "integer", "minimum": 1, "maximum": 99}),
    "小数上下限": _object(score={"type": "number", "minimum": 0, "maximum": 1}),
    "倍数": _object(price={"type": "integer", "multipleOf": 5, "minimum": 0, "maximum": 1000}),
    "正则": _object(code={"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"}),
    "数组个数": _object(tags={"type": "array", "items": _LETTERS, "minItems": 1, "maxItems": 3}),
    "不重复": _object(tags={"type": "array", "items": _LETTERS, "minItems": 2, "maxItems": 3, "uniqueItems": True}),
    "嵌套": _object(order=_object(kind={"enum": ["x", "y"]}, size=_object(w={"type": "integer", "maximum": 9}))),
    "可为空": _object(v={"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3, "maximum": 5}]}),
}
"""Name in Chinese -> schema: formats, enums, bounds, nesting."""


@dataclass(frozen=True)
class Row:
    """Hold what one engine did with one schema.

    Args:
        schema: its name.
        engine: package and version.
        valid, count: texts that fit, of how many.
        why: what the others break, most often first; or why the engine refused the schema (then count is 0).
        seconds: of the processor, for all texts.
    """

    schema: str
    engine: str
    valid: int
    count: int
    why: str
    seconds: float


def compare(engine: str, count: int = 40, *, limit: int = 200, seed: int = 0) -> list[Row]:
    """Let one engine mask a model that knows nothing.

    Args:
        engine: one of `ENGINES`.
        count: texts for each of the twelve schemas.
        limit: bytes of a text; what is longer is cut.
        seed: of the draws.

    Raises:
        UnknownName: no such engine. MissingExtra: its package is not installed.
    """
    if engine not in ENGINES:
        raise unknown_name(Words(f"the engine {engine!r}", f"掩码引擎 {engine!r}"), engine, ENGINES)
    start, version = _STARTS[engine], _version(engine)
    rows = []
    for name, document in TWELVE.items():
        began = process_time()
        try:
            texts = list(_texts(start(document), count, limit, seed))
        except (BadInput, ValueError, RuntimeError) as error:  # the engine's own way of refusing a schema
            why = error.told.found.en if isinstance(error, BadInput) else str(error)
            rows.append(Row(name, version, 0, 0, " ".join(why.split())[:120], process_time() - began))
            continue
        valid, broken = _judged(document, texts)
        rows.append(Row(name, version, valid, count, "，".join(broken), round(process_time() - began, 3)))
    return rows


def shipped() -> tuple[str, list[Row]]:
    """Read what the three engines did elsewhere.

    Returns:
        Machine and date in words, and the rows.

    Raises:
        CannotLoad: the file is damaged.
    """
    try:
        values = json.loads(_file().read_text(encoding="utf-8"))
        return values["where"], [Row(**row) for row in values["rows"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotLoad(
            asked=Words("the recorded engines of masks", "录下的掩码引擎结果"),
            found=Words(f"damaged: {error}", f"文件损坏（原话：{error}）"),
            todo=Words("restore the file from the repository", "从仓库恢复这个文件"),
        ) from error


def save(where: str, rows: Sequence[Row]) -> None:
    """Write rows as those that ship."""
    text = json.dumps({"where": where, "rows": [asdict(row) for row in rows]}, ensure_ascii=False, indent=0)
    paths.write_atomically(_file(), text + "\n")


def _file() -> Any:
    return paths.assets() / "data" / "mask_engines.json"


def _version(engine: str) -> str:
    from importlib.metadata import version

    try:
        importlib.import_module(ENGINES[engine])
        return f"{engine} {version(engine)}"
    except (ImportError, OSError):
        needed = Words(f"masks by {engine}", f"{engine} 的掩码")
        raise missing_extra(engine, "masks", needed) from None


Step = tuple[Callable[[], np.ndarray], Callable[[int], Any]]  # tokens that may come now, and how to add one


def _texts(begin: Callable[[], Step], count: int, limit: int, seed: int) -> Iterator[bytes]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        (allowed, append), written = begin(), bytearray()
        while len(written) < limit:
            tokens = allowed()
            token = int(rng.choice(tokens)) if len(tokens) else BYTES
            if token == BYTES:
                break
            written.append(token)
            append(token)
        yield bytes(written)


def _judged(document: Mapping[str, Any], texts: Sequence[bytes]) -> tuple[int, list[str]]:
    validator: Any = Draft202012Validator(document, format_checker=FormatChecker(FORMATS))
    valid, broken = 0, dict[str, int]()
    for text in texts:
        try:
            rules = {str(error.validator) for error in validator.iter_errors(json.loads(text.decode()))}
        except (ValueError, RecursionError):
            rules = {"JSON"}
        valid += not rules
        for rule in rules:
            broken[rule] = broken.get(rule, 0) + 1
    return valid, sorted(broken, key=lambda rule: -broken[rule])


def _llguidance(document: Mapping[str, Any]) -> Callable[[], Step]:
    vocabulary = Vocabulary.of_bytes()
    grammar = grammar_of(document, vocabulary)

    def begin() -> Step:
        mask = JsonMask(grammar, vocabulary)
        return lambda: np.flatnonzero(mask.allowed()), mask.append

    return begin


def _xgrammar(document: Mapping[str, Any]) -> Callable[[], Step]:
    import xgrammar

    pieces = [*(bytes([byte]) for byte in range(BYTES)), b"<end>"]
    information = xgrammar.TokenizerInfo(pieces, xgrammar.VocabType.RAW, vocab_size=len(pieces), stop_token_ids=[BYTES])
    compiler = xgrammar.GrammarCompiler(information, max_threads=1)
    grammar = compiler.compile_json_schema(json.dumps(document), any_whitespace=False)

    def begin() -> Step:
        matcher, bits = xgrammar.GrammarMatcher(grammar), xgrammar.allocate_token_bitmask(1, len(pieces))

        def allowed() -> np.ndarray:
            if matcher.is_terminated():
                return np.empty(0, dtype=np.int64)
            matcher.fill_next_token_bitmask(bits, 0)
            every = np.unpackbits(bits.numpy().view(np.uint8).ravel(), bitorder="little")
            return np.flatnonzero(every[: len(pieces)])

        return allowed, matcher.accept_token

    return begin


def _outlines(document: Mapping[str, Any]) -> Callable[[], Step]:
    import outlines_core
    from outlines_core.json_schema import build_regex_from_schema

    pattern = build_regex_from_schema(json.dumps(document), whitespace_pattern="")
    vocabulary = outlines_core.Vocabulary(BYTES, {bytes([byte]): [byte] for byte in range(BYTES)})
    index = outlines_core.Index(pattern, vocabulary)

    def begin() -> Step:
        guide = outlines_core.Guide(index)
        return lambda: np.array([] if guide.is_finished() else guide.get_tokens(), dtype=np.int64), guide.advance

    return begin


_STARTS: Mapping[str, Callable[[Mapping[str, Any]], Callable[[], Step]]] = {
    "llguidance": _llguidance,
    "xgrammar": _xgrammar,
    "outlines-core": _outlines,
}


def here() -> list[str]:
    """Name the engines that are installed."""
    names = []
    for engine in ENGINES:
        try:
            _version(engine)
            names.append(engine)
        except MissingExtra:
            continue
    return names
