"""Ingredients of the public lists: base substances, their salts and their codes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relaxant.medicines.building.sources import read_rows
from relaxant.medicines.spelling import name_key, normalise_text

Set = frozenset[str]
LEADING_SIZE = re.compile(r"^(?:(?:NDA|ANDA|BLA)\d+ |[\d.]+ (?:HR|ML|ACTUAT|MG|L|SQCM|UNT|MCI|DAY) )+")
BOTANICAL = re.compile(
    r"\b(?:pollen|leaf|leaves|root|seed|extract|bark|whole|flower|flowering|wood|allergenic|venom|fruit|hair|"
    r"top|bulb|rhizome|rhizoma|twig|bud|nut|herb|juice|oil|wax|resin|spore|fungus|feather|dander|smut|rust|"
    r"meal|powder|peel|stem|needle|cone|berry|antigen|serotype|strain)\b",
    re.I,
)
INERT = {"inert ingredients", "inert"}


def read_ingredients(data: Path, hand: dict[str, Any]) -> Ingredients:
    """The ingredients of the lists under ``data`` and of the hand-kept names."""
    known = Ingredients(data, hand)
    known.read_rxnorm()
    known.read_unii()
    known.read_precise_ingredients()
    known.read_missing_a()
    return known


class Ingredients:
    """The ingredients while they are read: their names, codes and salts."""

    def __init__(self, data: Path, hand: dict[str, Any]) -> None:
        self.data = data
        self.hand = hand
        self.salts = (set(hand["salts"].split()) | set(hand["rare_salts"].split())) - {"acid"}
        self.spellings: dict[str, str] = dict(hand["salt_spellings"])
        self.rxcui: dict[str, str] = {}
        self.unii: dict[str, str] = {}
        self.base_of_key: dict[str, str] = {}
        self.base_of_unii: dict[str, str] = {}
        self.concepts: dict[str, tuple[str, str, str]] = {}
        self.report: list[str] = []

    def key(self, text: str) -> str:
        return name_key(text, self.spellings)

    def add_ingredient(self, name: str, rxcui: str = "", unii: str = "") -> str:
        name = re.sub(r"\s+", " ", normalise_text(name)).strip().casefold()
        if rxcui:
            self.rxcui.setdefault(name, rxcui)
        if unii:
            self.unii.setdefault(name, unii)
            self.base_of_unii.setdefault(unii, name)
        self.rxcui.setdefault(name, "")
        self.unii.setdefault(name, "")
        self.base_of_key.setdefault(self.key(name), name)
        return name

    def read_rxnorm(self) -> None:
        for rxcui, tty, name, unii in read_rows(self.data / "rxnorm/concepts.tsv.gz"):
            self.concepts[rxcui] = (tty, name, unii)
        self.up: dict[str, list[str]] = defaultdict(list)
        self.down: dict[str, list[str]] = defaultdict(list)
        for parent, child, _ in read_rows(self.data / "rxnorm/edges.tsv.gz"):
            self.up[child].append(parent)
            self.down[parent].append(child)
        for rxcui, (tty, name, unii) in sorted(self.concepts.items()):
            if tty == "IN" and name.casefold() not in INERT:
                self.add_ingredient(name, rxcui, unii)
        for item in self.hand["ingredients"]:
            self.add_ingredient(item["name"])

    def read_unii(self) -> None:
        self.unii_names: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.unii_of_name: dict[str, str] = {}
        self.unii_display: dict[str, str] = {}
        for name, kind, unii, display in read_rows(self.data / "unii/names_of_bn_cn.tsv.gz"):
            self.unii_names[unii].append((name, kind))
            self.unii_display[unii] = display
            plain = re.sub(r"\s*\[[^\]]*\]$", "", name).casefold()
            if kind == "of" or plain not in self.unii_of_name:
                self.unii_of_name[plain] = unii
        for unii, display in self.unii_display.items():
            self.unii_of_name[display.casefold()] = unii
        for item in self.hand["ingredients"]:
            wanted = item["unii_name"].casefold()
            name = item["name"].casefold()
            if not wanted or self.unii.get(name):
                continue
            unii = self.unii_of_name.get(wanted, "")
            if not unii:
                self.report.append(f"names.yaml: UNII has no {item['unii_name']}")
                continue
            self.add_ingredient(name, unii=unii)

        for group in self.hand["same"]:
            for other, name in group["is"].items():
                low = name.casefold()
                if low not in self.rxcui:
                    self.add_ingredient(low, unii=self.unii_of_name.get(low, ""))
                self.base_of_key[self.key(other)] = low
                unii = self.unii_of_name.get(other.casefold(), "")
                if unii:
                    self.base_of_unii.setdefault(unii, low)

        tags = re.compile(r"\[([^\]]*)\]$")
        self.named_medicine = {
            unii
            for unii, rows in self.unii_names.items()
            if (marks := {m[1] for n, _ in rows if (m := tags.search(n))})
            and {"INN", "USAN", "JAN", "EMA EPAR"} & marks
            and {"WHO-DD", "MART."} & marks
        }
        self.hand_ingredients = {item["name"].casefold() for item in self.hand["ingredients"]}

    def is_medicine(self, ingredient: str) -> bool:
        """Whether people are given it: RxNorm, an international name in use, or the hand-kept list says so."""
        return bool(
            self.rxcui.get(ingredient)
            or ingredient in self.hand_ingredients
            or self.unii.get(ingredient) in self.named_medicine
        )

    def read_precise_ingredients(self) -> None:
        """Salts to their ingredient through the components they share; botulinum products stay apart."""
        apart = [item["name"].casefold() for item in self.hand["apart"]]
        self.pin: dict[str, str] = {}
        for rxcui, (tty, name, unii) in sorted(self.concepts.items()):
            if tty != "PIN":
                continue
            low = name.casefold()
            kept = next((a for a in apart if low == a or low.startswith(a + "-")), None)
            if kept is not None:
                base = self.add_ingredient(kept, rxcui, unii)
            else:
                bases = Counter(
                    self.concepts[p][1].casefold()
                    for c in self.down.get(rxcui, ())
                    for p in self.up.get(c, ())
                    if self.concepts[p][0] == "IN"
                )
                base = bases.most_common(1)[0][0] if bases else self.add_ingredient(name, rxcui, unii)
            self.pin[rxcui] = base
            self.base_of_key.setdefault(self.key(name), base)
            if unii:
                self.base_of_unii.setdefault(unii, base)
        for name in apart:
            if name not in self.rxcui:
                self.add_ingredient(name, unii=self.unii_of_name.get(name, ""))

    def without_salt(self, key: str) -> Iterator[str]:
        words = key.split()
        while len(words) > 1 and words[-1] in self.salts:
            words.pop()
            yield " ".join(words)

    def read_missing_a(self) -> None:
        """Ingredients that begin with A, from the 2014 list, the component names and UNII."""
        rows = list(read_rows(self.data / "rxnorm/ingredients_A_2014.tsv"))
        known = {self.key(name): (rxcui, unii) for rxcui, name, _, unii, *_ in rows if "/" not in name}
        whole = {"aluminum", "aluminium", "ammonium", "antimony"}

        def base(name: str, display: str) -> str:
            key = self.key(name)
            if key in self.base_of_key:
                return self.base_of_key[key]
            for shorter in self.without_salt(key):
                if shorter in whole:
                    break
                if shorter in self.base_of_key:
                    return self.base_of_key[shorter]
                if shorter in known or shorter in self.unii_of_name:
                    rxcui, unii = known.get(shorter, ("", ""))
                    unii = unii or self.unii_of_name.get(shorter, "")
                    return self.add_ingredient(shorter, rxcui, unii)
            rxcui, unii = known.get(key, ("", ""))
            return self.add_ingredient(display, rxcui, unii or self.unii_of_name.get(display.casefold(), ""))

        self.a_brand: dict[str, tuple[str, str]] = {}
        self.a_rx: dict[str, Set] = {}
        for rxcui, name, _src, unii, display, _ in rows:
            low = name.casefold()
            if "/" in name or ("NDFRT" not in _src and BOTANICAL.search(f"{name} {display}")):
                continue
            if not unii:
                unii = self.unii_of_name.get(low, "")
                display = self.unii_display.get(unii, "")
            if not display:
                display = name
            first = low.split()[0].rstrip(",")
            generic = first[:5] == display.casefold()[:5] or any(
                re.sub(r"\s*\[[^\]]*\]$", "", n).casefold() == low and k in {"of", "cn"}
                for n, k in self.unii_names.get(unii, ())
            )
            if generic:
                found = base(name if first[:4] == display.casefold()[:4] else display, name)
                self.base_of_key.setdefault(self.key(name), found)
            else:
                found = base(display, display.casefold())
                self.a_brand[name] = (rxcui, found)
            if unii:
                self.base_of_unii.setdefault(unii, found)
            self.a_rx[rxcui] = frozenset({found})
        for rxcui, name, *_ in rows:
            if "/" in name:
                parts = [self.ingredient_of(p) for p in name.split("/")]
                if all(parts):
                    self.a_rx[rxcui] = frozenset(p for p in parts if p)
        for rxcui, name, _ in read_rows(self.data / "rxnorm/other_codes.tsv"):
            if re.fullmatch(r"[A-Za-z]+", name) and self.ingredient_of(name):
                found_name = self.ingredient_of(name)
                assert found_name
                if not self.rxcui.get(found_name) and self.key(name) == self.key(found_name):
                    self.rxcui[found_name] = rxcui

    def ingredient_of(self, text: str) -> str | None:
        """The base ingredient that a substance or component name stands for, or None."""
        key = self.key(text)
        if key.startswith("anhydrous ") and key not in self.base_of_key:
            key = key.removeprefix("anhydrous ")
        if key in self.base_of_key:
            return self.base_of_key[key]
        unii = self.unii_of_name.get(text.casefold())
        if unii and unii in self.base_of_unii:
            return self.base_of_unii[unii]
        for shorter in self.without_salt(key):
            if shorter in self.base_of_key:
                return self.base_of_key[shorter]
        return None

    def ingredient_or_new(self, substance: str) -> str:
        """The base ingredient of a substance, added under its name without the salt if it is new."""
        found = self.ingredient_of(substance)
        if found is not None:
            return found
        unii = self.unii_of_name.get(substance.casefold(), "")
        for shorter in self.without_salt(self.key(substance)):
            if len(shorter) > 5 and shorter in self.unii_of_name:
                base = self.add_ingredient(shorter, unii=self.unii_of_name[shorter])
                if unii:
                    self.base_of_unii.setdefault(unii, base)
                return base
        return self.add_ingredient(substance, unii=unii)

    def component(self, text: str) -> str | None:
        """The ingredient of "NDA020800 0.3 ML abuse-deterrent morphine sulfate": the longest known ending."""
        words = LEADING_SIZE.sub("", text).split()
        for i in range(len(words)):
            found = self.ingredient_of(" ".join(words[i:]))
            if found:
                return found
        return None

    def in_of(self, scdc: str) -> str:
        for p in self.up.get(scdc, ()):
            if self.concepts[p][0] == "IN":
                return self.concepts[p][1].casefold()
        for p in self.up.get(scdc, ()):
            if self.concepts[p][0] == "PIN":
                return self.pin[p]
        return ""

    def sets_from_text(self, text: str) -> list[Set]:
        result = []
        for alternative in text.split(" | "):
            parts = []
            for part in alternative.split(" + "):
                part = part.strip().casefold()
                found = part if part in self.rxcui else self.ingredient_of(part)
                if found is None:
                    unii = self.unii_of_name.get(part, "")
                    if not unii:
                        self.report.append(f"names.yaml: no ingredient called {part}")
                        return []
                    found = self.base_of_unii.get(unii) or self.ingredient_or_new(part)
                parts.append(found)
            result.append(frozenset(parts))
        return result
