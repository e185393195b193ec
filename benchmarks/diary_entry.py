"""How long an entry of the diary takes: a whole one, on a phone of 360 by 640, with touches at a person's pace.

    python benchmarks/diary_entry.py

Pace: a touch takes what Fitts' law gives for a finger on a phone (a = 0.2 s, b = 0.15 s a bit, by the distance on the screen and the key's size), after a
second to read each new question; scrolling takes 0.5 s a flick. The page is opened cold. Printed beside it: the same without any pause, the machine's own time.
"""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import httpx
from playwright.sync_api import sync_playwright

from diary_service import ASKED, Clock, house_in, served

READ, FLICK, A, B = 1.0, 0.5, 0.2, 0.15
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
KEYS: list[tuple[str, list[tuple[str, str]]]] = [
    ("How many spasms?", [("button", "One spasm more")] * 3),
    ("How stiff", [("radio", "4")]),
    ("Baclofen", [("radio", "As planned")]),
    ("Tizanidine", [("radio", "None")]),
    ("your sleep", [("radio", "2")]),
    ("How sleepy", [("radio", "3")]),
    ("Did you fall?", [("button", "No fall")]),
]


def entry(page: Any, link: str, pace: float) -> tuple[float, int]:
    """Seconds from opening the link to the word that it was sent, and the touches."""
    begun, touches = time.perf_counter(), 0
    at = (180.0, 500.0)  # where the thumb rests

    def touch(target: Any) -> None:
        nonlocal at, touches
        box = target.bounding_box()
        if box["y"] < 0 or box["y"] + box["height"] > 600:
            time.sleep(FLICK * pace)
            target.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
            box = target.bounding_box()
        to = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        far = math.dist(at, to)
        time.sleep(pace * (A + B * math.log2(1 + far / min(box["width"], box["height"]))))
        page.touchscreen.tap(*to)
        at, touches = to, touches + 1

    page.goto(link)
    page.get_by_role("button", name="Done").wait_for()
    for group, keys in KEYS:
        time.sleep(READ * pace)
        for role, name in keys:
            touch(page.get_by_role("group", name=group).get_by_role(role, name=name, exact=True))
    time.sleep(READ * pace)
    touch(page.get_by_role("button", name="Done"))
    page.get_by_text("Saved and sent to your team.").wait_for()
    return time.perf_counter() - begun, touches


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        house = house_in(Path(folder), Clock())
        with served(house) as base:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            took = []
            for name, pace in (("machine alone", 0.0), ("a person's pace", 1.0)):
                link = httpx.post(f"{base}/diaries", json=ASKED).json()["link"]
                code = link.partition("#")[2]
                context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
                seconds, touches = entry(context.new_page(), f"{base}/diary/#{code}", pace)
                context.close()
                took.append(seconds)
                print(f"{name}: {seconds:.1f} s for {touches} touches, seven questions and Done")
            machine, human = took
            print(f"a person's pace, less the machine's own time: {human - machine:.1f} s")
            browser.close()
        house.store.close()


if __name__ == "__main__":
    main()
