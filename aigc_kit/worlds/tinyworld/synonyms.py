"""List what learners write for the world's words.

Entries are "Chinese | English"; a hyphen stands for a space or a hyphen. What has endings, gaps or neighbours is in
`word_rules`.
"""

from aigc_kit.worlds.tinyworld.words import rows_of

SYNONYMS: dict[str, dict[str, str]] = {
    "subject": rows_of(
        "puppy: 狗狗 小狗狗 狗子 狗崽 狗崽子 狗宝宝 狗儿 汪汪 汪星人 修狗 幼犬 小犬 犬 小奶狗 奶狗 土狗 田园犬 "
        "中华田园犬 流浪狗 导盲犬 警犬 猎犬 牧羊犬 柴犬 秋田犬 金毛 金毛犬 哈士奇 二哈 柯基 柯基犬 泰迪 泰迪犬 "
        "贵宾犬 博美 博美犬 萨摩耶 阿拉斯加犬 拉布拉多 边牧 德牧 比熊 吉娃娃 腊肠犬 斗牛犬 法斗 巴哥犬 八哥犬 雪纳瑞 "
        ""
        "斑点狗 松狮犬 藏獒 京巴 杜宾犬 史努比 🐶 🐕 | puppies doggy doggie doggo pup pupper pooch hound mutt canine "
        ""
        "shiba-inu shiba akita corgi retriever golden-retriever labrador husky huskies poodle pug beagle bulldog "
        "frenchie chihuahua dachshund dalmatian samoyed pomeranian terrier collie sheepdog german-shepherd greyhound "
        ""
        "malamute schnauzer rottweiler doberman spaniel bichon great-dane saint-bernard snoopy; cat: 猫猫 小猫猫 "
        "猫儿 猫咪 小猫咪 喵 喵喵 喵星人 猫崽 猫宝宝 花猫 黑猫 奶猫 小奶猫 布偶猫 英短 美短 暹罗猫 波斯猫 加菲猫 "
        "狸花猫 三花猫 奶牛猫 缅因猫 无毛猫 折耳猫 招财猫 🐱 🐈 | kitty kitties tabby tabby-cat tomcat feline "
        "pussycat siamese siamese-cat persian-cat maine-coon ragdoll sphynx-cat british-shorthair bengal-cat calico "
        "calico-cat garfield; wizard: 魔法师 老法师 大法师 女法师 术士 魔术师 老巫师 女巫 小女巫 巫婆 老巫婆 魔女 "
        "魔导师 魔法使 甘道夫 邓布利多 梅林 哈利波特 🧙 | mage archmage sorcerer sorceress magician merlin warlock "
        "witch witches enchanter enchantress spellcaster necromancer gandalf dumbledore harry-potter; flower: 花 "
        "小花 一朵花 花儿 花骨朵 花苞 野花 小野花 玫瑰 玫瑰花 月季 蔷薇 向日葵 菊花 雏菊 小雏菊 郁金香 荷花 莲花 "
        "睡莲 樱花 桃花 梅花 梨花 杏花 桂花 兰花 蝴蝶兰 百合 百合花 牡丹 牡丹花 芍药 康乃馨 蒲公英 茉莉 茉莉花 "
        "栀子花 水仙花 薰衣草 绣球花 紫罗兰 风信子 鸢尾花 海棠花 山茶花 茶花 杜鹃花 牵牛花 油菜花 玉兰花 铃兰 满天星 "
        ""
        "🌸 🌼 🌻 🌹 🌷 | blossom bloom daisy daisies rose tulip sunflower lily lilies orchid lotus lotuses peony "
        "peonies carnation dandelion iris poppy poppies marigold hydrangea jasmine camellia hibiscus magnolia "
        "daffodil chrysanthemum wildflower bouquet cherry-blossom plum-blossom water-lily; donut: 圆环 环面 圆环面 "
        "多纳圈 唐纳滋 面包圈 贝果 🍩 | doughnut torus tori bagel; cup: 咖啡 一杯咖啡 马克杯 茶杯 水杯 玻璃杯 纸杯 "
        "保温杯 瓷杯 杯 拿铁 卡布奇诺 浓缩咖啡 ☕ | coffee mug coffee-mug teacup tea-cup cup-of-coffee cup-of-tea "
        "latte cappuccino espresso; heart: 桃心 心型 爱心形 小心心 心心 ❤ 💖 | love-heart heart-shape "
        "valentine-heart; star: 星形 五角形的星 小星星 流星 北极星 ⭐ 🌟 | five-pointed-star pentagram "
        "shooting-star; fish: 金鱼 小金鱼 锦鲤 鲤鱼 热带鱼 鱼儿 鱼鱼 小丑鱼 鲨鱼 三文鱼 金枪鱼 神仙鱼 孔雀鱼 河豚 🐟 "
        ""
        "🐠 🦈 | goldfish koi fishes carp salmon trout tuna shark clownfish angelfish guppy guppies pufferfish "
        "piranha; ball: 圆 圆形 圆圈 皮球 小球 足球 篮球 排球 网球 乒乓球 棒球 水晶球 玻璃球 毛线球 沙滩球 弹力球 "
        "球体 ⚽ 🏀 | circle sphere disc orb round-shape crystal-ball basketball football soccer-ball volleyball "
        "baseball tennis-ball beach-ball bouncy-ball golf-ball; square: 方形 正方 正方体 方框 立方体 方盒子 | cube "
        "box boxes; triangle: 三角 | triangular"
    ),
    "colour": rows_of(
        "red: 红 朱红 鲜红 赤色 绯红 火红 酒红 枣红 正红 中国红 红彤彤 红通通 红艳艳 红扑扑 | crimson scarlet ruby "
        "maroon cherry-red reddish; orange: 橙 橘 橘黄 橙黄 橘红 橙红 橘子色 橙子色 | tangerine; yellow: 黄 金色 "
        "金黄 明黄 柠檬黄 鹅黄 土黄 金灿灿 黄灿灿 黄澄澄 | gold golden lemon-yellow yellowish; green: 绿 翠绿 碧绿 "
        "草绿 墨绿 嫩绿 青绿 果绿 薄荷绿 荧光绿 绿油油 | emerald lime-green mint-green olive-green greenish; blue: "
        "蓝 湛蓝 天蓝 蔚蓝 宝蓝 宝石蓝 海蓝 湖蓝 水蓝 | navy azure cobalt sky-blue bluish; purple: 紫 紫罗兰色 "
        "薰衣草色 葡萄紫 | violet lilac mauve purplish; pink: 粉 粉红 桃红 玫红 桃粉 樱花粉 芭比粉 粉嫩 粉嘟嘟 | "
        "rosy magenta fuchsia pinkish; white: 白 雪白 洁白 纯白 奶白 乳白 米白 | snow-white snowy-white ivory"
    ),
    "scene": rows_of(
        "plain: 空白背景 白色背景 白背景 干净背景 干净的背景 简单背景 简洁背景 纯色的背景 | white-background "
        "solid-background blank-background simple-background clean-background; flowers: 花丛中 花丛里 鲜花丛 花园 "
        "花田 花圃 花坛 草地 草坪 草原 草丛 鲜花盛开的 开满鲜花的草地 | flowers flower-garden flower-bed "
        "field-of-flowers flowery-field meadow garden grass grassland lawn; sea: 海 大海 海滩 海洋 海上 海面 海岸 "
        "海底 海里 海水 海浪 海滨 海岸线 沙滩上 深海 水下 珊瑚 珊瑚礁 | ocean seaside seashore shore shoreline coast "
        ""
        "coastline sand underwater undersea seabed seafloor coral-reef coral; moon: 月球表面 月面 月亮上 月亮表面 "
        "月球上 月表 环形山 | lunar lunar-surface lunar-landscape moon-surface surface-of-the-moon moonscape; "
        "forest: 丛林 松林 松树 山林 雨林 热带雨林 树丛 树木 密林 林间 林中 林子 竹林 枫林 枫树林 银杏林 | woods "
        "jungle woodland rainforest rain-forest trees pine bamboo-forest bamboo-grove grove; city: 都市 未来都市 "
        "街头 街上 街边 街角 大街 马路 路口 十字路口 斑马线 人行道 高楼 高楼大厦 大楼 大厦 摩天大楼 摩天楼 城里 "
        "市中心 市区 闹市 楼群 胡同 | town urban downtown city-centre city-center skyline cityscape buildings "
        "skyscraper rooftops sidewalk crosswalk avenue alleyway metropolis"
    ),
    "style": rows_of(
        "flat: 扁平 扁平化 平涂 插画 动漫 动画 矢量 矢量图 漫画 绘本 儿童画 贴纸 | flat-design flat-style "
        "flat-colour flat-color vector vector-art anime manga comic comic-book cartoonish sticker illustrated "
        "illustration; sketch: 铅笔画 铅笔 线稿 手绘 速写 简笔画 草图 线描 炭笔 涂鸦 黑白素描 | pencil pencil-sketch "
        ""
        "pencil-drawing line-drawing line-art drawing hand-drawn charcoal doodle sketchy sketched; ink: 国画 中国画 "
        "山水画 中国山水画 国风水墨 传统水墨画 写意 写意画 泼墨 毛笔画 | ink ink-painting chinese-painting sumi-e "
        "ink-and-wash ink-brush brush-painting; oil: 油彩 梵高 莫奈 印象派 厚涂 | oil oils oil-paint oil-on-canvas "
        "impressionist impressionism van-gogh monet impasto; neon: 霓虹灯 霓虹灯光 霓虹灯管 荧光 发光的 发光 夜光 "
        "赛博 赛博朋克 蒸汽波 | neon-light neon-sign neon-tube glowing glow cyberpunk synthwave vaporwave "
        "fluorescent; pixel: 像素艺术 像素点 像素游戏 8位 16位 八位机 红白机 | pixel pixelated pixel-style 8-bit "
        "8bit 16-bit 16bit pixels retro-game"
    ),
    "light": rows_of(
        "day: 白昼 阳光 日光 晴天 大晴天 天晴 晴朗 中午 正午 早晨 早上 清晨 上午 下午 午后 大太阳 蓝天 蓝天白云 "
        "阳光明媚 阳光灿烂 大白天 艳阳 | daylight broad-daylight sunny sunlit sunlight sunshine morning noon midday "
        "afternoon blue-sky; night: 夜里 夜间 晚上 大晚上 深夜 午夜 夜空 夜景 夜色 夜幕 星空 星夜 月光 月光下 月下 "
        "黑夜 半夜 大半夜 夜 月夜 夜深 夜深人静 繁星 星光 今夜 雪夜 雨夜 夏夜 秋夜 冬夜 寒夜 静夜 | nighttime "
        "night-time midnight night-sky starry starry-sky starlight starlit moonlight moonlit evening after-dark "
        "starry-night under-the-stars"
    ),
    "size": rows_of(
        "small: 小小 小的 很小的 很小 小型 迷你 微小的 微小 极小 超小 小巧 小只 袖珍 小不点 越小越好 | little mini "
        "miniature teeny teeny-tiny itty-bitty minuscule pocket-sized; medium: 中等 中等大小 中号 适中 | "
        "medium-sized mid-sized; large: 大大 大的 很大的 很大 大型 巨大 巨型 硕大的 硕大 超大的 超大 特大 极大 "
        "超级大 庞大 庞大的 越大越好 尽量大 | huge giant enormous gigantic massive colossal humongous oversized"
    ),
    "position": rows_of(
        "left: 左侧 左方 左 左面 靠左 偏左 左上角 左下角 左上方 左下方 | left-side left-hand-side upper-left "
        "lower-left top-left bottom-left; centre: 中央 正中 正中间 正中央 中心 居中 | centre centered centred; "
        "right: 右侧 右方 右 右面 靠右 偏右 右上角 右下角 右上方 右下方 | right-side right-hand-side upper-right "
        "lower-right top-right bottom-right"
    ),
}
"""attribute -> value -> entries."""

