"""Language, elder mode and colours: chosen by the visitor, kept in a cookie, the same on every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import Flask, current_app, request, session
from flask_babel import Babel, format_date, format_datetime, format_time, get_locale, gettext

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Look:
    """How pages are shown to this visitor."""

    elder: bool
    contrast: bool


@dataclass(frozen=True, slots=True)
class OtherLanguage:
    lang: str
    name: str


def chosen_language() -> str:
    """The visitor's choice, else what the browser asks for, else Chinese."""
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES, default="zh") or "zh"


def look() -> Look:
    return Look(elder=bool(session.get("elder")), contrast=bool(session.get("contrast")))


def switch(name: str) -> None:
    """Turn one of the three switches at the top of every page."""
    session.permanent = True
    if name in ("elder", "contrast"):
        session[name] = not session.get(name)
    elif name == "language":
        session["language"] = "en" if chosen_language() == "zh" else "zh"


def page_language() -> str:
    return "zh-CN" if str(get_locale()) == "zh" else "en"


def other_language() -> OtherLanguage:
    return OtherLanguage("en", "English") if page_language() == "zh-CN" else OtherLanguage("zh-CN", "中文")


def in_language(chinese: str, english: str) -> str:
    """The name of a place or a service in the visitor's language."""
    return chinese if page_language() == "zh-CN" else english


def hours_minutes(minutes: int) -> str:
    """Minutes as people say them: 1 小时 30 分. The sign stands in front."""
    sign, minutes = ("−" if minutes < 0 else ""), abs(minutes)
    hours, rest = divmod(minutes, 60)
    if hours and rest:
        return sign + str(gettext("%(hours)s h %(minutes)s min", hours=hours, minutes=rest))
    if hours:
        return sign + str(gettext("%(hours)s h", hours=hours))
    return sign + str(gettext("%(minutes)s min", minutes=rest))


def yuan(cents: int) -> str:
    """An amount of the price board: 12.50."""
    return f"{cents // 100}.{cents % 100:02d}"


def local_date(moment: date) -> str:
    return str(format_date(moment, "long" if page_language() == "zh-CN" else "d MMM y"))


def local_month(month: date) -> str:
    return str(format_date(month, "y年M月" if page_language() == "zh-CN" else "MMMM y"))


def local_time(moment: datetime) -> str:
    return str(format_time(moment, "HH:mm"))


def local_moment(moment: datetime) -> str:
    return str(format_datetime(moment, "y年M月d日 HH:mm" if page_language() == "zh-CN" else "d MMM y HH:mm"))


def init_language(app: Flask) -> None:
    """Babel with a `zh` and an `en` catalogue, and the filters that templates use."""
    app.config.update(
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_DEFAULT_TIMEZONE=app.extensions["bank"].settings.timezone,
        BABEL_TRANSLATION_DIRECTORIES="translations",
        PERMANENT_SESSION_LIFETIME=365 * 86400,
    )
    Babel(app, locale_selector=chosen_language)
    app.jinja_env.filters.update(
        hours_minutes=hours_minutes, yuan=yuan, local_date=local_date, local_time=local_time, local_moment=local_moment
    )
    app.jinja_env.filters["local_month"] = local_month
    app.jinja_env.globals.update(in_language=in_language)

    @app.context_processor
    def for_every_page() -> dict[str, object]:
        settings = current_app.extensions["bank"].settings
        return {
            "look": look(),
            "page_language": page_language(),
            "other_language": other_language(),
            "is_demo": settings.is_demo,
        }
