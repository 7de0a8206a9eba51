"""Hold the five patterns of the course as templates.

Words and defaults are the course's; the sentences around them are ours.
"""

from collections.abc import Mapping

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import unknown_name
from aigc_kit.core.types import FrozenMap
from aigc_kit.promptlab.patterns.templates import Slot, Template

FEYNMAN = Template(
    "feynman",
    """请用费曼的方法，给{{ audience }}{% if age %}（{{ age }} 岁）{% endif %}讲清楚一件事：{{ concept }}。

要求：
1. 全文大约 {{ length }} 个字，用日常口语，不用术语；非用不可时，当场用一句话解释。
2. 用“{{ analogy }}”打比方，让人看得见、摸得着。
3. 一定要讲到：{{ must }}。
4. 按步骤讲：{{ steps }}。用“首先、然后、接着、最后”带出每一步。
5. 举一个身边的例子：{{ example }}。
6. 结尾要{{ ending }}，让人想讲给别人听。
7. 只写正文：不写标题，不用列表符号和星号，不加引用标记，不留需要再填的空。
{% if takeaways %}8. 第 7 条只有一个例外：正文之后另起一段，列出 {{ takeaways }} 条要点，每条一句话。
{% endif %}""",
    (
        Slot("audience", "讲给谁听"),
        Slot("concept", "要讲清楚的概念"),
        Slot("length", "大约多少字"),
        Slot("analogy", "用什么打比方"),
        Slot("must", "一定要讲到的"),
        Slot("steps", "分成哪几步"),
        Slot("example", "身边的例子"),
        Slot("ending", "怎样结尾"),
        Slot("age", "听的人几岁，0 是不说", "number", least=3, most=100, default=0),
        Slot("takeaways", "列几条要点，0 是不列", "number", least=3, most=5, default=0),
    ),
    "费曼：讲给外行听，打比方，不用术语",
)

STYLE = Template(
    "style",
    """请用{{ author }}的笔法，写一段关于“{{ topic }}”的文字，大约 {{ length }} 个字。

文风要有这几个特点：{{ features | join("；") }}。
文中一定要有：{{ elements | join("；") }}。
只学笔法，不编造{{ author }}说过的话，不署{{ author }}的名。""",
    (
        Slot("author", "谁的笔法"),
        Slot("topic", "写什么"),
        Slot("features", "文风的特点", "list", least=1, most=5),
        Slot("elements", "一定要有的写法", "list", least=1, most=5),
        Slot("length", "大约多少字", "number", least=20, most=2000),
    ),
    "文风迁移：用某人的笔法写某件事",
)

STORY = Template(
    "story",
    """请写一个故事，大约 {{ length }} 个字。

时间：{{ time }}。地点：{{ place }}。主角：{{ hero }}，{{ trait }}。
开端：{{ opening }}。
发展：{{ development }}。
高潮：{{ climax }}。
结局：{{ ending }}。
主题是“{{ theme }}”，叙事风格：{{ style }}。""",
    (
        Slot("time", "什么时候"),
        Slot("place", "在哪里"),
        Slot("hero", "主角是谁"),
        Slot("trait", "主角的性格"),
        Slot("opening", "开端"),
        Slot("development", "发展"),
        Slot("climax", "高潮"),
        Slot("ending", "结局"),
        Slot("theme", "主题"),
        Slot("style", "叙事风格"),
        Slot("length", "大约多少字", "number", least=20, most=5000),
    ),
    "故事引擎：时间、地点、人物、四段情节",
)

DIALOGUE = Template(
    "dialogue",
    """请写一场关于“{{ topic }}”的对话，大约 {{ length }} 个字。

角色和立场：
{% for role in roles %}
{{ loop.index }}. {{ role }}
{% endfor %}
每个角色都要按自己的立场说话，并谈到：{{ points | join("；") }}。
不替任何一方下结论。""",
    (
        Slot("topic", "谈什么"),
        Slot("roles", "角色和立场，写成“角色：立场”", "list", least=2, most=5),
        Slot("points", "一定要谈到的", "list", least=1, most=5),
        Slot("length", "大约多少字", "number", least=20, most=5000),
    ),
    "角色对话：几个角色，各有立场",
)

THOUGHT = Template(
    "thought",
    """{{ task }}{{ ask }}
{% for example in examples %}
{{ example }}
{% endfor %}
消息：{{ question }}
{% if examples %}
答案：
{% endif %}""",
    (
        Slot("task", "要做什么"),
        Slot("question", "这一次的题目"),
        Slot(
            "ask", "要不要写步骤", choices=("一步一步算。", "先写意图，再给出标签。", "直接给出答案。", "只输出标签。")
        ),
        Slot("examples", "带步骤的例题；没有就是零样本", "list", least=1, most=8, default=()),
    ),
    "思维链：先写步骤，再给答案；有例题是少样本，没有是零样本",
)

PATTERNS: Mapping[str, Template] = FrozenMap({each.name: each for each in (FEYNMAN, STYLE, STORY, DIALOGUE, THOUGHT)})

EXAMPLES: Mapping[str, Mapping[str, object]] = FrozenMap(
    feynman=FrozenMap(
        concept="为什么天空是蓝色的",
        audience="小学生",
        age=10,
        length="300",
        analogy="一群小球撞上大大小小的石子",
        must="蓝光比红光更容易被空气弹开",
        steps="先看阳光里有什么颜色，再看空气怎样把它们弹开，最后看为什么到眼里的多是蓝色",
        example="傍晚的太阳为什么发红",
        ending="轻松而好记",
        takeaways=3,
    ),
    style=FrozenMap(
        author="鲁迅",
        topic="人工智能发展",
        features=("讽刺而简练", "多用反问和排比", "以器物作比喻"),
        elements=("至少一处反问", "一组排比", "一件寻常器物作的比喻"),
        length=300,
    ),
    story=FrozenMap(
        time="一个停电的夜晚",
        place="山村小学",
        hero="新来的老师",
        trait="胆小却守信",
        opening="约好今晚给学生看星星",
        development="云越来越厚，有人说不会来了",
        climax="她独自提着灯上山，发现学生都在等",
        ending="云散开，没有人记得停电",
        theme="守约",
        style="平静，细节多，不说教",
        length=600,
    ),
    dialogue=FrozenMap(
        topic="课堂上能不能用人工智能写作业",
        roles=("老师：先学会自己想，再学用工具", "学生：工具就在那里，不用是自欺", "家长：只想知道孩子学到了没有"),
        points=("什么叫自己写的", "怎样看出学到了", "用了要不要说明"),
        length=500,
    ),
    thought=FrozenMap(task="算一下一共多少元。", question="我买了3个水杯，单价25元。", ask="一步一步算。"),
)
"""Pattern -> values that fill it, to begin with."""


def pattern(name: str) -> Template:
    """Give one of the five patterns.

    Raises:
        UnknownName: there is none of that name, with the nearest.
    """
    if name not in PATTERNS:
        what = Words(f"the pattern {name!r}", f"模式 {name!r}")
        raise unknown_name(what, name, PATTERNS, Words("pattern", "模式"))
    return PATTERNS[name]
