"""Random effects over trials: of one comparison, or of a network of them.

One model serves both. Contrasts ``y`` have known sampling covariance ``V``; what is estimated is linear in them (``X``: a column of ones for one
comparison, treatments against a reference for a network), and trials differ by ``tau2 R``, where R holds 1 and, between contrasts of one trial
with a common arm, 1/2 (Higgins and Whitehead 1996; Lu and Ades 2004). The variance between trials is that of restricted likelihood
(REML), of Paule and Mandel (1982), or none. Intervals are by Hartung and Knapp (2001), never narrower than without it.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.spread.normal import normal_quantile

Floats = NDArray[np.float64]
Method = Literal["REML", "PM", "common"]
_STEPS, _SETTLED, _HALVINGS = 200, 1e-13, 60
_HALF = 0.5


class Pooled(msgspec.Struct, frozen=True, kw_only=True):
    """What was pooled. ``estimate``: shape (columns,); ``covariance``: (columns, columns), as the intervals use it; ``freedom``: degrees of freedom of t;
    ``normal``: the intervals are the normal's instead. ``tau2``: variance between trials; ``q``: Cochran's Q of the common effect, on ``freedom``; ``i2``: share of variance between trials."""

    estimate: Floats
    covariance: Floats
    freedom: int
    normal: bool
    tau2: float
    q: float
    i2: float

    def interval(self, column: int = 0, share: float = 0.95) -> tuple[float, float]:
        """The confidence interval of a column."""
        return self._about(column, float(self.covariance[column, column]), share)

    def prediction(self, column: int = 0, share: float = 0.95) -> tuple[float, float] | None:
        """Where the true effect of one further trial lies; ``None`` under three trials."""
        if self.freedom < 2:
            return None
        return self._about(column, float(self.covariance[column, column]) + self.tau2, share)

    def _about(self, column: int, variance: float, share: float) -> tuple[float, float]:
        share = (1 + share) / 2
        widths = float(normal_quantile(np.array(share))) if self.normal else t_quantile(share, self.freedom)
        half = widths * variance**_HALF
        return float(self.estimate[column]) - half, float(self.estimate[column]) + half


def pooled(y: Floats, V: Floats, X: Floats | None = None, R: Floats | None = None, *, method: Method = "REML", adjusted: bool = True) -> Pooled:  # fmt: skip  # noqa: N803 - the letters of the field
    """Pools contrasts of shape (m,) with covariance (m, m) by a design (m, p). ``adjusted``: intervals by Hartung and Knapp.

    Raises :class:`InputError` where there are no more contrasts than columns, or a column that no contrast reaches.
    """
    design = np.ones((len(y), 1)) if X is None else X
    apart = np.eye(len(y)) if R is None else R
    freedom = len(y) - design.shape[1]
    if freedom < 1:
        raise InputError("trials", len(y), f"{design.shape[1]} things cannot be told from so few contrasts with their spread", "give more trials")  # fmt: skip
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise InputError("trials", len(y), "some treatment is not joined to the others by any trial", "pool each joined part by itself")  # fmt: skip
    common = _projected(y, V, design)
    tau2 = 0.0 if method == "common" else _restricted(y, V, design, apart) if method == "REML" else _paule_mandel(y, V, design, apart, freedom)  # fmt: skip
    estimate, covariance, residual = _generalised(y, V + tau2 * apart, design)
    adjusted = adjusted and method != "common"
    if adjusted:
        covariance = covariance * max(1.0, residual / freedom)
    typical = freedom / float(np.trace(common))  # a sampling variance, as Higgins and Thompson (2002) take it
    q = float(y @ common @ y)
    return Pooled(
        estimate=estimate,
        covariance=covariance,
        freedom=freedom,
        normal=not adjusted,
        tau2=tau2,
        q=q,
        i2=tau2 / (tau2 + typical) if method != "common" else max(0.0, 1 - freedom / q) if q > 0 else 0.0,
    )


def t_quantile(share: float, freedom: int) -> float:
    """Student's t below which a share lies. Raises :class:`InputError` without SciPy."""
    return float(_special().stdtrit(freedom, share))


def _special() -> Any:
    try:
        from scipy import special
    except ImportError:
        raise InputError("evidence", "SciPy", "pooling trials needs SciPy, which is not installed", "pip install 'relaxant[evidence]'") from None  # fmt: skip
    return special


# ---------------------------------------------------------------- parts


def _generalised(y: Floats, covariance: Floats, design: Floats) -> tuple[Floats, Floats, float]:
    """Generalised least squares: estimate, its covariance, and the weighted residual sum of squares."""
    weighted = np.linalg.solve(covariance, design)
    spread = np.linalg.inv(design.T @ weighted)
    estimate = spread @ (weighted.T @ y)
    away = y - design @ estimate
    return estimate, spread, float(away @ np.linalg.solve(covariance, away))


def _projected(y: Floats, covariance: Floats, design: Floats) -> Floats:
    """The matrix P of restricted likelihood."""
    precision = np.linalg.inv(covariance)
    weighted = precision @ design
    return np.asarray(precision - weighted @ np.linalg.solve(design.T @ weighted, weighted.T))


def _restricted(y: Floats, V: Floats, design: Floats, apart: Floats) -> float:  # noqa: N803
    """REML by scoring, each step halved until it raises the likelihood; 0 where that is the highest."""

    def likelihood(tau2: float) -> float:
        covariance = V + tau2 * apart
        weighted = np.linalg.solve(covariance, design)
        residual = _generalised(y, covariance, design)[2]
        return -_HALF * float(np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(design.T @ weighted)[1] + residual)

    tau2, height = max(0.0, float(np.var(y)) - float(np.diag(V).mean())), -np.inf
    height = likelihood(tau2)
    for _ in range(_STEPS):
        project = _projected(y, V + tau2 * apart, design)
        pulled = project @ y
        score = _HALF * (float(pulled @ apart @ pulled) - float(np.trace(project @ apart)))
        step = score / (_HALF * float(np.trace(project @ apart @ project @ apart)))
        for _ in range(_HALVINGS):
            tried = max(0.0, tau2 + step)
            reached = likelihood(tried)
            if reached >= height or abs(tried - tau2) < _SETTLED:
                break
            step *= _HALF
        moved, tau2, height = abs(tried - tau2), tried, reached
        if moved <= _SETTLED * (1 + tau2):
            break
    return tau2


def _paule_mandel(y: Floats, V: Floats, design: Floats, apart: Floats, freedom: int) -> float:  # noqa: N803
    """The variance at which the weighted residuals are as large as chance makes them; 0 where they are smaller without it."""
    tau2 = 0.0
    for _ in range(_STEPS):
        project = _projected(y, V + tau2 * apart, design)
        pulled = project @ y
        over = float(y @ pulled) - freedom
        if tau2 == 0.0 and over <= 0:
            return 0.0
        step = over / float(pulled @ apart @ pulled)
        tau2 = max(0.0, tau2 + step)
        if abs(step) <= _SETTLED * (1 + tau2):
            break
    return tau2
