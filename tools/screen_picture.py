"""Takes the picture of the README's screen: `python tools/screen_picture.py` (needs chromium and playwright). Its numbers are those of the README's command."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from relaxant.cohort.screen import screen
from relaxant.cohort.synthesize import synthesize
from relaxant.knowledge.load import load_knowledge

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "screen.png"
PEOPLE, SEED = 20_000, 1
SIZE = {"width": 1000, "height": 1300}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        synthesize(folder / "registry", PEOPLE, SEED, load_knowledge())
        made = screen(folder / "registry", folder / "screened")
        page = folder / "screened" / "summary.html"
        text = page.read_text(encoding="utf-8").replace(made.source, "registry")  # as the command names it
        page.write_text(text, encoding="utf-8")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"]
            )
            view = browser.new_page(viewport=SIZE, color_scheme="light")
            view.goto(page.as_uri())
            view.screenshot(path=PICTURE)
            browser.close()


if __name__ == "__main__":
    main()
