from __future__ import annotations

import datetime
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.group_history import EVENT_SCHEMA, EVENTS, GROUP_SCHEMA, follow_groups

NIGHT = datetime.date(2024, 7, 1)
NEXT = datetime.date(2024, 7, 2)


def partition(**groups):
    """A table of groups: the id, and its subjects as letters."""
    pairs = [(subject, name) for name, members in groups.items() for subject in members]
    return pa.table(
        {
            "subject_id": pa.array([s for s, _ in pairs], pa.string()),
            "group_id": pa.array([g for _, g in pairs], pa.string()),
        }
    )


def followed(yesterday, today, **more):
    """{subject: id} with new ids as 'new:' and their members, and the events likewise."""
    history = follow_groups(yesterday, today, NIGHT, **more)
    assert history.groups.schema == GROUP_SCHEMA
    assert history.events.schema == EVENT_SCHEMA
    ids = dict(zip(*(history.groups[c].to_pylist() for c in ("subject_id", "group_id")),
                   strict=True))  # fmt: skip
    old = set() if yesterday is None else set(yesterday["group_id"].to_pylist())
    members = {g: "".join(sorted(s for s in ids if ids[s] == g)) for g in ids.values()}
    told = {g: g if g in old else f"new:{members[g]}" for g in members}
    told[None] = None
    events = {
        (told.get(e["group_id"], e["group_id"]), e["event"],
         told.get(e["other_id"], e["other_id"]), e["firms"], e["size_before"], e["size_after"])
        for e in history.events.to_pylist()
    }  # fmt: skip
    return {s: told[g] for s, g in ids.items()}, events


def test_the_first_night_keeps_the_ids_as_they_come():
    for nothing in (None, partition()):
        ids = follow_groups(nothing, partition(G1="ab", G2="c"), NIGHT).groups
        assert ids.to_pylist() == [
            {"subject_id": "a", "group_id": "G1", "group_size": 2},
            {"subject_id": "b", "group_id": "G1", "group_size": 2},
            {"subject_id": "c", "group_id": "G2", "group_size": 1},
        ]
    # c alone is no group, so nothing was born
    assert followed(None, partition(G1="ab", G2="c"))[1] == {
        ("new:ab", "born", None, 2, 0, 2),
    }


def test_a_group_grows_and_shrinks_under_its_id():
    ids, events = followed(partition(G1="abc"), partition(X="bcde"))
    assert set(ids.values()) == {"G1"}
    # d and e joined, a left the city
    assert events == {("G1", "grew", None, 2, 3, 4), ("G1", "shrank", None, 1, 3, 4)}


def test_a_merger_keeps_the_id_of_the_largest_part():
    ids, events = followed(partition(G1="ab", G2="cde"), partition(X="abcde"))
    assert set(ids.values()) == {"G2"}
    assert events == {("G2", "grew", None, 2, 3, 5), ("G2", "merged", "G1", 2, 3, 5)}


def test_of_equal_parts_the_smaller_id_stays():
    assert set(followed(partition(G2="ab", G1="cd"), partition(X="abcd"))[0].values()) == {"G1"}


def test_a_split_leaves_the_id_with_the_largest_part():
    ids, events = followed(partition(G1="abcde"), partition(X="ab", Y="cde"))
    assert ids == dict.fromkeys("cde", "G1") | dict.fromkeys("ab", "new:ab")
    assert events == {("G1", "shrank", None, 2, 5, 3), ("G1", "split", "new:ab", 2, 5, 3)}
    # of equal parts the one with the smallest subject
    ids, _ = followed(partition(G1="abcd"), partition(X="cd", Y="ab"))
    assert ids == dict.fromkeys("ab", "G1") | dict.fromkeys("cd", "new:cd")


def test_born_and_ended():
    _, events = followed(partition(G1="ab", G2="cd", G3="e"), partition(X="e", Y="fg", Z="d"))
    assert events == {
        ("G1", "ended", None, 2, 2, 0),  # both firms have gone
        ("G2", "ended", None, 2, 2, 1),  # d alone is no group
        ("new:fg", "born", None, 2, 0, 2),
    }
    # e was alone under an id of its own and keeps it as the group is born
    assert followed(partition(G3="e"), partition(X="ef")) == (
        {"e": "G3", "f": "G3"},
        {("G3", "born", None, 2, 1, 2)},
    )


def test_a_part_moves_between_groups_that_go_on():
    _, events = followed(partition(G1="abcd", G2="ef"), partition(X="abc", Y="def"))
    assert events == {("G1", "shrank", None, 1, 4, 3), ("G2", "grew", None, 1, 2, 3)}


def test_the_id_stays_with_a_remnant_where_the_rest_joined_a_larger_group():
    _, events = followed(partition(G1="abcdefg", G2="hijk"), partition(X="abcdefghij", Y="k"))
    # k carries G2 on alone, which is no group: G2 merged into G1
    assert events == {("G1", "grew", None, 3, 7, 10), ("G1", "merged", "G2", 3, 7, 10)}


def test_a_new_id_is_not_one_of_another_day():
    made = {
        follow_groups(partition(G1="abcde"), partition(X="ab", Y="cde"), day).groups[
            "group_id"
        ].to_pylist()[0]
        for day in (NIGHT, NEXT)
    }  # fmt: skip
    assert len(made) == 2


