"""One list of good and bad receipts for both who judge them: `ledger check` and the page in the browser.

Everything is signed by keys of this file over the entries in tests/vectors, so that each case differs from a good
receipt in the one thing that its name says.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.compact import encode_compact
from ledger.merkle import inclusion_proof, list_reader, root_of
from ledger.notes import KeyType, Note, SigningKey
from ledger.receipts import Receipt
from tests.ledger.vectors import bodies, facts, leaves

ORIGIN: str = facts()["origin"]
SECONDS = 1_790_000_000
SIZE, SEQ = 301, 150


@dataclass(frozen=True)
class Case:
    """A file, the policy to judge it by, and the reasons that both give, one for each receipt in the file.

    `policy` as the only reason means that the policy itself is refused.
    """

    name: str
    raw: bytes
    policy: str
    reasons: tuple[str, ...]


def key(name: str, type_: KeyType = KeyType.ED25519, seed: str = "") -> SigningKey:
    return SigningKey(name, type_, hashlib.sha256(f"{name} {type_} {seed}".encode()).digest())


BOOK = (key(ORIGIN), key(ORIGIN, KeyType.ML_DSA_44))
STATION = key("witness.example/station", KeyType.COSIGNATURE)
COURT = key("witness.example/court", KeyType.COSIGNATURE)
ARCHIVE = key("witness.example/archive", KeyType.ML_DSA_44)
STRANGER = key("witness.example/stranger", KeyType.COSIGNATURE)
WITNESSES = {"station": STATION, "court": COURT, "archive": ARCHIVE}


@cache
def policy(quorum: str = "quorum most", book: tuple[SigningKey, ...] = BOOK) -> str:
    lines = [f"log {one.verifier.encode()}" for one in book]
    lines += [f"witness {name} {one.verifier.encode()}" for name, one in WITNESSES.items()]
    return "\n".join([*lines, "group most 2 station court archive", quorum]) + "\n"


@cache
def note(size: int = SIZE, *witnesses: SigningKey, book: tuple[SigningKey, ...] = BOOK) -> str:
    tree = Checkpoint(ORIGIN, size, root_of(leaves()[:size]))
    signed = sign_checkpoint(tree, book, SECONDS)
    cosigned = tuple(one.sign(signed.text, SECONDS + 5) for one in witnesses or WITNESSES.values())
    return Note(signed.text, (*signed.signatures, *cosigned)).encode()


@cache
def receipt(seq: int = SEQ, size: int = SIZE, checkpoint: str = "") -> str:
    proof = inclusion_proof(seq, size, list_reader(leaves()[:size]))
    return Receipt(seq, tuple(proof), checkpoint or note(size), bodies()[seq]).encode()


def with_body(text: str, change: Callable[[bytes], bytes]) -> str:
    first, extra, rest = text.split("\n", 2)
    body = base64.b64decode(extra.removeprefix("extra "))
    changed = change(body)
    assert changed != body
    return f"{first}\nextra {base64.b64encode(changed).decode()}\n{rest}"


def with_line(text: str, at: int, change: Callable[[str], str | None]) -> str:
    """The text with its line `at` changed, or left out."""
    lines = text.split("\n")
    changed = change(lines[at])
    assert changed != lines[at]
    lines[at : at + 1] = [] if changed is None else changed.split("\n")
    return "\n".join(lines)


def line_of(text: str, signer: SigningKey) -> int:
    start = f"\u2014 {signer.name} "
    for at, line in enumerate(text.split("\n")):
        if line.startswith(start) and base64.b64decode(line.removeprefix(start))[:4] == signer.verifier.key_id:
            return at
    raise AssertionError(signer.name)


def flipped(at: int) -> Callable[[str], str]:
    """Changes one byte of what a line's last word spells in base64."""

    def change(line: str) -> str:
        *words, encoded = line.split(" ")
        raw = bytearray(base64.b64decode(encoded))
        raw[at] ^= 1
        return " ".join([*words, base64.b64encode(raw).decode()])

    return change


