"""What decides how the synthetic city looks and how hard it is, with the reason for each figure.

Frozen: `SIMULATOR_VERSION` names this set of figures. A goal that a model should reach is never
met by changing them; a change is a new version.
"""

from __future__ import annotations

from dataclasses import dataclass

SIMULATOR_VERSION = "1.4"

CHUNK_FIRMS = 200_000
"""Firms drawn and written at a time: what bounds the memory of a large city."""

SCHEMES = (
    "nominee_fundraising",
    "one_address",
    "circular_holding",
    "loud_shell",
    "prepaid_care",
)
"""Scheme families. The last is never labelled: no case of it is known, as with any new kind."""

SCHEME_SHARES = (0.35, 0.20, 0.15, 0.20, 0.10)
UNLABELLED_SCHEME = "prepaid_care"

TRAITS = (
    "ads",  # advertises to the public
    "yield_words",  # its advertisements promise a yield or say that capital is safe
    "complaints",  # a wave of complaints
    "redemption",  # the complaints speak of money that is not paid back
    "moves",  # changes its address more than once
    "rep_change",  # changes its legal representative
    "share_change",  # holders are replaced
    "capital_jump",  # raises its registered capital without paying it in
    "scope_change",  # changes its scope of business
    "branches",  # opens branches in a burst
    "hiring",  # recruits salespeople in a burst
    "low_tax",  # files zero or next to nothing
    "tax_lost",  # becomes 非正常户
    "lawsuits",  # is sued over loans
    "abnormal",  # is listed as abnormal
    "no_report",  # files no annual report, or hides its figures
    "fined",  # is fined
    "web",  # new site or app
    "bad_news",  # negative news
    "shared_phone",  # its contact phone is another firm's too
    "shared_agent",  # came through the same agent as its fellows
    "showy_office",  # sits in a grade A tower
)
"""What a firm may do; every one of them is done by honest firms too."""

_HONEST = (
    0.06, 0.02, 0.08, 0.02, 0.10, 0.13, 0.13, 0.08, 0.13, 0.04, 0.07,
    0.20, 0.02, 0.06, 0.05, 0.07, 0.04, 0.06, 0.03, 0.08, 0.00, 0.12,
)  # fmt: skip

# Failing firms look like late-stage fraud: complaints, lawsuits, lists. They are the reason why
# "has complaints" alone finds mostly bad luck.
_FAILING = (
    0.06, 0.02, 0.35, 0.15, 0.20, 0.20, 0.20, 0.05, 0.08, 0.03, 0.05,
    0.50, 0.22, 0.45, 0.35, 0.40, 0.15, 0.04, 0.18, 0.10, 0.00, 0.10,
)  # fmt: skip

# Honest investment firms: advertise, sit in towers, pay little tax, change holders often.
_INVESTMENT = (
    0.22, 0.45, 0.10, 0.15, 0.10, 0.15, 0.20, 0.15, 0.12, 0.07, 0.12,
    0.35, 0.03, 0.10, 0.08, 0.12, 0.05, 0.15, 0.06, 0.12, 0.00, 0.40,
)  # fmt: skip

# Ring firms, one row a scheme. No row is high everywhere, and most entries lie below one half:
# a real ring shows some of its signs, never all. Sources of the signs: conf/targets and the
# characteristics published for such cases (early capital jumps and moves: e租宝; yield promises;
# redemption complaints; one address with many firms; circular holding).
_RING = (
    (0.40, 0.60, 0.45, 0.60, 0.35, 0.45, 0.42, 0.38, 0.40, 0.25, 0.35,
     0.50, 0.12, 0.35, 0.25, 0.30, 0.15, 0.25, 0.20, 0.40, 0.30, 0.40),
    (0.30, 0.55, 0.40, 0.55, 0.30, 0.35, 0.25, 0.25, 0.25, 0.10, 0.15,
     0.55, 0.25, 0.25, 0.38, 0.35, 0.15, 0.15, 0.15, 0.55, 0.60, 0.10),
    (0.22, 0.50, 0.28, 0.45, 0.20, 0.25, 0.45, 0.42, 0.25, 0.10, 0.10,
     0.45, 0.10, 0.35, 0.25, 0.30, 0.10, 0.10, 0.15, 0.25, 0.25, 0.25),
    (0.70, 0.65, 0.45, 0.60, 0.30, 0.28, 0.20, 0.35, 0.35, 0.25, 0.50,
     0.45, 0.18, 0.25, 0.25, 0.32, 0.25, 0.48, 0.28, 0.35, 0.30, 0.35),
    (0.48, 0.45, 0.50, 0.60, 0.15, 0.18, 0.12, 0.12, 0.22, 0.50, 0.35,
     0.35, 0.08, 0.28, 0.18, 0.20, 0.18, 0.25, 0.22, 0.25, 0.20, 0.20),
)  # fmt: skip

