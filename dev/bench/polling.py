"""What polls cost: processor time, delays of the event loop and of scrapes, memory, bytes written."""

import time

from bench.fleet import FOLDER, SPREAD, Fleet, running
from bench.nginx import serving
from bench.plan import MIB, Figures, Size
from bench.processes import MeasurementError, cpu, peak, proportional, resident, to_disk, to_files, wait_for_quiet
from bench.scraping import Scraper, latency, text_of
from bench.upstream import campaigns
from bench.windows import Window, bursts, percentile

POLLS_A_DAY = 288
"""One in five minutes, which is the default."""
UNREAD = 71
"""Bytes by which each row of the largest answer is longer, so that 60,000 take 42 MiB."""


def steady(size: Size) -> Figures:
    """One poll a second, evenly; afterwards scraped as fast as it answers, beside nginx with the same bytes."""
    with running(Fleet(size.package, size.operations, size.campaigns, size.even_interval, SPREAD)) as subject:
        before, since = cpu(subject.pid), time.monotonic()
        time.sleep(size.seconds)
        used, polling = cpu(subject.pid) - before, Window(since, time.monotonic())
        polls = sum(polling.overlaps(answer.at, answer.at) for answer in subject.answers())
        subject.note_lags()
        time.sleep(size.seconds / 2)
        unscraped = Window(polling.ended, time.monotonic())
        ours = latency(subject.port, "/metrics", size.seconds / 2)
        scraped = Window(unscraped.ended, time.monotonic())
        with serving(text_of(subject.body())) as (port, path):
            theirs = latency(port, path, size.seconds / 2)
    lag, scraped_lag = subject.lags.within(unscraped), subject.lags.within(scraped)
    return {
        "CPU a poll of an operation, ms": 1000 * used / max(polls, 1),
        "CPU of one poll a second, share of a core": used / polling.length,
        "loop lag, nobody scraping, 99th percentile, ms": 1000 * lag[0],
        "loop lag, nobody scraping, worst, ms": 1000 * lag[1],
        "scrape, median, ms": 1000 * ours.median,
        "scrape, 99th percentile, ms": 1000 * ours.last,
        "nginx, compressed before, median, ms": 1000 * theirs.median,
        "nginx, compressed before, 99th percentile, ms": 1000 * theirs.last,
        "scrape / nginx, medians": ours.median / theirs.median,
        "scrape / nginx, 99th percentiles": ours.last / theirs.last,
        "loop lag while wrk scrapes, 99th percentile, ms": 1000 * scraped_lag[0],
        "loop lag while wrk scrapes, worst, ms": 1000 * scraped_lag[1],
    }


def together(size: Size) -> Figures:
    """All polls are due and answered at the same instant, while somebody scrapes every 20 ms."""
    interval = size.burst_interval
    with running(Fleet(size.package, size.operations, size.campaigns, interval, together=True)) as subject:
        subject.note_lags()
        first = max(answer.at for answer in subject.answers())
        scrapes = Scraper(subject.port).scrape_until(first + (size.bursts + 1) * interval - 0.5)
        answers = [answer.at for answer in subject.answers() if answer.at > first + interval / 2]
        memory = _memory(subject.pid)
    found = bursts(answers, scrapes, interval / 4)
    waited = [
        made.ended - made.began for made in scrapes if any(burst.overlaps(made.began, made.ended) for burst in found)
    ]
    lag = subject.lags.within(*found)
    return {
        "polls together: bursts": len(found),
        "polls together: length of a burst, s": sum(burst.length for burst in found) / max(len(found), 1),
        "polls together: scrapes meanwhile": len(waited),
        "polls together: scrape, median, ms": 1000 * percentile(waited, 0.5),
        "polls together: scrape, 99th percentile, ms": 1000 * percentile(waited, 0.99),
        "polls together: scrape, worst, ms": 1000 * percentile(waited, 1),
        "polls together: loop lag, 99th percentile, ms": 1000 * lag[0],
        "polls together: loop lag, worst, ms": 1000 * lag[1],
        **memory,
    }


def _memory(pid: int) -> Figures:
    return {
        "resident memory, all processes, MiB": resident(pid) / MIB,
        "the same, of what is shared a part (PSS), MiB": proportional(pid) / MIB,
        "the same, at its peak, MiB": peak(pid) / MIB,
    }


def stored(size: Size) -> Figures:
    """With a folder for the state: what is written in two intervals, times the polls of a day."""
    interval = size.stored_interval
    with running(Fleet(size.package, size.operations, size.campaigns, interval, SPREAD, state=FOLDER)) as subject:
        disk, files, polls = to_disk(subject.pid), to_files(subject.pid), len(subject.answers())
        time.sleep(2 * interval)
        disk, files = to_disk(subject.pid) - disk, to_files(subject.pid) - files
        polls = len(subject.answers()) - polls
    a_day = POLLS_A_DAY * size.operations / max(polls, 1) / MIB
    return {
        "state: written a day, whole pages (write_bytes), MiB": disk * a_day,
        "state: written a day, bytes of files (wchar), MiB": files * a_day,
    }


def largest(size: Size) -> Figures:
    """One operation whose report has as many rows as the API gives, while its second answer is taken in."""
    interval = 10 + size.campaigns / 1000
    fleet = Fleet(size.package, 1, size.campaigns, interval, amd=False, unread=UNREAD)
    with running(fleet) as subject:
        # the first is taken in, too, before anything is noted
        wait_for_quiet(subject.pid)
        if len(subject.answers()) > 1:
            raise MeasurementError(f"an answer of {size.campaigns} rows was not taken in within {interval:g} s")
        subject.note_lags()
        subject.wait_for_answers(2)
        quiet = wait_for_quiet(subject.pid)
        taken_in = Window(subject.answers()[1].at, quiet)
        memory = _memory(subject.pid)
    lag = subject.lags.within(taken_in)
    return {
        "rows of the answer": size.campaigns,
        "length of the answer, MiB": len(campaigns(size.campaigns, UNREAD, 1)) / MIB,
        "seconds until it is taken in": taken_in.length,
        "loop lag meanwhile, 99th percentile, ms": 1000 * lag[0],
        "loop lag meanwhile, worst, ms": 1000 * lag[1],
        **memory,
    }