def test_malformed_tables_are_refused_in_words():
    good = partition(G1="ab")
    with pytest.raises(ValueError, match="of today lack group_id"):
        follow_groups(None, good.drop_columns(["group_id"]), NIGHT)
    with pytest.raises(
        ValueError, match=r"of yesterday must name each subject once.*got 3 rows, 2"
    ):
        follow_groups(partition(G1="ab", G2="a"), good, NIGHT)


def plain_follow(yesterday: dict[str, str], today: dict[str, str]):
    """The rules with sets: {today's group as a frozenset: yesterday's id, None for a new one}."""

    def parts(of):
        return {g: frozenset(s for s in of if of[s] == g) for g in of.values()}

    old, new = parts(yesterday), sorted(parts(today).values(), key=min)
    wanted = {}
    for group in new:
        shared = [(-len(group & old[g]), g) for g in old if group & old[g]]
        if shared:
            wanted[group] = min(shared)[1]
    kept = dict.fromkeys(new)
    for g in old:
        asking = [group for group in new if wanted.get(group) == g]
        if asking:
            kept[min(asking, key=lambda group: (-len(group & old[g]), min(group)))] = g
    return kept


def plain_events(yesterday, today, kept, least):
    """The events as their definitions say, group by group."""
    old = {g: frozenset(s for s in yesterday if yesterday[s] == g) for g in yesterday.values()}
    at = {g: group for group, g in kept.items() if g}
    events = Counter()

    def still(g):
        return len(at.get(g, ())) >= least

    for group, g in kept.items():
        name = g or f"new:{''.join(sorted(group))}"
        before = old.get(g, frozenset())
        if len(group) < least:
            continue
        sizes = (len(before), len(group))
        others = [o for o in old if o != g and len(old[o]) >= least and old[o] & group]
        splits = [o for o in others if g is None and still(o)]
        for o in others:
            if not still(o):
                events[name, "merged", o, len(old[o] & group), *sizes] += 1
        for o in splits:
            events[o, "split", name, len(old[o] & group), len(old[o]), len(at[o])] += 1
        if len(before) < least:
            if not splits:
                events[name, "born", None, len(group), *sizes] += 1
            continue
        if group - before:
            events[name, "grew", None, len(group - before), *sizes] += 1
        if before - group:
            events[name, "shrank", None, len(before - group), *sizes] += 1
    for g, members in old.items():
        heirs = [group for group, k in kept.items() if k != g and group & members]
        if len(members) >= least and not still(g) and all(len(h) < least for h in heirs):
            events[g, "ended", None, len(members), len(members), len(at.get(g, ()))] += 1
    return set(events)


partitions = st.dictionaries(
    st.sampled_from("abcdefghijklmn"), st.sampled_from([f"G{n}" for n in range(5)]), min_size=1
)


def as_table(of, order=None):
    pairs = sorted(of.items()) if order is None else order
    return pa.table(
        {
            "subject_id": pa.array([s for s, _ in pairs], pa.string()),
            "group_id": pa.array([g for _, g in pairs], pa.string()),
        }
    )


@settings(max_examples=300, deadline=None)
@given(yesterday=partitions, today=partitions, least=st.integers(1, 3))
def test_ids_and_events_equal_the_plain_rules(yesterday, today, least):
    ids, events = followed(as_table(yesterday), as_table(today), least_size=least)
    kept = plain_follow(yesterday, today)
    for group, g in kept.items():
        expected = g or f"new:{''.join(sorted(group))}"
        assert {ids[s] for s in group} == {expected}
    assert events == plain_events(yesterday, today, kept, least)


@settings(max_examples=100, deadline=None)
@given(yesterday=partitions, today=partitions, data=st.data())
def test_no_order_of_rows_and_no_name_of_todays_groups_matters(yesterday, today, data):
    mixed = data.draw(st.permutations(sorted(today.items())))
    other = [(s, "other " + g) for s, g in mixed]
    before = data.draw(st.permutations(sorted(yesterday.items())))
    again = follow_groups(as_table(None, before), as_table(None, other), NIGHT)
    assert again == follow_groups(as_table(yesterday), as_table(today), NIGHT)


@settings(max_examples=100, deadline=None)
@given(nights=st.lists(partitions, min_size=1, max_size=4))
def test_laws_over_several_nights(nights):
    known, before = set(), None
    for n, night in enumerate(nights):
        day = NIGHT + datetime.timedelta(n)
        history = follow_groups(before, as_table(night), day)
        ids = dict(zip(*(history.groups[c].to_pylist() for c in ("subject_id", "group_id")),
                       strict=True))  # fmt: skip
        # today's partition itself is never changed
        pairs = {(ids[s], g) for s, g in night.items()}
        assert len(pairs) == len({i for i, _ in pairs}) == len({g for _, g in pairs})
        # an id that ended never comes back
        yesterday = set() if before is None else set(before["group_id"].to_pylist())
        assert not (set(ids.values()) - yesterday) & known
        known |= set(ids.values())
        assert set(history.events["event"].to_pylist()) <= set(EVENTS)
        # the same night again: every id stays, nothing happened
        again = follow_groups(history.groups, as_table(night), day + datetime.timedelta(1))
        assert again.groups == history.groups
        assert again.events.num_rows == 0
        before = history.groups