HINTS: dict[str, dict[str, str]] = {
    "subject": rows_of("cup: 一杯 | a-cup-of"),
    "scene": rows_of(
        "flowers: 赏花 花间 花下 公园 | park picnic; sea: 冲浪 潜水 赶海 捡贝壳 贝壳 礁石 海风 帆船 看海 沙堡 | "
        "surfing surfboard surfs scuba-diving scuba snorkeling seashells sandcastle waves tide sailing; moon: 登月 "
        "奔月 月宫 广寒宫 | moon-landing moon-base craters; forest: 采蘑菇 伐木 砍树 爬树 树上 | mushroom-picking "
        "lumberjack hiking tree-climbing; city: 逛街 红绿灯 堵车 地铁 楼顶 屋顶上 | rush-hour traffic traffic-light "
        "traffic-jam subway rooftop times-square manhattan"
    ),
    "style": rows_of("ink: 国风 古风 中国风 毛笔 留白; neon: 霓虹感; pixel: 游戏画面 | sprite minecraft game-boy"),
    "light": rows_of(
        "day: 晒太阳 日光浴 太阳 睡午觉 午睡 午休 野餐 | sunbathing sunbathes sunbathe sun-bathing "
        "picnic-in-the-sun; night: 看星星 数星星 观星 月亮 赏月 银河 萤火虫 星星点点 熬夜 夜跑 天黑 黑漆漆 | "
        "stargazing star-gazing fireflies milky-way full-moon pitch-dark pitch-black dark-sky campfire"
    ),
}
"""What suggests a value without naming it: surfing, the sea. It gives way to a word that does."""

