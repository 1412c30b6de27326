"""Checking receipts in a real Chromium: the page and the file saved from it say what `ledger check` says, and why."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from ledger import Draft, Kind
from ledger.compact import encode_compact
from ledger.notes import KeyType, generate, sign_note
from ledger.receipts import Receipt
from tests.browser.conftest import FLAGS, People, chromium_path
from tests.browser.test_faces import RULES, TARGETS_SMALLER, TEXT_SMALLER, WIDER, check
from tests.browser.test_scan import CAMERA, film
from tests.ledger.receipt_cases import PROOF, cases, flipped, policy, receipt, with_line
from tests.timebank.world import make_bank, settings_in
from timebank.services import papers, publishing
from timebank.storage.unit import Bank

REASONS = "() => [...document.querySelectorAll('#verify-answer [data-reason]')].map((one) => one.dataset.reason)"


@pytest.fixture(scope="module")
def published(instance: Path) -> Iterator[Bank]:
    """The served bank, with a checkpoint over all that is in it."""
    bank = make_bank(settings_in(instance))
    publishing.publish(bank, now=datetime.now(UTC))
    yield bank
    bank.engine.dispose()


@pytest.fixture
def offline(chromium: Browser, visit: Callable[..., Page], published: Bank, tmp_path: Path) -> Iterator[Page]:
    """The page as a file on a disk, in a browser without a network."""
    saved = tmp_path / "verify.html"
    saved.write_bytes(visit().request.get("/verify/offline.html").body())
    context = chromium.new_context(offline=True, locale="zh-CN", viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(saved.as_uri())
    yield page
    context.close()


def file(raw: bytes, name: str = "receipt.tlog-proof", kind: str = "text/plain") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": raw}


def trust(page: Page, words: str) -> None:
    """Paste a policy, as somebody who got it elsewhere."""
    if not page.locator("#verify-policy").is_visible():
        page.locator("#verify-trust summary").click()
    page.fill("#verify-policy", words)


def give(page: Page, *files: FilePayload) -> list[str]:
    """Choose files; gives the reasons that the page shows, the first result being there."""
    page.evaluate("document.getElementById('verify-answer').replaceChildren()")
    page.set_input_files("#verify-files", list(files))
    page.wait_for_selector("#verify-answer [data-reason]")
    return list(page.evaluate(REASONS))


def judge_all(page: Page) -> None:
    wrong: list[Any] = []
    trusted = ""
    for case in cases():
        if case.policy != trusted:
            trust(page, case.policy)
            trusted = case.policy
        found = give(page, file(case.raw))
        heads = page.locator("#verify-answer h2").all_inner_texts()
        words = page.locator("#verify-answer").inner_text()
        if tuple(found) != case.reasons or ("未能证明" in heads) != (set(found) != {"proven"}) or "{" in words:
            wrong.append((case.name, found, case.reasons, words))
    assert wrong == []


@pytest.mark.browser
def test_page_and_command_judge_every_case_alike(visit: Callable[..., Page], published: Bank) -> None:
    page = visit()
    page.goto("/verify")
    judge_all(page)


@pytest.mark.browser
@pytest.mark.parametrize(
    "lacking",
    [
        "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })",
        "SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('', 'NotSupportedError'))",
    ],
    ids=["no WebCrypto", "no Ed25519 in it"],
)
def test_a_browser_that_lacks_cryptography_judges_alike(
    visit: Callable[..., Page], published: Bank, lacking: str
) -> None:
    page = visit()
    page.add_init_script(lacking)
    page.goto("/verify")
    judge_all(page)


@pytest.mark.browser
def test_the_saved_file_judges_every_case_alike_without_a_network(offline: Page) -> None:
    judge_all(offline)


@pytest.mark.browser
def test_why_it_is_not_proven_stands_in_words(visit: Callable[..., Page], published: Bank) -> None:
    page = visit(language="en")
    page.goto("/verify")
    trust(page, policy())
    assert give(page, file(with_line(receipt(), PROOF, flipped(0)).encode())) == ["other-root"]
    answer = page.locator("#verify-answer")
    expect(answer.locator("h2")).to_have_text("Not proven")
    expect(answer).to_contain_text("the entry or the proof was changed")
    expect(answer).to_contain_text("Do not rely on it")
    assert give(page, file(receipt().encode())) == ["proven"]
    for words in ("Hours were given to another member", "+3 h on account m02", "−3 h on account m00",
                  "the book of 301 entries, at place 150", "witness.example/court", "September 21, 2026",
                  "As many as the policy asks for", "What this does not prove"):  # fmt: skip
        expect(answer).to_contain_text(words)


def near(code: Locator) -> bytes:
    """A code as a phone's camera sees it from near: some five dots to a module."""
    code.evaluate("(image) => { image.style.width = image.style.maxWidth = '700px' }")
    return code.screenshot()


