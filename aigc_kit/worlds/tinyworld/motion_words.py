"""Say motions as learners do, with ways and endings."""

from functools import cache

from aigc_kit.worlds.tinyworld.word_rules import Rule, picture_rules, rule

_GAP = r"(?:着|了|画面|屏幕|镜头|的|最){0,3}"
_SIDE = r"(?:边儿?|侧|面|方|端|手边)?"
_GO = r"(?:移动|平移|移|走|跑|飞|游|滑|滚|飘|挪|冲|爬|窜|漂|开|去|过去)"
_EDGE = r"(?: (?:hand )?(?:side|edge|end|corner))?(?: of the (?:screen|frame|picture|image|page))?"

_MOVES = (
    r"(?:fl(?:y|ies|ying)|(?:float|drift|climb|shoot|lift|zoom)(?:s|ing)?|go(?:es|ing)?|swim(?:s|ming)?|mov(?:es?|ing))"
)
_UPWARDS = r"(?:up(?:wards?)?|high(?:er)?(?: and higher)?|into the (?:night )?(?:sky|air)|skywards?)"


def _way(zh: str, other: str, en: str, across: str) -> str:
    """Match a way to one side: 往左, to the left."""
    return rf"""
        [从自由]{_GAP}{other}{_SIDE}[\u4e00-\u9fff]{{0,4}}?[到往向至朝]{_GAP}{zh}{_SIDE}
        {other}[→⇒]{zh}
        [向往朝奔]{_GAP}{zh}{_SIDE}{_GO}?
        {_GO}[到去至向往]{_GAP}{zh}{_SIDE}
        \bfrom (?:the )?{across}{_EDGE}(?: over| across| all the way)* to (?:the )?{en}{_EDGE}\b
        \b(?:off |over |away )?(?:to|towards?) (?:the )?(?:far )?{en}{_EDGE}\b
        \b{en} ?wards?\b"""


MOTIONS: dict[str, str] = {
    "left": _way("左", "右", "left", "right"),
    "right": _way("右", "左", "right", "left"),
    "up": rf"""
        [飞飘浮升冲窜跃爬游射漂](?:起来|起|上(?:去|来|天空?|云霄|高空|高处|空中)?)
        [飞飘浮升冲窜跃爬游射漂](?:[到向](?=月)|(?:到|向)(?:天上|天空|天|空中|高空|太空|上面)(?:去|来)?)
        越[\u4e00-\u9fff]{{1,2}}越高
        [往向朝](?:天上|天空|天|高处|空中|上方|上面|上(?![级司课班]))[飞飘升游爬冲浮]?
        [腾升]空|起飞|一飞冲天|直上云霄|拔地而起|步步高升
        \b{_MOVES}(?: slowly| straight| all the way)* {_UPWARDS}\b
        \b(?:tak|lift|blast)(?:es?|s|ing)? off\b
        \b(?:soar|ascend|climb)(?:s|ed|ing)?\b
        \blevitat(?:es?|ed|ing)\b
        \bris(?:e|es|ing)\b
        \bhigher and higher\b
        \bto(?:wards?)? (?:the )?(?:sky|heavens?)\b
        \bskywards?\b""",
    "down": r"""
        [掉落坠沉跌摔滚滑降潜游飘砸][落降]?(?:下(?:来|去)?|到|进|入|底)[来去了]?|[掉落摔砸降]在
        坠落|陨落|跌落|俯冲|自由落体|从天而降|下坠|下潜|越[\u4e00-\u9fff]{1,2}越低
        [往向朝](?=海底|水底)
        [往向朝](?:下方|下面|下(?![级属班])|地面|地上)[掉落沉游飞滑滚走坠潜]*(?:下去|去)?
        \b(?:fall|drop|sink|plunge|plummet|descend|dive|tumble)s?(?: down| deeper)?\b
        \b(?:falling|dropping|sinking|plunging|plummeting|descending|diving|nosediving|tumbling down)\b
        \b(?:dropped|fell)\b
        \blower and lower\b""",
    "grow": r"""
        越[长变开来胀鼓吹滚]越大
        [变胀涨长扩增鼓撑](?:得越来越|得很|得更|得)?(?:巨大|大)(?:了|起来)?|长高
        [由从]小[变到长]大|鼓起来|膨胀|绽放|盛开|开花|(?<=花)开(?!的)(?:了|放)?
        \b(?:grow|expand|inflate|enlarge|swell|bloom|blossom)s?(?: larger| bigger| huge)?\b
        \b(?:growing|expanding|inflating|enlarging|swelling|blooming|blossoming)(?: larger| bigger| huge)?\b
        \b(?:get|become|grow)(?:s|ting|ing)? (?:much |really )?(?:bigger|larger|huge)(?: and (?:bigger|larger))?\b
        \b(?:bigger and bigger|larger and larger)\b
        \b(?:swell|puff|scal|blow)(?:s|es|ed|e|ing)? up\b""",
    "bounce": r"""
        一[蹦跳弹颠]一[蹦跳弹颠]的?|上下[蹦跳弹]动?
        [蹦跳弹](?:来[蹦跳弹]去|起来|起|个不停|跶|高|迪)|上蹿下跳|活蹦乱跳|蹦床
        \b(?:jump|hop|leap|skip|frolic)(?:s|ed|ing)?(?: up and down)?\b
        \b(?:bounc|danc|pranc)(?:e|es|ed|ing)(?: up and down)?\b
        \b(?:hopp|skipp|bobb)(?:ed|ing)\b|\bbobs\b
        \b(?:trampoline|pogo stick)\b""",
    "turn": r"""
        (?:旋转|转|滚|翻)(?:个不停|来[转滚翻]去|啊转|起来|动|[了着]?[一几两]?圈+儿?)
        [翻打]了?一?个?(?:跟头|筋斗|跟斗|滚儿?|转)|[后前]?空翻|团团转|旋转|自转|回旋|原地转|[转旋]着
        \b(?:spin|roll|whirl|twirl|swirl|pirouette|somersault|cartwheel|backflip)s?(?: around)?\b
        \b(?:spinning|rolling|whirling|twirling|swirling|pirouetting|somersaulting|cartwheeling)(?: around)?\b
        \b(?:rotat|revolv|gyrat)(?:e|es|ed|ing)\b
        \b(?:a )?360(?: degrees?)?(?: spin| turn)?\b
        \bround and round(?: in circles)?\b
        \bin circles\b
        \b(?:flip|turn)(?:s|ping|ing)? (?:over and over|around and around|round)\b""",
    "morph": r"""
        变形成?|变化?[成为回作]了?|变身成?|演变成?|形变|幻化成?|化[为作成]|拓扑变换|变(?=个|一个|咖啡|杯|茶|马克|甜甜|圆环)
        \b(?:morph|transform|deform|melt|transition|turn)(?:s|ed|ing)? (?:\w+ly )?(?:in)?to\b
        \b(?:evolv|dissolv|chang|reshap)(?:e|es|ed|ing) (?:\w+ly )?into\b
        \b(?:morph|transform|deform)(?:s|ed|ing)?\b
        \bbecom(?:es?|ing)\b""",
}
"""motion -> the ways to say it."""

_NONE = r"""
    上下班|[向往]?上级|[向往]?下级|变态|放大[镜招器]|扩大化|通货膨胀|生长[期素点量激]|落[地叶日]窗?|落到实处|下落不明|下降头|降落伞|(?:热火|仰面)朝天|(?:奋发|积极|天天)向上
    回旋[镖余]|天旋地转|晕头转向|跳[槽楼井伞河神脚板台水蚤远马投荡票闸]|[心暴]跳|舞蹈家|长大后|长大成人|化为(?:乌有|泡影|灰烬)|演变史|潜在|心惊肉跳
    \bup and down\b
    \bdown(?= the (?:street|road|hill))\b
    \b(?:go|mov)(?:es|e|ing)? up and down\b
    \b(?:up|down)(?:stairs?|town|load\w*|date\w*|per|set)\b
    \b(?:wak|look|dress|light|lit|curl|sit|stand|clos|line|cheer)(?:e|es|s|ed|ing|ting)? up\b
    \b(?:set|pop|warm|end|mak|made|pick|show|grown?)(?:e|es|s|ed|ing|ting)? up\b
    \b(?:ly|lie|lies|lay|sit|sits|sitt|look|looks|calm|slow|slows|break|breaks)(?:ing)? down\b
    \bturn(?:s|ing|ed)? (?:left|right|off|out|away|her|his|red|blue|green|on (?:the )?(?:lights?|lamp|tv|radio))\b
    \b(?:jump|spin|drop|fall|roll)(?:s|ing)? (?:drive|off|asleep|in love|call)\b"""
"""What sounds like a motion and is none."""


@cache
def clip_rules() -> tuple[Rule, ...]:
    """List the rules for clips: motions, then those for pictures."""
    motions = [rule("motion", value, ways) for value, ways in MOTIONS.items()]
    return (rule("unknown", "", _NONE), *motions, *picture_rules())
