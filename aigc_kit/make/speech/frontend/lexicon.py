"""List words that are read otherwise than pypinyin reads them.

Found by reading some 5,000 words with characters of several readings, the usual list of neutral tones and the texts of
the labs against pypinyin 0.55.
"""

import re

from aigc_kit.make.speech.frontend.symbols import table

PHRASES = table(
    """
    秘书长=mi4-shu1-zhang3 总长=zong3-chang2 总行=zong3-hang2 命令行=ming4-ling4-hang2 琴行=qin2-hang2
    单行道=dan1-xing2-dao4 数钱=shu3-qian2 倒数第一=dao4-shu4-di4-yi1 播种机=bo1-zhong4-ji1 接种=jie1-zhong4
    重装=chong2-zhuang1 重塑=chong2-su4 重拾=chong2-shi2 重振=chong2-zhen4 三重奏=san1-chong2-zou4 往还=wang3-huan2
    还嘴=huan2-zui3 掷还=zhi4-huan2 发夹=fa4-jia1 发梢=fa4-shao1 发丝=fa4-si1 发质=fa4-zhi4 发色=fa4-se4
    毫发=hao2-fa4 发小=fa4-xiao3 亏空=kui1-kong4 空档=kong4-dang4 好强=hao4-qiang2 好面子=hao4-mian4-zi5
    魔都=mo2-du1 花都=hua1-du1 钢都=gang1-du1 丰都=feng1-du1 微调=wei1-tiao2 调酒=tiao2-jiu3 调速=tiao2-su4
    可调=ke3-tiao2 精调=jing1-tiao2 调弦=tiao2-xian2 调薪=tiao2-xin1 调休=tiao2-xiu1 牛肉干=niu2-rou4-gan1
    干衣机=gan1-yi1-ji1 干练=gan1-lian4 稳当=wen3-dang4 以一当十=yi3-yi1-dang4-shi2 顺当=shun4-dang4 身处=shen1-chu3
    处变不惊=chu3-bian4-bu4-jing1 用处=yong4-chu4 出处=chu1-chu4 教益=jiao4-yi4 受教=shou4-jiao4 支教=zhi1-jiao4
    基督教=ji1-du1-jiao4 中肯=zhong4-ken3 间距=jian4-ju4 男主角=nan2-zhu3-jue2 口角=kou3-jue2 角斗士=jue2-dou4-shi4
    勾心斗角=gou1-xin1-dou4-jue2 开花结果=kai1-hua1-jie1-guo3 开花结实=kai1-hua1-jie1-shi2 几近=ji1-jin4
    几率=ji3-lv4 量身=liang2-shen1 量体裁衣=liang2-ti3-cai2-yi1 率部=shuai4-bu4 隐没=yin3-mo4 漫没=man4-mo4
    没顶=mo4-ding3 强辩=qiang3-bian4 切题=qie1-ti2 密切=mi4-qie4 编曲=bian1-qu3 名曲=ming2-qu3 进行曲=jin4-xing2-qu3
    主题曲=zhu3-ti2-qu3 原曲=yuan2-qu3 单曲=dan1-qu3 曲库=qu3-ku4 散货=san3-huo4 鸡舍=ji1-she4 猪舍=zhu1-she4
    舍友=she4-you3 舍弟=she4-di4 牛舍=niu2-she4 校检=jiao4-jian3 应声=ying4-sheng1 应和=ying4-he4 接应=jie1-ying4
    应力=ying4-li4 一一对应=yi1-yi1-dui4-ying4 应用程序=ying4-yong4-cheng2-xu4 应诉=ying4-su4 应允=ying4-yun3
    应激=ying4-ji1 头昏脑涨=tou2-hun1-nao3-zhang4 连轴转=lian2-zhou2-zhuan4 运转=yun4-zhuan3
    朝花夕拾=zhao1-hua1-xi1-shi2 藏传=zang4-chuan2 青藏=qing1-zang4 藏语=zang4-yu3 藏文=zang4-wen2 地藏=di4-zang4
    道藏=dao4-zang4 藏袍=zang4-pao2 温差=wen1-cha1 时差=shi2-cha1 方差=fang1-cha1 色差=se4-cha1 视差=shi4-cha1
    落差=luo4-cha1 逆差=ni4-cha1 级差=ji2-cha1 反差=fan3-cha1 高差=gao1-cha1 差集=cha1-ji2 参鸡汤=shen1-ji1-tang1
    弹道=dan4-dao4 弹夹=dan4-jia1 弹坑=dan4-keng1 弹幕=dan4-mu4 弹片=dan4-pian4 弹匣=dan4-xia2 撞倒=zhuang4-dao3
    倒序=dao4-xu4 辈分=bei4-fen4 福分=fu2-fen4 情分=qing2-fen4 犯罪分子=fan4-zui4-fen4-zi3 生分=sheng1-fen4
    职分=zhi2-fen4 分子=fen1-zi3 冠以=guan4-yi3 冠亚军=guan4-ya4-jun1 热和=re4-huo5 和面=huo2-mian4 和泥=huo2-ni2
    属相=shu3-xiang4 相变=xiang4-bian4 晕染=yun4-ran3 新正=xin1-zheng1 水钻=shui3-zuan4 劲爆=jing4-bao4
    劲舞=jing4-wu3 走露=zou3-lou4 模版=mu2-ban3 注模=zhu4-mu2 开模=kai1-mu2 薄膜=bo2-mo2 喷薄而出=pen1-bo2-er2-chu1
    梁山泊=liang2-shan1-po1 曾参=zeng1-shen1 曾侯乙=zeng1-hou2-yi3 何曾=he2-ceng2 姓单=xing4-shan4
    单雄信=shan4-xiong2-xin4 单田芳=shan4-tian2-fang1 划水=hua2-shui3 虚晃=xu1-huang3 混蛋=hun2-dan4 混球=hun2-qiu2
    混浊=hun2-zhuo2 麻将=ma2-jiang4 爱将=ai4-jiang4 降将=xiang2-jiang4 累犯=lei3-fan4 累进=lei3-jin4
    果实累累=guo3-shi2-lei2-lei2 硕果累累=shuo4-guo3-lei2-lei2 受累=shou4-lei4 内蒙古=nei4-meng3-gu3 蒙古=meng3-gu3
    蒙族=meng3-zu2 坑蒙拐骗=keng1-meng1-guai3-pian4 商铺=shang1-pu4 中铺=zhong1-pu4 塞内加尔=sai4-nei4-jia1-er3
    塞尔维亚=sai4-er3-wei2-ya4 少白头=shao4-bai2-tou2 亏折=kui1-she2 挑起=tiao3-qi3 挑头=tiao3-tou2 鲜少=xian3-shao3
    鼻咽=bi2-yan1 粘性=nian2-xing4 粘膜=nian2-mo2 鸡爪=ji1-zhua3 猫爪=mao1-zhua3 凤爪=feng4-zhua3
    奇偶性=ji1-ou3-xing4 翘首以待=qiao2-shou3-yi3-dai4 踏实=ta1-shi5 脚踏实地=jiao3-ta1-shi2-di4 旋风=xuan4-feng1
    冲着=chong4-zhe5 畜产品=xu4-chan3-pin3 创可贴=chuang1-ke3-tie1 待会儿=dai1-hui4-er2 作坊=zuo1-fang2
    缝针=feng2-zhen1 果脯=guo3-fu3 肉脯=rou4-fu3 杏脯=xing4-fu3 姓葛=xing4-ge3 大喝一声=da4-he4-yi1-sheng1
    喝止=he4-zhi3 问卷=wen4-juan4 卷子=juan4-zi5 改卷=gai3-juan4 一觉醒来=yi1-jiao4-xing3-lai2
    低声悄语=di1-sheng1-qiao3-yu3 只字未提=zhi1-zi4-wei4-ti2 琢磨=zuo2-mo5 精雕细琢=jing1-diao1-xi4-zhuo2
    玉不琢不成器=yu4-bu4-zhuo2-bu4-cheng2-qi4 逮着=dai3-zhao2 着实=zhuo2-shi2 着笔=zhuo2-bi3 身着=shen1-zhuo2
    了断=liao3-duan4 了得=liao3-de2 不得了=bu4-de2-liao3 忘不了=wang4-bu4-liao3 明了=ming2-liao3 夺得=duo2-de2
    姓朴=xing4-piao2 姓任=xing4-ren2 姓华=xing4-hua4 姓查=xing4-zha1 姓仇=xing4-qiu2 姓区=xing4-ou1 姓解=xing4-xie4
    大夫=dai4-fu5 还款=huan2-kuan3 给予=ji3-yu3 的的确确=di2-di2-que4-que4 的确=di2-que4 阵列=zhen4-lie4
    着急=zhao2-ji2 了不起=liao3-bu4-qi3 朝阳区=chao2-yang2-qu1 诶=ei1 五行=wu3-xing2 种子=zhong3-zi5 变得=bian4-de5
    还不还=huan2-bu4-huan2 有借有还=you3-jie4-you3-huan2 打量=da3-liang5 掂量=dian1-liang5 商量=shang1-liang5
    动弹=dong4-tan5 暖和=nuan3-huo5 里弄=li3-long4 觉着=jue2-zhe5 意味着=yi4-wei4-zhe5 正月=zheng1-yue4
    正月十五=zheng1-yue4-shi2-wu3 睡大觉=shui4-da4-jiao4 供述=gong4-shu4 泄露=xie4-lu4 唐三藏=tang2-san1-zang4
    白蛇传=bai2-she2-zhuan4 罗布泊=luo2-bu4-po1 单县=shan4-xian4 混水摸鱼=hun2-shui3-mo1-yu2 绝对差=jue2-dui4-cha1
    均方差=jun1-fang1-cha1 电势差=dian4-shi4-cha1 平方差=ping2-fang1-cha1 单行文本=dan1-hang2-wen2-ben3
    脏衣服=zang1-yi1-fu5 脏水=zang1-shui3 慢慢地=man4-man4-de5 静静地=jing4-jing4-de5 渐渐地=jian4-jian4-de5
    轻轻地=qing1-qing1-de5 悄悄地=qiao1-qiao1-de5 默默地=mo4-mo4-de5 好好地=hao3-hao3-de5 求差=qiu2-cha1
    待一会儿=dai1-yi1-hui4-er2 重用=zhong4-yong4 听得见=ting1-de5-jian4 看得见=kan4-de5-jian4 不由得=bu4-you2-de5
    怪不得=guai4-bu4-de5 恨不得=hen4-bu4-de5 巴不得=ba1-bu4-de5 番禺=pan1-yu2 蚌埠=beng4-bu4 六安=lu4-an1
    尉迟=yu4-chi2 万俟=mo4-qi2 转轴=zhuan4-zhou2 核酸=he2-suan1 阿胶=e1-jiao1 孙子兵法=sun1-zi3-bing1-fa3
    地壳=di4-qiao4 便秘=bian4-mi4 亲家=qing4-jia5 张量=zhang1-liang4 卷积=juan3-ji1 调参=tiao2-can1 传参=chuan2-can1
    超参=chao1-can1 过拟合=guo4-ni3-he2 落下=luo4-xia4 洗发=xi3-fa4 洗发水=xi3-fa4-shui3 照片=zhao4-pian4
    唱片=chang4-pian4 平均差=ping2-jun1-cha1 重样=chong2-yang4 登场=deng1-chang3 工作坊=gong1-zuo4-fang1
    数一数=shu3-yi1-shu3 数数=shu3-shu4 好学生=hao3-xue2-sheng5 教学生=jiao1-xue2-sheng5 好奇怪=hao3-qi2-guai4
    了事=liao3-shi4 说中文=shuo1-zhong1-wen2
    """
)
"""Words and their syllables, joined by hyphens."""
_LIGHT = """
    巴掌 爸爸 白净 包袱 本事 比方 别扭 簸箕 补丁 裁缝 苍蝇 柴火 称呼 锄头 畜生 窗户 刺猬 凑合 耷拉 答应 打扮 打点
    打发 打算 打听 耽搁 耽误 道士 灯笼 地方 弟弟 东家 东西 动静 豆腐 嘟囔 对头 哆嗦 耳朵 废物 风筝 福气 甘蔗 高粱
    膏药 告诉 疙瘩 哥哥 胳膊 跟头 公公 姑姑 姑娘 骨头 故事 寡妇 怪物 官司 罐头 规矩 闺女 蛤蟆 含糊 和尚 核桃 后头
    厚道 狐狸 胡萝卜 胡琴 葫芦 糊涂 伙计 机灵 脊梁 记性 家伙 架势 嫁妆 将就 交情 叫唤 结实 街坊 姐夫 姐姐 戒指
    精神 舅舅 咳嗽 客气 口袋 窟窿 快活 阔气 喇叭 喇嘛 浪头 老婆 老实 老太太 老爷 姥姥 累赘 篱笆 里头 力气 厉害
    利索 痢疾 凉快 粮食 溜达 萝卜 骆驼 妈妈 麻烦 麻利 马虎 码头 买卖 馒头 忙活 冒失 眉毛 媒人 妹妹 眯缝 迷糊 苗条
    苗头 名堂 名字 明白 模糊 蘑菇 木匠 木头 奶奶 脑袋 念叨 念头 娘家 奴才 女婿 疟疾 牌楼 盘算 朋友 脾气 屁股 便宜
    漂亮 婆家 婆婆 铺盖 欺负 前头 亲戚 勤快 清楚 拳头 热闹 认识 扫帚 上司 上头 烧饼 少爷 舌头 师父 师傅 石匠 石榴
    石头 时候 拾掇 使唤 似的 事情 收拾 叔叔 舒服 舒坦 疏忽 爽快 算计 岁数 太太 特务 挑剔 跳蚤 铁匠 头发 唾沫 挖苦
    娃娃 晚上 尾巴 委屈 稀罕 媳妇 喜欢 下巴 吓唬 先生 相声 消息 小气 笑话 谢谢 心思 星星 猩猩 行李 兄弟 休息 秀才
    秀气 学生 学问 丫头 衙门 哑巴 胭脂 眼睛 秧歌 养活 吆喝 妖精 钥匙 爷爷 衣服 衣裳 意思 冤枉 月亮 云彩 运气 在乎
    早上 眨巴 栅栏 张罗 丈夫 丈人 招呼 招牌 折腾 枕头 芝麻 知识 指甲 指头 主意 转悠 庄稼 壮实 自在 祖宗 嘴巴 觉得
    晓得 显得 值得 懂得 认得 舍得 免得 省得 值当 孙女 外甥 外头 上边 下边 里边 外边 前边 后边 左边 右边 东边 西边
    南边 北边 这边 那边 哪里 这里 那里 葡萄 玻璃 琵琶 枇杷 吩咐 嘱咐 疙疸 软和 搅和 掺和 唠叨 啰嗦 邋遢 干净 安生
    拨弄 摆弄 聪明 出息 伺候 惦记 抖搂 恶心 翻腾 风水 富余 告示 勾搭 滑溜 晃荡 晃悠 奸细 宽敞 牢靠 老鼠 摸索 闹腾
    便当 泼辣 亲事 扇忽 师爷 爽利 水灵 松快 俗气 随和 体谅 添补 徒弟 托付 牙碜 严实 痒痒 腰身 要是 硬朗 糟蹋 侄女
    生意 队伍 对付 人家 点心 应酬 月饼 差事 大方 难为 扎实 护士 世故 首饰 工夫 功夫 记得 懒得 乡下 底下 帐篷 讲究
    得罪
"""
LIGHT = frozenset(_LIGHT.split())
"""Words whose last syllable is neutral."""
_FULL_ZI = """
    电子 粒子 原子 分子 中子 离子 质子 光子 量子 因子 算子 介子 胶子 核子 精子 卵子 孢子 男子 女子 学子 孔子 孟子
    庄子 荀子 墨子 老子 韩非子 曾子 王子 太子 公子 弟子 才子 君子 臣子 父子 母子 天子 亲子 独子 长子 次子 赤子
    游子 浪子 逆子 莲子 瓜子 松子 棋子 石子 鱼子 虾子 枪子 菜子 虎子 养子 义子 嫡子 庶子 世子 皇子 仙子 士子 诸子
    夫子 孺子 舟子 童子 内子 西子 甲子 巨子 朱子 晏子 管子 列子 夸克子 重子 轻子 玻色子 费米子 中微子 引力子 激子
    声子 偶极子 等离子 负离子 正离子 阳离子 阴离子 反粒子 大分子 小分子 生物分子 质因子 公因子 基因子 矩因子
    词因子 特征子 正电子 微电子 葵花子 佛子 孝子 犬子 竖子 老夫子 伪君子 正人君子 花花公子 知识分子 积极分子
    恐怖分子 犯罪分子 微分算子 积分算子
"""
FULL_ZI = frozenset(_FULL_ZI.split())
"""Words in which 子 has its tone, since it means something; elsewhere it is a neutral suffix."""
UNSURE = re.compile(
    "[一两三四五六七八九十几每]行|[一二两三四五六七八九十几每半这那]只|"
    "[看听做写说想跑走吃喝拿摸买用比小大多少高低早快慢]得.{1,3}"
)
"""Phrases of pypinyin that are read by context all the same."""


def lighter(word: str, readings: list[str]) -> list[str]:
    """Make the last syllable neutral or full.

    >>> lighter("朋友", ["peng2", "you3"]), lighter("粒子", ["li4", "zi5"])
    (['peng2', 'you5'], ['li4', 'zi3'])
    """
    *first, last = readings
    if word in FULL_ZI:
        return [*first, "zi3"]
    if word in LIGHT or (len(word) > 1 and word.endswith("子")):
        return [*first, last[:-1] + "5"]
    return readings
