"""How hard a synthetic city is: obvious features from its rows, each one's AUC, and a joint model's.

A plain second look at the rows with pandas, independent of the project's own features. Run it on a
larger city by hand: `python tests/pipelines/simulation/hardness.py FIRMS SEED DIFFICULTY`.
"""

from __future__ import annotations

import datetime as dt
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from pipelines.simulation import city
from pipelines.simulation.calendar import date_of
from pipelines.simulation.world import World, kept

CODE = "统一社会信用代码"


def tables(world: World) -> dict[str, pd.DataFrame]:
    """All rows known by the end of the city, without faults, one frame a table."""
    pieces: dict[str, list[pa.Table]] = {}
    for part in world.parts():
        for name, make in city.tables_of(part):
            rows = kept(make(), world.calendar)
            pieces.setdefault(name, []).append(pa.table(rows.columns))
    return {name: pa.concat_tables(parts).to_pandas() for name, parts in pieces.items()}


def features(world: World) -> pd.DataFrame:
    """Obvious features of every firm at the end of the city; index = place of the firm."""
    frames = tables(world)
    firms = world.population.firms
    codes = world.codes(np.arange(firms)).to_pandas()
    place = pd.Series(np.arange(firms), index=codes)
    until = pd.Timestamp(date_of(world.calendar.until))
    for frame in frames.values():
        if CODE in frame:
            frame["firm"] = frame[CODE].map(place)
    out = pd.DataFrame(index=np.arange(firms))
    _counts(out, frames, until)
    _register(out, frames, until)
    _money(out, frames, until)
    _ties(out, world, frames)
    _licences(out, frames, until)
    _inspections(out, frames, until)
    return out


def _dates(values: pd.Series) -> pd.Series:
    text = values.astype(str).str.replace("[年月]", "-", regex=True).str.replace("日", "")
    return pd.to_datetime(text, format="mixed", errors="coerce")


def _counts(out: pd.DataFrame, frames: dict[str, pd.DataFrame], until: pd.Timestamp) -> None:
    year = until - pd.Timedelta(days=365)

    def count(name: str, rows: pd.DataFrame) -> None:
        out[name] = rows.groupby("firm").size().reindex(out.index).fillna(0)

    for table, column in {
        "complaint": "受理时间", "ad_monitor": "监测日期", "change_record": "变更日期",
        "judgment": "裁判日期", "penalty": "处罚决定日期", "list_event": "日期",
        "public_info": "发布日期", "branch": "设立日期", "enforcement": "立案日期",
    }.items():  # fmt: skip
        frame = frames[table]
        frame["day"] = _dates(frame[column])
        count(f"{table}_all", frame)
        count(f"{table}_365", frame[frame.day > year])
        out[f"{table}_last"] = (
            (until - frame.groupby("firm").day.max()).dt.days.reindex(out.index).fillna(9999)
        )
    complaint, ads, info = frames["complaint"], frames["ad_monitor"], frames["public_info"]
    changes, suits = frames["change_record"], frames["judgment"]
    count("money_topics", complaint[complaint["关键词"].str.contains("兑付|失联|理财|高息")])
    count("elder_complaints", complaint[complaint["老年人"]])
    count("yield_ads", ads[ads["承诺收益率"].notna()])
    count("safe_ads", ads[ads["保本用语"]])
    yields = ads["承诺收益率"].str.rstrip("%").astype(float)
    out["highest_yield"] = yields.groupby(ads.firm).max().reindex(out.index).fillna(0)
    count("elder_ads", ads[ads["面向老人"]])
    count("hiring", info[info["信息类型"] == "招聘"])
    count("sales_hiring", info[info["岗位"].isin(["销售", "理财顾问", "市场推广"])])
    count("bad_news", info[info["倾向"] == "消极"])
    count("sites", info[info["信息类型"].isin(["网站备案", "应用上架"])])
    for item in ("住所变更", "法定代表人变更", "股东变更", "注册资本变更", "经营范围变更"):
        count("changes_" + item, changes[changes["变更事项"] == item])
    count("loan_suits", suits[suits["案由"].isin(["民间借贷纠纷", "委托理财合同纠纷"])])
    count("sued", suits[suits["诉讼地位"] == "被告"])


