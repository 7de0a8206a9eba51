"""Orders of the shop, and which are held out."""

import random
from dataclasses import dataclass

from aigc_kit.worlds.shop.patterns import row

ITEMS = dict(  # with their measure words
    zip(
        row(
            "雨伞 水杯 台灯 背包 毛巾 围巾 耳机 键盘 鼠标 闹钟 帽子 手套 枕头 拖鞋 相框 "
            "茶壶 风扇 书架 地毯 花瓶 蜡烛 钱包 积木 雨衣 被子 镜子 饭盒 书包 沙发 椅子"
        ),
        "把个盏个条条副个个个顶双个双个把台个块个根个盒件床面个个张把",
        strict=True,
    )
)
COLOURS = row("红色 蓝色 绿色 黑色 白色 黄色 粉色 灰色 紫色 棕色")
NUMERALS = dict(zip(range(1, 10), "一两三四五六七八九", strict=True))
LETTERS = "ABCDEFGHKMPRST"
FIELDS = {"商品": "item", "颜色": "colour", "数量": "quantity", "单价": "price", "单号": "number", "日期": "date"}
HIGHEST_PRICE = 99  # yuan; the lowest is 10, so that a product has no leading zero


@dataclass(frozen=True)
class Order:
    """One order.

    quantity: in 1..9. price: in 10..99 yuan. number: like "A371". date: like "3月15日".
    """

    item: str
    colour: str
    quantity: int
    price: int
    number: str
    date: str

    def value(self, field: str) -> str | int:
        """Return the value of a field, one of ``FIELDS``."""
        return getattr(self, FIELDS[field])


def held_out(colour: str, item: str) -> bool:
    """Tell whether the pair is kept out of training.

    30 of 300 are, three of each colour.
    """
    return (COLOURS.index(colour) * 7 + list(ITEMS).index(item) * 3) % 10 == 5


def draw(rng: random.Random, split: str) -> Order:
    """Draw an order.

    split: "held" takes only colour-item pairs that training never sees.
    """
    while True:
        colour, item = rng.choice(COLOURS), rng.choice(list(ITEMS))
        if held_out(colour, item) == (split == "held"):
            break
    digits = "".join(rng.sample("0123456789", 3))
    date = f"{rng.randint(1, 12)}月{rng.randint(1, 28)}日"
    return Order(item, colour, rng.randint(1, 9), rng.randint(10, HIGHEST_PRICE), rng.choice(LETTERS) + digits, date)
