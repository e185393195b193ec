"""Form, route and release in the words of product names."""

from __future__ import annotations

import re

_ROUTES = (
    ("intrathecal", "intrathecal"),
    ("sublingual", "sublingual"),
    ("buccal", "buccal"),
    ("ophthalmic", "ophthalmic"),
    ("otic", "otic"),
    ("nasal", "nasal"),
    ("rectal", "rectal"),
    ("vaginal", "vaginal"),
    ("transdermal", "transdermal"),
    ("topical", "topical"),
    ("inhalation", "inhalation"),
    ("inhaler", "inhalation"),
    ("oral", "oral"),
)
_FORMS = (
    ("tablet", "tablet"),
    ("capsule", "capsule"),
    ("auto-injector", "injection"),
    ("prefilled syringe", "injection"),
    ("pen injector", "injection"),
    ("cartridge", "injection"),
    ("injection", "injection"),
    ("injectable", "injection"),
    ("metered dose inhaler", "inhaler"),
    ("dry powder inhaler", "inhaler"),
    ("inhaler", "inhaler"),
    ("transdermal", "patch"),
    ("patch", "patch"),
    ("suppository", "suppository"),
    ("enema", "enema"),
    ("cream", "cream"),
    ("ointment", "ointment"),
    ("lotion", "lotion"),
    ("shampoo", "shampoo"),
    ("foam", "foam"),
    ("gel", "gel"),
    ("spray", "spray"),
    ("suspension", "suspension"),
    ("solution", "solution"),
    ("syrup", "solution"),
    ("elixir", "solution"),
    ("liquid", "liquid"),
    ("granules", "granules"),
    ("powder", "powder"),
    ("lozenge", "lozenge"),
    ("film", "film"),
    ("implant", "implant"),
    ("ring", "ring"),
    ("pad", "pad"),
    ("pack", "pack"),
    ("kit", "pack"),
)
_LOCAL = {"cream", "ointment", "lotion", "shampoo", "foam", "gel", "pad"}


def describe_form(text: str) -> tuple[str, str, str]:
    """Form, route and release that the words of a product name say, each "" if they do not.

    >>> describe_form("24 HR metoprolol succinate 100 MG Extended Release Oral Tablet")
    ('tablet', 'oral', 'modified')
    """
    low = text.casefold()
    form = next((value for word, value in _FORMS if word in low), "")
    route = next((value for word, value in _ROUTES if re.search(rf"\b{word}\b", low)), "")
    if not route and form in {"tablet", "capsule"}:
        route = "oral"
    if not route and form in _LOCAL:
        route = "topical"
    release = ""
    if re.search(r"extended[ -]release|\b(?:12|24) hr\b|sustained|modified[ -]release", low):
        release = "modified"
    elif re.search(r"delayed[ -]release|enteric", low):
        release = "delayed"
    elif form in {"tablet", "capsule"} and route == "oral":
        release = "immediate"
    return form, route, release