def _register(out: pd.DataFrame, frames: dict[str, pd.DataFrame], until: pd.Timestamp) -> None:
    last = frames["registration"].drop_duplicates("firm", keep="last").set_index("firm")
    last = last.reindex(out.index)
    out["age"] = (until - _dates(last["成立日期"])).dt.days
    out["capital"] = last["注册资本"].astype(float)
    out["paid_share"] = last["实缴资本"].astype(float) / out["capital"]
    out["section"] = (
        last["行业代码"].str[0].map({letter: n for n, letter in enumerate("ABCDEFGHIJKLMNOPQRST")})
    )
    out["investment_line"] = last["行业代码"].isin(["J6760", "J6999", "L7212"]).astype(int)
    out["jlk"] = last["行业代码"].str[0].isin(list("JLK")).astype(int)
    # a firm born in the last days is not in the register yet: its name is empty
    names = last["企业名称"].fillna("")
    out["investment_name"] = names.str.contains("投资|理财|资产管理").astype(int)
    out["gone"] = (last["登记状态"] != "存续").astype(int)
    out["no_agent"] = last["代理机构"].isna().astype(int)
    out["renamed"] = (last["曾用名"].fillna("") != "").astype(int)
    for name, column in {
        "same_room": "住所编号", "same_agent": "代理机构", "same_phone": "联系电话",
        "same_rep": "法定代表人证件号",
    }.items():  # fmt: skip
        out[name] = last.groupby(column)[column].transform("size").fillna(0)
    address = frames["address"].drop_duplicates("地址编号", keep="last").set_index("地址编号")
    here = address.reindex(last["住所编号"])
    out["grade_a"] = (here["楼宇等级"] == "A").to_numpy().astype(int)
    out["shared_office"] = here["共享办公"].eq(True).to_numpy().astype(int)


def _money(out: pd.DataFrame, frames: dict[str, pd.DataFrame], until: pd.Timestamp) -> None:
    tax = frames["tax_filing"]
    tax = tax[pd.to_datetime(tax["所属期止"]) > until - pd.Timedelta(days=540)]
    by_firm = tax.groupby("firm")
    out["zero_share"] = by_firm["零申报"].mean().reindex(out.index).fillna(-1)
    out["tax_paid"] = by_firm["实缴税额"].sum().reindex(out.index).fillna(-1)
    out["late_days"] = by_firm["逾期天数"].sum().reindex(out.index).fillna(-1)
    out["filings"] = by_firm.size().reindex(out.index).fillna(0)
    report = frames["annual_report"].sort_values("年度").drop_duplicates("firm", keep="last")
    report = report.set_index("firm").reindex(out.index)
    out["report_year"] = report["年度"].fillna(0)
    out["insured"] = report["参保人数"].fillna(-1)
    out["hidden_report"] = (report["公示状态"] == 3).astype(int)
    out["debt_ratio"] = (report["负债总额"] / report["资产总额"]).fillna(-1)
    grade = frames["grade"][frames["grade"]["评价体系"] == "纳税信用"].drop_duplicates(
        "firm", keep="last"
    )
    out["tax_grade"] = (
        grade.set_index("firm")["等级"]
        .map({"A": 0, "B": 1, "M": 2, "C": 3, "D": 4})
        .reindex(out.index)
        .fillna(2)
    )
    status = frames["tax_registration"].drop_duplicates("firm", keep="last").set_index("firm")
    out["tax_lost"] = (status["纳税人状态"].reindex(out.index) == "非正常").astype(int)


def _licences(out: pd.DataFrame, frames: dict[str, pd.DataFrame], until: pd.Timestamp) -> None:
    """Licences in force and ended, and names that speak of money without one."""
    last = frames["licence_finance"].drop_duplicates(["牌照种类", "许可证编号"], keep="last")
    end = pd.to_datetime(last["有效期至"])
    in_force = (last["状态"] == "有效") & (end.isna() | (end >= until))
    for name, rows in {"licences": last[in_force], "licences_ended": last[~in_force]}.items():
        out[name] = rows.groupby("firm").size().reindex(out.index).fillna(0)
    out["unlicensed_name"] = out["investment_name"] * (out["licences"] == 0)
    out["unlicensed_line"] = out["investment_line"] * (out["licences"] == 0)


def _inspections(out: pd.DataFrame, frames: dict[str, pd.DataFrame], until: pd.Timestamp) -> None:
    """Inspections by result and by how the firm was chosen, and days since the last."""
    last = frames["inspection"].drop_duplicates("检查编号", keep="last")
    last = last.assign(day=_dates(last["检查日期"]))
    year = last.day > until - pd.Timedelta(days=365)
    kinds = {"inspections": last, "inspections_365": last[year]}
    for column in ("检查结果", "选取方式"):
        kinds |= {f"inspections_{value}": rows for value, rows in last.groupby(column)}
    kinds["inspections_found"] = last[last["检查结果"].isin(["责令整改", "移送线索"])]
    for name, rows in kinds.items():
        out[name] = rows.groupby("firm").size().reindex(out.index).fillna(0)
    latest = last.groupby("firm").day.max()
    out["inspection_last"] = (until - latest).dt.days.reindex(out.index).fillna(9999)


