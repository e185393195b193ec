"""Pages of reference on the service: every one renders, every link leads somewhere, and nothing but knowledge decides what they say."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import msgspec
import pytest

from relaxant.evidence.comparison import compare
from relaxant.formulary.condition_page import conditions_spoken_of
from relaxant.formulary.finding_pages import find, names, near
from relaxant.formulary.leaves import agent_leaf, agents_leaf, condition_leaf, conditions_leaf, rule_leaf, rules_leaf
from relaxant.formulary.source_leaf import citing, source_leaf
from relaxant.knowledge.load import Knowledge
from relaxant.report.citations import Mark
from relaxant.report.compare.html import compare_html, compare_inside
from relaxant.report.compare.view import compare_view
from relaxant.report.reference.evidence_pages import evidence_leaves
from relaxant.report.reference.leaf import Grid, Items, Leaf, Paragraph, Run, Sentence, SourceList, Target, slug
from relaxant.report.reference.leaf_html import leaf_html
from relaxant.report.reference.leaf_markdown import leaf_markdown
from relaxant.service.app import service
from relaxant.service.house import House
from relaxant.service.measured import Measured
from relaxant.service.settings import Settings
from relaxant.service.store.store import open_store

VOID = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """A page as read: links, ids, headings, what a browser would refuse, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links, self.sheets, self.ids, self.tags = list[str](), list[str](), list[str](), Counter[str]()
        self.refused, self.open, self.words = list[str](), list[str](), list[str]()
        self.title, self.main = "", list[str]()
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.tags[tag] += 1
        if tag not in VOID and tag not in ("path", "rect", "line", "polygon"):
            self.open.append(tag)
        self.refused += [f"{tag} {name}" for name in said if name == "style" or name.startswith("on")]
        self.refused += [tag] if tag in ("script", "style", "iframe", "object") else []
        self.ids += [said["id"] or ""] if "id" in said else []
        if tag == "a":
            self.links.append(said["href"] or "")
        if tag == "link" and said["rel"] == "stylesheet":
            self.sheets.append(said["href"] or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("path", "rect", "line", "polygon"):
            return
        assert self.open and self.open[-1] == tag, f"{tag} closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if "main" in self.open:
            self.main.append(data)

    @property
    def text(self) -> str:
        return plain("".join(self.words))


def plain(text: str) -> str:
    """Text without what only lays it out."""
    return re.sub(r"\s+", " ", text.replace("\u2060", "")).strip()


@pytest.fixture(scope="module")
def house(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = Settings(folder=str(tmp_path_factory.mktemp("state")), rate=0)
    made = House(settings=settings, knowledge=knowledge, store=open_store(settings), measured=Measured())
    yield made
    made.store.close()


def ask(house: House, *paths: str, **headers: str) -> list[httpx.Response]:
    """The answers to some paths, one after the other, in the process itself."""

    async def all_of() -> list[httpx.Response]:
        app = httpx.ASGITransport(app=service(house.settings, house=house))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=app, base_url="http://service", headers=named) as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(all_of())


def page(house: House, path: str) -> Page:
    (answer,) = ask(house, path)
    assert answer.status_code == 200, (path, answer.text)
    return Page(answer.text)


# ---------------------------------------------------------------- the leaves: one view, drawn twice


def leaves(knowledge: Knowledge) -> list[Leaf]:
    cited = citing(knowledge)
    return [
        agents_leaf(knowledge),
        conditions_leaf(knowledge),
        rules_leaf(knowledge),
        *(agent_leaf(knowledge, a) for a in knowledge.agents),
        *(condition_leaf(knowledge, c) for c in conditions_spoken_of(knowledge)),
        *(rule_leaf(knowledge, r) for r in knowledge.rules),
        *(source_leaf(knowledge, s, cited) for s in knowledge.sources),
        *evidence_leaves(knowledge).values(),
    ]


def sentences(leaf: Leaf) -> Iterator[Sentence]:
    for block in (*leaf.lead, *(b for part in leaf.parts for b in part.blocks)):
        match block:
            case Paragraph():
                yield block.sentence
            case Items():
                yield from block.entries
            case Grid():
                yield from (cell for line in block.lines for cell in line)
            case SourceList():
                yield from (s for _, s in block.sources)


def test_what_a_leaf_says_stands_in_html_and_in_markdown(knowledge: Knowledge) -> None:
    words = knowledge.words("reference")
    for leaf in leaves(knowledge):
        drawn = Page(f"<main>{leaf_html(leaf, words=words, address=lambda t: f'/{t.kind}/{slug(t.name)}')}</main>").text
        written = leaf_markdown(leaf, made="", address=lambda t: t.name).replace("\\", "").replace("&lt;", "<")
        flat = plain(written)
        for part in leaf.parts:
            assert part.heading in drawn and part.heading in flat
        for sentence in sentences(leaf):
            for piece in sentence:
                said = f"[{piece.number}]" if isinstance(piece, Mark) else plain(piece.text)
                assert said in drawn, (leaf.target, said)
                assert plain(said.strip("[]")) in flat, (leaf.target, said)


def test_a_page_of_no_rule_or_agent_shows_a_slot(knowledge: Knowledge) -> None:
    for leaf in leaves(knowledge):
        said = [p.text for s in sentences(leaf) for p in s if isinstance(p, Run)]
        assert not [text for text in said if re.search(r"\{[a-z_]+\}", text)], leaf.target


def test_a_rule_names_its_relaxant_and_its_partner(knowledge: Knowledge) -> None:
    said = [
        p.text for s in sentences(rule_leaf(knowledge, "tizanidine-ciprofloxacin")) for p in s if isinstance(p, Run)
    ]
    assert any("Ciprofloxacin raises tizanidine" in text for text in said)


def test_markdown_keeps_what_would_mark_something() -> None:
    sentence = (
        Run("CYP2C19 *2/*2 | a_b _c_ <i>"),
        Run("1 mg", "strong"),
        Run(" see "),
        Run("x", url="https://e.example"),
    )
    leaf = Leaf(target=Target("rules", "x"), title="x", lead=(Paragraph(sentence),))
    assert (
        leaf_markdown(leaf, made="<!-- -->", address=lambda _: None)
        == "# x\n\n<!-- -->\n\nCYP2C19 \\*2/\\*2 \\| a_b \\_c\\_ &lt;i>**1 mg** see [x](https://e.example)\n"
    )


def test_html_escapes_every_text(knowledge: Knowledge) -> None:
    evil = '<script>alert("1")</script>'
    sentence = (Run(evil), Run(evil, "strong"), Run(evil, "code"), Run(evil, page=Target("rules", evil)), Mark(1, evil))
    blocks = (Paragraph(sentence), Grid(evil, (evil,), ((sentence,),)), SourceList(((evil, sentence),)))
    leaf = Leaf(target=Target("rules"), title=evil, lead=blocks)
    made = Page(str(leaf_html(leaf, words=knowledge.words("reference"), address=lambda t: f"/{t.name}")))
    assert made.tags["script"] == 0 and not made.refused


def test_evidence_that_could_not_be_pooled_here_says_so(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    assert evidence_leaves(knowledge)["outcomes"].lead == ()
    monkeypatch.setattr("relaxant.report.reference.evidence_pages.can_pool", lambda: False)
    said = leaf_markdown(evidence_leaves(knowledge)["outcomes"], made="", address=lambda _: None)
    assert knowledge.words("compare")["evidence"]["no_library"] in said


# ---------------------------------------------------------------- every page, every link


def internal(links: Sequence[str], at: str) -> list[str]:
    return [urljoin(at, link) for link in links if not urlsplit(link).netloc]


def test_every_page_renders_and_every_link_leads_somewhere(house: House) -> None:
    """From the lists on, all that is linked."""
    known = house.knowledge
    waiting = ["/agents", "/compare?agents=baclofen&agents=tizanidine", "/search?q=baclofen"]
    seen: dict[str, set[str]] = {}
    wanted: list[tuple[str, str, str]] = []
    while waiting:
        paths, waiting = list(dict.fromkeys(waiting)), []
        for path, answer in zip(paths, ask(house, *paths, accept="text/html"), strict=True):
            assert answer.status_code == 200, path
            if path.startswith("/static/") or path == "/diaries/style.css":
                assert answer.headers["content-type"].startswith("text/css")
                seen[path] = set()
                continue
            if path == "/":  # the review page, which has tests of its own
                seen[path] = set()
                continue
            got = Page(answer.text)
            seen[path] = set(got.ids)
            assert not got.refused, (path, got.refused)
            assert got.tags["h1"] == 1 and got.tags["main"] == 1, path
            assert len(got.ids) == len(set(got.ids)), (path, Counter(got.ids).most_common(2))
            for link in internal([*got.links, *got.sheets], path):
                to, _, anchor = link.partition("#")
                wanted.append((path, to or path, anchor))
                if to and to not in seen:
                    waiting.append(to)
        waiting = [path for path in waiting if path not in seen]
    for path, to, anchor in wanted:
        assert to in seen, (path, to)
        assert not anchor or anchor in seen[to], (path, to, anchor)
    reached = set(seen)
    assert {f"/agents/{slug(a)}" for a in known.agents} <= reached
    assert {f"/rules/{slug(r)}" for r in known.rules} <= reached
    assert {f"/conditions/{slug(c)}" for c in conditions_spoken_of(known)} <= reached
    assert {"/evidence", "/evidence/outcomes", "/evidence/trials", "/rules", "/conditions"} <= reached


def test_every_source_has_a_page_and_says_who_cites_it(house: House) -> None:
    known = house.knowledge
    got = page(house, "/sources/zanaflex-smpc-uk")
    assert "/agents/tizanidine" in got.links
    for source, targets in citing(known).items():
        assert source in known.sources and targets
    nobody = next(s for s in known.sources if s not in citing(known))
    assert known.words("reference")["source"]["none"] in page(house, f"/sources/{slug(nobody)}").text


# ---------------------------------------------------------------- headers


def test_what_a_cache_may_keep_is_asked_for_again(house: House) -> None:
    first, other = ask(house, "/agents/baclofen", "/agents/tizanidine")
    assert first.headers["cache-control"] == "public, no-cache"
    assert first.headers["etag"] != other.headers["etag"]
    (again,) = ask(house, "/agents/baclofen", if_none_match=f'"x", W/{first.headers["etag"]}')
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert ask(house, "/agents/tizanidine", if_none_match=first.headers["etag"])[0].status_code == 200
    assert ask(house, "/agents/no-such", if_none_match=first.headers["etag"])[0].status_code == 404


def test_a_tag_changes_with_the_knowledge_and_the_country_of_the_service(house: House) -> None:
    (here,) = ask(house, "/agents/baclofen")
    newer = msgspec.structs.replace(house, knowledge=msgspec.structs.replace(house.knowledge, sha256="0" * 64))
    there = msgspec.structs.replace(house, settings=msgspec.structs.replace(house.settings, country="UK"))
    tags = {here.headers["etag"], *(ask(h, "/agents/baclofen")[0].headers["etag"] for h in (newer, there))}
    assert len(tags) == 3


def test_a_search_and_what_is_not_there_are_kept_nowhere(house: House) -> None:
    for answer in ask(house, "/search?q=baclofen", "/agents/no-such", "/compare?agents=a&agents=b"):
        assert answer.headers["cache-control"] == "no-store" and "etag" not in answer.headers


def test_a_page_may_load_nothing_but_our_own_styles(house: House) -> None:
    (answer,) = ask(house, "/rules/tizanidine-ciprofloxacin")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    got = Page(answer.text)
    assert got.sheets and all(s.startswith("/static/reference/") for s in got.sheets)
    (sheet,) = ask(house, got.sheets[-1])
    assert "immutable" in sheet.headers["cache-control"] and ".of-reference" in sheet.text
    assert ask(house, "/static/reference/reference.html.j2")[0].status_code == 404
    assert ask(house, "/static/reference/..%2f..%2fapp.py")[0].status_code == 404


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(("path", "near_name"), [
    ("/agents/tizanidyne-tablet", "/agents/tizanidine"),
    ("/rules/tizanidine-ciprofloxacine", "/rules/tizanidine-ciprofloxacin"),
    ("/conditions/multiple_sclerosys", "/conditions/multiple_sclerosis"),
])  # fmt: skip
def test_an_unknown_name_is_404_with_the_nearest(house: House, path: str, near_name: str) -> None:
    (answer,) = ask(house, path)
    assert answer.status_code == 404
    assert near_name in Page(answer.text).links


def test_an_unknown_source_or_page_of_evidence_is_404(house: House) -> None:
    assert [a.status_code for a in ask(house, "/sources/no-such", "/evidence/no-such")] == [404, 404]


def test_a_brand_leads_to_its_relaxant(house: House) -> None:
    (answer,) = ask(house, "/agents/Zanaflex?country=UK")
    assert (answer.status_code, answer.headers["location"]) == (307, "/agents/tizanidine?country=UK")


def test_hostile_names_are_shown_as_text(house: House) -> None:
    evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    paths = (
        f"/search?q={evil}",
        f"/compare?agents={evil}&agents=baclofen",
        "/agents/%3Cscript%3E",
        "/search?q=" + "a%00" * 400,
    )
    for answer in ask(house, *paths):
        assert answer.status_code in (200, 404, 422)
        assert not Page(answer.text).refused


# ---------------------------------------------------------------- country


def test_the_country_is_shown_and_can_be_chosen(house: House) -> None:
    own, uk, every = (page(house, f"/agents/tizanidine{q}") for q in ("", "?country=UK", "?country=all"))
    assert "Labels shown: United States." in own.text and "Labels shown: United Kingdom." in uk.text
    assert "Zanaflex capsules" in own.text and "Zanaflex capsules" not in uk.text
    assert {s for s in ("US tablet", "UK tablet", "EU tablet") if s in every.text} == {
        "US tablet",
        "UK tablet",
        "EU tablet",
    }
    leads = [link for link in uk.links if link.startswith("/") and link not in ("/", "/diaries")]
    assert len(leads) > 10 and all(parse_qs(urlsplit(link).query)["country"] == ["UK"] for link in leads)
    assert not any("country=" in link for link in own.links)


def test_the_service_s_own_country_comes_first(house: House) -> None:
    there = msgspec.structs.replace(house, settings=msgspec.structs.replace(house.settings, country="DE"))
    got = page(there, "/agents/tizanidine")
    assert "Labels shown: DE (European Union)." in got.text and "EU tablet" in got.text and "US tablet" not in got.text
    assert "EU labels, for DE" in page(there, "/compare?agents=baclofen&agents=tizanidine").text


def test_a_country_that_nobody_knows_is_refused(house: House) -> None:
    (answer,) = ask(house, "/agents/tizanidine?country=XX")
    assert answer.status_code == 422 and answer.json()["field"] == "country"


# ---------------------------------------------------------------- comparisons


def test_a_comparison_says_what_the_standalone_page_says(knowledge: Knowledge, house: House) -> None:
    view = compare_view(
        compare(["baclofen", "tizanidine"], knowledge=knowledge), knowledge=knowledge, side_by_side=True
    )
    inside, alone = Page(f"<main>{compare_inside(view)}</main>"), Page(compare_html(view))
    banner = compare_html(view).split('<header class="banner">')[1].split("</main>")[0]
    assert inside.text == Page(f'<main><header class="banner">{banner.replace("<main>", "")}</main>').text
    assert alone.tags["style"] == 1 and inside.tags["style"] == 0
    assert inside.text in page(house, "/compare?agents=baclofen&agents=tizanidine").text


def test_names_come_from_forms_with_empty_choices_and_by_brand(house: House) -> None:
    got = page(house, "/compare?agents=Lioresal&agents=&agents=Zanaflex&agents=")
    assert "baclofen and tizanidine side by side" in got.text
    assert {"/agents/baclofen", "/agents/tizanidine"} <= set(got.links)


def test_one_name_alone_is_a_choice_begun(house: House) -> None:
    (answer,) = ask(house, "/compare?agents=baclofen")
    assert answer.status_code == 200 and "<option selected>baclofen</option>" in answer.text


@pytest.mark.parametrize(("query", "why"), [
    ("agents=baclofen&agents=baclofen", "baclofen is named twice"),
    ("agents=baclofen&agents=nosuchthing", "no relaxant that is known here has this name"),
    ("agents=baclofen&agents=tizanidine&agents=dantrolene&agents=diazepam&agents=clonazepam", "two to four"),
])  # fmt: skip
def test_what_cannot_be_compared_is_said_over_the_form(house: House, query: str, why: str) -> None:
    (answer,) = ask(house, f"/compare?{query}")
    assert answer.status_code == 422
    got = Page(answer.text)
    assert why in got.text and got.tags["select"] == 5


# ---------------------------------------------------------------- search


def test_a_search_finds_brands_names_conditions_and_rules(knowledge: Knowledge) -> None:
    known = names(knowledge)

    def first(typed: str) -> str:
        return find(typed, known, knowledge)[0].target.name

    assert first("baclofen") == "baclofen"
    assert first("ZANAFLEX") == "tizanidine"
    assert first("zanaf") == "tizanidine"
    assert first("dicyclomine") == "dicycloverine"
    assert first("multiple sclerosis") == "multiple_sclerosis"
    assert "tizanidine-ciprofloxacin" in [f.target.name for f in find("ciproflox tizan", known, knowledge)][:3]
    assert find("qqqq", known, knowledge) == [] and find("  ", known, knowledge) == []
    assert near("tizanidyne", known, knowledge)[0].target == Target("agents", "tizanidine")
    assert near("foo", known, knowledge) == []


def test_every_name_and_brand_finds_its_page(knowledge: Knowledge) -> None:
    known = names(knowledge)
    for agent in knowledge.agents.values():
        said = {agent.agent, *agent.names.values(), *(b for p in agent.products for b in p.brands)}
        for name in said:
            assert Target("agents", agent.agent) in [f.target for f in find(name, known, knowledge)], name


def test_what_a_search_found_is_said(house: House) -> None:
    got = page(house, "/search?q=zanaf")
    assert "/agents/tizanidine" in got.links and "brand Zanaflex" in got.text
    misspelt = page(house, "/search?q=tizanidyne")
    assert "Nothing here has this name." in misspelt.text and "/agents/tizanidine" in misspelt.links
    assert "Rule, DANGER" in page(house, "/search?q=tizanidine+ciprofloxacin").text
