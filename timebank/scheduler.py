"""The one scheduler process. It asks every few seconds what is due; a second one is harmless, for work is claimed.

APScheduler only ticks. What is due, and whose turn it is, stands in the database (`services.leases`), so a missed tick,
a restart or a second process loses nothing and does nothing twice.
"""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from types import FrameType

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler

from timebank.bootstrap import build_bank
from timebank.jobs.table import JOBS, run_due
from timebank.services import Bank
from timebank.settings import Settings, load
from timebank.web.observe import init_logs

TICK_SECONDS = 5
log = structlog.get_logger()


def tick(bank: Bank) -> None:
    """Do whatever is due now."""
    for job in JOBS:
        run_due(bank, job, now=datetime.now(UTC))


def main(settings: Settings | None = None) -> None:
    """Run until SIGINT or SIGTERM; the job under way is finished first."""
    init_logs()
    bank = build_bank(settings or load(), pool_size=2)
    scheduler = BlockingScheduler(timezone=bank.settings.timezone)
    scheduler.add_job(
        tick, "interval", [bank], seconds=TICK_SECONDS, max_instances=1, coalesce=True, next_run_time=datetime.now(UTC)
    )

    def stop(signal_number: int, frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("scheduler started", jobs=[job.name for job in JOBS])
    scheduler.start()
    bank.engine.dispose()
    log.info("scheduler stopped")


if __name__ == "__main__":
    main()
