"""A list as a city would get it, small enough to read: three districts, hostile names included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from models.risk.levels import ListPolicy
from models.risk.reasons import reasons
from models.risk.warning_list import WarningTables, warning_tables
from models.risk.wording import FeatureWords
from pipelines.delivering.pages import DistrictCapacity, FieldRules, RunFacts

AS_OF = date(2024, 12, 31)
RUN_ID = "7c1f0e9a52b84d36"

WORDS = {
    word.name: word
    for word in (
        FeatureWords("complaints_365d", "近365天投诉件数", "Complaints, last 365 days", "count", 1),
        FeatureWords("complaints_90d", "近90天投诉件数", "Complaints, last 90 days", "count", 1),
        FeatureWords("promised_yield", "广告承诺年化收益", "Yield promised in ads", "ratio", 1),
        FeatureWords(
            "penalties_365d", "近365天行政处罚次数", "Penalties, last 365 days", "count", 1
        ),
        FeatureWords("fined_365d", "近365天罚没金额", "Fines, last 365 days", "fen", 1),
        FeatureWords(
            "no_permit", "投资字样而无金融许可", "Investment words without a permit", "flag", 1
        ),
        FeatureWords(
            "same_address", "同址企业户数", "Firms at the same address", "count", 1, own=False
        ),
        FeatureWords(
            "exposure", "与已知案件的关联风险", "Exposure to known cases", "ratio", 1, own=False
        ),
        FeatureWords("insured_staff", "参保人数", "Insured staff", "count", -1),
        FeatureWords("age_days", "成立天数", "Days since it was founded", "days", -1),
    )
}
SOURCES = {
    "complaints_365d": ("complaint", ("市民热线12345中心", "地方金融管理局", "市场监督管理局")),
    "complaints_90d": ("complaint", ("市民热线12345中心", "地方金融管理局")),
    "promised_yield": ("ad_monitor", ("市场监督管理局广告监测中心",)),
    "penalties_365d": ("penalty", ("市场监督管理局", "税务局")),
    "fined_365d": ("penalty", ("市场监督管理局",)),
    "no_permit": ("registration", ("市场监督管理局",)),
    "same_address": ("registration", ("市场监督管理局",)),
    "exposure": ("shareholder", ()),
    "insured_staff": ("annual_report", ()),
    "age_days": ("registration", ("市场监督管理局",)),
}
ELEMENTS_OF = {
    "complaints_365d": ("public_reach",),
    "promised_yield": ("inducement", "openness"),
    "no_permit": ("unlawfulness",),
    "penalties_365d": ("unlawfulness",),
}
TABLE_NAMES = {
    "complaint": ("投诉举报", "Complaints"),
    "ad_monitor": ("广告监测", "Advertising"),
    "penalty": ("行政处罚", "Penalties"),
    "registration": ("企业登记", "Registration"),
    "shareholder": ("股东出资", "Shareholders"),
    "case_label": ("案件处置信息", "Case stages"),
}
DISTRICTS = {"440303": "罗湖区", "440304": "福田区", "440305": "南山区"}
NAMES = (
    "深圳前海聚鑫宝财富管理有限公司",
    "恒丰源（深圳）投资控股集团有限公司",
    "深圳市康养天年健康产业发展有限公司",
    "鼎盛联合资产管理（深圳）合伙企业（有限合伙）",
    "深圳数链元界区块链科技有限公司",
    "中汇普惠信息咨询有限公司深圳第一分公司",
    "深圳市金玉满堂文化传播有限公司",
    "安信达商务咨询（深圳）有限公司",
    '=HYPERLINK("http://example.invalid","点此")有限公司',
    "<script>alert(1)</script>投资有限公司",
    "深圳市万利通供应链管理有限公司",
    "华夏丰茂农业科技开发股份有限公司",
    "深圳市益寿堂生物科技有限公司",
    "+8613800000000 贸易商行",
    "瑞银通达（深圳）股权投资基金管理有限公司",
    "深圳\u202e市司公限有\u202c共享新能源汽车租赁有限公司",
    "[red]星辰[/red]影视投资工作室",
    "@SUM(1+1)*cmd|' /C calc'!A0 商务服务部",
)
INDUSTRIES = ("J6760", "L7212", "J6740", "L7219", "I6513", "M7519", "R8810", "F5299", "")


@dataclass(frozen=True)
class Firm:
    """A firm of the sample, and what the model says of it: feature, value, contribution."""

    subject_id: str
    name: str
    district: str
    industry: str
    probability: float
    place: str
    contributions: tuple[tuple[str, float | None, float], ...]
    case_date: date | None = None
    status: str = "存续"


def firms(count: int = 18) -> list[Firm]:
    """`count` firms, eight in ten on the list, the others under case or cleared."""
    made = []
    for i in range(count):
        probability = round(0.86 * 0.86**i + 0.012, 4)
        kind = i % 9
        said: list[tuple[str, float | None, float]] = [
            ("complaints_365d", float(3 + (31 - i) % 17), 1.4 - 0.01 * (i % 40)),
            ("complaints_90d", float(1 + i % 5), 0.6),
            ("no_permit", 1.0, 0.9),
            ("promised_yield", 0.12 + (i % 6) * 0.03, 0.8 if kind != 3 else -0.1),
            ("exposure", 0.0312 * (i % 4), 0.75 if i % 2 else -0.2),
            ("fined_365d", 125_000_00.0 * (1 + i % 3), 0.5 if kind in (0, 2, 5) else 0.0),
            ("same_address", float(12 + 9 * (i % 7)), 0.3),
            ("insured_staff", None, 0.2 if kind % 2 else 0.05),
            ("age_days", float(120 + 30 * i), 0.1),
        ]
        place = "under_case" if kind == 4 else "list"
        made.append(
            Firm(
                subject_id=f"91440300MA5{i:06d}X",
                name=NAMES[i % len(NAMES)] + ("" if i < len(NAMES) else f"{i}"),
                district=list(DISTRICTS)[i % 3] if i % 17 != 16 else "unassigned",
                industry=INDUSTRIES[i % len(INDUSTRIES)],
                probability=probability,
                place=place,
                contributions=tuple(said),
                case_date=AS_OF - timedelta(days=17 * (i + 1) % 300) if kind == 4 else None,
            )
        )
    return made


def tables(sample: Sequence[Firm], previous: pa.Table | None = None) -> WarningTables:
    """The gold tables of these firms."""
    said = reasons(
        [
            {"subject_id": firm.subject_id, "feature": f, "value": v, "contribution": c}
            for firm in sample
            for f, v, c in firm.contributions
        ],
        WORDS,
        [
            record
            for firm in sample
            for f, v, _ in firm.contributions
            for record in _found(firm, f, v)
        ],
        elements=lambda feature: ELEMENTS_OF.get(feature, ()),
    )
    ranked = pa.Table.from_pylist([_ranked(i, firm) for i, firm in enumerate(sample)], RANKED)
    paths = {
        firm.subject_id: ("涉案企业 甲公司 ←持股— 某自然人 —任职→ 本企业",
                          "the firm under case 甲公司 ←holds— a person —directs→ this firm")
        for firm in sample if any(f == "exposure" and c > 0 for f, _, c in firm.contributions)
    }  # fmt: skip
    return warning_tables(
        ranked, said, previous, RUN_ID, AS_OF, ListPolicy(), words=WORDS, paths=paths
    )


def helps() -> list[dict[str, Any]]:
    """What would lower the first firm's risk."""
    return [
        {
            "subject_id": firms(1)[0].subject_id, "place": 1,
            "sentence_zh": "若办结未结投诉（未办结投诉 3 件→0 件），概率由 87.2% 降至 12.0%，不再列入名单",
            "sentence_en": "were it to settle the complaints that are open, it would leave the list",
        }
    ]  # fmt: skip