def _ties(out: pd.DataFrame, world: World, frames: dict[str, pd.DataFrame]) -> None:
    """Common persons, phones, rooms and holdings: neighbours, exposure to known cases, circles."""
    firms = world.population.firms
    codes = pd.Series(np.arange(firms), index=world.codes(np.arange(firms)).to_pandas())
    holders, posts = frames["shareholder"], frames["key_person"]
    last = frames["registration"].drop_duplicates("firm", keep="last")
    pairs = [
        holders[["firm", "股东证件号"]].set_axis(["firm", "thing"], axis=1),
        posts[["firm", "人员证件号"]].set_axis(["firm", "thing"], axis=1),
        last[["firm", "联系电话"]].set_axis(["firm", "thing"], axis=1),
        last[["firm", "住所编号"]].set_axis(["firm", "thing"], axis=1),
    ]
    links = pd.concat(pairs).dropna().drop_duplicates()
    links["size"] = links.groupby("thing")["thing"].transform("size")
    persons = pd.concat(pairs[:2]).dropna().drop_duplicates()
    persons["size"] = persons.groupby("thing")["thing"].transform("size")
    out["busiest_person"] = persons.groupby("firm")["size"].max().reindex(out.index).fillna(0)
    out["holders"] = holders.groupby("firm").size().reindex(out.index).fillna(0)
    out["firm_holders"] = (
        holders[holders["股东信用代码"].notna()].groupby("firm").size().reindex(out.index).fillna(0)
    )
    links = links[(links["size"] > 1) & (links["size"] <= 40)]
    thing = pd.factorize(links["thing"])[0]
    shared = sp.csr_matrix((np.ones(len(links)), (links["firm"].astype(int), thing)))
    shared.resize((firms, shared.shape[1]))
    held = holders[holders["股东信用代码"].notna()]
    holder = held["股东信用代码"].map(codes)
    edge = sp.csr_matrix((np.ones(len(held)), (holder, held["firm"].astype(int))), (firms, firms))
    near = shared @ shared.T + edge + edge.T
    near.setdiag(0)
    near.eliminate_zeros()
    near.data[:] = 1
    out["neighbours"] = np.asarray(near.sum(axis=1)).ravel()
    cased = np.zeros(firms)
    cases = frames["case_label"]
    cased[cases[cases["阶段"].isin(["立案", "起诉", "判决"])].firm.astype(int).unique()] = 1
    out["own_case"] = cased
    out["exposed"] = near @ cased
    out["exposed_share"] = out["exposed"] / np.maximum(out["neighbours"], 1)
    out["exposed_two_steps"] = near @ (near @ cased) - cased * out["neighbours"].to_numpy()
    _, circle = connected_components(edge, connection="strong")
    out["circle"] = np.bincount(circle)[circle]
    _, component = connected_components(near, directed=False)
    out["component"] = np.bincount(component)[component]


def single_aucs(frame: pd.DataFrame, ring: np.ndarray) -> pd.Series:
    """AUC of each feature against the truth, either way round, highest first."""
    found = {name: roc_auc_score(ring, frame[name].fillna(frame[name].median())) for name in frame}
    return pd.Series({k: max(v, 1 - v) for k, v in found.items()}).sort_values(ascending=False)


def joint(frame: pd.DataFrame, target: np.ndarray, groups: np.ndarray, seed: int = 0) -> np.ndarray:
    """Out-of-fold scores of a boosted tree, whole rings on one side of each split."""
    scores = np.zeros(len(frame))
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    for train, test in folds.split(frame, target, groups):
        model = HistGradientBoostingClassifier(
            max_iter=120, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=15,
            l2_regularization=5.0, random_state=seed,
        )  # fmt: skip
        model.fit(frame.iloc[train], target[train])
        scores[test] = model.predict_proba(frame.iloc[test])[:, 1]
    return scores


def grouped(world: World) -> np.ndarray:
    """Ring or look-alike group of each firm; every other firm is a group of its own."""
    group = world.population.group.astype(np.int64)
    return np.where(group >= 0, group, group.max() + 1 + np.arange(len(group)))


def main() -> None:
    """Print the hardness of a city."""
    firms, seed, difficulty = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    world = city.build(firms, seed, dt.date(2022, 1, 1), dt.date(2024, 12, 31), difficulty)
    frame = features(world)
    ring = world.population.ring
    aucs = single_aucs(frame, ring)
    print(aucs.head(25).round(3).to_string())
    open_ = frame["own_case"].to_numpy() == 0
    capacity = max(1, round(firms * 0.001))
    known = frame.drop(columns="own_case")
    for name, target in (("truth", ring), ("cases", frame["own_case"].to_numpy() > 0)):
        score = joint(known, target.astype(int), grouped(world))
        top = np.argsort(-np.where(open_, score, -1), kind="stable")
        hits = [ring[top[: capacity * k]].mean() for k in (1, 4)]
        print(
            f"trained on {name}: AUC {roc_auc_score(ring, score):.3f}, "
            f"AP {average_precision_score(ring, score):.3f}, not under case: "
            f"AUC {roc_auc_score(ring[open_], score[open_]):.3f}, precision at capacity "
            f"{hits[0]:.2f}, at four weeks' {hits[1]:.2f}"
        )
    for name in ("exposed", "money_topics", "highest_yield"):
        top = np.argsort(-np.where(open_, frame[name], -1), kind="stable")[:capacity]
        print(f"{name} alone, precision at capacity {ring[top].mean():.2f}")


if __name__ == "__main__":
    main()