def loose(line: str) -> str:
    """The same bytes in a second spelling: a bit that base64 does not use is set."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(line.rstrip("=")) - 1
    assert line.endswith("=")
    return line[:at] + digits[digits.index(line[at]) + 1] + line[at + 1 :]


def changed_signature(text: str, signer: SigningKey, at: int) -> str:
    return with_line(text, line_of(text, signer), flipped(at))


def without(text: str, *signers: SigningKey) -> str:
    for signer in signers:
        text = with_line(text, line_of(text, signer), lambda line: None)
    return text


PROOF, TREE = 3, 3 + len(inclusion_proof(SEQ, SIZE, list_reader(leaves()))) + 1
"""The lines of the good receipt at which its proof and its checkpoint begin."""


def good() -> list[tuple[str, str, str]]:
    text = receipt()
    codes = "\n".join(encode_compact(Receipt.parse(text)))
    backwards = "\n".join(reversed(codes.split("\n")))
    return [
        ("as it was made", text, "proven"),
        ("the first entry", receipt(0), "proven"),
        ("the last entry", receipt(300), "proven"),
        ("another entry", receipt(16), "proven"),
        ("a tree of 256", receipt(255, 256), "proven"),
        ("a tree of one", receipt(0, 1), "proven"),
        ("two witnesses are enough", without(text, STATION), "proven"),
        ("without its post-quantum signature", without(text, BOOK[1]), "proven"),
        ("only its post-quantum signature", without(text, BOOK[0]), "proven"),
        ("a stranger signed too", receipt(SEQ, SIZE, note(SIZE, *WITNESSES.values(), STRANGER)), "proven"),
        ("as codes", codes, "proven"),
        (
            "as codes in another order, with spaces and line ends",
            backwards.replace("/", "/\n ").lower() + "\n\n",
            "proven",
        ),
    ]


def changed_heads() -> list[tuple[str, str, str]]:
    text = receipt()
    hash_ = base64.b64encode(b"\7" * 32).decode()
    head, rest = text.split("\n\n", 1)
    return [
        ("more minutes", with_body(text, lambda body: body.replace(b"180]", b"240]")), "other-root"),
        ("minutes for another", with_body(text, lambda body: body.replace(b"m02-dbc1", b"m02-dbc2")), "other-root"),
        ("a later time", with_body(text, lambda body: body.replace(b"00:03:45", b"00:03:46")), "other-root"),
        ("a digit of its nonce", with_body(text, lambda body: _other_digit(body, b'"nonce":"')), "other-root"),
        ("a digit of its link", with_body(text, lambda body: _other_digit(body, b'"prev":"')), "other-root"),
        ("a space in the entry", with_body(text, lambda body: body.replace(b",", b", ", 1)), "no-entry"),
        ("a field that no entry has", with_body(text, lambda body: body[:-1] + b',"w":1}'), "no-entry"),
        ("an entry that is no JSON", with_body(text, lambda body: body[:-1]), "no-entry"),
        ("an unknown kind", with_body(text, lambda body: body.replace(b'"kind":"', b'"kind":"x')), "no-entry"),
        ("a version of the future", with_body(text, lambda body: body.replace(b'"v":1', b'"v":2')), "no-entry"),
        ("another index", text.replace(f"index {SEQ}", f"index {SEQ + 1}"), "other-entry"),
        ("an index beyond any book", text.replace(f"index {SEQ}", f"index {2**63 - 1}"), "other-entry"),
        ("an index too long to be one", text.replace(f"index {SEQ}", "index " + "9" * 30), "unreadable"),
        ("an index with a zero before it", text.replace(f"index {SEQ}", f"index 0{SEQ}"), "unreadable"),
        ("the entry and number of another", receipt(16).split("\n", 3)[0] + "\n" + "\n".join(
            receipt(151).split("\n")[1:3]) + "\n" + text.split("\n", 3)[3], "other-root"),
        ("a changed hash", with_line(text, PROOF, flipped(0)), "other-root"),
        ("two hashes in each other's place", _swapped(text, PROOF), "other-root"),
        ("a missing hash", with_line(text, PROOF, lambda line: None), "proof-length"),
        ("a hash too many", with_line(text, PROOF, lambda line: f"{line}\n{hash_}"), "proof-length"),
        ("no hash at all", "\n".join(text.split("\n")[:PROOF]) + "\n\n" + rest, "proof-length"),
        ("64 hashes", head + f"\n{hash_}" * 64 + "\n\n" + rest, "unreadable"),
        ("a short hash", with_line(text, PROOF, lambda line: "AAAA"), "unreadable"),
        ("a hash in another spelling", with_line(text, PROOF, loose), "unreadable"),
        ("an extra line before the proof", with_line(text, PROOF, lambda line: f"note x\n{line}"), "unreadable"),
        ("a first line of another version", text.replace("@v1", "@v2", 1), "unreadable"),
        ("lines ended as on Windows", text.replace("\n", "\r\n"), "unreadable"),
        ("half of the file", text[: len(head) // 2], "unreadable"),
        ("nothing", "", "unreadable"),
        ("something else", "今天天气很好\n", "unreadable"),
    ]  # fmt: skip


def odd_entries() -> list[tuple[str, str, str]]:
    """Entries that only a strict reader refuses: before any hash is computed."""
    odd = {
        "nested 33 deep": b"[" * 33 + b"]" * 33,
        "nested 20000 deep": b"[" * 20000 + b"]" * 20000,
        "a number that is not whole": b"1.5",
        "a number with a zero after its point": b"1.0",
        "a number that is too large": b"9007199254740992",
        "minus nothing": b"-0",
        "half a character": b'"\\ud800"',
        "a needless escape": b'"\\u0041"',
        "the same name twice": b'1,"a":1',
        "nothing at all in it": b'1,"account":',
    }
    data = b'"data":{'
    text = receipt(16)
    first = [
        (
            f"data: {name}",
            with_body(text, lambda body, value=value: body.replace(data, data + b'"a":' + value + b",")),
            "",
        )
        for name, value in odd.items()
    ]
    fields = {
        "a day that no calendar has": (b"2026-01-01T", b"2026-02-30T"),
        "the year nought": (b"2026-01-01T", b"0000-01-01T"),
        "a second too many": (b":24.000Z", b":60.000Z"),
        "an actor with a space": (b'"actor":"', b'"actor":" '),
        "a number as text": (b'"seq":16', b'"seq":"16"'),
        "a number below nought": (b'"seq":16', b'"seq":-16'),
        "capital hex digits": (b'"prev":"799bd92b', b'"prev":"799BD92B'),
        "postings that are empty": (b'"prev"', b'"postings":[],"prev"'),
        "an evidence of null": (b'"kind"', b'"evidence":null,"kind"'),
        "without its book": (b'"book":"timebank.example/lunan",', b""),
    }
    second = [(name, with_body(text, lambda body, pair=pair: body.replace(*pair)), "") for name, pair in fields.items()]
    return [(name, changed, "no-entry") for name, changed, _ in [*first, *second]]


def _other_digit(body: bytes, after: bytes) -> bytes:
    at = body.index(after) + len(after)
    return body[:at] + (b"0" if body[at : at + 1] != b"0" else b"1") + body[at + 1 :]


def _swapped(text: str, at: int) -> str:
    lines = text.split("\n")
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return "\n".join(lines)


def changed_checkpoints() -> list[tuple[str, str, str]]:
    text = receipt()
    other = key(ORIGIN, seed="other")
    beyond = receipt().replace(text.split("\n\n", 1)[1], note(100))
    again = text.split("\n")[line_of(text, STATION)]
    return [
        ("another size", with_line(text, TREE + 1, lambda line: "302"), "false-signature"),
        ("a size with a zero before it", with_line(text, TREE + 1, lambda line: "0301"), "no-checkpoint"),
        ("another root", with_line(text, TREE + 2, flipped(5)), "false-signature"),
        ("a root in another spelling", with_line(text, TREE + 2, loose), "no-checkpoint"),
        ("another origin", with_line(text, TREE, lambda line: "timebank.example/other"), "other-book"),
        ("an extension line", with_line(text, TREE + 2, lambda line: f"{line}\nmore"), "no-checkpoint"),
        ("the checkpoint of a smaller tree", beyond, "not-among-them"),
        ("the checkpoint of another tree", receipt().replace(text.split("\n\n", 1)[1], note(257)), "other-root"),
        ("no signature at all", text[: text.rindex("\n\n") + 2], "no-checkpoint"),
        ("a file cut within a signature", text[:-40], "no-checkpoint"),
        ("a line after the end", f"{text}hello\n", "no-checkpoint"),
        ("no line end at the end", text[:-1], "no-checkpoint"),
        ("a byte of the book's signature", changed_signature(text, BOOK[0], 20), "false-signature"),
        ("a byte of its post-quantum signature", changed_signature(text, BOOK[1], 2000), "false-signature"),
        ("the time of its post-quantum signature", changed_signature(text, BOOK[1], 11), "false-signature"),
        ("a signature in another spelling", with_line(text, line_of(text, STATION), loose), "no-checkpoint"),
        ("other key ids", changed_signature(changed_signature(text, BOOK[0], 0), BOOK[1], 0), "not-signed"),
        ("another key of the same name", receipt(SEQ, SIZE, note(book=(other,))), "not-signed"),
        ("a signature by nobody", with_line(text, line_of(text, BOOK[0]), _forged), "false-signature"),
        ("too few witnesses", without(text, STATION, COURT), "too-few-witnesses"),
        ("no witness", without(text, STATION, COURT, ARCHIVE), "too-few-witnesses"),
        ("a stranger in place of a witness", receipt(SEQ, SIZE, note(SIZE, STATION, STRANGER)), "too-few-witnesses"),
        ("one witness twice", with_line(without(text, COURT, ARCHIVE), line_of(without(text, COURT, ARCHIVE), STATION),
                                        lambda line: f"{line}\n{again}"), "too-few-witnesses"),
        ("a witness's time changed", changed_signature(text, COURT, 11), "false-signature"),
        ("a witness's time beyond all time", changed_signature(text, COURT, 4), "false-signature"),
        ("a byte of a witness's signature", changed_signature(text, STATION, 40), "false-signature"),
        ("a byte of a witness's post-quantum signature", changed_signature(text, ARCHIVE, 500), "false-signature"),
        ("a witness's line under another's name", text.replace(STATION.name, COURT.name), "proven"),
    ]  # fmt: skip


def _forged(line: str) -> str:
    words = line.split(" ")
    return " ".join([*words[:2], base64.b64encode(BOOK[0].verifier.key_id + b"\1" * 64).decode()])


def other_books() -> list[tuple[str, str, str]]:
    origin = "timebank.example/elsewhere"
    body = bodies()[0].replace(ORIGIN.encode(), origin.encode())
    from ledger.chain import leaf_hash

    tree = sign_checkpoint(Checkpoint(origin, 1, leaf_hash(body)), (key(origin),), SECONDS)
    whole = Receipt(0, (), tree.encode(), body).encode()
    mixed = Receipt(0, (), note(1), body).encode()
    return [("a receipt of another book", whole, "other-book"), ("an entry of another book", mixed, "other-book")]


def codes() -> list[tuple[str, str, str]]:
    one, two = encode_compact(Receipt.parse(receipt())), encode_compact(Receipt.parse(receipt(16)))
    head, _, encoded = one[0].rpartition("/")
    digit = "A" if encoded[100] != "A" else "B"
    return [
        ("a code with a changed character", f"{head}/{encoded[:100]}{digit}{encoded[101:]}", "unreadable"),
        ("a code cut short", one[0][:-8], "unreadable"),
        ("a code of another version", one[0].replace("TBR1", "TBR2"), "unreadable"),
        ("a code that says to be one of two", one[0].replace("TBR1/1/1/", "TBR1/1/2/"), "unreadable"),
        ("a code with the check of another", head.rpartition("/")[0] + "/" + two[0].split("/")[3] + "/" + encoded,
         "unreadable"),
    ]  # fmt: skip


def policies() -> list[Case]:
    text = receipt().encode()
    vkey = BOOK[0].verifier.encode()
    broken = {
        "a policy without a quorum": policy(""),
        "a policy without a book": "quorum none\n",
        "a policy with a quorum that is not defined": f"log {vkey}\nquorum most\n",
        "a policy with a changed key": f"log {vkey[:-2]}{'A' if vkey[-2] != 'A' else 'B'}{vkey[-1]}\nquorum none\n",
        "a policy of words": "trust everybody\n",
        "a policy with two quorums": policy("quorum most\nquorum none"),
        "a policy whose group asks for too many": policy().replace("most 2", "most 4"),
        "a policy whose group asks for none": policy().replace("most 2", "most 0"),
        "a policy whose group counts oddly": policy().replace("most 2", "most +2"),
        "a policy whose group names one twice": policy().replace("station court archive", "station court court"),
        "a policy with a witness's key for the book": f"log {STATION.verifier.encode()}\nquorum none\n",
        "a policy with a book's key for a witness": f"log {vkey}\nwitness w {vkey}\nquorum w\n",
    }
    strange = key(ORIGIN, seed="strange")
    return [
        *(Case(name, text, words, ("policy",)) for name, words in broken.items()),
        Case("a policy that trusts another key", text, policy(book=(strange,)), ("not-signed",)),
        Case("a policy that asks for no witness", without(receipt(), *WITNESSES.values()).encode(),
             policy("quorum none"), ("proven",)),
        Case("several in one file", (receipt(16) + receipt() + receipt(300)).encode(), policy(), ("proven",) * 3),
        Case("a bad one among good ones",
             (receipt(16) + with_line(receipt(), PROOF, flipped(1)) + receipt(300)).encode(), policy(),
             ("proven", "other-root", "proven")),
        Case("bytes that are no text", b"\xff\xfe" + text, policy(), ("unreadable",)),
    ]  # fmt: skip


@cache
def cases() -> tuple[Case, ...]:
    """All of them."""
    plain = [*good(), *changed_heads(), *odd_entries(), *changed_checkpoints(), *other_books(), *codes()]
    return (*(Case(name, text.encode(), policy(), (reason,)) for name, text, reason in plain), *policies())


def as_json() -> str:
    """All of them, for whoever judges receipts in another language."""
    return json.dumps(
        [
            {"name": one.name, "raw": base64.b64encode(one.raw).decode(), "policy": one.policy, "reasons": one.reasons}
            for one in cases()
        ]
    )