NEGATIONS = (
    "不要 不想要 不需要 不画 不能有 不许有 不准有 不出现 没有 没 不是 不带 不含 无 别 别画 去掉 去除 避免 禁止 拒绝 "
    "除了 而不是 | no not without never don't dont doesn't isn't aren't shouldn't avoid exclude excluding except "
    "instead-of rather-than free-of lacking nor"
)
"""What they are said of must not be there; that belongs into the negative prompt. `negation` finds how far."""

GRAMMAR = (
    "一只 一位 一朵 一个 一颗 一条 一张 一幅 一副 一杯 一头 一名 一群 这只 那只 有 是 的 地 得 着 了 在 上 里 中 下 "
    "边 旁 和 与 以 于 把 被 从 向 到 它 他 她 为 用 由 之 其 图 图画 画 画面 风格 风 背景 样式 色 东西 一 很 真 太 "
    "最 都 也 又 更 还 非常 十分 超级 不断 不停 不仅 不只 不但 不对 不错 不知 不过 没错 没关系 特别 | a an the of in "
    ""
    "on at by side with style background picture image thing during is are and to into its it from for as this that "
    "there against near no-wait wait-no not-only not-just nothing-but not-far-from no-doubt no-matter why-not "
    "don't-forget"
)
"""Words that carry the sentence and show nothing."""

