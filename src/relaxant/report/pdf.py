"""A plan, and the sheet for the person, as PDF: tagged for screen readers (PDF/UA), with fonts of its own, the same bytes every time.

The pages are set by typst, which comes as a wheel with its fonts (``relaxant[pdf]``). It gets the words as data: whatever a label
holds, none of it is read as markup.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from relaxant.errors import InputError
from relaxant.report.plan_page import PlanView, Words
from relaxant.report.plan_words import together

_STANDARD: Final = "ua-1"


def plan_pdf(view: PlanView) -> bytes:
    """The plan as PDF. Raises :class:`InputError` where typst is not installed or its fonts lack a character."""
    plain = msgspec.to_builtins(msgspec.structs.replace(view, words={}))
    return set_pages("plan.typ", plain, view.head.as_of.timetuple()[:3], view.words["unusable"])


def set_pages(template: str, view: dict[str, Any], day: tuple[int, ...], words: Words) -> bytes:
    """The pages of a template with its data."""
    try:
        import typst
    except ImportError:
        raise InputError("format", "pdf", words["missing"], words["missing_do"].format(extra="pdf")) from None
    source = (Path(__file__).parent / template).read_bytes()
    text = together(msgspec.json.encode({**view, "day": day}).decode())
    try:
        return typst.compile(
            source, format="pdf", ignore_system_fonts=True, sys_inputs={"view": text}, pdf_standards=_STANDARD
        )
    except typst.TypstError as error:
        if "could not be displayed" in str(error):
            raise InputError("format", "pdf", words["font"], words["font_do"]) from None
        raise
