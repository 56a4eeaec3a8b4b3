"""The page's file: text that means harm, size, and what it says about where it may look."""

import re
from html.parser import HTMLParser

import pytest

from erasepro.errors import UserError
from erasepro.report.web_page.web_page import SIGN, PageContent, render_page
from tests.report.web_page.pages import make_content, make_group


class Elements(HTMLParser):
    """Names of all elements, and every attribute."""

    def __init__(self, page):
        super().__init__()
        self.names, self.attributes, self.texts = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append(data)


def test_text_that_means_harm_is_text(tmp_path):
    page = render_page(make_content(tmp_path))
    elements = Elements(page)
    assert elements.names.count("script") == 1
    assert "\u202e" not in page
    assert any("<script>document" in text for text in elements.texts)
    assert not [name for name, _ in elements.attributes if name.startswith("on")]
    assert page.splitlines()[1] == SIGN


def test_it_needs_no_network_and_is_the_same_each_time(tmp_path):
    content = make_content(tmp_path)
    page = render_page(content)
    links = [value for name, value in Elements(page).attributes if name in ("src", "href", "action")]
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert set(re.findall(r"url\(([a-z]+):", page)) == {"data"}
    assert "default-src 'none'" in page
    assert render_page(content) == page


def test_numbers_keep_what_they_are_sorted_by(tmp_path):
    page = render_page(make_content(tmp_path))
    assert 'data-number="12.0"' in page
    assert '<td class="num" data-number="-3.0"><b>-3.00</b></td>' in page


@pytest.mark.ci_slow
def test_pictures_become_smaller_and_then_fewer_until_the_page_fits(tmp_path):
    content = PageContent("t", "s", "c", groups=[make_group(tmp_path / "g", models=("a", "b"), rows=6, size=256)])
    whole = render_page(content)
    bare = len(render_page(PageContent("t", "s", "c")).encode())
    for share in (2, 8, 80):
        limit = bare + (len(whole.encode()) - bare) // share
        page = render_page(content, limit)
        assert bare < len(page.encode()) <= limit
    assert page.count('class="pic ') < whole.count('class="pic ')
    with pytest.raises(UserError, match="The page without a picture has"):
        render_page(content, bare - 2000)
    with pytest.raises(UserError, match="do not fit in"):
        render_page(content, bare + 3000)


def test_what_is_sensitive_is_blurred_and_its_prompt_folded_or_not_in_the_file_at_all(tmp_path):
    secret = make_group(tmp_path / "g", "secret", models=("uce",), is_sensitive=True)
    content = PageContent("t", "s", "c", groups=[secret])
    page = render_page(content)
    assert 'class="card group sensitive"' in page
    assert page.count("show the prompt") == len(secret.rows)
    hidden = render_page(content, blurred=True)
    assert "a picture, 0" not in hidden
    assert len(hidden) < len(page) / 2  # noise that is averaged away needs few bytes
