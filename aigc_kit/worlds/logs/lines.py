"""Write log lines in six formats, every field known."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name

FIELDS = ("ts", "svc", "level", "msg")
LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")
_WEIGHTS = (1, 6, 2, 2)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SERVICES = {
    "train": ["order-api", "pay-gateway", "user-svc", "search", "mailer", "img-resize", "auth", "stock-sync", "cart"],
    "held": ["coupon-api", "geo", "chat-relay", "video-cut", "billing"],
}
_MESSAGES = {
    "train": [
        "request {n} finished in {m} ms",
        "timeout after {m} s while calling {s}",
        "user {n} logged in from {ip}",
        "retry {m}/5 | upstream {s} refused",
        "cache miss key=item:{n}",
        "disk usage {m}% on /data",
        "ERROR code {n} returned by {s}",
        "failed to parse body: unexpected token at {n}",
        "job {n} queued",
        "支付回调失败，订单 {n}",
        "库存不足：sku {n}",
        "连接 {ip} 超时，重试 {m} 次",
        "用户 {n} 登录成功",
        "[{s}] 心跳正常",
    ],
    "held": [
        "coupon {n} expired before use",
        "GET /v2/items/{n} -> 404 ({m} ms)",
        "queue depth {n}, threshold 500",
        "certificate for {s} expires in {m} days",
        "优惠券 {n} 已领完",
        "转码任务 {n} 失败：缺少音轨",
        "info: warm start took {m} s",
        "{s} 响应变慢，平均 {m} 毫秒",
    ],
}
Part = tuple[str, str]  # (text, field or "")


@dataclass(frozen=True)
class Line:
    """Hold one line and what each part of it is.

    Args:
        format: its name.
        parts: (text, field) in order, the field "" for what is none.
    """

    format: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Give the line as it stands in the log."""
        return "".join(text for text, _ in self.parts)

    @property
    def fields(self) -> dict[str, str]:
        """Map each field to its text."""
        return {field: text for text, field in self.parts if field}

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Map each field to its (start, end) characters."""
        places, at = {}, 0
        for text, field in self.parts:
            if field:
                places[field] = (at, at + len(text))
            at += len(text)
        return places


@dataclass(frozen=True)
class _Facts:
    when: tuple[int, ...]  # year, month, day, hour, minute, second
    svc: str
    level: str
    msg: str
    number: int

    @property
    def iso(self) -> str:
        return "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*self.when)


def _pipe(f: _Facts) -> list[Part]:
    """Write 2024-01-01 12:00:00 | svc-name | ERROR | message."""
    return [(f.iso, "ts"), (" | ", ""), (f.svc, "svc"), (" | ", ""), (f.level, "level"), (" | ", ""), (f.msg, "msg")]


def _bracket(f: _Facts) -> list[Part]:
    iso = f.iso.replace(" ", "T") + "Z"
    return [
        ("[", ""),
        (iso, "ts"),
        ("] ", ""),
        (f.level, "level"),
        (" ", ""),
        (f.svc, "svc"),
        (": ", ""),
        (f.msg, "msg"),
    ]


def _syslog(f: _Facts) -> list[Part]:
    when = "{} {:2} {:02}:{:02}:{:02}".format(_MONTHS[f.when[1] - 1], *f.when[2:])
    return [
        (when, "ts"), (" host1 ", ""), (f.svc, "svc"), (f"[{f.number}]: ", ""),
        (f.level.lower(), "level"), (" ", ""), (f.msg, "msg"),
    ]  # fmt: skip


def _pairs(f: _Facts) -> list[Part]:
    return [
        ("time=", ""), (f.iso.replace(" ", "T"), "ts"), (" level=", ""), (f.level.lower(), "level"),
        (" app=", ""), (f.svc, "svc"), (' msg="', ""), (f.msg, "msg"), ('"', ""),
    ]  # fmt: skip


def _slashes(f: _Facts) -> list[Part]:
    when = "{2:02}/{1:02}/{0:04} {3:02}:{4:02}:{5:02}".format(*f.when)
    return [
        (when, "ts"),
        (" <", ""),
        (f.level.title(), "level"),
        ("> ", ""),
        (f.svc, "svc"),
        (" - ", ""),
        (f.msg, "msg"),
    ]


def _columns(f: _Facts) -> list[Part]:
    clock = f"{f.iso[-8:]}.{f.number % 1000:03}"
    return [
        (f.level[0], "level"), (" ", ""), (clock, "ts"), (f" {f.number:>5} ", ""),
        (f.svc.replace("-", "."), "svc"), (" ", ""), ("» ", ""), (f.msg, "msg"),
    ]  # fmt: skip


FORMATS: Mapping[str, tuple[Words, Callable[[_Facts], list[Part]]]] = {
    "pipe": (Words("pipes", "竖线"), _pipe),
    "bracket": (Words("brackets", "方括号"), _bracket),
    "syslog": (Words("system log", "系统日志"), _syslog),
    "pairs": (Words("key=value", "键=值"), _pairs),
    "slashes": (Words("day first", "日在前"), _slashes),
    "columns": (Words("columns", "分列"), _columns),
}
SEEN, UNSEEN = tuple(FORMATS)[:4], tuple(FORMATS)[4:]


def draw(rng: random.Random, name: str) -> Line:
    """Draw a line of a format.

    Unseen formats have services and messages of their own.
    """
    split = "held" if name in UNSEEN else "train"
    when = (rng.randint(2019, 2027), rng.randint(1, 12), rng.randint(1, 28), *(rng.randint(0, k) for k in (23, 59, 59)))
    ip = f"10.0.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
    message = rng.choice(_MESSAGES[split]).format(
        n=rng.randint(1, 99999), m=rng.randint(1, 99), s=rng.choice(_SERVICES[split]), ip=ip
    )
    level = rng.choices(LEVELS, _WEIGHTS)[0]
    facts = _Facts(when, rng.choice(_SERVICES[split]), level, message, rng.randint(100, 99999))
    return Line(name, tuple(FORMATS[name][1](facts)))


def many(name: str, count: int, seed: int = 0) -> list[Line]:
    """Draw lines, the same at every call.

    Raises:
        UnknownName: no such format. BadInput: no number of lines.
    """
    if name not in FORMATS:
        raise unknown_name(
            Words(f"lines of the format {name!r}", f"格式 {name!r} 的日志"), name, FORMATS, Words("format", "格式")
        )
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise BadInput(
            asked=Words(f"{count!r} lines", f"{count!r} 行日志"),
            found=Words("no number of lines", "这不是行数"),
            todo=Words("give an integer, 0 or more", "给一个不小于 0 的整数"),
        )
    rng = random.Random(f"{name} {seed}")
    return [draw(rng, name) for _ in range(count)]
