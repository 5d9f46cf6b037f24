"""The groups of words that features look for, by name; they are kept in `conf/words/words.yaml`."""

from __future__ import annotations

from conf.word_groups import load_words

_GROUPS = load_words().groups

BANNED_WORDS = _GROUPS["banned"].words
"""Words a firm's name and scope may not hold without approval."""

INVESTMENT_WORDS = _GROUPS["investment"].words
"""Words of firms that handle other people's money, as a licence or a registration would show."""

CONCEPT_WORDS = _GROUPS["concepts"].words
"""Concepts that lures are dressed in."""

DISCLAIMERS = _GROUPS["disclaimers"].words
"""Phrases by which a scope denies fundraising; they hold banned words and mean the opposite."""

PROMISE_WORDS = _GROUPS["guarantees"].words + _GROUPS["yields"].words
"""Words that promise a yield, or guarantee it or the capital."""

REDEMPTION_TOPICS = _GROUPS["redemption"].words
"""What people complain of when money does not come back."""

LENDING_CAUSES = _GROUPS["lending_causes"].words
"""Causes of action in which a fundraiser is sued."""

UNREACHABLE_REASONS = _GROUPS["unreachable"].words
"""Reasons for the abnormal list that say a firm is not where it is registered."""

SALES_JOBS = _GROUPS["sales_jobs"].words
"""Posts that sell to the public."""

FINANCE_PERMITS = _GROUPS["finance_permits"].words
"""Departments and kinds of licences to handle other people's money."""

INVESTMENT_INDUSTRIES = _GROUPS["investment_industries"].words
"""Beginnings of GB/T 4754 codes: finance; the management of organisations and investments."""
