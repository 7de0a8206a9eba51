"""Say each attribute value in Chinese and in English.

These few words are all that the captions use, so that a tokenizer can give each of them one token. What else learners
may write is in ``SYNONYMS``.
"""

Terms = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


def rows_of(table: str) -> dict[str, str]:
    """Read a table "value: words" with semicolons between."""
    rows = (row.partition(":") for row in table.split(";"))
    return {value.strip(): words.strip() for value, _, words in rows}


def terms_of(table: str) -> Terms:
    """Read rows of "Chinese words | English phrases".

    A hyphen stands for a space. Entries of one value stand apart by spaces.

    >>> terms_of("cup: 咖啡杯 杯子 | coffee-cup cup")
    {'cup': (('咖啡杯', '杯子'), ('coffee cup', 'cup'))}
    """
    terms = {}
    for value, words in rows_of(table).items():
        chinese, english = map(str.split, words.split("|"))
        terms[value] = tuple(chinese), tuple(phrase.replace("-", " ") for phrase in english)
    return terms


TERMS: dict[str, Terms] = {
    "subject": terms_of(
        "puppy: 小狗 狗 | puppy dog; cat: 小猫 猫 | cat kitten; wizard: 法师 巫师 | wizard; flower: 花朵 鲜花 | flower;"
        "donut: 甜甜圈 | donut; cup: 咖啡杯 杯子 | coffee-cup cup; heart: 爱心 心形 | heart; star: 五角星 星星 | star; "
        "fish: 小鱼 鱼 | fish; ball: 圆球 球 | ball; square: 方块 正方形 | square; triangle: 三角形 | triangle"
    ),
    "colour": terms_of(
        "red: 红色 | red; orange: 橙色 | orange; yellow: 黄色 | yellow; green: 绿色 | green; blue: 蓝色 | blue; "
        "purple: 紫色 | purple; pink: 粉色 | pink; white: 白色 | white"
    ),
    "scene": terms_of(
        "plain: 纯色背景 | plain-background; flowers: 花丛 花海 | flower-field; sea: 海边 沙滩 | sea beach; "
        "moon: 月球 | moon; forest: 森林 树林 | forest; city: 城市 街道 | city street"
    ),
    "style": terms_of(
        "flat: 扁平插画 卡通 | flat-illustration cartoon; sketch: 素描 | sketch; ink: 水墨画 水墨 | ink-wash; "
        "oil: 油画 | oil-painting; neon: 霓虹 | neon; pixel: 像素画 像素 | pixel-art"
    ),
    "light": terms_of("day: 白天 | day daytime; night: 夜晚 | night"),
    "size": terms_of("small: 小小的 | small tiny; medium: 中等大小的 | medium; large: 大大的 巨大的 | large big"),
    "position": terms_of("left: 左边 | left; centre: 中间 | center middle; right: 右边 | right"),
}
"""attribute -> value -> (Chinese words, English phrases), the first of each canonical."""

MEASURE = {
    "puppy": "一只", "cat": "一只", "wizard": "一位", "flower": "一朵", "donut": "一个", "cup": "一个", "heart": "一颗",
    "star": "一颗", "fish": "一条", "ball": "一个", "square": "一个", "triangle": "一个",
}  # fmt: skip
"""The Chinese measure word of each subject."""

WHERE_ZH = {"plain": "上", "flowers": "里", "sea": "", "moon": "上", "forest": "里", "city": "里"}
"""What follows the scene's word in Chinese: 在月球上, 在森林里."""

WHERE_EN = {"plain": "on a", "flowers": "in a", "sea": "by the", "moon": "on the", "forest": "in the", "city": "in the"}
"""What goes before the scene's word in English."""

