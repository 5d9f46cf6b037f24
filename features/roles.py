"""Features of the people who run the firm. Never their age, sex or kin."""

from __future__ import annotations

from pyspark.sql import Column

from features.declaration import Theme
from features.rows import Rows, ratio

theme = Theme("roles", zh="任职", en="Posts")

IN_POST = "valid_to IS NULL OR valid_to > {as_of}"

theme.note_count("same_posts", table="key_person", by=("person_key", "role"), where=IN_POST)

theme.note_rank(
    "post_no",
    table="key_person",
    by=("subject_id", "person_key"),
    where=IN_POST,
    newest="valid_from",
)


@theme.of_records(
    table="key_person",
    where=f"({IN_POST}) AND post_no = 1",
    zh="任职人数",
    en="People in posts",
    unit="count",
    nothing=0,
    direction=0,
)
def key_persons(rows: Rows) -> Column:
    """Different people who hold a post on the day."""
    return rows.count()


@theme.of_records(
    table="key_person",
    where=IN_POST,
    zh="职务数",
    en="Posts",
    unit="count",
    nothing=0,
    direction=0,
)
def posts(rows: Rows) -> Column:
    """Posts held on the day."""
    return rows.count()


@theme.derived(zh="人均兼任职务", en="Posts per person", unit="ratio", nothing=None, direction=1)
def posts_per_person(posts: Column, key_persons: Column) -> Column:
    """Posts over people on the day; NULL when nobody is known."""
    return ratio(posts, key_persons)


@theme.of_records(
    table="key_person",
    where=IN_POST,
    zh="任职人员同一职务最多在任数",
    en="Most posts of one kind that one of its people holds",
    unit="count",
    nothing=0,
    direction=1,
    other_firms=True,
)
def person_spread(rows: Rows) -> Column:
    """The most posts of the kind held here that one of the firm's people holds in the city."""
    return rows.largest("same_posts")


@theme.of_records(
    table="key_person",
    windows=(90, 365),
    clock="valid_to",
    zh="离任人次",
    en="Departures",
    unit="count",
    nothing=0,
    direction=1,
)
def departures(rows: Rows) -> Column:
    """Posts that were given up within the window."""
    return rows.count()


@theme.of_records(
    table="key_person",
    where="role = '法定代表人'",
    windows=(365,),
    zh="新任法定代表人次数",
    en="New legal representatives",
    unit="count",
    nothing=0,
    direction=1,
)
def new_legal_representatives(rows: Rows) -> Column:
    """Legal representatives who took office within the window."""
    return rows.count()
