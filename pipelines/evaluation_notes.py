"""What a reader of an evaluation must know before the figures, in sentences of both languages."""

from __future__ import annotations

from models.risk.evaluation import Evaluation, Note
from models.risk.harm import NO_HARM, HarmLead
from models.risk.wording import in_words

FEW_FAMILIES = 10
"""Below so many families a figure is an anecdote (project default; models are not compared on fewer
either, see docs/decisions/0010)."""
FEW_FIRMS = 10
"""Below so many firms with a first official day a lead time is one, and below so many confirmed by
inspection a re-ordering (project default)."""


def evaluation_notes(found: Evaluation) -> tuple[Note, ...]:
    """What the list was held against, what is still to come, and which figures rest on too little."""
    return (_held_against(found), *_too_early(found), *_too_few(found), *_replaced(found))


def _held_against(found: Evaluation) -> Note:
    if found.source == "truth":
        return Note(
            "对照的是合成城市的埋设真相：查中是指团伙企业正在运作、且尚未立案。",
            "Held against the planted truth of a synthetic city: a hit is a ring firm whose scheme "
            "runs and that is not official yet.",
        )
    return Note(
        f"对照的是截至 {found.until} 已知的案件：没有案件不等于守法，因此查中率只是下限。",
        f"Held against the cases the city knew by {found.until}: a firm without a case is not "
        "known to be honest, so precision is a lower bound.",
    )


def _too_early(found: Evaluation) -> list[Note]:
    if found.until <= found.as_of:
        return [
            Note(
                f"{found.as_of} 之后尚无所知：请评估更早的名单，或等后续数据到齐再看。",
                f"Nothing is known later than the list's day {found.as_of}: evaluate an earlier "
                "list, or come back when more deliveries are in.",
            )
        ]
    if not found.horizon_over:
        return [
            Note(
                f"到 {found.until} 预测期未满，还会有案件，概率看起来会偏高。",
                f"The horizon of the target is not over on {found.until}: cases are still to come, "
                "so calibration looks too high.",
            )
        ]
    return []


def _too_few(found: Evaluation) -> list[Note]:
    """Which figures rest on too few cases to judge the list by them."""
    later = found.until > found.as_of
    told = []
    if (later or found.source == "truth") and found.families_to_find < FEW_FAMILIES:
        told.append(_few_to_find(found.to_find, found.families_to_find))
    if later and found.lead.official < FEW_FIRMS:
        told.append(_few_official(found.lead.official))
    if later and found.reordering is not None and found.reordering.hits < FEW_FIRMS:
        told.append(_few_confirmed(found.reordering.hits))
    if found.reliability is not None and found.families_with_case < FEW_FAMILIES:
        told.append(_few_cases(found.families_with_case))
    return told


def _few_to_find(firms: int, families: int) -> Note:
    return Note(
        f"应查企业只有 {firms} 户、{families} 个家族，太少，不足以评判这份名单：查中率、查全率和 AUC "
        "只能当作个案看，请看更长时间的多份名单。",
        f"Too few to judge this list by: only {_many(firms, 'firm')} in "
        f"{_many(families, 'family')} could have been found. Read precision, recall and AUC as "
        "anecdotes, and look at the lists of a longer time.",
    )


def _few_official(firms: int) -> Note:
    return Note(
        f"上榜后立案的企业只有 {firms} 户，提前天数不足以评判。",
        f"Too few to judge lead times by: {_many(firms, 'firm')} became official after standing "
        "on a list.",
    )


def _few_confirmed(firms: int) -> Note:
    return Note(
        f"其后查实的只有 {firms} 户，重排能否更早查实不足以评判。",
        f"Too few to judge the re-ordering by: {_many(firms, 'firm')} confirmed afterwards.",
    )


def _few_cases(families: int) -> Note:
    return Note(
        f"预测期内立案的家族只有 {families} 个，概率是否可信不足以评判。",
        f"Too few to judge the probabilities by: {_many(families, 'family')} got a case within "
        "the horizon.",
    )


def _replaced(found: Evaluation) -> list[Note]:
    told = []
    if found.reordering_of == "leads" and found.reordering is not None:
        told.append(
            Note(
                "本市没有检查记录，重排用案件表中其后首次核查的企业代替。",
                "The city keeps no inspections here: re-ordering takes the firms first looked at "
                "in the table of cases instead.",
            )
        )
    if any(one.measure == NO_HARM for one in found.harm_leads):
        told.append(
            Note(
                "案件没有写明参与人数或涉案金额，提前天数无法按危害加权，每户按一户计。",
                "No case states people or money involved, so lead times cannot be weighed by harm: "
                "each firm counts once.",
            )
        )
    return told


def harm_words(lead: HarmLead) -> Note:
    """By what a lead is weighed."""
    return {
        "participants": Note("按参与人数加权", "weighed by people involved"),
        "amount_fen": Note("按涉案金额加权", "weighed by money involved"),
        NO_HARM: Note("每户计一次", "each firm once"),
    }[lead.measure]


def harm_note(lead: HarmLead) -> Note:
    """How many firms a weighed lead speaks of, how much harm, and whom it leaves out."""
    size_zh, size_en = _size(lead)
    left_zh = f"未写明的 {lead.unstated} 户、未立案的 {lead.censored} 户不计"
    left_en = f"{lead.unstated} without a figure and {lead.censored} not official are left out"
    return Note(f"{size_zh}；{left_zh}", f"{size_en}; {left_en}")


def _size(lead: HarmLead) -> tuple[str, str]:
    firms_zh, firms_en = f"{lead.firms} 户", _many(lead.firms, "firm")
    if lead.measure == NO_HARM:
        return firms_zh, firms_en
    if lead.measure == "amount_fen":
        zh, en = in_words(float(lead.harm), "fen")
    else:
        zh, en = f"{lead.harm:,} 人", f"{lead.harm:,} people"
    return f"{firms_zh}，{zh}", f"{firms_en}, {en}"


def _many(count: int, what: str) -> str:
    """A count with its noun.

    >>> _many(1, "family"), _many(2, "family"), _many(0, "firm")
    ('1 family', '2 families', '0 firms')
    """
    if count == 1:
        return f"1 {what}"
    return f"{count} {what[:-1]}ies" if what.endswith("y") else f"{count} {what}s"