@pytest.mark.browser
def test_a_member_saves_a_receipt_and_anybody_checks_it(
    visit: Callable[..., Page], published: Bank, people: People, tmp_path: Path
) -> None:
    member = visit(people.saver)
    member.goto("/passbook")
    member.locator("a[href^='/receipts/']").first.click()
    with member.expect_download() as saved:
        member.get_by_role("button", name="存成文件").click()
    raw = Path(saved.value.path()).read_bytes()
    shown = [near(one) for one in member.locator(".site-code img").all()]
    anybody = visit()
    said: list[str] = []
    anybody.on("console", lambda message: said.append(message.text))
    anybody.on("pageerror", lambda error: said.append(str(error)))
    anybody.goto("/verify")
    assert give(anybody, file(raw)) == ["proven"]
    expect(anybody.locator("#verify-answer")).to_contain_text("只有账本自己的公钥作保")
    assert give(anybody, *(file(png, f"{at}.png", "image/png") for at, png in enumerate(shown))) == ["proven"]
    anybody.fill("#verify-text", "\n".join(encode_compact(Receipt.parse(raw))))
    anybody.set_input_files("#verify-files", [])
    anybody.get_by_role("button", name="核对", exact=True).click()
    expect(anybody.locator("#verify-answer [data-reason=proven]")).to_have_count(1)
    assert said == []


@pytest.mark.browser
def test_a_photo_without_a_code_and_nothing_at_all(visit: Callable[..., Page], published: Bank) -> None:
    page = visit()
    page.goto("/verify")
    page.get_by_role("button", name="核对", exact=True).click()
    expect(page.locator("#verify-answer")).to_have_text("请先选择文件或粘贴文字。")
    assert give(page, file(page.screenshot(), "photo.png", "image/png")) == ["no-code"]
    assert give(page, file(b"not a picture", "photo.png", "image/png")) == ["no-code"]


@pytest.mark.browser
def test_one_of_two_codes_asks_for_the_other(visit: Callable[..., Page], published: Bank) -> None:
    whole = Receipt.parse(receipt())
    texts = encode_compact(Receipt(150, tuple(bytes([at]) * 32 for at in range(24)), whole.checkpoint, whole.body))
    page = visit()
    page.goto("/verify")
    for text, words in ((texts[0], "还缺第 2 个码（共 2 个）"), (texts[1], "证明的步数")):
        trust(page, policy())
        page.evaluate(
            "(text) => { const input = document.getElementById('verify-scanned'); input.value = text;"
            " input.dispatchEvent(new Event('change', { bubbles: true })) }", text
        )  # fmt: skip
        expect(page.locator("#verify-answer")).to_contain_text(words)


def grow(bank: Bank) -> None:
    now = datetime.now(UTC)
    with bank.unit() as unit:
        size = unit.book.head().size
        ids = (f"v-{size + at:016x}" for at in range(300))
        unit.append_many(
            [Draft(Kind.OPEN, "worker", data={"account": one, "account_kind": "member"}) for one in ids], now=now
        )
    publishing.publish(bank, now=now)


