"""The log as the service serves it, proven by Go's own libraries over HTTP."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

from werkzeug.serving import make_server

from tests.ledger.monitor.gotool import built, judges
from tests.timebank.world import NOW, build_world, make_bank, settings_in
from timebank.app import create_app
from timebank.services import keys, publishing


def test_go_proves_the_log_of_the_service(tmp_path: Path) -> None:
    world = build_world(make_bank(settings_in(tmp_path, TIMEBANK_BOOK_IS_PUBLIC="yes")))
    sizes = []
    for _ in range(2):
        world.verified(world.member(), world.member())
        signed = publishing.publish(world.bank, now=NOW)
        assert signed.size is not None
        sizes.append(signed.size)
    key = next(view.text for view in keys.every(world.bank) if view.kind == "ED25519")
    server = make_server("127.0.0.1", 0, create_app(bank=world.bank), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        done = judges(built(tmp_path), f"http://127.0.0.1:{server.server_port}/log/lunan", key, sizes[0])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        world.bank.engine.dispose()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"ok {sizes[1]}"