THINGS = (
    "帽子 眼睛 眼珠 围巾 项圈 领结 领带 蝴蝶结 鼻子 舌头 耳朵 尾巴 胡子 胡须 头发 裙子 裤子 鞋子 靴子 手套 眼镜 墨镜 "
    ""
    "屋顶 房子 房屋 大门 窗户 窗台 天空 云朵 树叶 叶子 汽车 小车 轮船 小船 飞机 桌子 桌布 椅子 沙发 地毯 盘子 碟子 "
    "气球 蛋糕 蜡烛 旗子 书本 雨伞 电脑 手机 衣服 书包 盒盖 吸管 文字 水印 人 行人 | hat cap eyes eye scarf collar "
    "bow bowtie ribbon nose tongue ear ears tail beard hair dress skirt shoes boots gloves glasses sunglasses roof "
    "house door window sky sun cloud leaf leaves car bus truck boat ship plane table tablecloth chair sofa carpet "
    "rug plate saucer balloon cake candle flag book umbrella shirt jacket bag wand broom people text watermark"
)
"""Other things, which the world cannot draw; a colour or a size that stands before one is its own."""

BESIDE = "毛袍裙衫衣袄绒壳瓣皮纱光点中"
"""Characters that a colour may stand before: 红袍 is red, 红薯 is no colour."""

LEADS = "看望去赶听近临到往向朝靠偏居放在最更很的了着是"
"""Characters that 海, 夜, 圆, 左 and 右 may stand after; after another unknown one they are part of its word."""

