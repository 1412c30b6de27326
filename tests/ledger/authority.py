"""A timestamping authority: openssl's own, behind a small HTTP server, with certificates made for the test."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.ledger.witness.test_client import serving

TST_INFO = "1.2.840.113549.1.9.16.1.4"
GRANTED = bytes.fromhex("3003020100")
"""The status of an answer: granted, in DER."""
CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Its files, and what it answers with; a test may put another answer in its place."""

    folder: Path
    digests: str = "sha256"
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING
    from_: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=2))
    until: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(days=2))
    changed: Callable[[bytes], tuple[int, str, bytes]] = lambda answer: (200, "application/timestamp-reply", answer)
    asked: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir()
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = self._certificate("Test root", root_key, "Test root", root_key, is_root=True)
        tsa = self._certificate("Test authority", key, "Test root", root_key, is_root=False)
        (self.folder / "root.pem").write_bytes(root)
        (self.folder / "tsa.pem").write_bytes(tsa)
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (self.folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=self.folder, digests=self.digests))

    @property
    def roots(self) -> bytes:
        return (self.folder / "root.pem").read_bytes()

    def stamp(self, query: bytes) -> bytes:
        """What openssl's authority answers."""
        (self.folder / "query.tsq").write_bytes(query)
        answer = self.folder / "answer.tsr"
        run("ts", "-reply", "-config", self.folder / "tsa.cnf", "-queryfile", self.folder / "query.tsq", "-out", answer)
        return answer.read_bytes()

    def signs_again(self, answer: bytes) -> bytes:
        """What another authority stamped, signed by this one: openssl's own refuses where the certificate is not for
        it, so the pieces are put together by hand (RFC 3161, section 2.4.2)."""
        old, token, info, new = (self.folder / name for name in ("old.tsr", "old.der", "info.der", "new.der"))
        old.write_bytes(answer)
        run("ts", "-reply", "-in", old, "-token_out", "-out", token)
        run("cms", "-verify", "-noverify", "-nosigs", "-inform", "DER", "-in", token, "-out", info)
        signer = ("-signer", self.folder / "tsa.pem", "-inkey", self.folder / "tsa.key", "-md", "sha256")
        kind = ("-binary", "-nodetach", "-cades", "-econtent_type", TST_INFO)
        run("cms", "-sign", *kind, *signer, "-in", info, "-outform", "DER", "-out", new)
        body = GRANTED + new.read_bytes()
        return b"\x30\x82" + len(body).to_bytes(2, "big") + body

    def verifies(self, text: str, answer: bytes) -> bool:
        """What openssl says of it."""
        (self.folder / "text").write_bytes(text.encode())
        (self.folder / "check.tsr").write_bytes(answer)
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-data", self.folder / "text", "-in", self.folder / "check.tsr",
             "-CAfile", self.folder / "root.pem", "-untrusted", self.folder / "tsa.pem"],
            capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode == 0

    @contextmanager
    def serving(self) -> Iterator[str]:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                authority.asked += 1
                query = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                status, kind, answer = authority.changed(authority.stamp(query))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
            yield f"{url}/stamp"

    def _certificate(
        self, name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, *,
        is_root: bool,
    ) -> bytes:  # fmt: skip
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[0])
            .issuer_name(names[1])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30) if is_root else self.from_)
            .not_valid_after(now + timedelta(days=30) if is_root else self.until)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        )
        if not is_root:
            builder = builder.add_extension(x509.ExtendedKeyUsage([self.usage]), critical=True)
        return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def run(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
