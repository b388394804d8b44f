"""What a screen reader would be told of an open page that changes by itself."""

from __future__ import annotations

from playwright.sync_api import Page, Response

_LISTEN = """() => {
  window.heard = [];
  const live = '[aria-live], [role=status], [role=alert]';
  const told = (node) => {
    const region = (node.nodeType === 1 ? node : node.parentElement)?.closest(live);
    return region && region.ariaLive !== 'off' && !node.parentElement.closest('noscript, [hidden]');
  };
  new MutationObserver((changes) => {
    const added = (change) => (change.type === 'characterData' ? [change.target] : [...change.addedNodes]);
    const words = changes.flatMap(added).filter(told).map((node) => node.textContent.trim().replace(/\\s+/g, ' '));
    window.heard.push(...words);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def listen(page: Page) -> None:
    page.evaluate(_LISTEN)


def heard(page: Page) -> list[str]:
    """All that was new in a live region since listen(): a region that is put in anew is told whole."""
    found: list[str] = page.evaluate("window.heard.filter(Boolean)")
    return found


def asked_again(page: Page, times: int) -> None:
    """The part of the page that asks for itself has done so and has been shown."""

    def part(response: Response) -> bool:
        return response.request.headers.get("hx-request") == "true"

    for _ in range(times):
        with page.expect_response(part):
            pass
    page.evaluate("new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))")