@pytest.mark.browser
def test_the_newest_checkpoint_extends_the_receipts(
    visit: Callable[..., Page], published: Bank, people: People
) -> None:
    member = visit(people.saver)
    member.goto("/passbook")
    path = member.locator("a[href^='/receipts/']").first.get_attribute("href")
    raw = member.request.get(f"{path}.tlog-proof").body()
    grow(published)
    page = visit()
    page.goto("/verify")
    button = page.get_by_role("button", name="与账本最新的签名对比")
    compared = page.locator("#verify-compared [data-reason]")
    expect(button).to_be_hidden()
    give(page, file(raw))
    page.wait_for_timeout(1100)  # a worker keeps the checkpoint that it gave out for a second
    button.click()
    expect(compared).to_have_attribute("data-reason", "proven")
    expect(compared).to_contain_text("没有任何改动")

    def changed(route: Any) -> None:
        answer = route.fetch()
        body = bytearray(answer.body())
        body[0] ^= 1
        route.fulfill(response=answer, body=bytes(body))

    for pattern, change, reason in (
        ("**/tile/**", changed, "log-forked"),
        ("**/tile/**", lambda route: route.fulfill(status=200, body=b"short"), "log-broken"),
        ("**/tile/**", lambda route: route.abort(), "log-away"),
        ("**/checkpoint", lambda route: route.fulfill(status=503), "log-away"),
        ("**/checkpoint", lambda route: route.fulfill(status=200, body=receipt().split("\n\n", 1)[1]), "not-signed"),
        ("**/checkpoint", changed, "other-book"),
    ):
        page.route(pattern, change)
        page.evaluate("document.getElementById('verify-compared').replaceChildren()")
        button.click()
        expect(compared).to_have_attribute("data-reason", reason)
        page.unroute(pattern)


@pytest.mark.browser
def test_an_older_checkpoint_of_the_log_is_no_proof(
    visit: Callable[..., Page], published: Bank, people: People
) -> None:
    page = visit()
    page.goto("/verify")
    old = page.request.get("/log/lunan/checkpoint").text()
    grow(published)
    member = visit(people.saver)
    member.goto("/passbook")
    path = member.locator("a[href^='/receipts/']").first.get_attribute("href")
    give(page, file(member.request.get(f"{path}.tlog-proof").body()))
    page.route("**/checkpoint", lambda route: route.fulfill(status=200, body=old))
    page.get_by_role("button", name="与账本最新的签名对比").click()
    expect(page.locator("#verify-compared [data-reason]")).to_have_attribute("data-reason", "log-older")


@pytest.mark.browser
def test_whom_the_page_trusts_is_shown_to_be_compared(visit: Callable[..., Page], published: Bank) -> None:
    page = visit(language="en")
    page.goto("/verify")
    page.locator("#verify-trust summary").click()
    keys = page.locator("#verify-keys li")
    expect(keys).to_have_count(3)
    for words in ("book timebank.example/lunan", "ML-DSA-44", "papers timebank.example/lunan/papers"):
        expect(page.locator("#verify-keys")).to_contain_text(words)
    fingerprint = keys.first.inner_text().rsplit("fingerprint ", 1)[1].split(" ")
    assert [len(group) for group in fingerprint] == [4] * 16
    page.fill("#verify-policy", "trust everybody")
    expect(page.locator("#verify-keys")).to_contain_text("can't be read")


@pytest.mark.browser
def test_without_javascript_it_says_what_to_do(visit: Callable[..., Page], published: Bank) -> None:
    page = visit(scripts=False)
    page.goto("/verify")
    expect(page.locator("#verify-without")).to_be_visible()
    expect(page.locator("#verify-without")).to_contain_text("柜台")
    expect(page.locator("#verify-form")).to_be_hidden()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_results_and_receipts(
    visit: Callable[..., Page], published: Bank, people: People, width: int, language: str
) -> None:
    member = visit(people.saver, width=width, language=language)
    member.goto("/passbook")
    path = member.locator("a[href^='/receipts/']").first.get_attribute("href")
    assert path is not None
    raw = member.request.get(f"{path}.tlog-proof").body()
    check(member, path)
    check(member, "/verify")
    for text, target in ((18, 44), (24, 60)):
        for one in (path, "/verify"):
            member.goto(one)
            if one == "/verify":
                give(member, file(raw + with_line(receipt(), PROOF, flipped(0)).encode()))
                member.locator("#verify-trust summary").click()
                assert Axe().run(member, options=RULES).response["violations"] == []
            assert member.evaluate(WIDER) <= 0, one
            assert member.evaluate(TEXT_SMALLER, text) == [], one
            assert member.evaluate(TARGETS_SMALLER, target) == [], one
        member.locator("button[value=elder]").click()


@pytest.mark.browser
def test_the_saved_file_runs_nothing_but_its_own_script(offline: Page) -> None:
    said: list[str] = []
    offline.on("console", lambda message: said.append(message.text))
    offline.reload()
    assert said == []
    assert offline.evaluate("document.querySelectorAll('script').length") == 1
    expect(offline.locator("#verify-newest")).to_be_hidden()
    offline.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'let x'}))")
    assert any("Content Security Policy" in one for one in said)


