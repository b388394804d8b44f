"""The camera of a counter reads a code."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import segno
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.chainlogs import Chain
from tests.perks.stage import Desk, Telephone, a_token, bath, counts
from tests.perks.test_browser import TABLET, open_counter
from tests.visiting import launched, program, visiting

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def noon() -> None:
    """The browser's clock is real, and so is the town's here."""


CAMERAS = """
window.cameras = [];
const open = navigator.mediaDevices && navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
if (open) navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  window.cameras.push(...stream.getTracks());
  return stream;
};
"""


def test_a_camera_reads_the_code_without_a_detector_of_the_browser(
    app: Flask, browser: Browser, tmp_path: Path, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    """Chromium is given a film in place of a camera: a telephone's screen held before it."""
    token_id = a_token(chain, hana, bath(desk))
    film = filmed(Telephone(token_id, hana).shows(), tmp_path / "camera.y4m")
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    executable = program()
    assert executable is not None, "the browser fixture found one"
    with (
        launched(browser.browser_type, executable, *camera, f"--use-file-for-fake-video-capture={film}") as filming,
        visiting(filming, live_server, viewport=TABLET) as page,
    ):
        page.add_init_script(CAMERAS)
        open_counter(page, desk)
        begin, end = (page.get_by_role("button", name=name) for name in ("カメラで読み取る", "カメラを止める"))
        begin.evaluate("it => { it.focus(); it.click(); it.click() }")
        expect(page.locator("[data-headline]")).to_have_text("OK 本日1回目", timeout=20_000)
        expect(end).to_be_focused()
        end.press("Enter")
        expect(begin).to_be_focused()
        assert page.evaluate("cameras.map(camera => camera.readyState)") == ["ended"]  # pressed twice, it was one
    assert [used for _, used, _ in counts(token_id)] == [1]


def filmed(text: str, path: Path) -> Path:
    """One second of film (YUV4MPEG2) with the code in its middle."""
    width, height = 640, 480
    picture = Image.new("L", (width, height), 200)
    code = io.BytesIO()
    segno.make(text, error="l", boost_error=False, micro=False).save(code, kind="png", scale=6, border=4)
    drawn = Image.open(code).convert("L")
    picture.paste(drawn, ((width - drawn.width) // 2, (height - drawn.height) // 2))
    grey = bytes([128]) * (width * height // 2)
    frame = b"FRAME\n" + picture.tobytes() + grey
    path.write_bytes(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10)
    return path
