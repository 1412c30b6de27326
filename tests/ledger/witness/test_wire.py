"""How a witness is asked: over TLS that is verified, at addresses of http and https only."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ledger import wire
from ledger.witness import Witness, WitnessMemory
from ledger.witness.server import make_server
from tests.ledger.auditing import KEYS
from tests.ledger.witness.test_client import ask, policy, serving
from tests.ledger.witness.test_witness import WITNESS_KEYS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for localhost, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path / "certificate.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def port(tmp_path: Path, certificate: Path) -> Iterator[int]:
    """A witness behind TLS."""
    witness = Witness(WITNESS_KEYS, [key.verifier for key in KEYS], WitnessMemory(tmp_path / "w.db"))
    server = make_server(witness, "127.0.0.1", 0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server) as url:
        yield int(url.rsplit(":", 1)[1])


def test_over_tls(port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for size in (9, 40):
        done = ask(policy(("w1", WITNESS_KEYS, f"https://localhost:{port}")), size)
        assert done.has_quorum, done.answers


def test_a_certificate_that_is_not_trusted_or_of_another_name(
    port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for trusted, host in ((False, "localhost"), (True, "127.0.0.1")):
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        done = ask(policy(("w1", WITNESS_KEYS, f"https://{host}:{port}")), 9)
        assert not done.has_quorum
        assert {one.problem for one in done.answers} == {"SSLCertVerificationError"}


def test_one_that_never_finishes_the_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises((TimeoutError, ssl.SSLError)):
        wire.ask("GET", f"https://localhost:{silent.getsockname()[1]}", "", None, 0.3)


@pytest.mark.parametrize("url", ["ftp://witness.example", "file:///etc/hostname", "witness.example", "http://", "//x"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        wire.ask("GET", url, "", None, 1)