SALIENT = (
    ("rep_change", "share_change", "shared_phone", "scope_change", "showy_office"),
    ("shared_phone", "shared_agent", "low_tax", "moves", "no_report"),
    ("capital_jump", "share_change", "lawsuits"),
    ("ads", "yield_words", "hiring", "web", "showy_office"),
    ("ads", "branches", "hiring", "complaints"),
)
"""The signs of each scheme that its honest look-alikes share in full."""


@dataclass(frozen=True)
class Difficulty:
    """The knobs of a city.

    Attributes:
        ring_share: ring firms as a share of all (0.3 %: what supervisors report for all firms).
        lookalikes: honest look-alikes for each ring firm.
        case_share: ring firms that ever get a case.
        case_delay: days from the start of misconduct to the first 立案.
        wrong_labels: share of the labelled firms whose label is wrong.
        capacity_share: inspections a week as a share of the firms.
        ring_strength: multiplies how often ring firms show their signs.
        lookalike_salient: how much of a scheme's salient signs its look-alikes show.
        lookalike_adverse: how much of the other signs they show.
        honest_strength: multiplies how often honest firms show a sign by chance.
        visible_links: share of the links of a ring that the registers show.
        ring_loudness: spread of loudness between rings; loud ones are found early.
    """

    ring_share: float = 0.003
    lookalikes: int = 10
    case_share: float = 0.30
    case_delay: tuple[int, int] = (90, 400)
    wrong_labels: float = 0.05
    capacity_share: float = 0.001
    ring_strength: float = 1.0
    lookalike_salient: float = 0.9
    lookalike_adverse: float = 0.35
    honest_strength: float = 1.0
    visible_links: float = 0.75
    ring_loudness: float = 1.0


DIFFICULTIES = {
    # A city to learn with: signs are frequent, honest firms are quiet, links are all there.
    "easy": Difficulty(
        ring_strength=1.5, lookalike_salient=0.5, lookalike_adverse=0.15,
        honest_strength=0.6, visible_links=0.95,
    ),
    # The default, and what figures are reported on.
    "realistic": Difficulty(),
    # Rings that have learnt: fewer signs, look-alikes nearly the same, half of the links hidden.
    "hard": Difficulty(
        ring_strength=0.75, lookalike_salient=1.0, lookalike_adverse=0.55,
        honest_strength=1.3, visible_links=0.5,
    ),
}  # fmt: skip


def honest_rates(segment: str) -> tuple[float, ...]:
    """Chance of each trait for an honest firm: `plain`, `failing` or `investment`."""
    return {"plain": _HONEST, "failing": _FAILING, "investment": _INVESTMENT}[segment]


def ring_rates(scheme: int, difficulty: Difficulty) -> tuple[float, ...]:
    """Chance of each trait for a ring firm of a scheme."""
    return tuple(min(0.95, rate * difficulty.ring_strength) for rate in _RING[scheme])


def lookalike_rates(scheme: int, difficulty: Difficulty) -> tuple[float, ...]:
    """Chance of each trait for an honest firm that resembles a scheme.

    Salient signs come nearly as often as in the rings; of the others it keeps a part of the way
    from the ordinary firm to the ring.
    """
    rates = []
    for trait, honest, ring in zip(TRAITS, _HONEST, _RING[scheme], strict=True):
        part = (
            difficulty.lookalike_salient
            if trait in SALIENT[scheme]
            else difficulty.lookalike_adverse
        )
        rates.append(honest + part * max(0.0, ring - honest))
    return tuple(rates)
