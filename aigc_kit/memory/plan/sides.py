"""Check a size, and divide it for small models.

A small model stands for one that draws `scale` times as large. Its own sizes are taken as they are; a size with more
pixels than it can draw is meant in the large model's pixels: both sides are divided by `scale`, and each is rounded to
the model's multiple. A side that comes out shorter than the model draws is lifted to its shortest, up to twice as long.
"""

from contextlib import suppress
from dataclasses import replace

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, Change, Request, Words

SMALLEST = 8  # multiples that a side must have at least, where the card says nothing else


def scaled(request: Request, card: Card) -> tuple[Request, tuple[Change, ...]]:
    """Check a size, divided where it is too large.

    Raises:
        BadInput: one side alone, or a size that the model cannot draw, in the numbers that were asked.
    """
    height, width, facts = request.height, request.width, card.facts
    if height is None and width is None:
        return request, ()
    if height is None or width is None:
        raise _alone(request, card)
    if facts.scale == 1 or height * width <= facts.max_pixels:
        _check_sides(height, width, card)
        return request, ()
    least = _least(card)
    small = tuple(max(_rounded(side, facts.scale, facts.multiple), least) for side in (height, width))
    _check_divided((height, width), small, card)
    asked, given = f"{height}x{width}", f"{small[0]}x{small[1]}"
    rule = Words(
        f"a small model: both sides divided by {facts.scale}, each to a multiple of {facts.multiple}, at least {least}",
        f"小模型按 1/{facts.scale} 作画：两边都除以 {facts.scale}，各取最近的 {facts.multiple} 的倍数，至少 {least}",
    )
    return replace(request, height=small[0], width=small[1]), (Change("size", asked, given, rule),)


def _rounded(side: int, scale: int, step: int) -> int:
    """Divide a side, to the nearest multiple, halves up.

    >>> _rounded(832, 8, 16), _rounded(480, 8, 16), _rounded(1000, 8, 8)
    (112, 64, 128)
    """
    return (2 * side + scale * step) // (2 * scale * step) * step


def _least(card: Card) -> int:
    return int(card.facts.smallest or SMALLEST * card.facts.multiple)


def _check_sides(height: int, width: int, card: Card) -> None:
    _check_side("height", height, card)
    _check_side("width", width, card)
    if height * width > card.facts.max_pixels:
        reason = Words(
            f"more than the {card.facts.max_pixels:,} pixels that {card.name} can draw",
            f"超过了 {card.name} 能画的 {card.facts.max_pixels:,} 个像素",
        )
        raise BadInput(
            asked=f"{height}x{width}",
            found=reason,
            todo=Words(f"choose {_sizes(card.facts.ladder)}", f"改成 {_sizes(card.facts.ladder).zh}"),
        )


def _check_side(name: str, value: int, card: Card) -> None:
    step, least = card.facts.multiple, _least(card)
    if value % step or value < least:
        low = max(value // step * step, least)
        reason = Words(
            f"{card.name} needs a multiple of {step}, at least {least}", f"{card.name} 要 {step} 的倍数，至少 {least}"
        )
        raise BadInput(
            asked=f"{name}={value}",
            found=reason,
            todo=Words(f"choose {name}={low} or {name}={low + step}", f"改成 {name}={low} 或 {name}={low + step}"),
        )


def _check_divided(asked: tuple[int, int], small: tuple[int, ...], card: Card) -> None:
    facts, least = card.facts, _least(card)
    drawn = f"{small[0]}x{small[1]}"
    text = Words(
        f"{drawn} for {card.name}, which draws at 1/{facts.scale}",
        f"{card.name} 按 1/{facts.scale} 来画，就是 {drawn}",
    )
    todo = Words(
        f"choose {_sizes(facts.full_ladder)}, or one of its own sizes, {_sizes(facts.ladder)}",
        f"改成 {_sizes(facts.full_ladder).zh}，或它自己的尺寸 {_sizes(facts.ladder).zh}",
    )
    wish = f"{asked[0]}x{asked[1]}"
    if small[0] * small[1] > facts.max_pixels:
        full, own = f"{facts.max_pixels * facts.scale**2:,}", f"{facts.max_pixels:,}"
        most = Words(
            f"{full} pixels at full size ({own} of its own)", f"{full} 个像素（按完整尺寸；它自己的 {own} 个）"
        )
        raise BadInput(
            asked=wish, found=Words(f"{text}: it can draw up to {most}", f"{text.zh}：最多能画 {most.zh}"), todo=todo
        )
    if 2 * min(asked) < least * facts.scale:
        found = Words(
            f"{text}: a side has at least {least * facts.scale // 2} at full size ({least} of its own)",
            f"{text.zh}：按完整尺寸一边至少 {least * facts.scale // 2}（它自己的 {least}）",
        )
        raise BadInput(asked=wish, found=found, todo=todo)


def _sizes(ladder: tuple[tuple[int, int], ...]) -> Words:
    return Words.join(*(f"{height}x{width}" for height, width in ladder[:2]), en=" or ", zh=" 或 ")


def _alone(request: Request, card: Card) -> BadInput:
    """Say which other side would go with it."""
    known, facts = {"height": request.height, "width": request.width}, card.facts
    (name, side), (missing, _) = sorted(known.items(), key=lambda item: item[1] is None)
    if facts.scale == 1:
        _check_side(name, side or 0, card)
    most = max(height * width for height, width in facts.full_ladder or facts.ladder)
    pairs = [dict(zip(("height", "width"), size, strict=True)) for size in (*facts.ladder, *facts.full_ladder)]
    for pair in sorted(pairs, key=lambda pair: abs(pair[name] - (side or 0))):
        with suppress(BadInput):
            if pair[missing] * (side or 0) <= most and scaled(replace(request, **{missing: pair[missing]}), card):
                todo = Words(
                    f"give {missing} too, such as {missing}={pair[missing]}, or neither",
                    f"把 {missing} 也写上，例如 {missing}={pair[missing]}，或两个都不写",
                )
                return BadInput(
                    asked=Words(f"{name}={side} alone", f"只写了 {name}={side}"),
                    found=Words(f"no {missing}", f"没有 {missing}"),
                    todo=todo,
                )
    todo = Words(
        f"give both sides, such as {_sizes(facts.full_ladder or facts.ladder)}, or neither",
        f"两边都写，例如 {_sizes(facts.full_ladder or facts.ladder).zh}，或都不写",
    )
    return BadInput(
        asked=Words(f"{name}={side} alone", f"只写了 {name}={side}"),
        found=Words(f"no {missing}, and none goes with it", f"没有 {missing}，也没有能与它相配的"),
        todo=todo,
    )
