"""The page as a browser shows it: Chromium, headless, in light, dark and at a phone's width."""

import re
import shutil

import pytest

from erasepro.report.web_page.web_page import render_page
from tests.report.web_page.pages import HOSTILE, make_content

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.ci_slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")]
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join("");
    if (!text || !element.checkVisibility() || element.closest("script")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) bad.push(element.className + ": " + text.slice(0, 40));
  }
  return bad;
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    file = folder / "page.html"
    file.write_text(render_page(make_content(folder)), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def visit(browser, address):
    """Opens the page; whatever it says on the console, and whatever it asks the network for, fails the test."""
    complaints, contexts = [], []

    def go(scheme="light", width=1200):
        contexts.append(browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else complaints.append(r.url))
        page.goto(address)
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


def first_column(page):
    return page.locator("table[data-number] tbody tr:not([hidden]) th").all_inner_texts()


def test_tables_are_sorted_by_number_and_filtered(visit):
    page = visit()
    before = first_column(page)
    head = page.locator("table[data-number] thead button").nth(1)
    head.click()
    assert [name.split("<")[0] for name in first_column(page)] == ["oce", "erasepro", "", "uce", "rece"]
    head.press("Enter")  # with the keyboard, the other way round
    assert [name.split("<")[0] for name in first_column(page)] == ["rece", "uce", "", "erasepro", "oce"]
    head.click()
    assert first_column(page) == before
    page.locator("input[type=search]").fill("0.5 UCE")
    assert first_column(page) == ["uce"]
    assert page.locator(".count").first.inner_text() == "1 of 5 rows"
    page.locator("input[type=search]").fill("")
    assert first_column(page) == before


def test_text_that_means_harm_shows_as_text(visit):
    page = visit()
    written = HOSTILE.replace("\u202e", "\\u202e")
    assert page.title() == f"Study {written}"
    assert page.locator("h1").inner_text() == f"Study {written}"
    assert written in page.locator("table.pictures thead th").nth(3).inner_text()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 1200), ("light", 390), ("dark", 390)])
def test_every_text_can_be_read_and_nothing_is_wider_than_the_screen(visit, scheme, width):
    page = visit(scheme, width)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_theme_can_be_chosen(visit):
    page = visit("light")
    paper = "getComputedStyle(document.body).backgroundColor"
    seen = []
    for _ in range(3):
        page.locator("#theme").click()
        seen.append((page.locator("#theme").inner_text(), page.evaluate(paper)))
    light, dark, automatic = seen
    assert light == ("Theme: light", automatic[1])
    assert dark[0] == "Theme: dark"
    assert dark[1] != light[1]
    assert page.evaluate(CONTRAST) == []


def test_a_picture_is_compared_with_the_originals_by_pointer_and_by_keyboard(visit):
    page = visit()
    group = page.locator(".group").first
    picture = group.locator("tbody tr").first.locator(".pic").nth(1)
    peek = picture.locator(".peek")
    opacity = "element => getComputedStyle(element).opacity"
    assert peek.evaluate(opacity) == "0"
    picture.hover()
    assert peek.evaluate(opacity) == "1"
    picture.focus()
    picture.press("Enter")
    assert page.locator("#compare").is_visible()
    images = [page.locator(f"#compare-{name}").evaluate("e => e.style.backgroundImage") for name in ("original", "edited")]
    assert all(image.startswith('url("data:image/webp') for image in images)
    assert images[0] != images[1]
    assert page.locator("#compare-name").inner_text() == "erasepro: judge sees dog"
    page.keyboard.press("ArrowLeft")
    assert page.locator("#compare-name").inner_text() == "original: judge sees dog"
    page.keyboard.press("Escape")
    assert not page.locator("#compare").is_visible()


def test_prompts_and_models_can_be_chosen(visit):
    page = visit()
    page.locator("#role").select_option("retain")
    rows = page.locator("table.pictures tbody tr:not([hidden])")
    assert set(rows.evaluate_all("rows => rows.map((row) => row.dataset.role)")) == {"retain"}
    page.locator("summary", has_text="Models shown").click()
    page.get_by_label("erasepro", exact=True).uncheck()
    assert page.locator("table.pictures thead th:not([hidden])").count() == 2 * 3


def test_sensitive_pictures_are_blurred_until_one_is_clicked(visit):
    page = visit()
    row = page.locator(".sensitive tbody tr").first
    blur = "element => getComputedStyle(element).filter"
    assert all(re.match(r"blur\(1\dpx\)", text) for text in page.locator(".sensitive .pic").evaluate_all(
        "all => all.map((element) => getComputedStyle(element).filter)"
    ))  # fmt: skip
    assert not row.locator(".prompt").is_visible()
    row.locator(".pic").nth(1).hover()
    assert row.locator(".peek").first.evaluate("element => getComputedStyle(element).opacity") == "0"
    row.locator(".pic").nth(1).click()
    assert row.locator(".pic").nth(1).evaluate(blur) == "none"
    assert not page.locator("#compare").is_visible()
    assert page.locator(".sensitive tbody tr").nth(1).locator(".pic").first.evaluate(blur) != "none"
    row.locator(".pic").nth(1).click()
    assert page.locator("#compare").is_visible()
