"""`python -m bench`: measure everything and write the table of docs/performance.md."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench import append, audit, coverage, imports, log, matching, web
from tests.postgres import cluster

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->", "<!-- end -->"


def main() -> int:
    """Run all benchmarks. 1 if a ratio is not reached."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="timebank-bench-") as folder, cluster(durable=True) as server:
        directory = Path(folder)
        for part in (append, audit, web, log, matching, coverage, imports):
            rows += part.run(directory, server.new_database())
            _write("\n".join(_lines(rows)))
    print("\n".join(_lines(rows)))  # noqa: T201 - the result is for who ran it
    return 0 if all(_reached(row) for row in rows) else 1


def _lines(rows: list[dict[str, object]]) -> list[str]:
    lines = [
        (
            f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({platform.machine()}), "
            f"Python {platform.python_version()}, PostgreSQL 15 and SQLite with full durability."
        ),
        "",
        "| measure | value | against | ratio | wanted | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return lines + [_line(row) for row in rows]


def _reached(row: dict[str, object]) -> bool:
    if "reached" in row:
        return bool(row["reached"])
    return float(str(row["ratio"])) >= float(str(row["wanted"]))


def _line(row: dict[str, object]) -> str:
    mark = "reached" if _reached(row) else "**not reached**"
    ratio = f"{float(str(row['ratio'])):.3g}"
    return f"| {row['measure']} | {row['value']} | {row['against']} | {ratio} | {row['wanted']} | {mark} |"


def _write(table: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
