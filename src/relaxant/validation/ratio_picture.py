"""The picture of all models at once: each published number as a mark where the computed one lies, as a ratio on a scale of logarithms."""

from __future__ import annotations

import math
from collections.abc import Mapping

from relaxant.drawing import line, picture_of, place, ratio_axis, text, tick
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.cards.published import LIKE, Reproduced
from relaxant.validation.words import count

_WIDTH, _LEFT, _RIGHT = 830, 340, 740
_ROW, _TOP = 20, 98
_LINE = 16


def picture(models: Mapping[str, Model], found: Mapping[str, list[Reproduced]]) -> str:
    """One row a model; filled marks are of independent numbers, open ones were used to make the model."""
    shown = {name: [r for r in made if not r.ours and r.computed > 0] for name, made in found.items()}
    ratios = [r.computed / r.published for made in shown.values() for r in made]
    ticks = ratio_axis(min(ratios), max(ratios))
    span = math.log(ticks[-1] / ticks[0])

    def x(ratio: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * math.log(ratio / ticks[0]) / span

    bottom = _TOP + _ROW * len(shown)
    every = [r for made in shown.values() for r in made]
    heading = [
        f"{count(len(every), 'published number')} of {count(len(shown), 'model')}: computed / published.",
        f"Filled: independent of the model. Open: used to make it. Grey: {1 / LIKE:.2f} to {LIKE:.2f}, in which a number counts as given back;",
        "where a range was published a number counts as given back within it, inside the grey or not.",
    ]
    body = [text(16, 22 + _LINE * i, words) for i, words in enumerate(heading)]
    body.append(f'<rect x="{place(x(1 / LIKE))}" y="{_TOP}" width="{place(x(LIKE) - x(1 / LIKE))}" height="{place(bottom - _TOP)}" fill="#ddd"/>')  # fmt: skip
    for ratio in ticks:
        body.append(line(x(ratio), _TOP, x(ratio), bottom, f'stroke="{"#000" if ratio == 1 else "#bbb"}"'))
        body += [text(x(ratio), y, tick(ratio), anchor="middle") for y in (_TOP - 6, bottom + 16)]
    body.append(text(_RIGHT + 8, _TOP - 24, "given back"))
    for row, (name, made) in enumerate(shown.items()):
        middle = _TOP + _ROW * (row + 0.5)
        body.append(text(_LEFT - 8, middle + 4, models[name].model, anchor="end"))
        body.append(text(_RIGHT + 8, middle + 4, f"{sum(r.holds for r in made)} of {len(made)}"))
        for r in sorted(made, key=lambda r: r.independent):
            body.append(_mark(x(r.computed / r.published), middle, filled=r.independent))
    body.append(text((_LEFT + _RIGHT) / 2, bottom + 36, "computed / published", anchor="middle"))
    return picture_of(_WIDTH, bottom + 50, "What the models give, over what was published", " ".join(heading), body)


def _mark(x: float, y: float, *, filled: bool) -> str:
    fill = 'fill="#000" fill-opacity="0.55"' if filled else 'fill="#fff" fill-opacity="0.7"'
    return f'<circle cx="{place(x)}" cy="{place(y)}" r="4" {fill} stroke="#000"/>'