@pytest.fixture
def paper(visit: Callable[..., Page], published: Bank, people: People) -> tuple[bytes, bytes]:
    """A member's passbook as PDF, and its signature."""
    both = visit(people.saver).request.get("/passbook.zip")
    with zipfile.ZipFile(io.BytesIO(both.body())) as files:
        return files.read(files.namelist()[0]), files.read(files.namelist()[1])


PDF = "application/pdf"


def changed_at(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@pytest.mark.browser
def test_a_passbook_with_its_signature_is_proven_with_all_its_entries(
    visit: Callable[..., Page], paper: tuple[bytes, bytes], people: People, offline: Page
) -> None:
    online = visit()
    online.goto("/verify")
    both = visit(people.saver).request.get("/passbook.zip").body()
    for page in (online, offline):
        found = give(page, file(paper[0], "passbook.pdf", PDF), file(paper[1], "passbook.pdf.sig"))
        assert set(found) == {"proven"}
        assert len(found) > 1, "the paper and each of its entries"
        expect(page.locator("#verify-answer")).to_contain_text("与时间银行发出的完全一样")
        assert give(page, file(both, "passbook.zip", "application/zip")) == found


@pytest.mark.browser
def test_a_changed_passbook_or_a_wrong_signature_is_not_proven(
    visit: Callable[..., Page], paper: tuple[bytes, bytes], published: Bank, people: People
) -> None:
    pdf, sig = paper
    other = papers.sign(published, b"%PDF-1.7 another", now=datetime.now(UTC))
    stranger = sign_note(sig.decode().split("\n\n")[0] + "\n", [generate("stranger", KeyType.ED25519)], 0)
    origin = published.settings.book
    namesake = sign_note(sig.decode().split("\n\n")[0] + "\n", [generate(f"{origin}/papers", KeyType.ED25519)], 0)
    line = sig.decode().rindex(" ") + 30
    cases: list[tuple[bytes | None, bytes | None, str]] = [
        (changed_at(pdf, len(pdf) // 2), sig, "other-paper"),
        (pdf + b"\n", sig, "other-paper"),
        (pdf[:-1], sig, "other-paper"),
        (pdf, other.encode(), "other-paper"),
        (pdf, stranger.encode().encode(), "not-signed"),
        (pdf, namesake.encode().encode(), "not-signed"),
        (pdf, sig.replace(b"sha256 ", b"sha512 "), "false-signature"),
        (pdf, sig[:line] + (b"A" if sig[line : line + 1] != b"A" else b"B") + sig[line + 1 :], "false-signature"),
        (pdf, sig.replace(b"\n", b"\r\n"), "unreadable"),
        (pdf, b"", "unreadable"),
        (pdf, None, "no-signature-file"),
        (None, sig, "no-paper-file"),
    ]
    page = visit()
    page.goto("/verify")
    for content, signature, reason in cases:
        given = [file(content, "p.pdf", PDF)] if content is not None else []
        given += [file(signature, "p.pdf.sig")] if signature is not None else []
        assert give(page, *given)[0] == reason
        expect(page.locator("#verify-answer h2").first).to_have_text("未能证明")


@pytest.mark.browser
def test_the_codes_are_scanned_from_paper(chromium: Browser, server: str, published: Bank, tmp_path: Path) -> None:
    """A real camera stream shows the denser of the two codes that a large book's receipt has."""
    whole = Receipt.parse(receipt())
    texts = encode_compact(Receipt(150, tuple(bytes([at]) * 32 for at in range(24)), whole.checkpoint, whole.body))
    film(texts[0], tmp_path / "code.y4m", module=4)
    flags = [*FLAGS, *CAMERA, f"--use-file-for-fake-video-capture={tmp_path / 'code.y4m'}"]
    browser = chromium.browser_type.launch(executable_path=chromium_path(), args=flags)
    page = browser.new_context(viewport={"width": 360, "height": 800}, locale="zh-CN", base_url=server).new_page()
    page.goto("/verify")
    page.get_by_role("button", name="扫描二维码").click()
    expect(page.locator(".site-scan [role=status]")).to_have_text("已读取。结果在上面。", timeout=30_000)
    assert page.locator("#verify-text").input_value() == texts[0]
    expect(page.locator("#verify-answer")).to_contain_text("还缺第 2 个码（共 2 个）")
    browser.close()
