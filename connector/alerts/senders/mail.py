"""Mail: plain text, so that nothing in it is markup, over a way that is secured unless told otherwise."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime

from connector.config.alerts import ChannelSettings, MailSecurity
from connector.errors import Retryable
from connector.model.alerts import AlertMessage
from connector.wording.alerts import message_lines, message_title


def send(channel: ChannelSettings, password: str | None, message: AlertMessage, url: str) -> str | None:
    """Hand it to the server; Retryable where that takes it for nobody, a remark where for some only."""
    try:
        with _server(channel) as server:
            if channel.user is not None:
                server.login(channel.user, password or "")
            refused = server.send_message(mail(channel, message, url))
    except smtplib.SMTPResponseException as error:
        msg = f"{channel.host} answered with {error.smtp_code} ({type(error).__name__})"
        raise Retryable(msg) from None  # what it said can hold what we sent
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Retryable(f"{channel.host} did not take it ({type(error).__name__})") from None
    return f"{channel.host} refused {len(refused)} of {len(channel.to)} recipients" if refused else None


def mail(channel: ChannelSettings, message: AlertMessage, url: str) -> EmailMessage:
    """The same at each try, with an id by which mailboxes know that it is."""
    email_message = EmailMessage()
    email_message["From"], email_message["To"] = channel.sender, ", ".join(channel.to)
    email_message["Subject"] = message_title(message)
    email_message["Date"] = format_datetime(message.created_at)
    email_message["Message-ID"] = f"<{message.id}@{(channel.sender or '').rpartition('@')[2]}>"
    email_message["Auto-Submitted"] = "auto-generated"
    lines = [f"{text}\n  {link}" for text, link in message_lines(message, url)]
    email_message.set_content("\n\n".join(lines) + f"\n\n-- \nSecondlook, {url}/ops/alerts\n")
    return email_message


@contextmanager
def _server(channel: ChannelSettings) -> Iterator[smtplib.SMTP]:
    where = (channel.host or "", channel.port)
    if channel.security is MailSecurity.TLS:
        context = ssl.create_default_context()
        with smtplib.SMTP_SSL(*where, timeout=channel.timeout_seconds, context=context) as server:
            yield server
        return
    with smtplib.SMTP(*where, timeout=channel.timeout_seconds) as server:
        if channel.security is MailSecurity.STARTTLS:
            server.starttls(context=ssl.create_default_context())
        yield server
