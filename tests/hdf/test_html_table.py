"""What a notebook shows is text, whatever a file holds."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from longtake.hdf.html_table import html_table


class Shown(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert not attrs
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


WHOLE = st.text(max_size=200)  # longer ones are cut


@given(title=WHOLE, rows=st.lists(st.tuples(WHOLE, WHOLE), max_size=5))
def test_everything_is_text(title, rows):
    page = html_table(title, rows)
    page.encode()
    shown = Shown(page)
    assert shown.tags == ["table", "caption", *["tr", "th", "td"] * len(rows)]
    texts = [title, *(text for row in rows for text in row)]
    # A parser takes \r\n for one line's end.
    assert "".join(shown.texts).replace("\r", "") == "".join(texts).replace("\r", "")


def test_what_is_long_is_cut():
    page = html_table("t" * 10_000, ((f"{n}" * 1000, "<" * 10_000) for n in range(1000)))
    assert len(page) < 100_000
    assert "and 940 more" in page


def test_halves_of_characters():
    assert "\\udc80" in html_table("\udc80", [])
