"""The CDS service under load: calls a second, how long they take, what they cost, and whether its memory stays.

    python benchmarks/service.py [--connections 16] [--seconds 20]
    python benchmarks/service.py --memory [--calls 100000]

Needs wrk (Debian: ``apt-get install wrk``). ``relaxant serve --workers 2`` runs on 127.0.0.1 with an issuer, signed calls (ES384, each token used
once) and the audit; a call is an order-sign with 50 kB of prefetch and twelve medicines. The same again with RS384, which large record systems sign with. The tokens are signed before the load begins. The load itself
runs on the same machine; what its processor time is, is said.

What the machine would allow is measured in the same run: two cores over the processor time of a constant card (the same server, door, signed calls and
store, an answer that reviews nothing) and that of the review of the same bodies in a process of its own, one on each core at once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import msgspec

from _measure import line
from _service_calls import answering, bodies, now, processor_ms, write_tokens
from _service_constant import CARD
from _service_load import WRK, Load, load, processes, processor_seconds, resident_mb
from relaxant.knowledge.load import load_knowledge
from relaxant.service.audit.verify import verify
from relaxant.service.cds.card import Answer
from relaxant.service.house import House
from relaxant.service.measured import Measured
from relaxant.service.settings import Settings
from relaxant.service.store.store import open_kept
from serving import RELAXANT, Served, free_port, served
from signing import ISSUER, Signer

CONSTANT = (sys.executable, str(Path(__file__).parent / "_service_constant.py"))
PATH = "/cds-services/relaxant-orders"
CORES = 2
PEOPLE = 240
ROUNDS = 1  # of all bodies, in this process
STEP = 5_000  # calls between two looks at the memory
AT_ONCE = 1_000  # calls that are signed at once, so that no token grows old on a slow machine
_OTHER = "RS384"
_MOST = 1_000  # calls a second that tokens are signed for


@contextlib.contextmanager
def running(program: tuple[str, ...], folder: Path, signer: Signer, card: bytes = b"") -> Iterator[Served]:
    """A service of two workers that knows the signer, and the card that it shows where it reviews nothing."""
    folder.mkdir()
    (folder / CARD).write_bytes(card)
    keys = folder / "keys.json"
    keys.write_bytes(msgspec.json.encode({"keys": [signer.jwk()]}))
    port = free_port()
    issuers = [{"issuer": ISSUER, "name": "records", "keys": str(keys)}]
    with served(folder, program, port=port, workers=CORES, public_url=f"http://127.0.0.1:{port}", issuers=issuers, rate=10_000_000) as own:  # fmt: skip
        yield own


def under_load(own: Served, signer: Signer, sent: list[bytes], *, connections: int, seconds: int, calls: int) -> tuple[Load, float]:  # fmt: skip
    """What wrk counted, and the processor milliseconds of the service a call."""
    for place, body in enumerate(sent, 1):
        (own.folder / f"{place}.json").write_bytes(body)
    write_tokens(own.folder / "tokens", signer, own.url + PATH, calls)
    before = processor_seconds(own.process.pid)
    counted = load(own.url + PATH, own.folder, len(sent), connections=connections, seconds=seconds)
    return counted, (processor_seconds(own.process.pid) - before) / max(1, counted.requests) * 1e3


def statuses(own: Served) -> Counter[int]:
    """How the service itself says that it answered calls."""
    return Counter(one["status"] for one in own.lines() if one.get("route", "").startswith("/cds-services"))


def review_ms(sent: list[bytes]) -> float:
    """Processor milliseconds of a review of these bodies, in a process of its own."""
    house = House(settings=Settings(), knowledge=load_knowledge(), store=None, measured=Measured())  # type: ignore[arg-type]
    return processor_ms(answering(house), sent, ROUNDS)


def reviews_ms(sent: list[bytes]) -> float:
    """The same with every core at it."""
    with ProcessPoolExecutor(CORES, get_context("spawn")) as pool:
        return sum(pool.map(review_ms, [sent] * CORES)) / CORES


def speed(sent: list[bytes], card: bytes, folder: Path, connections: int, seconds: int) -> None:
    """Calls a second, and the share of what the machine would allow."""
    found: dict[str, tuple[Load, float]] = {}
    for name, program, algorithm in (
        ("constant card", CONSTANT, "ES384"),
        ("order-sign", RELAXANT, "ES384"),
        (f"order-sign, {_OTHER}", RELAXANT, _OTHER),
    ):
        signer = Signer(algorithm)
        with running(program, folder / name.replace(", ", "-").replace(" ", "-"), signer, card) as own:
            under_load(own, signer, sent, connections=connections, seconds=5, calls=2_000)
            found[name] = under_load(own, signer, sent, connections=connections, seconds=seconds, calls=seconds * _MOST)
            counted, ms = found[name]
            refused = {status: number for status, number in statuses(own).items() if status != 200}
            print(
                f"{name}: {counted.requests / counted.seconds:.0f} calls a second over {counted.seconds:.0f} s, {connections} connections; "
                f"p50 {counted.p50 * 1e3:.1f} ms, p99 {counted.p99 * 1e3:.1f} ms, slowest {counted.longest * 1e3:.1f} ms; "
                f"refused {counted.status} (by its own log {sum(refused.values())}), broken lines {counted.line}"
            )
            busy = counted.requests * ms / 1e3 / counted.seconds
            print(
                f"  processor: {ms:.2f} ms a call ({busy:.2f} of {CORES} cores); wrk beside it {counted.own / max(1, counted.requests) * 1e3:.2f} ms a call "
                f"({counted.own / counted.seconds:.2f} cores)"
            )
        if program is RELAXANT:
            store = open_kept(own_settings(own))
            verdict = verify(store)
            store.close()
            print(f"  audit: {verdict.number:,} rows, {'the chain is whole' if verdict.sound else 'BROKEN'}")
    review = reviews_ms(sent)
    constant = found["constant card"][1]
    counted, ms = found["order-sign"]
    allowed = CORES / (constant + review) * 1e3
    rate = _rate(counted)
    print(f"review in a process of its own: {review:.2f} ms of processor time; with a constant card's {constant:.2f} ms two cores allow {allowed:.0f} calls a second")  # fmt: skip
    line("order-sign, calls a second", rate / allowed, "what two cores allow", at_least=0.7)
    line("order-sign, processor time a call", ms / (constant + review), "a constant card and the review", at_most=1 / 0.7)  # fmt: skip
    for algorithm, (counted, _) in (("ES384", found["order-sign"]), (_OTHER, found[f"order-sign, {_OTHER}"])):
        print(
            f"goals, {algorithm}: {_rate(counted):.0f} of 300 calls a second; p99 {counted.p99 * 1e3:.0f} ms of 100 ms"
        )


def _rate(counted: Load) -> float:
    return counted.requests / counted.seconds


def own_settings(own: Served) -> Settings:
    return Settings(folder=str(own.folder))


def memory(sent: list[bytes], folder: Path, connections: int, calls: int) -> None:
    """What the workers keep in memory, every so many calls."""
    signer, counts = Signer("ES384"), Counter[int]()
    with running(RELAXANT, folder / "memory", signer) as own:
        print(f"{'calls':>8}  {'MB of each worker':>20}  {'calls/s':>8}  {'p99, ms':>8}  refused")
        print(f"{0:>8,}  {_held(own):>20}", flush=True)
        while sum(counts.values()) < calls:
            parts = []
            for _ in range(0, min(STEP, calls), AT_ONCE):
                parts.append(under_load(own, signer, sent, connections=connections, seconds=200, calls=AT_ONCE)[0])
            counts = statuses(own)
            rate = sum(part.requests for part in parts) / sum(part.seconds for part in parts)
            longest = max(part.p99 for part in parts)
            print(f"{sum(counts.values()):>8,}  {_held(own):>20}  {rate:>8.0f}  {longest * 1e3:>8.0f}  {sum(p.status + p.line for p in parts)}", flush=True)  # fmt: skip
        print("answers, by the service's own log: " + ", ".join(f"{number:,} of {status}" for status, number in sorted(counts.items())))  # fmt: skip


def _held(own: Served) -> str:
    workers = [pid for pid in processes(own.process.pid) if pid != own.process.pid and resident_mb(pid) > 40]
    return " ".join(f"{resident_mb(pid):.1f}" for pid in workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--calls", type=int, default=100_000)
    said = parser.parse_args()
    if WRK is None:
        print("wrk is not here, so no load was made (Debian: apt-get install wrk)")
        return
    knowledge = load_knowledge()
    sent = bodies(PEOPLE, knowledge, now().date())
    print(f"{PEOPLE} people, {min(map(len, sent)):,} to {max(map(len, sent)):,} bytes a call; {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        if said.memory:
            memory(sent, Path(folder), said.connections, said.calls)
        else:
            house = House(settings=Settings(), knowledge=knowledge, store=None, measured=Measured())  # type: ignore[arg-type]
            card = msgspec.json.encode(Answer(cards=tuple(one.card for one in answering(house)(sent[0]))))
            speed(sent, card, Path(folder), said.connections, said.seconds)


if __name__ == "__main__":
    main()
