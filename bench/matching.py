"""How long the suggestions of a day take: 500 open needs against 2,000 volunteers with offers, one core, SQLite."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain.roles import Actor
from timebank.services import matching, needs, offers
from timebank.services.needs import PostNeed
from timebank.services.offers import MakeOffer
from timebank.storage.unit import Bank

NEEDS, VOLUNTEERS, AT_MOST_SECONDS = 500, 2_000, 5.0
SERVICES = ("cleaning", "shopping", "chatting", "reading", "laundry", "errands", "bills", "tidying", "visiting")
MIDNIGHT = NOW + timedelta(hours=8)  # of the county
DAY = date(2026, 9, 16)


def run(directory: Path, postgres_url: str | None = None) -> list[dict[str, Any]]:
    """The rows of the table: measure, value, against, ratio, wanted."""
    bank = make_bank(settings_in(directory / "matching"))
    with bank.together() as one:
        world = build_world(one)
        _fill(World(one, world.stations, world.staff))
    seconds, found = _suggested(bank, world.staff["worker A"])
    bank.engine.dispose()
    return [
        {
            "measure": f"suggestions for {NEEDS} needs and {VOLUNTEERS:,} volunteers, SQLite (at most): {found} found",
            "value": f"{seconds:.2f} s",
            "against": f"{AT_MOST_SECONDS:.0f} s",
            "ratio": seconds / AT_MOST_SECONDS,
            "wanted": 1.0,
            "reached": seconds <= AT_MOST_SECONDS,
        }
    ]


def _fill(world: World) -> None:
    """Volunteers who each offer three services on half a day, and elders who each need one of them."""
    chance = random.Random(7)  # noqa: S311 - made-up people, no secret
    for number in range(VOLUNTEERS):
        start = chance.choice(("06:00", "08:00", "13:00"))
        end = {"06:00": "12:00", "08:00": "18:00", "13:00": "22:00"}[start]
        form = MakeOffer(range(1, 8), start, end, chance.sample(SERVICES, 3), "none", languages=("mandarin",))
        who = world.member(born=date(1960, 1, 1) + timedelta(days=number))
        offers.make(world.bank, who, form, now=NOW)
    worker = world.staff["worker A"]
    for number in range(NEEDS):
        elder = world.member(born=date(1940, 1, 1) + timedelta(days=number))
        start_at = MIDNIGHT + timedelta(minutes=30 * chance.randrange(14, 40))
        form_of_need = PostNeed(elder.person_id, chance.choice(SERVICES), 60, start_at, "none", "charity", place="")
        view = needs.post(world.bank, worker, form_of_need, now=NOW)
        needs.publish(world.bank, worker, view.id, now=NOW)


def _suggested(bank: Bank, worker: Actor) -> tuple[float, int]:
    """Seconds of the best of three, and how many needs found somebody."""
    best, found = float("inf"), 0
    for _ in range(3):
        begun = time.perf_counter()
        found = len(matching.suggest(bank, worker, DAY, now=NOW))
        best = min(best, time.perf_counter() - begun)
    return best, found
