"""What a code stands for: RxNorm, NDC, ATC and UNII, each looked up in the dictionary."""

from __future__ import annotations

import re

from relaxant.medicines.dictionary import Dictionary, Entry, alternatives_of, open_dictionary, remember
from relaxant.medicines.spelling import normalise_text

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"
ATC = "http://www.whocc.no/atc"
UNII = "http://fdasis.nlm.nih.gov"

_SYSTEMS = {
    RXNORM: "rxnorm",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "rxnorm": "rxnorm",
    NDC: "ndc",
    "urn:oid:2.16.840.1.113883.6.69": "ndc",
    "ndc": "ndc",
    ATC: "atc",
    "urn:oid:2.16.840.1.113883.6.73": "atc",
    "atc": "atc",
    UNII: "unii",
    "urn:oid:2.16.840.1.113883.4.9": "unii",
    "unii": "unii",
}

_PRODUCT = "p.set_ids, p.strength, p.form, p.release, p.route, p.brand, p.label"


def _product(d: Dictionary, row: tuple[str, str, str, str, str, str, str]) -> Entry:
    sets, strength, form, release, route, brand, label = row
    return Entry(
        kind="product",
        label=label,
        alternatives=alternatives_of(d, sets),
        brand=brand or None,
        form=form or None,
        strength=strength or None,
        release=release or None,
        route=route or None,
    )


def ndc_readings(code: str) -> tuple[str, ...]:
    """Each 11-digit form that an NDC as written can mean; 9 digits when no package is given.

    Hyphens settle it (4-4-2, 5-3-2, 5-4-1, 5-4-2, or labeler-product alone); eleven plain digits are
    taken as they are; ten plain digits have three readings.

    >>> ndc_readings("0573-0164-40")
    ('00573016440',)
    >>> len(ndc_readings("0573016440"))
    3
    """
    text = normalise_text(code).strip()
    if text[:3].casefold() == "ndc":
        text = text[3:].strip(" :")
    if not re.fullmatch(r"[0-9]+(?:-[0-9]+){0,2}", text):
        return ()
    parts = text.split("-")
    shape = tuple(len(p) for p in parts)
    if shape in {(4, 4, 2), (5, 3, 2), (5, 4, 1), (5, 4, 2)}:
        return (parts[0].zfill(5) + parts[1].zfill(4) + parts[2].zfill(2),)
    if shape in {(4, 4), (5, 3), (5, 4)}:
        return (parts[0].zfill(5) + parts[1].zfill(4),)
    if shape == (11,):
        return (text,)
    if shape == (10,):
        return ("0" + text, text[:5] + "0" + text[5:], text[:9] + "0" + text[9:])
    return ()


def _lookup_ndc(d: Dictionary, code: str) -> Entry | None:
    found: list[Entry] = []
    for reading in ndc_readings(code):
        row = None
        if len(reading) == 11:
            row = d.connection.execute(
                f"SELECT {_PRODUCT} FROM ndc11 n JOIN product p ON p.id = n.product WHERE n.code = ?",
                (int(reading),),
            ).fetchone()
        if row is None:
            row = d.connection.execute(
                f"SELECT {_PRODUCT} FROM ndc9 n JOIN product p ON p.id = n.product WHERE n.code = ?",
                (int(reading[:9]),),
            ).fetchone()
        if row is not None:
            found.append(_product(d, row))
    if not found or any(e.alternatives != found[0].alternatives for e in found):
        return None
    if len(found) == 1 or all(e == found[0] for e in found):
        return found[0]
    return Entry(kind="product", label=found[0].label, alternatives=found[0].alternatives)


def lookup_code(system: str, code: str, dictionary: Dictionary | None = None) -> Entry | None:
    """What a code stands for, or None when the code or its system is not known.

    `system` is a FHIR system (RxNorm, NDC, ATC, UNII), its OID, or its short name. An NDC of ten plain
    digits is answered only if every reading of it that is known agrees.
    """
    d = dictionary or open_dictionary()
    which = _SYSTEMS.get(system.strip().rstrip("/").casefold())
    code = code.strip()
    if which is None or not code or len(code) > 40:
        return None
    memo = which + ":" + code
    if memo in d.cache:
        return d.cache[memo]
    entry: Entry | None = None
    if which == "ndc":
        entry = _lookup_ndc(d, code)
    elif which == "rxnorm":
        if code.isascii() and code.isdigit() and len(code) <= 12:
            row = d.connection.execute(
                f"SELECT {_PRODUCT} FROM rx n JOIN product p ON p.id = n.product WHERE n.code = ?",
                (int(code),),
            ).fetchone()
            entry = _product(d, row) if row else None
    else:
        row = d.connection.execute(f"SELECT sets, label FROM {which} WHERE code = ?", (code.upper(),)).fetchone()
        if row:
            entry = Entry(kind="generic", label=row[1], alternatives=alternatives_of(d, row[0]))
    return remember(d, memo, entry)


def rxnorm_codes(dictionary: Dictionary | None = None) -> tuple[str, ...]:
    """Every RxNorm code that the dictionary knows, in the order of their numbers."""
    d = dictionary or open_dictionary()
    return tuple(str(code) for (code,) in d.connection.execute("SELECT code FROM rx ORDER BY code"))