NOT_OURS = (
    "鲸鱼 鳄鱼 章鱼 鱿鱼 墨鱼 木鱼 美人鱼 鱼缸 鱼香 鱼香肉丝 鱼竿 鱼雷 鱼饵 鱼尾纹 热狗 狗粮 狗尾草 狗血 狗仔队 "
    "狼狗时光 疯狗病 熊猫 猫头鹰 猫粮 猫腻 猫薄荷 地球 星球 气球 火球 雪球 眼球 全球 环球 球场 球员 球鞋 球衣 球迷 "
    "球队 球星 球拍 球赛 足球场 篮球场 足球赛 篮球赛 足球鞋 雪花 烟花 浪花 火花 棉花 爆米花 花生 花样 花纹 花费 花钱 "
    ""
    "花瓶 花椒 花木兰 花哨 花洒 花絮 花卷 花甲 花心 眼花 校花 豆腐花 酒杯 世界杯 干杯 奖杯 杯水车薪 咖啡色 咖啡馆 "
    "咖啡厅 咖啡店 咖啡豆 咖啡机 咖啡桌 上海 海报 海鲜 海豚 海鸥 海龟 海星 海军 海拔 海盗 海绵 海苔 海关 海外 海归 "
    "海淘 海量 海选 青海 苦海 人海 云海 火海 黑 黑色 灰 灰色 棕 棕色 褐色 银色 柔和 温和 暖和 雪地 白须 白须飘飘 "
    "白胡子 白发 白云 白雪 白领 明白 黑白 白板 空白 表白 白菜 白痴 白酒 白血病 白日做梦 坦白 告白 蛋白 李白 红包 "
    "红酒 网红 红灯 红旗 红薯 红烧 红烧肉 红楼梦 红茶 红枣 红豆 红豆杉 红军 口红 走红 分红 西红柿 红绿灯 黄昏 黄金 "
    "黄金时刻 黄金周 黄瓜 黄河 黄山 黄油 黄牛 黄豆 黄酒 蛋黄 绿叶 绿草 绿植 绿茶 绿皮火车 绿豆 绿巨人 绿卡 绿化 蓝牙 "
    ""
    "蓝莓 蓝图 蓝领 蓝光碟 紫禁城 紫菜 紫薯 紫外线 粉丝 粉末 面粉 粉笔 奶粉 花粉 粉刺 米粉 粉碎 橙子 橙汁 橘子 "
    "橘子汁 圆满 圆润 圆规 圆桌 团圆 圆形眼镜 圆眼镜 三角函数 三角恋 三角洲 方块字 左右 左右为难 左撇子 左手 右手 "
    "左脚 右脚 左耳 右耳 左眼 右眼 左翼 右翼 夜宵 夜店 开心 心情 心事 心里 心中 心灵 心理 心思 心态 心跳 中心思想 "
    "大小 大家 大学 大人 大概 大约 大师 小说 小心 小时 小学 小朋友 小孩 小孩子 小时候 小吃 小区 小麦 方案 动画片 "
    "中间件 中间商 明星 电影明星 星期 星期天 星期日 星座 星巴克 卫星 歌星 火星 月饼 月票 阳光男孩 阳光房 墨水 墨水瓶 "
    ""
    "森林大学 城市户口 街舞 有无 无人机 无限 无数 无穷 无敌 无聊 无论 无比 无边 无缝 空无一人 一望无际 没收 淹没 "
    "出没 别墅 别人 区别 分别 差别 告别 级别 青花 青花瓷 五花八门 五花大绑 锦上添花 落花流水 洞房花烛 如花似玉 "
    "心花怒放 花枝招展 昙花一现 花花公子 走马观花 天女散花 移花接木 遍地开花 花团锦簇 如鱼得水 漏网之鱼 偷鸡摸狗 "
    "狼心狗肺 鸡飞狗跳 大步流星 红衣主教 红光满面 红白喜事 红红火火 白色恐怖 漂白 清清白白 真相大白 青出于蓝 "
    "日日夜夜 夜以继日 黄花菜 黄花闺女 大红袍 泪汪汪 水汪汪 大型机 特大型 咖啡因 晴天霹雳 昏天黑地 心心相印 星星之火 "
    ""
    "极大值 登月舱 日光灯 菊花茶 茉莉花茶 立方米 平方 线上 上海滩 | hot-dog hotdog dog-food dog-house catfish "
    "cat-food cat's-cradle cat-walk dogwood cathedral white-beard white-bearded white-hair white-house white-collar "
    "blue-collar blue-whale blueberry right-now all-right right-away red-carpet red-panda red-sea red-wine red-cross "
    ""
    "yellow-river yellow-pages green-card green-tea green-house black-white rose-gold gold-medal golden-gate "
    "golden-hour gold-rush starfish star-wars star-trek starbucks goldfish-bowl art-station soccer-star movie-star "
    "pop-star rock-star world-cup cup-final cupcake cupboard heartbroken heart-attack heart-of-the by-heart fishing "
    "fish-tank fish-bowl fishbowl fish-and-chips orange-juice blood-orange oil-refinery oil-rig olive-oil "
    "square-root square-meter square-metre square-dance box-office lunch-box ball-gown ball-room basketball-court "
    "basketball-player football-player football-field soccer-player soccer-field tennis-court city-hall sea-level "
    "seafood moon-cake mooncake night-gown night-club good-night good-morning good-afternoon left-handed left-behind "
    ""
    "leftover left-over left-wing right-wing right-handed right-angle human-rights middle-aged middle-school "
    "middle-earth middle-class small-talk big-ben big-mac iris-scan lily-pad rose-from ink-jet ink-cartridge "
    "day-dream"
)
"""Words that hold one of ours by accident, or name something else of a colour."""
