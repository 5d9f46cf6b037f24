"""Words of the synthetic city: districts, industries, and what names and scopes are made of.

The city, 云江市, does not exist; district codes begin with 3399, which no prefecture uses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CITY = "云江"

DISTRICTS: tuple[tuple[str, str, float], ...] = (
    ("339902", "中枢区", 0.105),
    ("339903", "临江区", 0.115),
    ("339904", "东塘区", 0.085),
    ("339905", "西苑区", 0.080),
    ("339906", "南浦区", 0.085),
    ("339907", "北辰区", 0.075),
    ("339908", "高新区", 0.110),
    ("339909", "金桥区", 0.090),
    ("339910", "云湖区", 0.050),
    ("339911", "青岗区", 0.040),
    ("339912", "石渡区", 0.035),
    ("339913", "永宁区", 0.035),
    ("339914", "安澜区", 0.030),
    ("339915", "平丘县", 0.025),
    ("339916", "沙溪县", 0.020),
    ("339917", "松陵县", 0.020),
)
"""Code, name and share of the firms of each of the sixteen districts."""

DISTRICT_CODES = tuple(code for code, _, _ in DISTRICTS)
DISTRICT_NAMES = tuple(name for _, name, _ in DISTRICTS)
DISTRICT_BYTES = np.frombuffer("".join(DISTRICT_CODES).encode(), dtype=np.uint8).reshape(-1, 6)


@dataclass(frozen=True)
class Industry:
    """One line of business.

    Attributes:
        code: GB/T 4754-2017 class with its section letter.
        share: of the honest firms.
        trades: words a firm of this line puts in its name.
        scope: its usual scope of business.
        capital: median registered capital in 万元.
        staff: median number of employees.
        public: how much it deals with consumers (complaints a year, relative).
    """

    code: str
    share: float
    trades: tuple[str, ...]
    scope: str
    capital: float
    staff: float
    public: float


INDUSTRIES: tuple[Industry, ...] = (
    Industry("A0141", 1.5, ("农业科技", "生态农业", "种植"), "蔬菜种植；农产品销售", 200, 6, 0.4),
    Industry("C1361", 2.5, ("食品", "水产食品"), "食品生产；食品销售", 300, 14, 0.8),
    Industry(
        "C3329", 5.0, ("五金", "金属制品", "机械"), "金属制品制造；机械零件加工", 300, 15, 0.2
    ),
    Industry("C3990", 4.0, ("电子", "光电科技"), "电子元器件制造与销售", 500, 18, 0.2),
    Industry("E4710", 3.0, ("建设工程", "建筑工程"), "房屋建筑工程施工", 1000, 16, 0.4),
    Industry("E5011", 3.5, ("装饰工程", "装饰设计"), "室内装饰工程设计与施工", 300, 8, 1.6),
    Industry("F5129", 9.0, ("商贸", "贸易", "实业"), "日用百货、建材、五金批发", 200, 5, 0.5),
    Industry("F5181", 3.5, ("国际贸易", "进出口"), "货物与技术进出口", 300, 5, 0.3),
    Industry("F5219", 7.0, ("百货", "电子商务", "服饰"), "服装、百货零售；互联网销售", 100, 4, 1.8),
    Industry("G5430", 3.5, ("物流", "供应链管理"), "道路货物运输；仓储服务", 300, 10, 0.9),
    Industry("H6210", 5.0, ("餐饮管理", "酒店管理"), "餐饮服务；餐饮管理", 80, 9, 2.0),
    Industry("I6450", 3.0, ("网络科技", "信息技术"), "互联网信息服务；软件开发", 300, 7, 0.9),
    Industry("I6513", 6.5, ("软件", "信息科技", "智能科技"), "软件开发；技术服务", 400, 8, 0.5),
    Industry(
        "J6760",
        0.5,
        ("资本管理", "创业投资", "基金管理"),
        "创业投资；受托管理股权投资基金",
        3000,
        6,
        0.5,
    ),
    Industry(
        "J6999",
        0.4,
        ("财富管理", "金融信息服务"),
        "金融信息服务；接受金融机构委托从事外包",
        2000,
        9,
        0.9,
    ),
    Industry("K7010", 1.5, ("房地产开发", "置业"), "房地产开发经营", 3000, 14, 1.4),
    Industry("K7030", 2.0, ("房地产经纪", "物业管理"), "房地产经纪；物业管理", 100, 10, 1.8),
    Industry(
        "L7212",
        3.0,
        ("投资管理", "资产管理", "投资", "投资咨询"),
        "投资管理；资产管理；投资咨询",
        2000,
        5,
        0.5,
    ),
    Industry(
        "L7249",
        7.0,
        ("企业管理咨询", "商务咨询", "商务服务"),
        "企业管理咨询；商务信息咨询",
        200,
        4,
        0.6,
    ),
    Industry(
        "L7251", 3.5, ("广告", "文化传媒", "品牌策划"), "广告设计、制作、代理、发布", 150, 5, 0.6
    ),
    Industry("L7262", 1.5, ("人力资源", "劳务服务"), "职业中介；劳务派遣", 200, 9, 1.2),
    Industry("L7284", 2.0, ("会议会展", "会展服务"), "会议及展览服务", 150, 5, 0.6),
    Industry(
        "M7519", 6.5, ("科技", "科技发展", "技术服务"), "技术开发、技术推广、技术转让", 300, 6, 0.4
    ),
    Industry("M7340", 2.0, ("生物科技", "医药科技"), "生物技术研发；医学研究", 600, 9, 0.5),
    Industry("O8010", 3.0, ("家政服务", "生活服务"), "家政服务；居民日常生活服务", 60, 7, 1.9),
    Industry("O8090", 2.5, ("健康管理", "健康咨询", "美容"), "健康咨询；生活美容", 100, 6, 1.9),
    Industry("P8391", 2.5, ("教育咨询", "教育科技", "培训"), "教育咨询；职业技能培训", 100, 9, 2.4),
    Industry(
        "Q8514", 0.8, ("养老服务", "养老产业", "康养"), "养老服务；护理机构服务", 300, 12, 1.6
    ),
    Industry(
        "R8810",
        2.8,
        ("文化艺术", "影视文化", "文化发展"),
        "组织文化艺术交流；影视策划",
        200,
        5,
        0.8,
    ),
)

INDUSTRY_OF = {industry.code: n for n, industry in enumerate(INDUSTRIES)}
INVESTMENT_LINES = tuple(INDUSTRY_OF[code] for code in ("J6760", "J6999", "L7212"))

BRAND_CHARACTERS = tuple(
    "安百宝博昌诚诺创达大德鼎东都丰福富冠光广国海汉航豪浩禾和恒弘宏鸿华汇惠吉佳嘉建江捷金锦京晶景久"
    "聚骏凯康科坤蓝乐立利联亮龙隆绿美明铭南宁鹏普祺启千谦前强勤庆泉仁荣融瑞润森尚晟盛世舒顺硕思泰腾天"
    "通同万旺威维伟文祥翔信欣新鑫兴星雄旭轩讯亚扬洋耀业一艺亿益逸银盈永优友宇玉元远越云运泽展长兆哲正"
    "志智中众洲卓资紫祖鲲翼岚澜霖沐昊朗曜珩"
)

FORMS = ("有限责任公司", "有限责任公司(自然人独资)", "股份有限公司", "有限合伙企业", "个人独资企业")
FORM_SHARES = (0.60, 0.30, 0.03, 0.04, 0.03)
FORM_ENDINGS = ("有限公司", "有限公司", "股份有限公司", "中心（有限合伙）", "工作室")

STREETS = (
    "人民路",
    "解放路",
    "建设路",
    "滨江大道",
    "望江路",
    "云湖路",
    "科技园路",
    "学院路",
    "金融街",
    "长宁街",
    "青年路",
    "和平路",
    "朝阳路",
    "永安街",
    "港城大道",
    "石渡路",
    "东风路",
    "迎宾大道",
    "梅园路",
    "竹山路",
    "工业大道",
    "创业路",
    "星湖街",
    "文昌路",
)
BUILDINGS = (
    "大厦",
    "广场",
    "中心",
    "国际",
    "商务楼",
    "科技园",
    "写字楼",
    "产业园",
    "公寓",
    "商厦",
)

REGIONS = ("本市", "省内", "上海市", "北京市", "广东省", "江苏省", "四川省", "境外")
