"""What is counted of a running service, for Prometheus. Labels are names from our own code and knowledge: never a caller's words."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Measured:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("relaxant_requests", "Requests by route and status", ("route", "method", "status"), registry=self.registry)  # fmt: skip
        self.seconds = Histogram("relaxant_request_seconds", "How long an answer took", ("route",), buckets=_SECONDS, registry=self.registry)  # fmt: skip
        self.refused = Counter("relaxant_refused", "Requests refused at the door", ("reason",), registry=self.registry)
        self.cards = Counter(
            "relaxant_cards", "Cards by rule and indicator", ("rule", "indicator"), registry=self.registry
        )
        self.feedback = Counter("relaxant_feedback", "Answers to cards by rule and outcome", ("rule", "outcome"), registry=self.registry)  # fmt: skip
        self.key_fetches = Counter(
            "relaxant_key_fetches", "Fetches of key sets", ("issuer", "result"), registry=self.registry
        )
        self.working = Gauge("relaxant_requests_in_progress", "Requests being answered", registry=self.registry)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
