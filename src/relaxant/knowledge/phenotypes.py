"""From two alleles, or the words of a report, to a metaboliser status, and to what that leaves of the enzyme."""

from __future__ import annotations

from collections.abc import Mapping

from relaxant.knowledge.pathways import Pathways, Phenotype


def phenotype_of(gene: str, said: str, pathways: Pathways) -> Phenotype | None:
    """The status that a genotype means: ``*2/*17``, ``CYP2C19 *1/*2``, ``poor`` or ``poor metaboliser``; ``None`` where it is not known.

    >>> from relaxant.knowledge.load import load_knowledge
    >>> phenotype_of("CYP2C19", "*2/*17", load_knowledge().pathways).phenotype
    'intermediate'
    """
    known = {p.phenotype: p for p in pathways.phenotypes if p.gene == gene}
    rest = next((p for p in known.values() if p.otherwise), None)
    if rest is not None:
        return _by_words(gene, said, known, rest)
    words = (
        said.casefold().replace(gene.casefold(), " ").replace("metabolizer", " ").replace("metaboliser", " ").strip()
    )
    if words in known:
        return known[words]
    alleles = [a.strip() for a in words.split("/")]
    functions = {a.allele: a.function for a in pathways.alleles if a.gene == gene}
    if len(alleles) != 2 or any(a not in functions for a in alleles):
        return None
    pair = sorted(functions[a] for a in alleles)
    return next((p for p in known.values() if any(sorted(f) == pair for f in p.functions)), None)


def status_text(gene: str, status: str, pathways: Pathways, words: Mapping[str, str]) -> str:
    """A status as a reader names it: of an enzyme's gene that of a metaboliser, of another one what its report says."""
    reported = any(p.otherwise for p in pathways.phenotypes if p.gene == gene)
    return words[status if reported else "metaboliser"].format(gene=gene, status=status)


def _by_words(gene: str, said: str, known: dict[str, Phenotype], rest: Phenotype) -> Phenotype | None:
    """The status whose words are the whole of a report, ``rest`` for every other text; ``None`` where there is no result."""
    plain = " ".join(said.casefold().replace(gene.casefold(), " ").replace(":", " ").replace(".", " ").split())
    if not plain or plain in rest.unsettled:
        return None
    return next((p for name, p in known.items() if plain == name or plain in p.words), rest)
