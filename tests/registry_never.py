"""The rules that no table of a registry makes fire as of a day, each with the reason. Those that are only of what is weighed are not listed: nothing
is weighed in a registry."""

from __future__ import annotations

NEVER: dict[str, tuple[str, ...]] = {
    "whether somebody breastfeeds is in no table": (
        "baclofen-breastfeeding", "benzodiazepine-breastfeeding", "carisoprodol-breastfeeding", "clonidine-breastfeeding",
        "cyclobenzaprine-breastfeeding", "cyproheptadine-breastfeeding", "dantrolene-breastfeeding", "dantrolene-intravenous-breastfeeding",
        "dicycloverine-breastfeeding", "gut-antispasmodic-breastfeeding", "methocarbamol-breastfeeding", "nabiximols-breastfeeding",
        "tizanidine-breastfeeding", "tolperisone-breastfeeding",
    ),
    "whether somebody stands on their tone is in no table": (
        "antispastic-stands-on-tone", "baclofen-intrathecal-stands-on-tone", "baclofen-stands-on-tone", "dantrolene-stands-on-tone",
        "tizanidine-stands-on-tone",
    ),
    "how much alcohol is drunk is not read": ("baclofen-alcohol", "sedating-relaxant-alcohol", "tizanidine-alcohol"),
    "how tablets are swallowed is in no table": (
        "baclofen-tube-uk-eu", "baclofen-tube-us", "orphenadrine-crushed", "tizanidine-capsule-opened",
    ),
    "a procedure that is to come is in no table": (
        "baclofen-intrathecal-surgery", "baclofen-surgery", "clonidine-surgery", "dantrolene-surgery", "tizanidine-surgery",
    ),
    "the pump, its reservoir and its flow are in no table": (
        "baclofen-intrathecal-flow-too-slow", "baclofen-intrathecal-mixed", "baclofen-intrathecal-refill-due",
        "baclofen-intrathecal-reservoir-low", "baclofen-intrathecal-volume-gap", "baclofen-oral-beside-pump",
    ),
    "a genotype is not read": (
        "carisoprodol-cyp2c19-poor", "cholinesterase-gene", "diazepam-cyp2c19-poor", "succinylcholine-malignant-hyperthermia-gene",
    ),
    "since when somebody no longer smokes is not read": ("tizanidine-smoking-stopped",),
    "a stop is known once the supply has been over for longer than the gap, which is later than the rule speaks of": (
        "baclofen-intrathecal-kidney-stopped", "baclofen-intrathecal-stopped", "baclofen-intrathecal-stopped-high-risk",
        "baclofen-stopped-abruptly", "clonazepam-stopped", "diazepam-stopped", "gabapentinoid-stopped", "tizanidine-stopped-recently",
    ),
    "nothing is weighed, so nothing is begun again": (
        "baclofen-intrathecal-restart", "block-after-sugammadex", "botulinum-last-session-recent", "botulinum-last-session-recent-europe",
    ),
    "of a course the newest strength counts, so there is no dose before it": (
        "baclofen-intrathecal-rise-above-step", "baclofen-intrathecal-rise-above-step-eu", "baclofen-intrathecal-rise-double",
        "baclofen-intrathecal-step-down", "baclofen-large-step-down", "benzodiazepine-dose-cut", "gabapentin-kidney-lowered-uk",
        "gabapentin-kidney-lowered-us", "gabapentin-once-daily-change", "gabapentinoid-dose-cut", "pregabalin-kidney-lowered",
        "raised-before-its-days", "raised-by-more-than-a-step", "tizanidine-dose-cut", "tizanidine-product-change",
    ),
    "how often an injection is to be given again is in no table": (
        "abobotulinum-child-sixteen-weeks", "botulinum-interval-ordered", "botulinum-interval-ordered-europe",
        "incobotulinum-sialorrhoea-sixteen-weeks",
    ),
    "a quantity of a solution for injection may count millilitres, milligrams or vials: no dose is read": (
        "block-child-rapid-sequence", "block-rate-atracurium", "block-rate-cisatracurium", "block-rate-mivacurium", "block-rate-rocuronium",
        "block-rate-vecuronium", "block-slip-atracurium", "block-slip-cisatracurium", "block-slip-mivacurium", "block-slip-neostigmine",
        "block-slip-pancuronium", "block-slip-rocuronium", "block-slip-succinylcholine", "block-slip-vecuronium", "neostigmine-alone",
        "sugammadex-anticoagulant",
    ),
}  # fmt: skip
