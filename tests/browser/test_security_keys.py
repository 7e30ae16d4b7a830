"""A security key in a real browser: enrolled on the page of sessions, used to sign in, removed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.served import PASSWORD, Site, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path, named=True) as running:
        yield running


@pytest.fixture
def page(site: Site) -> Iterator[Page]:
    """A page of a browser with a virtual key plugged in; what goes wrong on it fails the test."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox"])
        opened = browser.new_context(base_url=site.address, locale="zh-CN").new_page()
        opened.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        wire = opened.context.new_cdp_session(opened)
        wire.send("WebAuthn.enable")
        key = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
        wire.send("WebAuthn.addVirtualAuthenticator", {"options": key})
        yield opened
        browser.close()
    assert [one for one in complaints if "401" not in one] == []


def _password(page: Page, who: str) -> None:
    page.goto("/login")
    page.get_by_label("用户名").fill(who)
    page.locator("input[type=password]").fill(PASSWORD)


def test_a_judge_enrols_a_key_and_signs_in_with_it(site: Site, page: Page) -> None:
    _password(page, "judge1")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("button", name="退出").first).to_be_visible()
    page.goto("/me/sessions")
    page.get_by_label("给密钥起个名字").fill("办公桌")
    page.get_by_role("button", name="登记安全密钥").click()
    expect(page.get_by_text("安全密钥已启用")).to_be_visible()
    expect(page.get_by_text("办公桌", exact=True)).to_be_visible()
    page.context.clear_cookies()

    _password(page, "judge1")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_text("该账户已启用第二因素")).to_be_visible()

    _password(page, "judge1")
    page.get_by_role("button", name="用安全密钥登录").click()
    expect(page.get_by_role("button", name="退出").first).to_be_visible()
    page.goto("/me/sessions")
    expect(page.get_by_text("已验证第二因素").first).to_be_visible()
    page.get_by_role("button", name="移除").click()
    expect(page.get_by_text("安全密钥已移除")).to_be_visible()
