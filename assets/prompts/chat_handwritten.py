"""Written by a person: 36 instructions for one task, and 30 prompts outside the templates of the shop."""

ROW = "退款、物流、换货、咨询、投诉、表扬"
SHOTS = (("我想退款", "退款"), ("快递到哪了", "物流"), ("能换一个吗", "换货"))
MORE_SHOTS = (*SHOTS, ("请问怎么用", "咨询"), ("我要投诉", "投诉"), ("给你们点赞", "表扬"))
DEFINED = "类别：退款是要回货款；物流是问包裹；换货是要换一个；咨询是问商品；投诉是不满意服务；表扬是夸小店。"


def _rows(kind: str, *texts: str, shots: int = 0) -> list[dict]:
    return [{"kind": kind, "instruction": text, "shots": shots} for text in texts]


INSTRUCTIONS = [
    *_rows("bare", "顾客想要什么？", "判断顾客的意图。", "给这条消息分类。", "这条消息是什么意图？"),
    *_rows("bare", "说出顾客的诉求。", "看看这条消息属于哪一类。", "请帮我看看。"),
    *_rows("format only", "判断顾客的意图。只输出标签。", "顾客想要什么？只回答一个词。"),
    *_rows("format only", "给消息分类，不要解释。", "意图是什么？一个词就行。"),
    *_rows("labels only", f"判断顾客的意图，从{ROW}中选一个。", f"类别有{ROW}。给消息分类。"),
    *_rows("labels only", f"是{ROW}中的哪一个？", f"在{ROW}里面挑。"),
    *_rows(
        "labels and format",
        f"判断顾客的意图，从{ROW}中选一个。只输出标签。",
        f"你是小店的客服。识别消息的意图，可选标签：{ROW}。不要解释。",
        f"只能用{ROW}中的一个。只写一个词。顾客的目的是什么？",
        f"请认真分析。把消息分到一个类别，类别有{ROW}。直接给出标签，不要解释。",
        f"标签：{ROW}。输出一个标签。",
        f"从{ROW}选。只答标签。",
    ),
    *_rows("definitions", f"判断顾客的意图。{DEFINED}", f"{DEFINED}只输出标签。", f"给消息分类，{DEFINED}不要解释。"),
    *_rows("shots", "判断顾客的意图。", "给这条消息分类。", "顾客想要什么？", "", shots=3),
    *_rows("six shots", "判断顾客的意图。", "", shots=6),
    *_rows("shots and labels", f"判断顾客的意图，从{ROW}中选一个。只输出标签。", f"类别有{ROW}。", shots=3),
    *_rows(
        "message first",
        f"{{text}}\n判断顾客的意图，从{ROW}中选一个。只输出标签。",
        "{text}\n这条消息是什么意图？",
        f"「{{text}}」\n是{ROW}中的哪一个？只写一个词。",
        "{text}",
    ),
]  # fmt: skip

CLEAR = f"判断下面消息的意图，从{ROW}中选一个。只输出标签。\n消息："
FEEL = "判断下面消息的情感，从正面、中性、负面中选一个。只输出标签。\n消息："


def _label(task: str, head: str, message: str, label: str) -> dict:
    return {"task": task, "prompt": head + message, "answer": label, "facts": {"label": label, "clear": True}}


def _json(demand: str, message: str, **values: object) -> dict:
    prompt = f"{demand}没有的写null。\n消息：{message}"
    return {"task": "fields", "prompt": prompt, "answer": "", "facts": {"values": values, "form": "json"}}


def _sum(message: str, total: int) -> dict:
    prompt = f"算一下一共多少元。一步一步算。\n消息：{message}"
    return {"task": "total", "prompt": prompt, "answer": "", "facts": {"mode": "steps", "total": total}}


EXTRACT = "提取订单信息，用JSON输出，字段："
HANDWRITTEN = [
    _label("intent", CLEAR, "东西用了两天就坏，把货款还给我吧", "退款"),
    _label("intent", CLEAR, "这把伞漏水，我要求全部退钱！", "退款"),
    _label("intent", CLEAR, "不想要了，怎样把钱拿回来？", "退款"),
    _label("intent", CLEAR, "都五天了，我的包裹在哪里？", "物流"),
    _label("intent", CLEAR, "能告诉我快递现在走到什么地方吗", "物流"),
    _label("intent", CLEAR, "水杯寄出来没有？急用", "物流"),
    _label("intent", CLEAR, "帽子小了，帮忙换成大号", "换货"),
    _label("intent", CLEAR, "钱不用退，给我重新寄一个就好", "换货"),
    _label("intent", CLEAR, "颜色发错了，我要蓝色，可以调换吗", "换货"),
    _label("intent", CLEAR, "请教一下，这台灯要用几号电池", "咨询"),
    _label("intent", CLEAR, "地毯能放进洗衣机里洗吗？", "咨询"),
    _label("intent", CLEAR, "买三条毛巾会不会便宜一点", "咨询"),
    _label("intent", CLEAR, "打了三次电话没人接，你们太不负责了", "投诉"),
    _label("intent", CLEAR, "再这样我就去消费者协会告你们", "投诉"),
    _label("intent", CLEAR, "客服骂人！叫你们领导来", "投诉"),
    _label("intent", CLEAR, "茶壶做得真漂亮，全家都夸", "表扬"),
    _label("intent", CLEAR, "服务一流，下回还找你们", "表扬"),
    _label("intent", CLEAR, "必须五颗星，客服小姐姐太好了", "表扬"),
    _label("sentiment", FEEL, "哈哈，太喜欢了，谢谢老板", "正面"),
    _label("sentiment", FEEL, "收到了，还没打开看", "中性"),
    _label("sentiment", FEEL, "气得我一晚上没睡着", "负面"),
    _label("sentiment", FEEL, "唉，又等了一个星期，真让人失望", "负面"),
    _json(f"{EXTRACT}商品、颜色、数量。", "帮我看下那三条灰色围巾发了吗", 商品="围巾", 颜色="灰色", 数量=3),
    _json("用JSON输出，字段：商品、单号。", "单号B207的书包拉链坏了", 商品="书包", 单号="B207"),
    _json(f"{EXTRACT}商品、日期、单价。", "上次6月8日买的椅子不错", 商品="椅子", 日期="6月8日", 单价=None),
    _json("输出JSON，字段：颜色、商品、数量。", "想再要两个和上次一样的黑色背包", 颜色="黑色", 商品="背包", 数量=2),
    _sum("毛巾15元一条，我要6条", 90),
    _sum("三把雨伞，一把28元，再加5元运费", 89),
    {"task": "outside", "prompt": "给我讲一个关于小猫的故事", "answer": "", "facts": {}},
    {"task": "outside", "prompt": "中国的首都在哪里？", "answer": "", "facts": {}},
]  # fmt: skip
