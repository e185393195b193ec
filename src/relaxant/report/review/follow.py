"""What is to be followed, in words: when it is due, what the record shows of it, what would make that certain, and what then."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.monitoring import Watch
from relaxant.report.blocks import Words
from relaxant.report.citations import Mark
from relaxant.report.cited_once import Shown
from relaxant.report.review.page import WatchView
from relaxant.report.shown import clean, counted, title_of
from relaxant.reviewing import Review
from relaxant.rules.reasons import Cited
from relaxant.rules.wording import capital


def follow_view(review: Review, knowledge: Knowledge, cite: Callable[[Cited], Mark]) -> tuple[WatchView, ...]:
    """What to follow, each place in a source named once. ``cite`` numbers the sources of the page."""
    page, shown, out = _Page(review, knowledge, cite), Shown(), list[WatchView]()
    for one in map(page.watch, review.monitoring):
        (mark,) = shown.marks((one.mark,))
        out.append(msgspec.structs.replace(one, mark=mark))
    return tuple(out)


class _Page:
    def __init__(self, review: Review, knowledge: Knowledge, cite: Callable[[Cited], Mark]) -> None:
        language = review.stamp.language
        self.as_of, self.knowledge, self.cite = review.stamp.as_of, knowledge, cite
        self.words: Words = knowledge.words("follow", language)
        self.report: Words = knowledge.words("report", language)
        self.titles: Words = knowledge.words("facts", language)
        self.not_verified = str(self.report["not_verified_short"])

    def title(self, name: str) -> str:
        """The name of an input as a reader knows it."""
        return clean(title_of(name, self.titles, self.knowledge.labs))

    def listed(self, names: Iterable[str]) -> str:
        return str(self.report["between_parts"]).join(names)

    def watch(self, watch: Watch) -> WatchView:
        words = self.words
        acts = [
            words["act_now" if a.holds else "act_last" if a.at_last else "act"].format(at=clean(a.at), do=clean(a.do))
            for a in watch.acts
        ]
        return WatchView(
            clean(watch.agent),
            clean(watch.what),
            self.due(watch) if watch.dated else "",
            watch.due is not None,
            watch.overdue,
            capital(clean(watch.at)) if watch.due is not None else clean(watch.at),
            " ".join(acts) or clean(watch.act),
            self.cite(watch.source),
            () if watch.verified else (self.not_verified,),
        )

    def due(self, watch: Watch) -> str:
        """When it is due, what the record shows, and what would make that certain; empty where none of these is known."""
        words, parts, open_by = self.words, [], watch.settled_by
        same_day = watch.due is not None and watch.measured and not watch.not_before and watch.due == watch.last_done
        if same_day and watch.last_value is not None and watch.due is not None:
            told, value = words["again" if watch.overdue else "again_today"], clean(watch.last_value)
            days = {"date": watch.due, "value": value}
            parts.append(counted(told, watch.overdue_days, **days) if watch.overdue else told.format(**days))
        elif watch.due is None:
            if watch.not_before and not watch.start_known:
                parts.append(words["no_day"].format(input=self.title(open_by[-1])))
                open_by = open_by[:-1]
        elif watch.not_before:
            passed = watch.due.isoformat() <= self.as_of
            parts.append(words["allowed" if passed else "not_before"].format(date=watch.due))
        elif watch.overdue:
            parts.append(counted(words["overdue" if watch.measured else "past"], watch.overdue_days, date=watch.due))
        elif not watch.start_known:
            parts.append(words["unknown"].format(date=watch.due, input=self.title(open_by[-1])))
            open_by = open_by[:-1]
        elif watch.due.isoformat() == self.as_of:
            parts.append(words["today"].format(date=watch.due))
        else:
            parts.append(words["ahead"].format(date=watch.due))
        if watch.then:
            dates = self.listed(day.isoformat() for day in watch.then)
            if not watch.not_before:
                parts[-1] = words["then"].format(due=parts[-1], dates=dates)
            elif watch.due is not None and watch.due.isoformat() <= self.as_of:
                parts.append(words["after_session"].format(dates=dates))
        if watch.lacking:
            parts.append(words["lacking"].format(names=self.listed(map(clean, watch.lacking))))
        if watch.last_value is not None and not same_day:
            key = "on_record" if watch.last_done is None else "last"
            parts.append(words[key].format(date=watch.last_done, value=clean(watch.last_value)))
        elif watch.last_value is None and watch.measured and not watch.lacking:
            parts.append(words["never"])
        if open_by:
            parts.append(words["settled_by"].format(inputs=self.listed(self.title(s) for s in open_by)))
        return capital(str(words["between"]).join(parts))