def drawn() -> list[Firm]:
    """Two firms that were drawn by lot."""
    return [
        Firm(
            f"91440300MA600000{n}X", f"深圳市平安小店{n}号", "440303", "F5299", 0.001, "random", ()
        )
        for n in range(2)
    ]


def previous_list(sample: Sequence[Firm]) -> pa.Table:
    """The list of a week before: another order, without every fifth firm, with two more."""
    old = [f for i, f in enumerate(sample) if i % 5 != 2 and f.place == "list"]
    old = [*old[1:4], old[0], *old[4:]]
    gone = Firm(
        "91440300MA5999901X", "深圳市旧梦投资咨询有限公司", "440303", "L7212", 0.31, "list", ()
    )
    shut = Firm(
        "91440300MA5999902X", "深圳宏图理财顾问有限公司", "440304", "J6760", 0.22, "list", ()
    )
    rows = [
        {
            "run_id": "before", "as_of": AS_OF - timedelta(days=7), "rank": rank, "section": "list",
            "subject_id": firm.subject_id, "name": firm.name, "district": firm.district,
            "industry": firm.industry, "probability": firm.probability, "level": "orange",
            "change": "new", "reasons_zh": "", "reasons_en": "",
            "department_count": 1, "record_count": 1,
        }
        for rank, firm in enumerate([*old, gone, shut], start=1)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def watched() -> list[Firm]:
    """The two firms of the list before that are not on this one, as they stand now."""
    dream, plan = "深圳市旧梦投资咨询有限公司", "深圳宏图理财顾问有限公司"
    return [
        Firm("91440300MA5999901X", dream, "440303", "L7212", 0.04, "watched", ()),
        Firm("91440300MA5999902X", plan, "440304", "J6760", 0.2, "watched", (), status="注销"),
    ]


def facts(**other: Any) -> RunFacts:
    """What the pages say of the run."""
    given: dict[str, Any] = {
        "run_id": RUN_ID,
        "city": "demo",
        "city_zh": "演示市",
        "as_of": AS_OF,
        "model_version": "risk-3 (2024-12-01)",
        "target": ("涉嫌非法集资", "suspected illegal fundraising"),
        "subjects_scored": 20_000,
        "capacity": (
            DistrictCapacity("440303", 6, "week", 7_210),
            DistrictCapacity("440304", 3, "carried", 6_905),
            DistrictCapacity("440305", 6, "default", 5_880),
            DistrictCapacity("unassigned", 1, "default", 5),
        ),
        "level_meanings": ListPolicy().meanings(),
        "previous_as_of": AS_OF - timedelta(days=7),
        "district_names": DISTRICTS,
        "fields": FieldRules(table_names=TABLE_NAMES),
    }
    return RunFacts(**{**given, **other})


def demo_list(count: int = 18) -> WarningTables:
    """The whole sample: a list with its cases, and what left it since the week before."""
    sample = firms(count)
    return tables([*sample, *drawn(), *watched()], previous_list(sample))


RANKED = pa.schema(
    [
        ("subject_id", pa.string()),
        ("name", pa.string()),
        ("district", pa.string()),
        ("industry", pa.string()),
        ("status", pa.string()),
        ("probability", pa.float64()),
        ("margin", pa.float64()),
        ("flagged", pa.bool_()),
        ("place", pa.string()),
        ("position", pa.int32()),
        ("inspections", pa.int32()),
        ("case_stage", pa.string()),
        ("case_date", pa.date32()),
        ("case_source", pa.string()),
        ("case_dept", pa.string()),
        ("case_record_id", pa.string()),
        ("case_file", pa.string()),
        ("case_line", pa.int64()),
        ("case_event_date", pa.date32()),
        ("case_known_at", pa.date32()),
        ("cause", pa.string()),
        ("draw_type", pa.string()),
        ("inclusion_prob", pa.float64()),
        ("draw_seed", pa.string()),
        ("inspector_no", pa.string()),
    ]
)


def _ranked(i: int, firm: Firm) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(firm, name)
        for name in ("subject_id", "name", "district", "industry", "status", "probability", "place")
    }
    row |= {"margin": firm.probability * 10, "flagged": firm.probability > 0.2}
    row |= {"position": 9 if firm.place == "watched" else 1 + i // 3, "inspections": 6}
    if firm.place == "random":
        row |= {
            "cause": "drawn", "draw_type": "random", "inclusion_prob": 2 / 7000,
            "draw_seed": "demo|2024-12-30|0.1|440303", "inspector_no": "1;2",
        }  # fmt: skip
    if firm.case_date is not None:
        row |= {
            "case_stage": "立案", "case_date": firm.case_date, "case_source": "cases",
            "case_dept": "处置非法集资工作领导小组办公室", "case_record_id": f"AJ2024-{i:04d}",
            "case_file": f"{firm.case_date}/czb/cases.xlsx", "case_line": 2 + i,
            "case_event_date": firm.case_date, "case_known_at": firm.case_date + timedelta(days=9),
        }  # fmt: skip
    return row


def _found(firm: Firm, feature: str, value: float | None) -> list[dict[str, Any]]:
    table, departments = SOURCES[feature]
    if not departments or not value:
        return []
    count = int(value) if WORDS[feature].unit == "count" else 1
    seed = int(firm.subject_id[11:17])
    rows = []
    for k in range(min(count, 40)):
        day = AS_OF - timedelta(days=(seed * 13 + k * 11) % 360 + 3)
        known = day + timedelta(days=3)
        department = departments[k % len(departments)]
        rows.append(
            {
                "subject_id": firm.subject_id, "feature": feature, "table_name": table,
                "source": f"{table}_{k % len(departments)}", "source_dept": department,
                "source_record_id": f"{table[:2].upper()}{seed:05d}-{k:03d}",
                "file": f"{known}/d{k % len(departments)}/{table}.csv.gz",
                "line": 2 + (seed * 37 + k) % 900, "event_date": day, "known_at": known,
            }
        )  # fmt: skip
    return rows
