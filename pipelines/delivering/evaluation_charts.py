"""The pictures of the evaluation page, as inline SVG.

Text stays text, so the page's own fonts show it, and every id bears the picture's name, so several
pictures can stand in one page. The same figures give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from models.risk.evaluation import Method
from models.risk.lead_time import LEAST_DAYS, LeadTime
from models.risk.reliability import Reliability
from models.risk.reordering import FIRST_DAYS, Reordering
from models.risk.stability import ACT, WATCH

BRAND, OTHER, SOFT, WARN = "#17365d", "#d9730d", "#8796a8", "#b3161b"
SHOWN_COLUMNS = 12
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "forewarn",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.titlesize": 10,
}


def precision_chart(methods: Sequence[Method]) -> str:
    """The precision of each way of choosing, with its interval."""
    figure, axes = _axes(6.4, 2.4)
    for place, method in enumerate(reversed(methods)):
        if method.precision is None:
            axes.plot(method.expected / max(1, method.places), place, "o", color=SOFT)
            continue
        value, (low, high) = method.precision.value, method.precision.interval()
        colour = BRAND if place == len(methods) - 1 else SOFT
        axes.errorbar(value, place, xerr=[[value - low], [high - value]], fmt="o", color=colour,
                      capsize=4)  # fmt: skip
    axes.set_yticks(range(len(methods)), [method.name for method in reversed(methods)])
    axes.set_ylim(-0.6, len(methods) - 0.4)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return _svg(figure, "precision")


def lead_chart(lead: LeadTime) -> str:
    """The share still open against days since the first list (Kaplan and Meier)."""
    figure, axes = _axes(6.4, 2.8)
    days = np.concatenate([[0.0], lead.curve["day"].to_numpy()])
    share = np.concatenate([[1.0], lead.curve["survival"].to_numpy()])
    # past the last end the curve goes on as long as anybody was followed
    days, share = np.append(days, lead.followed), np.append(share, share[-1])
    axes.step(days, share, where="post", color=BRAND)
    for least in LEAST_DAYS:
        axes.axvline(least, color=SOFT, linewidth=0.8, linestyle=":")
    axes.axhline(0.5, color=SOFT, linewidth=0.8)
    axes.set_ylim(0, 1.03)
    axes.set_xlim(left=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return _svg(figure, "lead")


def reordering_chart(gain: Reordering) -> str:
    """Hits found by each day, as it was and re-ordered."""
    figure, axes = _axes(6.4, 2.8)
    days = (gain.found["day"] - gain.found["day"].iloc[0]).dt.days
    axes.step(days, gain.found["as_it_was"], where="post", color=SOFT, label="as it was")
    axes.step(days, gain.found["reordered"], where="post", color=BRAND, label="re-ordered")
    axes.axvline(FIRST_DAYS, color=SOFT, linewidth=0.8, linestyle=":")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(frameon=False, loc="lower right")
    return _svg(figure, "reordering")


def reliability_chart(found: Reliability) -> str:
    """Observed against expected, a point each tenth of the firms, with Wilson's intervals."""
    figure, axes = _axes(4.2, 3.6)
    tenths = found.tenths
    above = (tenths["high"] - tenths["observed"]).clip(lower=0)
    below = (tenths["observed"] - tenths["low"]).clip(lower=0)
    axes.errorbar(tenths["expected"], tenths["observed"], yerr=[below, above], fmt="o",
                  color=BRAND, capsize=3)  # fmt: skip
    most = float(max(tenths["expected"].max(), tenths["high"].max())) * 1.05 or 1.0
    axes.plot([0, most], [0, most], color=SOFT, linewidth=0.8)
    axes.set_xlim(0, most)
    axes.set_ylim(0, most)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.1%}")
    return _svg(figure, "reliability")


def drift_chart(drift: pd.DataFrame) -> str:
    """The columns that moved furthest, with the lines from which to look and to stop."""
    rows = drift.head(SHOWN_COLUMNS)[::-1]
    figure, axes = _axes(6.4, 0.6 + 0.26 * len(rows))
    colours = [
        WARN if index >= ACT else OTHER if index >= WATCH else BRAND for index in rows["index"]
    ]
    axes.barh(range(len(rows)), rows["index"], color=colours, height=0.62)
    axes.set_yticks(range(len(rows)), list(rows["column"]))
    for line in (WATCH, ACT):
        axes.axvline(line, color=SOFT, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, max(ACT * 1.2, float(rows["index"].max()) * 1.05))
    return _svg(figure, "drift")


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.add_subplot()


def _svg(figure: Figure, name: str) -> str:
    out = io.StringIO()
    with mpl.rc_context(_STYLE):
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = text.replace("url(#", f"url(#{name}-")
    # a page's pictures must not restyle each other: the rule reaches its own picture only
    text = text.replace("*{stroke-linejoin", f".chart-{name} *{{stroke-linejoin")
    return text.replace(
        "<svg ", f'<svg class="chart-{name}" role="img" aria-labelledby="of-{name}" ', 1
    )
