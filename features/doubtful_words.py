"""Where a word of the dictionary may have been read wrongly: what a tokenizer cuts otherwise.

Features count exact words, so that every hit can be shown and a wrong one mended by a line of
`conf/words/words.yaml`. Letters that stand side by side by chance (代理 + 财务 hold 理财) and names
that hold a word (金融街) are found by a tokenizer over the city's own names and scopes; a person then
decides which of the phrases are not meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.word_groups import load_words
from features.chinese_text import claimed, pattern

READS = "name_scope"
SCHEMA = "word STRING, phrase STRING, kind STRING, text STRING"
_ARROW = pa.schema([(name, pa.string()) for name in ("word", "phrase", "kind", "text")])

ACROSS, WITHIN = "across", "within"


def words_of_texts() -> tuple[str, ...]:
    """The words that are looked for in names and scopes, in the order of the dictionary."""
    groups = load_words().groups.values()
    return tuple(word for group in groups if group.reads == READS for word in group.words)


def doubtful_words(texts: DataFrame) -> DataFrame:
    """Phrases in which a tokenizer does not see the word that features count.

    Args:
        texts: `text STRING`, names or scopes as delivered, one row a text.

    Returns:
        `word, phrase, kind, texts BIGINT, example`, most texts first. `kind` is `across` where the
        word lies across two words of the phrase, and `within` where it is part of a longer word
        that the tokenizer knows. `texts` counts the different texts, levelled, that hold the
        phrase; `example` is the first of them. A text in which every word stands alone has no row.
    """
    words = words_of_texts()
    read = texts.select(F.expr(claimed("text")).alias("text")).distinct()
    held = read.where(F.col("text").rlike(pattern(words)))
    found = held.mapInArrow(_found, SCHEMA).groupBy("word", "phrase", "kind")
    counted = found.agg(
        F.countDistinct("text").cast("bigint").alias("texts"), F.min("text").alias("example")
    )
    return counted.orderBy(F.col("texts").desc(), "word", "phrase", "kind")


def readings(text: str, words: Sequence[str]) -> list[tuple[str, str, str]]:
    """`(word, phrase, kind)` of every place where a tokenizer does not see the word alone.

    A phrase that is a word of the dictionary itself (财富管理 holds 财富) is no doubt.
    """
    if not any(word in text for word in words):
        return []
    edges = [0]
    for token in _tokenizer().cut(text):
        edges.append(edges[-1] + len(token))
    found = []
    for word in words:
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            first = max(edge for edge in edges if edge <= start)
            last = min(edge for edge in edges if edge >= end)
            if (first, last) != (start, end) and text[first:last] not in words:
                cut = any(first < edge < last for edge in edges)
                found.append((word, text[first:last], ACROSS if cut else WITHIN))
            start = text.find(word, start + 1)
    return found


def _found(batches: Iterable[Any]) -> Iterator[Any]:
    words = words_of_texts()
    for batch in batches:
        rows = [
            (*reading, text)
            for text in batch.column(0).to_pylist()
            for reading in dict.fromkeys(readings(text, words))
        ]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(_ARROW)
        yield pa.record_batch([pa.array(c, pa.string()) for c in columns], schema=_ARROW)


@cache
def _tokenizer() -> Any:
    """A tokenizer that knows the words of the dictionary. Imported late: it loads its own."""
    from rjieba import Jieba

    tokenizer = Jieba()
    for word in words_of_texts():
        # Words it knows keep their frequency, or it would see them everywhere.
        if not tokenizer.has_word(word):
            tokenizer.add_word(word, None, None)
    return tokenizer
