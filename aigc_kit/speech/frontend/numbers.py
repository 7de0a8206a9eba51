"""How numbers are read: as a quantity, digit by digit, as a telephone number. Quantities are cn2an's work."""

import re

import cn2an

DIGITS = "零一二三四五六七八九"
LONGEST_QUANTITY = 16  # digits; longer ones are read digit by digit


def quantity(number: str) -> str:
    """A number as a quantity; 2 at its head is 两 before 千, 万 and 亿.

    Args:
        number: ASCII digits, with at most one point; thousands may be separated by commas; a sign in front is allowed.

    Source: 吕叔湘《现代汉语八百词》 on 二 and 两: 两千, 两万, 两亿 at the head of a number, 二十 always, 二百 as usual.

    >>> quantity("105"), quantity("-3.14"), quantity("12,000"), quantity("10"), quantity("2024")
    ('一百零五', '负三点一四', '一万二千', '十', '两千零二十四')
    """
    sign = {"-": "负", "−": "负", "+": "正"}.get(number[:1], "")
    plain = number.lstrip("+-−").replace(",", "")
    whole, point, rest = plain.partition(".")
    if len(whole) > LONGEST_QUANTITY or (len(whole) > 1 and whole[0] == "0"):
        said = digits(whole)
    else:
        said = re.sub("^二(?=[千万亿])", "两", cn2an.an2cn(whole or "0", "low"))
    return sign + said + ("点" + digits(rest) if point else "")


def digits(number: str) -> str:
    """A number digit by digit.

    >>> digits("2024")
    '二零二四'
    """
    return "".join(DIGITS[int(digit)] for digit in number)


def telephone(number: str) -> str:
    """Digit by digit as on the telephone, where 1 is 幺; anything between the digits becomes a short pause.

    >>> telephone("010-110")
    '零幺零，幺幺零'
    """
    return "".join("，" if not c.isdigit() else "幺" if c == "1" else DIGITS[int(c)] for c in number)
