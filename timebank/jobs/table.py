"""Every periodic job: its name, how often, and the service that does it. A job is added by adding a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from timebank.services import (
    Bank,
    activities,
    audits,
    call_backs,
    certificates,
    complaints,
    coverage,
    equipment,
    honours,
    hours,
    imports,
    incidents,
    inspections,
    interchange,
    leases,
    mail,
    messages,
    needs,
    offers,
    points,
    privacy,
    publishing,
    redemptions,
    signals,
    standards,
    tokens,
    transfers,
    webhooks,
)

log = structlog.get_logger()
Work = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done whenever it is due: every so often, or once a day at a local time."""

    name: str
    work: Work
    every: timedelta = timedelta(days=1)
    at: time | None = None
    lease: timedelta = timedelta(minutes=10)

    def next_due(self, now: datetime, timezone: str) -> datetime:
        """When it is due again after being done at `now`."""
        if self.at is None:
            return now + self.every
        local = now.astimezone(ZoneInfo(timezone))
        today = local.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        return today if today > local else today + timedelta(days=1)


def in_programmes(work: Work) -> Work:
    """The same work over the book of every programme of points. Gives what came of each."""

    def each(bank: Bank, *, now: datetime) -> list[object]:
        return [outcome for theirs in points.banks(bank) if (outcome := work(theirs, now=now))]

    return each


JOBS = (
    Job("transfers", transfers.carry_out_due, timedelta(seconds=15)),
    Job("redemptions", redemptions.expire_due, timedelta(minutes=1)),
    Job("needs", needs.carry_out_due, timedelta(minutes=1)),
    Job("offers", offers.end_due, timedelta(hours=6)),
    Job("activities", activities.remind_due, timedelta(minutes=5)),
    Job("visits", hours.close_forgotten, timedelta(minutes=5)),
    Job("audit-new", audits.run_incremental, timedelta(minutes=5), lease=timedelta(hours=1)),
    Job("audit-all", audits.run_full, at=time(2, 0), lease=timedelta(hours=6)),
    Job("checkpoint", publishing.publish, timedelta(seconds=5)),
    Job("inspections", inspections.draw_due, timedelta(minutes=1)),
    Job("call-backs", call_backs.draw_due, timedelta(hours=1)),
    Job("signals", signals.find, at=time(4, 0), lease=timedelta(hours=1)),
    Job("interchange", interchange.send_due, timedelta(seconds=10)),
    Job("statements", interchange.reconcile_due, at=time(5, 0)),
    Job("points", points.carry_out_due, timedelta(seconds=15)),
    Job("points-orders", points.cancel_forgotten, timedelta(hours=1)),
    Job("stars", honours.recognise_due, at=time(6, 30), lease=timedelta(hours=1)),
    Job("imports", imports.work_due, timedelta(seconds=2), lease=timedelta(minutes=30)),
    Job("imports-forgotten", imports.forget_undecided, at=time(6, 0)),
    Job("grants-lapse", transfers.lapse_grants_due, at=time(5, 15), lease=timedelta(hours=1)),
    Job("points-lapse", points.lapse_due, at=time(5, 30), lease=timedelta(hours=1)),
    Job("points-checkpoint", in_programmes(publishing.publish), timedelta(seconds=30)),
    Job("points-audit", in_programmes(audits.run_full), at=time(2, 30), lease=timedelta(hours=2)),
    Job("coverage", coverage.run_nightly, at=time(4, 30), lease=timedelta(hours=1)),
    Job("records-due", certificates.escalate_due, at=time(8, 0)),
    Job("timestamp", publishing.timestamp, at=time(3, 0)),
    Job("reminders", messages.remind_due, timedelta(minutes=5)),
    Job("messages", messages.send_due, timedelta(seconds=30)),
    Job("webhooks", webhooks.send_due, timedelta(seconds=5)),
    Job("mail", mail.send_due, timedelta(seconds=30)),
    Job("complaints", complaints.close_lapsed, timedelta(minutes=10)),
    Job("incidents", incidents.raise_overdue, timedelta(seconds=30)),
    Job("catalogue", standards.apply_due, timedelta(minutes=1)),
    Job("equipment", equipment.remind_due, at=time(9, 0)),
    Job("erasures", privacy.carry_out_due, timedelta(hours=1)),
    Job("answers", tokens.forget_old_answers, timedelta(hours=6)),
)


def run_due(bank: Bank, job: Job, *, now: datetime) -> bool:
    """Claim the job if it is due, do it, and say when it is due again. A failure is logged; its lease runs out.

    Whatever goes wrong is this job's own: the jobs behind it are done all the same.
    """
    try:
        fence = leases.claim(bank, job.name, lease=job.lease, now=now)
        if fence is None:
            return False
        outcome = job.work(bank, now=now)
        leases.finish(bank, job.name, fence, due_at=job.next_due(now, bank.settings.timezone), now=now)
    except Exception as error:  # its words may hold personal data, its type does not
        log.error("job failed", job=job.name, kind=type(error).__name__)
        return False
    if outcome:  # a line for each time that nothing was due would bury the others
        log.info("job done", job=job.name, outcome=str(outcome))
    return True
