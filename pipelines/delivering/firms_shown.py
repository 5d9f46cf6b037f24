"""One firm of a list as a reader sees it: its reasons by statutory element, and their records."""

from __future__ import annotations

from dataclasses import dataclass

from features.characteristics import ELEMENTS
from models.risk.wording import probability_words
from pipelines.delivering.glossary import NO_EVIDENCE, OTHER_CIRCUMSTANCES


@dataclass(frozen=True)
class RecordShown:
    """One record behind a reason: where it was read, and its two dates."""

    department: str
    table_zh: str
    table_en: str
    place: str  # file:line
    record_id: str
    event_date: str
    known_at: str


@dataclass(frozen=True)
class ReasonShown:
    """One reason: a sentence in two languages and its records, newest first."""

    number: int
    feature: str
    zh: str
    en: str
    records: tuple[RecordShown, ...]
    elements: tuple[str, ...] = ()


@dataclass(frozen=True)
class ElementShown:
    """A statutory element (要件) and what speaks for it; `name` empty: reasons that speak for none.

    `reasons`: those told under it; `also`: numbers of reasons told under another element that speak
    for this one too. `backed`: whether a record of a fact stands behind any of them.
    """

    name: str
    zh: str
    en: str
    reasons: tuple[ReasonShown, ...]
    also: tuple[int, ...]
    backed: bool

    @property
    def said(self) -> tuple[str, str]:
        """What is to be said of the element itself, Chinese and English; empty where nothing is."""
        if self.also:
            numbers = "、".join(map(str, self.also))
            return f"另见理由 {numbers}", f"see also reason {', '.join(map(str, self.also))}"
        if self.name and not self.reasons:
            return NO_EVIDENCE
        if self.name and not self.backed:
            return "仅为推算或缺失，没有记录依据", "computed or missing only, no record"
        return "", ""


@dataclass(frozen=True)
class FirmShown:
    """One line of a list. `number` counts on this page, `rank` through the city."""

    number: int
    rank: int | None
    previous_rank: int | None
    change: str
    level: str
    subject_id: str
    name: str
    district: str
    district_text: str
    industry_zh: str
    industry_en: str
    probability: float | None
    reasons: tuple[ReasonShown, ...]
    department_count: int
    record_count: int
    backed: tuple[str, ...] = ()
    path: tuple[str, str] = ("", "")
    why: tuple[str, str] = ("", "")
    lowered_by: tuple[tuple[str, str], ...] = ()
    inclusion_prob: float | None = None
    draw_seed: str = ""
    inspectors: str = ""

    @property
    def elements(self) -> tuple[ElementShown, ...]:
        """The reasons under the statutory elements they speak for, each element there, then those
        that speak for none."""
        shown = [
            ElementShown(
                name,
                element.zh,
                element.en,
                tuple(r for r in self.reasons if r.elements[:1] == (name,)),
                tuple(r.number for r in self.reasons if name in r.elements[1:]),
                name in self.backed,
            )
            for name, element in ELEMENTS.items()
        ]
        rest = tuple(r for r in self.reasons if not r.elements)
        if rest:
            shown.append(ElementShown("", *OTHER_CIRCUMSTANCES, rest, (), True))
        return tuple(shown)

    @property
    def spoken_for(self) -> tuple[ElementShown, ...]:
        """The elements that something is said of, and the reasons of none."""
        return tuple(one for one in self.elements if one.said != NO_EVIDENCE)

    @property
    def without_evidence(self) -> tuple[str, str] | None:
        """The elements without evidence in one line, Chinese and English; None when all have some.

        Without any reason nothing is said of elements either.
        """
        bare = [one for one in self.elements if one.said == NO_EVIDENCE]
        if not bare or not self.reasons:
            return None
        zh, en = "、".join(one.zh for one in bare), ", ".join(one.en for one in bare)
        return f"{zh}：{NO_EVIDENCE[0]}", f"{en}: {NO_EVIDENCE[1]}"

    @property
    def inclusion_text(self) -> str:
        """How likely it was to be drawn, as per cent, or a dash."""
        return "—" if self.inclusion_prob is None else f"{self.inclusion_prob:.2%}"

    @property
    def change_zh(self) -> str:
        """What changed, in Chinese: 新增, 升 3, 降 2, 未变, 移出."""
        steps = abs((self.previous_rank or 0) - (self.rank or 0))
        words = {"up": f"↑ 升 {steps}", "down": f"↓ 降 {steps}"}
        return words.get(
            self.change, {"new": "＋ 新增", "same": "＝ 未变"}.get(self.change, "－ 移出")
        )

    @property
    def change_en(self) -> str:
        """What changed, in English."""
        steps = abs((self.previous_rank or 0) - (self.rank or 0))
        words = {"up": f"↑ up {steps}", "down": f"↓ down {steps}", "new": "＋ new"}
        return words.get(self.change, "＝ same" if self.change == "same" else "－ cleared")

    @property
    def probability_text(self) -> str:
        """The probability as per cent (`models.risk.wording.probability_words`), or a dash."""
        return "—" if self.probability is None else probability_words(self.probability)