GRAMMAR_ZH = (
    "一只", "一位", "一朵", "一个", "一颗", "一条", "的", "在", "上", "里", "风格", "画面", "一张", "图画", "东西",
)  # fmt: skip
GRAMMAR_EN = (
    "a", "an", "the", "of", "in", "on", "at", "by", "side", "with", "style", "background", "picture", "thing", "during",
)  # fmt: skip
MARKS = ("，", "。", ",", ".")
SYNONYMS: dict[str, dict[str, str]] = {
    "subject": rows_of(
        "puppy: 狗狗 幼犬 小犬 柴犬 犬 小奶狗 奶狗 金毛 哈士奇 柯基 泰迪 🐶 🐕 | puppies doggy pup hound shiba-inu "
        "shiba corgi retriever; cat: 猫咪 喵 橘猫 花猫 黑猫 小奶猫 🐱 🐈 | kitty; "
        "wizard: 魔法师 老法师 大法师 术士 魔术师 老巫师 🧙 | mage sorcerer magician merlin warlock; "
        "flower: 花 小花 一朵花 玫瑰 玫瑰花 向日葵 菊花 雏菊 郁金香 荷花 樱花 花儿 🌸 🌼 🌻 | blossom daisy rose "
        "tulip sunflower; donut: 圆环 环面 圆环面 多纳圈 面包圈 🍩 | doughnut torus tori bagel; "
        "cup: 咖啡 一杯咖啡 马克杯 茶杯 水杯 杯 ☕ | coffee mug coffee-mug teacup cup-of-coffee; "
        "heart: 红心 桃心 心型 爱心形 ❤ 💖 | love-heart; "
        "star: 星形 五角形的星 小星星 ⭐ 🌟 | five-pointed-star pentagram; "
        "fish: 金鱼 锦鲤 鲤鱼 热带鱼 鱼儿 🐟 🐠 | goldfish koi fishes; "
        "ball: 圆 圆形 圆圈 皮球 小球 足球 篮球 水晶球 球体 | circle sphere disc orb round-shape crystal-ball; "
        "square: 方形 正方 正方体 方框 立方体 | cube box; triangle: 三角 | triangular"
    ),
    "colour": rows_of(
        "red: 红 大红 大红色 朱红 朱红色 鲜红 鲜红色 赤色 绯红 | crimson scarlet; "
        "orange: 橙 橘色 橘黄色 橙黄色 橘红色 | tangerine; yellow: 黄 金色 金黄 金黄色 明黄色 柠檬黄 | gold golden; "
        "green: 绿 翠绿 翠绿色 碧绿 草绿色 墨绿色 | emerald; "
        "blue: 蓝 湛蓝 天蓝 天蓝色 深蓝 深蓝色 浅蓝色 | navy azure; "
        "purple: 紫 紫罗兰色 深紫色 淡紫色 | violet lilac; pink: 粉 粉红 粉红色 桃红色 玫红色 | rosy; "
        "white: 白 雪白 雪白的 洁白 洁白的 纯白 纯白色 | snow-white"
    ),
    "scene": rows_of(
        "plain: 空白背景 白色背景 白背景 干净背景 干净的背景 简单背景 简洁背景 纯色的背景 | white-background "
        "solid-background blank-background simple-background clean-background; "
        "flowers: 花丛中 花丛里 鲜花丛 花园 花田 花圃 草地 草坪 草原 鲜花盛开的 开满鲜花的草地 | flowers "
        "flower-garden flower-bed field-of-flowers flowery-field meadow garden grass grassland lawn; "
        "sea: 海 大海 海滩 海洋 海上 海面 海岸 海底 | ocean seaside seashore shore coast sand underwater; "
        "moon: 月球表面 月面 月亮上 月球上 | lunar lunar-surface moon-surface surface-of-the-moon; "
        "forest: 丛林 松林 松树 山林 雨林 热带雨林 树丛 树木 | woods jungle woodland rainforest trees pine; "
        "city: 都市 未来都市 街头 街上 大街 马路 高楼 高楼大厦 城里 楼群 | town urban downtown skyline buildings"
    ),
    "style": rows_of(
        "flat: 扁平 插画 动漫 动画 矢量 漫画 贴纸 | flat-design vector anime comic sticker illustrated; "
        "sketch: 铅笔画 铅笔 线稿 手绘 速写 简笔画 黑白素描 | pencil pencil-sketch pencil-drawing line-drawing "
        "drawing sketchy; "
        "ink: 国画 中国画 山水画 中国山水画 国风水墨 传统水墨画 写意 毛笔画 | ink ink-painting chinese-painting "
        "sumi-e ink-and-wash brush-painting; "
        "oil: 油彩 梵高 印象派 厚涂 | oil oil-paint impressionist impressionism van-gogh; "
        "neon: 霓虹灯 霓虹灯光 荧光 发光的 发光 赛博朋克 | neon-light glowing glow cyberpunk fluorescent; "
        "pixel: 像素艺术 像素点 8位 | pixel pixelated pixel-style 8-bit 8bit pixels"
    ),
    "light": rows_of(
        "day: 白昼 阳光 日光 晴天 晴朗 中午 正午 早晨 清晨 上午 下午 蓝天 蓝天白云 阳光明媚 大白天 | daylight sunny "
        "sunlight sunshine morning noon afternoon blue-sky; "
        "night: 夜里 夜间 晚上 深夜 午夜 夜空 夜景 夜色 星空 星夜 月光 月光下 月下 黑夜 半夜 夜 月夜 | nighttime "
        "midnight night-sky starry starry-sky moonlight moonlit evening starry-night"
    ),
    "size": rows_of(
        "small: 小小 小的 很小的 很小 小型 迷你 微小的 微小 | little mini miniature; "
        "medium: 中等 中等大小 中号 适中 | medium-sized mid-sized; "
        "large: 大大 大的 很大的 很大 大型 巨大 巨型 硕大的 硕大 超大的 超大 | huge giant enormous gigantic"
    ),
    "position": rows_of(
        "left: 左侧 左方 左 左面 靠左 | left-side left-hand-side; "
        "centre: 中央 正中 正中间 正中央 中心 居中 | centre centered centred; "
        "right: 右侧 右方 右 右面 靠右 | right-side right-hand-side"
    ),
}
"""attribute -> value -> "Chinese entries | English entries"; a hyphen stands for a space or a hyphen."""

