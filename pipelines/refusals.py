"""Which errors are refusals: sentences made for a person, to be shown as they are."""

from __future__ import annotations


class RefusalError(RuntimeError):
    """Something a person asked for cannot be done; the message says why and what to do."""


def is_refusal(error: BaseException) -> bool:
    """Whether the error's message is a plain sentence of ours."""
    from conf.errors import ConfError
    from pipelines.engine import EngineError
    from pipelines.lake import LakeError
    from pipelines.ledger import AccountingError

    return isinstance(error, RefusalError | ConfError | EngineError | LakeError | AccountingError)
