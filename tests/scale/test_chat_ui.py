# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The chat in the browser, in a real one without a window."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from serve_example import served
from stand_in import STALL, Answer, StandIn
from wire import event, events

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PICTURE = Path(__file__).parents[2] / "docs" / "chat_ui.png"
QUESTION = "When does the ferry to Gull Island leave?"

pytestmark = pytest.mark.skipif(not BROWSER, reason="needs Chromium: `apt-get install chromium`")


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn() as started:
        yield started


@pytest.fixture(scope="module")
def url(server: StandIn) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENROUTER_API_KEY", "sk-or-test-key")
        with served("chat_ui", server.url) as url:
            yield url


@pytest.fixture(scope="module")
def pages(url: str) -> Iterator[list[Page]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield [browser.new_page(viewport={"width": 900, "height": 640})]
        browser.close()


@pytest.fixture
def page(pages: list[Page], url: str) -> Page:
    pages[0].set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    pages[0].goto(url, wait_until="domcontentloaded")
    return pages[0]


def ask(page: Page, question: str) -> None:
    page.get_by_placeholder("Ask something").fill(question)
    page.get_by_placeholder("Ask something").press("Enter")


def test_the_picture(page: Page, server: StandIn):
    detail = {"type": "reasoning.text", "text": "The timetable names two ferries.", "index": 0}
    text = "At nine and at three. In winter, only at nine, and not on Sundays."
    server.script(Answer.sse(events({"reasoning_details": [detail]}, {"content": text})))
    ask(page, QUESTION)
    expect(page.locator("small")).to_have_text("Groq · 0.000120 USD")
    expect(page.get_by_text("The timetable names")).to_have_count(0)
    taken = page.screenshot(animations="disabled")
    if os.environ.get("TAKE_PICTURE"):
        PICTURE.write_bytes(taken)
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert max(len(taken), PICTURE.stat().st_size) < 150_000


def test_a_reply_with_its_reasoning_provider_and_cost(page: Page):
    ask(page, QUESTION)
    expect(page.get_by_text(f"You said: {QUESTION}")).to_be_visible()
    expect(page.locator("small")).to_have_text("Stand-in · 0.000039 USD")
    expect(page.get_by_label("Spent")).to_have_value("0.000159 USD")  # with that of the picture
    thought = page.get_by_text("The stand-in does not think")
    expect(thought).to_be_hidden()
    page.get_by_text("Reasoning", exact=True).click()
    expect(thought).to_be_visible()


def test_another_model_and_a_conversation(page: Page, server: StandIn):
    page.get_by_label("Model").click()
    option = page.get_by_role("option", name="stand-in/sharp-eyes · 0.60 / 2.40 USD per million · 262k tokens")
    option.click()
    server.requests.clear()
    ask(page, "First")
    expect(page.locator("small")).to_have_count(1)
    ask(page, "Second")
    expect(page.locator("small")).to_have_count(2)
    first, second = (request.body for request in server.requests)
    assert first["model"] == second["model"] == "stand-in/sharp-eyes"
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    assert second["messages"][1]["reasoning_details"]


def test_stop_closes_the_stream(page: Page, server: StandIn):
    server.script(Answer.sse([event({"content": "Once upon"}), STALL]))
    ask(page, "Tell me a long story.")
    expect(page.get_by_text("Once upon")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    assert server.wait_for_disconnect(timeout=30)
    expect(page.locator("small")).to_have_text("Stopped")
    ask(page, "And now?")
    expect(page.locator("small").last).to_contain_text("Stand-in · ")


def test_an_error_is_shown(page: Page, server: StandIn):
    server.script(Answer.error(402, "Insufficient credits"))
    ask(page, "Hi")
    expect(page.locator("small")).to_contain_text("add credits at https://openrouter.ai/settings/credits")
