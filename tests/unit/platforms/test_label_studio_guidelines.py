"""The managed block: all that is not ours stays byte for byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.platforms.label_studio.guidelines import BEGIN, END, outside, replaced, same

BLOCKS = st.text(st.sampled_from("ab<>/p &"), max_size=12)
PARTS = st.lists(st.sampled_from(["text", BEGIN, END, "<p>x</p>", "\n"]), max_size=8).map("".join)


@given(html=PARTS, block=BLOCKS)
def test_replacing_the_block_changes_nothing_outside_it(html: str, block: str) -> None:
    assert outside(replaced(html, block)).replace(BEGIN, "").replace(END, "") == outside(html).replace(
        BEGIN, ""
    ).replace(END, "")


@given(html=st.lists(st.sampled_from(["text", "<p>x</p>", "\n"]), max_size=8).map("".join), block=BLOCKS)
def test_writing_twice_is_writing_once_and_an_empty_block_leaves_no_trace(html: str, block: str) -> None:
    once = replaced(html, block)
    assert replaced(once, block) == once
    assert replaced(once, "") == html


def test_a_lone_mark_does_not_swallow_what_people_wrote() -> None:
    broken = f"{BEGIN}by a person{BEGIN}ours{END}by another"
    assert replaced(broken, "new") == f"{BEGIN}by a person{BEGIN}new{END}by another"
    assert replaced(f"{END}a{BEGIN}b", "new") == f"{END}a{BEGIN}b{BEGIN}new{END}"


def test_the_servers_way_to_write_html_is_no_difference() -> None:
    assert same("<table><tr><td>a</td></tr></table>", "<table><tbody><tr><td>a</td></tr></tbody></table>")
    assert same("a<br/>b", "a<br>b")
    assert same('<p id="x">a &amp; b</p>', "<p>a &#38;  b</p>")
    assert not same("<p>a</p>", "<p>b</p>")
    assert not same('<a href="x">a</a>', '<a href="y">a</a>')