NEGATIONS = "不要 没有 不是 不带 无 | no not without"
"""Said right before a word, they take it away: what must not be there belongs into the negative prompt."""

GRAMMAR = (
    "一只 一位 一朵 一个 一颗 一条 一张 一幅 一副 一杯 一头 一名 一群 这只 那只 有 是 的 地 得 着 了 在 上 里 "
    "中 下 边 旁 和 与 以 于 把 被 从 向 到 它 他 她 为 用 由 之 其 图 图画 画 画面 风格 风 背景 样式 色 东西 "
    "一 | a an the of in on at by side with style background picture image thing during is are and to into "
    "its it from for as this that there against near"
)
"""Words that carry the sentence and show nothing."""

NOT_OURS = (
    "鲸鱼 鳄鱼 章鱼 鱿鱼 墨鱼 木鱼 美人鱼 热狗 狗粮 狗尾草 熊猫 猫头鹰 猫粮 地球 星球 气球 火球 雪球 眼球 "
    "全球 环球 球场 球员 雪花 烟花 浪花 火花 棉花 爆米花 花生 花样 花纹 花费 花瓶 花椒 花木兰 花哨 眼花 酒杯 "
    "世界杯 干杯 奖杯 咖啡色 咖啡馆 咖啡厅 咖啡店 咖啡豆 上海 海报 海鲜 海豚 海鸥 海龟 海星 海军 海拔 海盗 "
    "黑 黑色 灰 灰色 棕 棕色 褐色 银色 柔和 温和 暖和 雪地 "
    "白须 白须飘飘 白胡子 白发 白云 白雪 白领 明白 黑白 白板 空白 表白 红包 红酒 网红 红灯 红旗 黄昏 黄金 "
    "黄金时刻 黄瓜 黄河 黄山 绿叶 绿草 绿植 蓝牙 蓝莓 紫禁城 粉丝 粉末 面粉 粉笔 奶粉 花粉 橙子 橙汁 圆满 "
    "圆润 圆形眼镜 圆眼镜 三角函数 三角恋 左右 夜宵 开心 大小 方案 动画片 中间件 有无 无人机 无限 无数 无穷 "
    "立方米 平方 线上 上海滩 | hot-dog hotdog catfish dogwood white-beard white-bearded white-hair blue-whale "
    "right-now all-right red-carpet starfish goldfish-bowl art-station soccer-star movie-star"
)
"""Words that hold one of ours by accident, or name something else of a colour."""


def every_word() -> tuple[str, ...]:
    """List each word and mark of a caption once."""
    pairs = [pair for values in TERMS.values() for pair in values.values()]
    chinese = [word for words, _ in pairs for word in words]
    english = [word for _, phrases in pairs for phrase in phrases for word in phrase.split()]
    return tuple(dict.fromkeys([*GRAMMAR_ZH, *chinese, *GRAMMAR_EN, *english, *MARKS]))
