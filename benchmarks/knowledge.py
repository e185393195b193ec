"""How long knowledge takes to load in a cold process and how much memory it takes, beside reading the same bytes with msgspec untyped.

python benchmarks/knowledge.py
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from relaxant.knowledge.load import cache_folder, load_knowledge

ROUNDS = 15
_COLD = """
import sys, time, tracemalloc
import relaxant.knowledge.load as load
traced = sys.argv[1] == "memory"
if traced: tracemalloc.start()
start = time.perf_counter()
load.load_knowledge()
print(time.perf_counter() - start, tracemalloc.get_traced_memory()[0] if traced else 0)
"""
_PLAIN = """
import sys, time, msgspec
data = open(sys.argv[1], "rb").read()
start = time.perf_counter()
msgspec.msgpack.decode(data)
print(time.perf_counter() - start, 0)
"""
_RSS = """
import os, sys
if sys.argv[1] == "with":
    from relaxant.knowledge.load import load_knowledge
    load_knowledge()
else:
    import relaxant.knowledge.load, relaxant.knowledge.schema
print(0, int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
"""


def told(program: str, *arguments: str) -> tuple[float, float]:
    """The two numbers that a program of its own process prints."""
    out = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True).stdout
    seconds, size = out.split()
    return float(seconds), float(size)


def main() -> int:
    """Prints the figures."""
    knowledge = load_knowledge()  # so that the compact cache is there
    file = cache_folder() / next(p.name for p in cache_folder().iterdir() if knowledge.sha256[:32] in p.name)
    cold, plain = [], []
    for _ in range(ROUNDS):
        cold.append(told(_COLD, "time")[0])
        plain.append(told(_PLAIN, str(file))[0])
    traced = told(_COLD, "memory")[1] / 2**20
    resident = (told(_RSS, "with")[1] - told(_RSS, "without")[1]) / 2**20 if sys.platform == "linux" else float("nan")
    ratio = median(cold) / median(plain)
    print(
        f"{len(knowledge.agents)} agents, {len(knowledge.rules)} rules, {len(knowledge.sources)} sources; compact cache {file.stat().st_size / 2**20:.2f} MiB"
    )
    print(
        f"load in a cold process: {1e3 * median(cold):.1f} ms (goal: under 100), {ratio:.2f} x msgspec untyped of the same bytes"
    )
    print(f"memory of the loaded knowledge: {traced:.1f} MiB traced, {resident:.1f} MiB resident (goal: under 15)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
