"""Hostile text: whatever a record says, in a card it stays text."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example as such
from hypothesis import given
from hypothesis import strategies as st

from cds import Desk, bundle, example, order, prefetched, sign, view
from relaxant.service.cds.markdown import escaped, linked, quoted

HOSTILE = (
    "![x](https://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "https://evil.example",
    "www.evil.example",
    "evil.example",
    "mail evil@evil.example",
    "`code` ``more``",
    "# heading\n\n- list\n| a | b |\n|---|---|",
    "a\u202eb\u0000c\u2028d",
    "]( <b> *bold* ~~gone~~ &lt; \\",
    "[x]: https://evil.example\n[x]",
    "```\nfence\n```",
    "<!-- comment -->",
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


def bare(markdown: str) -> str:
    """What of a detail a renderer would read: without what is escaped, code spans and our own sources, from left to right as a renderer takes them."""
    return re.sub(r"\\[\\`*_\[\]<>|~&#+\-=.)]|`[^`\n]+`(?!`)|\[[^\[\]\n]*\]\(<https?://[^<>\s]+>\)", "", markdown)


def harmless(card: dict[str, Any]) -> None:
    """Raises if a card holds markup, a link or an image that is not ours."""
    rest = bare(card["detail"])
    assert not re.search(r"[<>\[\]`~|]|!\[|://|www\.|@|\w\.[a-zA-Z]{2}", rest.replace("**Do:**", "")), rest
    for line in card["detail"].splitlines():
        assert not re.match(r"\s{0,3}(#|```|~~~|\||>|={3,}|-{3,})", line), line
    for text in (card["summary"], *(s["label"] for s in card.get("suggestions", ())), card["source"]["label"]):
        assert text.isprintable() and not re.search(r"[<>`]|evil", text), text
    assert all("evil" not in link["url"] for link in card["links"])


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_record_says_becomes_markup(desk: Desk, text: str) -> None:
    sent = copy.deepcopy(prefetched(example("ms-ckd-baclofen")))
    for name, ident in ((text, "h1"), (f"baclofen 10 mg {text}", "h2")):
        sent["medicationRequests"]["entry"].append({"resource": order(name, text, ident, status="active")})
    sent["conditions"]["entry"].append({"resource": {"resourceType": "Condition", "id": "c9", "code": {"text": text}, "subject": {"reference": "Patient/p1"}}})  # fmt: skip
    sent["allergies"] = bundle([{"resourceType": "AllergyIntolerance", "id": "a9", "patient": {"reference": "Patient/p1"}, "code": {"text": text}}])  # fmt: skip
    sent["patient"] |= {"name": [{"text": text}], "address": [{"text": text}]}
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": text, "diagnostics": text}]}
    sent["labs"] = outcome
    sent[text] = outcome
    orders = [order("tizanidine 4 mg tablet", "4 mg three times a day"), order(text, text, "draft2"), order(f"tizanidine {text}", text, "draft3")]  # fmt: skip
    calls = [sign(sent, orders), view(sent)]
    cards = [c for call in calls for c in desk.cards(call)]
    assert len(cards) >= 3
    for card in cards:
        harmless(card)


def test_a_hostile_order_is_named_in_a_code_span(desk: Desk) -> None:
    sent = prefetched(example("ms-ckd-baclofen"))
    [*_, card] = desk.cards(sign(sent, [order("![x](https://evil.example/p.png)", "1")]))
    assert "`![x](https://evil.example/p.png)`" in card["detail"]


@given(st.text(max_size=80))
def test_a_code_span_holds_anything(text: str) -> None:
    span = quoted(text)
    assert re.fullmatch(r"`[^`\n\r]*`", span) and span.isprintable()


@given(st.text(alphabet=st.sampled_from("ab [](){}<>!*_`~|#-+=.:/@\\&w1\n"), max_size=40))
@such("``*")
def test_escaped_text_means_itself(text: str) -> None:
    out = escaped(text)
    assert "\n" not in out
    rest = bare(out)
    assert not re.search(r"[*_\[\]<>|~`]|://|www\.|@", rest), (text, out)
    assert not re.match(r"(#|\+|-|=|\d+[.)])", rest) or out.startswith("`") or rest != out


def test_only_a_plain_address_is_linked() -> None:
    assert linked("a", "https://x.example/?q=1") == "[a](<https://x.example/?q=1>)"
    for url in ("javascript:alert(1)", "https://x.example/>)", "https://x.example/ y", None, "data:text/html,x"):
        assert linked("a", url) == "a"
