"""The field's programs for the same work, called where a machine has them: rxode2 and mrgsolve for W1, mapbayr for W3, through Rscript.

Each is given the same people and gives its own best of five, warm, with one number of its result to compare. What is not there is said to be absent.
Tucuxi's command line reads one patient's XML a call; W1 through it would time 10,000 process starts, so it is looked for and said, not timed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

_RXODE2 = """
suppressMessages(library(rxode2))
p <- read.csv(commandArgs(TRUE)[1])
mod <- rxode2({ cp <- linCmt(KA, CL, V, Q, V2) })
e <- et(amt = 20, ii = 8, addl = 20) |> et(seq(0, 168, by = 0.5))
run <- function() rxSolve(mod, p, e, cores = 1, returnType = "data.frame")
out <- run()
s <- min(replicate(5, system.time(run())[["elapsed"]]))
cat(s, sum(out$cp), "\\n")
"""
_MRGSOLVE = """
suppressMessages(library(mrgsolve))
p <- read.csv(commandArgs(TRUE)[1])
mod <- mcode("w1", '
$PARAM CL = 10, V2 = 50, Q = 5, V3 = 40, KA = 1.5
$PKMODEL cmt = "GUT CENT PERIPH", depot = TRUE
$TABLE double CP = CENT / V2;
$CAPTURE CP', quiet = TRUE)
idata <- data.frame(ID = seq_len(nrow(p)), CL = p$CL, V2 = p$V, Q = p$Q, V3 = p$V2, KA = p$KA)
e <- ev(amt = 20, ii = 8, addl = 20)
run <- function() mrgsim_ei(mod, e, idata, end = 168, delta = 0.5, recsort = 3, obsonly = TRUE, output = "df")
out <- run()
s <- min(replicate(5, system.time(run())[["elapsed"]]))
cat(s, sum(out$CP), "\\n")
"""
_MAPBAYR = """
suppressMessages({library(mapbayr); library(mrgsolve)})
data <- read.csv(commandArgs(TRUE)[1], na.strings = ".")
mod <- mcode("w3", '
$PARAM ETA1 = 0, ETA2 = 0, ETA3 = 0, TVCL = 10, TVV = 50, TVKA = 1.5, Q = 5, V3 = 40
$PKMODEL cmt = "GUT CENT PERIPH", depot = TRUE
$OMEGA 0.09 0.04 0.16
$SIGMA 0.04 0.0001
$MAIN
double CL = TVCL * exp(ETA1 + ETA(1));
double V2 = TVV * exp(ETA2 + ETA(2));
double KA = TVKA * exp(ETA3 + ETA(3));
$TABLE double DV = CENT / V2 * (1 + EPS(1)) + EPS(2);
$CAPTURE DV CL', quiet = TRUE)
s <- system.time(found <- mapbayest(mod, data = data, verbose = FALSE))[["elapsed"]]
cat(s, sum(get_param(found, "CL", output = "num")), "\\n")
"""


def _r(script: str, package: str, table: str) -> tuple[float, float] | None:
    """Seconds and the number to compare, or ``None`` with a line that says why."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        print(f"{package}: absent (this machine has no Rscript)")
        return None
    there = subprocess.run([rscript, "-e", f"cat(requireNamespace('{package}', quietly = TRUE))"], capture_output=True, text=True, check=False)  # fmt: skip
    if not there.stdout.strip().endswith("TRUE"):
        print(f"{package}: absent (R has no such package here)")
        return None
    with tempfile.TemporaryDirectory() as folder:
        data, code = Path(folder, "data.csv"), Path(folder, "run.R")
        data.write_text(table)
        code.write_text(script)
        ran = subprocess.run([rscript, str(code), str(data)], capture_output=True, text=True, check=False)
    if ran.returncode:
        print(f"{package}: there, but could not be run: {ran.stderr.strip().splitlines()[-1:]}")
        return None
    seconds, number = ran.stdout.split()[-2:]
    return float(seconds), float(number)


def w1(cl: np.ndarray, v: np.ndarray, ka: np.ndarray, total: float) -> dict[str, float]:
    """Seconds of each program for W1, where it is there and its concentrations add up to the same."""
    rows = "".join(f"{a!r},{b!r},5,40,{k!r}\n" for a, b, k in zip(cl.tolist(), v.tolist(), ka.tolist(), strict=True))
    out: dict[str, float] = {}
    for package, script in (("rxode2", _RXODE2), ("mrgsolve", _MRGSOLVE)):
        found = _r(script, package, "CL,V,Q,V2,KA\n" + rows)
        if found is not None:
            if abs(found[1] / total - 1) > 1e-3:
                print(f"{package}: its concentrations add up to {found[1]:g}, ours to {total:g}: not compared")
                continue
            out[package] = found[0]
    print("Tucuxi: " + ("its command line is there, but takes one patient a call: not timed" if shutil.which("tucucli") else "absent (no tucucli on this machine)"))  # fmt: skip
    return out


def w3(table: str) -> float | None:
    """Seconds of mapbayr for W3, where it is there."""
    found = _r(_MAPBAYR, "mapbayr", table)
    return None if found is None else found[0]
