"""The unified social credit code (统一社会信用代码), checked as plain SQL.

GB 32100-2015: 18 characters of a 31-letter alphabet, the last a check character (weights 3^i
mod 31). Characters 9 to 17 are an organisation code with a check character of its own (GB 11714,
modulo 11). Both are checked.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WEIGHTS = tuple(pow(3, power, 31) for power in range(17))
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def problem(column: str) -> Column:
    """What is wrong with the code in `column`, as a sentence; NULL when nothing is.

    The column holds upper-case text; NULL and '' are the caller's concern.
    """
    code = f"`{column}`"
    weighed = " + ".join(
        f"(instr('{ALPHABET}', substring({code}, {place}, 1)) - 1) * {weight}"
        for place, weight in enumerate(WEIGHTS, start=1)
    )
    organisation = " + ".join(
        f"(instr('{ORGANISATION_ALPHABET}', substring({code}, {place}, 1)) - 1) * {weight}"
        for place, weight in enumerate(ORGANISATION_WEIGHTS, start=9)
    )
    return F.expr(
        f"""case
        when {code} not rlike '^[{ALPHABET}]{{18}}$'
          then 'is not a credit code: 18 characters of {ALPHABET} expected'
        when substring('{ALPHABET}', (31 - ({weighed}) % 31) % 31 + 1, 1)
             != substring({code}, 18, 1)
          then 'fails the check character of GB 32100 (the last one)'
        when substring('0123456789X0', 11 - ({organisation}) % 11 + 1, 1)
             != substring({code}, 17, 1)
          then 'fails the check character of GB 11714 (the 17th)'
        end"""
    )
