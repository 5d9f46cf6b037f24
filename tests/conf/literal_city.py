"""A small city written to a folder, for tests that load one or break one of its files."""

from __future__ import annotations

from pathlib import Path

CITY = """\
city: littleton
name_zh: 小城
demo: true
subject_id: {kind: uscc}
engine: sail
target: fundraising
feature_set: core
personal_key: {builtin: true}
capacity_default: {inspections: 20}
"""

TARGET = """\
target: fundraising
name_zh: 涉嫌非法集资
name_en: Suspected illegal fundraising
positive_stages: [立案, 起诉, 判决]
negative_stages: [排除]
official_stages: [约谈, 立案]
horizon_days: 365
gap_days: 90
definition: 一年内立案
"""

REGISTRATION = """\
source: registration
department: 市场监督管理局
table: registration
title: 企业登记信息（月报）
files: "{date}/scjg/registration*.csv.gz"
format: csv
columns: [统一社会信用代码, 名称, 注册资本（万元）, 证件号, 电话, 商标数, 操作, 登记状态]
record_id: 统一社会信用代码
op: "case 操作 when '更正' then 'correct' when '撤销' then 'withdraw' else 'insert' end"
personal: {证件号: id_number, 电话: phone}
mapping:
  subject_id: 统一社会信用代码
  name: 名称
  reg_cap_fen: {expr: 注册资本（万元）, unit: 万元}
  legal_rep_key: 证件号
  contact_phone: 电话
  status: "case 登记状态 when '在营' then '存续' else '注销' end"
attributes:
  brand_num: {type: integer, expr: 商标数, zh: 商标数, en: Trademarks, use: internal}
volume: {min_rows: 1, max_rows: 100000, on_breach: refuse}
expectations:
  - {name: brands_not_negative, check: "x_brand_num >= 0", on_breach: quarantine}
"""

PENALTY = """\
source: penalty
department: 市场监督管理局
table: penalty
title: 行政处罚
files: "{date}/scjg/penalty*.csv"
encoding: gb18030
columns: [id, no, amount, day]
mapping:
  subject_id: id
  decision_no: no
  amount_fen: {expr: amount, unit: 元}
  decided_date: day
"""

FEATURES = """\
features:
  - name: brands
    table: registration
    expr: x_brand_num
    kind: number
    nothing: null
    zh: 商标数
    en: Trademarks
    definition: 最近一次登记的商标数
  - name: fines_over_a_million
    table: penalty
    expr: count(*)
    where: amount_fen > 100000000
    window_days: 365
    kind: number
    nothing: 0
    zh: 百万以上罚款次数
    en: Fines over a million yuan
    unit: 次
    definition: 近一年一百万元以上罚款次数
"""


def write_city(folder: Path, **changed: str | None) -> Path:
    """Writes the city; keywords replace a file's text (None leaves the file out)."""
    texts = {
        "city": CITY,
        "features": FEATURES,
        "registration": REGISTRATION,
        "penalty": PENALTY,
    } | changed
    for name, text in texts.items():
        inside = folder if name in ("city", "features") else folder / "sources"
        inside.mkdir(parents=True, exist_ok=True)
        if text is not None:
            (inside / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder
