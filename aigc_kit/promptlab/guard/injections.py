"""List patterns of known attacks, by their family.

Source of the families: OWASP Top 10 for LLM Applications 2025, LLM01; Perez and Ribeiro 2022 ("Ignore Previous
Prompt"); Wei et al. 2023 ("Jailbroken"); Greshake et al. 2023 (indirect injection).
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.promptlab import bounded_regex

_GAP = r"[^，,。！!？?；;\n]"
_BEFORE = (
    "之前|以前|以上|上面|上述|前面|先前|此前|所有|一切|全部|原有|原来|原先|系统|你的|你收到|任何|既定|现有|预设|初始"
)
_ORDERS = "指令|指示|命令|提示词|提示语|提示|规则|规定|设定|限制|约束|准则|守则|上下文|角色|身份|安全|过滤"
_DROP = (
    "忽略|无视|忽视|忘记|忘掉|忘了|抛开|抛弃|不要理会|不要理|不理会|别管|不用管|不要管|别理|不必遵守|不要遵守|不用遵守|别遵守|不再遵守|"
    "停止遵守|不要执行|跳过|绕过|推翻|覆盖|丢掉|丢弃|清空|违反|违背|突破|关闭|解除"
)
_SECRET = "提示词|提示语|系统提示|指令|设定|规则|配置|密码|密钥|口令|系统消息|机密|秘密|暗号|内部信息"
FAMILIES: Mapping[str, tuple[Words, tuple[str, ...]]] = {
    "override": (
        Words("tells the model to drop its instructions", "叫模型丢掉原来的指令"),
        (
            r"\b(?:ignor\w*|disregard\w*|forget\w*|overrid\w*|bypass\w*|skip\w*|neglect\w*|discard\w*"
            r"|abandon\w*)\W*(?:\w+\W+){0,3}?"
            r"(?:previous|prior|above|earlier|preceding|foregoing|existing|original|initial|all|any|your"
            r"|the|these|those)\W*"
            r"(?:\w+\W+){0,3}?(?:instruct|prompt|rule|direct|guideline|order|command|constraint|restrict"
            r"|context|polic|program)",
            r"\b(?:do not|don't|stop|never|no longer)\W+(?:\w+\W+){0,2}?(?:follow|obey|comply with"
            r"|adhere to)\w*\W+(?:\w+\W+){0,4}?"
            r"(?:instruct|prompt|rule|guideline|order|command|polic)",
            r"\b(?:new|real|true|actual|updated)\W+(?:system\W+)?(?:instruction|task|goal|objective|order"
            r"|prompt)s?\b\W{0,3}(?:is|are|:|：)",
            rf"(?:{_DROP}){_GAP}{{0,6}}(?:{_BEFORE}){_GAP}{{0,8}}(?:{_ORDERS}|要求|说明|对话|内容|话)",
            rf"(?:{_BEFORE}){_GAP}{{0,6}}(?:{_ORDERS}){_GAP}{{0,4}}(?:作废|无效|失效|不算|取消|忽略|不用管|忘掉|不再有效|已过期)",
            r"(?:新的|真正的|真实的|实际的?|最新|最高)\s*(?:指令|任务|命令|指示|目标|优先级指令)\s*(?:是|为|如下|[:：])",
        ),
    ),
    "leak": (
        Words("asks for the hidden prompt or secrets", "打听藏着的提示词或秘密"),
        (
            r"\b(?:show|reveal|print|repeat|output|display|tell|give|leak|expose|dump|recite|disclose"
            r"|share|copy|translate|summari[sz]e)\b"
            r"\W*(?:\w+\W+){0,4}?(?:your|system|hidden|initial|original|secret|above|developer"
            r"|internal)\W*(?:\w+\W+){0,2}?"
            r"(?:prompt|instruction|message|rule|guideline|config|password|api.?key|secret|credential)",
            r"\b(?:what|which)\W+(?:is|are|was|were)\W+(?:\w+\W+){0,3}?(?:system|initial|original|hidden"
            r"|secret)\W+(?:prompt|instruct|rule)",
            r"\brepeat\W+(?:\w+\W+){0,3}?(?:words?|text|everything|all|lines?)\W+(?:\w+\W+){0,2}?(?:above"
            r"|before|verbatim)",
            rf"(?:输出|说出|说说|告诉|显示|打印|重复|复述|泄露|透露|展示|公布|公开|翻译|总结|背诵|背出|列出|写出|发给|贴出|复制|念出|给我看){_GAP}{{0,8}}"
            rf"(?:你的|系统|隐藏|内部|初始|原始|最初|后台|开头|上面|以上|收到){_GAP}{{0,8}}(?:{_SECRET})",
            rf"(?:你的|系统|隐藏的?|内部|初始|原始|最初的?){_GAP}{{0,6}}(?:{_SECRET}){_GAP}{{0,6}}"
            r"(?:输出|说出|告诉|显示|打印|重复|复述|泄露|透露|展示|公布|翻译|背诵|列出|写出|发给|贴出|复制|念)",
            rf"(?:系统提示|初始指令|隐藏指令|内部指令|隐藏的提示|你的提示词|你的指令){_GAP}{{0,6}}(?:是什么|有哪些|怎么写|写了什么|的内容|全文|原文)",
        ),
    ),
    "role": (
        Words("gives the model a role without limits", "给模型一个没有限制的角色"),
        (
            r"\bdo anything now\b|\bjail\W?br(?:eak|oken)|\b(?:developer|god|sudo|admin|debug|maintenance"
            r"|dan)\W?mode\b|\b(?:unrestricted|unfiltered|uncensored)\b",
            r"\b(?:no|without|free from|free of|beyond|not bound by"
            r"|ignor\w*)\W+(?:\w+\W+){0,3}?(?:restrict|filter|limitation|ethic|moral|censor|safety|guardrail)",
            r"\byou(?:'re| are| will be)\W+(?:now|no longer|going to be)\b|\b(?:pretend|imagine"
            r"|act as)\W+(?:\w+\W+){0,3}?(?:evil|hacker|admin|root|system|no rules|unrestricted)",
            r"(?-i:\bDAN\b)|\bstay in character\b",
            r"越狱|(?:开发者|开发人员|上帝|管理员|调试|维护|超级用户|邪恶)模式|(?:不受|没有|摆脱|无)(?:任何|一切|所有)?(?:的)?(?:限制|约束|审查|道德)",
            rf"(?:现在|从现在开始|从现在起|此刻起?){_GAP}{{0,4}}你{_GAP}{{0,4}}(?:不再|不是客服|没有|必须|只能|只会)|你不再是|你现在不是",
        ),
    ),
    "spoof": (
        Words("writes what only the system writes", "冒充系统或别的角色写标记"),
        (
            r"<\|?/?(?:im_start|im_end|system|assistant|endoftext|eot_id|start_header_id"
            r"|begin_of_text)\|?>|\[/?(?:INST|SYS|SYSTEM)\]|<</?SYS>>|</s>",
            r"<(?:用户|助手|结束|系统)>|"
            r"#{2,}\s*(?:new |system |updated )?(?:instruction|system|prompt|指令|系统|新任务)",
            r"(?m)^\s*[\[【(*\"]*"
            r"(?:system|assistant|developer|系统|系统消息|系统提示|助手|管理员|开发者)(?: prompt"
            r"| message)?[\]】)*\"]*\s*[:：]",
            r"(?:end of (?:text|input|message|document|user)|"
            r"(?:以上|上面)(?:内容|文本|消息)?(?:结束|到此为止)|(?:文本|消息|输入"
            r"|留言)(?:到此)?结束)",
        ),
    ),
    "exfiltration": (
        Words("sends data elsewhere", "把数据送到别处"),
        (
            r"!\[[^\]\n]{0,80}\]\(\s*https?://[^)\n]{0,200}[?={&$]",
            r"\b(?:send|post|forward|upload|e-?mail|exfiltrate|append)\b.{0,60}(?:https?://|\b[\w.+-]+@[\w-]+\.\w)",
            r"(?:发送|发到|发给|上传|转发|传到|寄到|提交到|附在).{0,40}(?:https?://|\b[\w.+-]+@[\w-]+\.\w|网址|链接|邮箱)",
        ),
    ),
    "code": (
        Words("carries code for a page, shell, database or template", "夹带网页、命令行、数据库或模板的代码"),
        (
            r"<\s*(?:script|iframe|object|embed|svg|img)\b[^>]{0,200}(?:>|src|on\w+\s*=)|\bjavascript:"
            r"|\bon(?:error|load|click)\s*=",
            r"\{\{.{1,80}?\}\}|\{%.{1,80}?%\}|\$\{.{1,80}?\}|__(?:class|import|globals|subclasses|builtins|init)__",
            r";\s*(?:drop|delete|truncate|insert|update)\s+(?:table|from|into|database)?"
            r"|\bunion\s+(?:all\s+)?select\b|'\s*(?:or|and)\s+'?\w+'?\s*=|\bdrop\s+table\b",
            r"\brm\s+-\w*[rf]|\b(?:curl|wget)\s+\S*\s?https?://|\bos\.(?:system|popen)|\bsubprocess\b"
            r"|\b(?:eval|exec)\s*\(|/etc/(?:passwd|shadow)|(?:\.\./){2,}|[;|&`]\s*(?:cat|nc|bash|sh)\s",
        ),
    ),
    "authority": (
        Words("claims rights that a text cannot prove", "自称有权，文字却证明不了"),
        (
            r"\b(?:i am|i'm|as|this is)\W+(?:your|an?|the|from)\W+(?:\w+\W+){0,2}?(?:developer|creator"
            r"|administrator|admin|openai|anthropic|owner)\b",
            r"(?:我是|我就是|作为)(?:你的?|本店的?|系统的?|这个系统的?)?(?:开发者|开发人员|管理员|创造者|主人|系统管理员|运维|程序员|超级管理员)",
            r"(?:已经?|已获)(?:授权|批准|许可)[^。\n]{0,12}(?:绕过|查看|输出|关闭|解除)|(?:奶奶|外婆|祖母)[^。\n]{0,20}(?:序列号|密钥|激活码|密码)",
        ),
    ),
}
"""Name of a family -> what it does, and its patterns (case does not matter)."""


@cache
def _ready() -> dict[str, list[Any]]:
    return {
        name: [bounded_regex.compiled(f"(?i){pattern}") for pattern in patterns]
        for name, (_, patterns) in FAMILIES.items()
    }


def matches(text: str) -> Iterator[tuple[str, str]]:
    """Yield (family, what matched), one at most of each family."""
    for name, patterns in _ready().items():
        for pattern in patterns:
            hit = bounded_regex.search(pattern, text)
            if hit is not None:
                yield name, hit[0]
                break
