"""Outgoing mail and short messages: kept with their cause, sent by the scheduler, tried again with growing pauses.

Where no SMTP host is set, each mail is written as a file under `instance/mail/`: a real outbox for one machine. Short
messages go to a program that the operator names (`TIMEBANK_SMS_COMMAND`; on its standard input the number in a line,
then the text); without one they are files under `instance/sms/`.
"""

from __future__ import annotations

import smtplib
import subprocess
from datetime import datetime, timedelta
from email.message import EmailMessage

from timebank.storage.audits import Mail
from timebank.storage.unit import Bank

MOST_TRIES = 8
SMS_SECONDS = 20


def send_due(bank: Bank, *, now: datetime) -> int:
    """Send what waits. Gives how many were sent; a failure is tried again later, up to eight times."""
    with bank.read() as unit:
        waiting = [(row.id, row.tries) for row in unit.audits.mail_due(now)]
    sent = 0
    for mail_id, tries in waiting:
        with bank.unit() as unit:
            row = unit.audits.mail(mail_id)
            if row is None or row.state != "waiting":
                continue
            try:
                (_send_sms if row.channel == "sms" else _send)(bank, row)
            except (OSError, smtplib.SMTPException, subprocess.SubprocessError):
                row.tries = tries + 1
                row.next_try_at = now + timedelta(minutes=2**row.tries)
                row.state = "failed" if row.tries >= MOST_TRIES else "waiting"
                continue
            row.state = "sent"
            sent += 1
    return sent


def _send(bank: Bank, row: Mail) -> None:
    message = EmailMessage()
    message["From"] = bank.settings.smtp.sender
    message["To"] = bank.vault.open_for_service("mail", row.address_sealed)
    message["Subject"] = row.subject
    message["Message-ID"] = f"<{row.id}@timebank>"
    message.set_content(row.body)
    smtp = bank.settings.smtp
    if not smtp.host:
        folder = bank.settings.instance / "mail"
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / f"{row.id}.eml").write_bytes(bytes(message))
        return
    with smtplib.SMTP(smtp.host, smtp.port, timeout=20) as server:
        if smtp.user:
            server.starttls()
            server.login(smtp.user, smtp.password)
        server.send_message(message)


def _send_sms(bank: Bank, row: Mail) -> None:
    number, command = bank.vault.open_for_service("mail", row.address_sealed), bank.settings.sms_command
    if command:
        subprocess.run(  # noqa: S603 - the operator's own program
            [command], input=f"{number}\n{row.body}\n".encode(), check=True, timeout=SMS_SECONDS, capture_output=True
        )
        return
    folder = bank.settings.instance / "sms"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{row.id}.txt").write_text(f"{number}\n{row.body}\n", encoding="utf-8")
