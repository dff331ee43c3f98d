"""The portal's pages."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from sagectl.controlplane.portal.forms import ELEMENTS, SURROUNDINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.controlplane.portal.sessions import Session
    from sagectl.controlplane.resources import Resource

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/portal.css"></head>
<body><header><a href="/" class="home">Labeling</a><span class="grow"></span>{right}</header>
{body}</body></html>
"""


def sign_in(note: str = "") -> str:
    """The page that asks who is there."""
    said = f'<p class="note" role="alert">{escape(note)}</p>' if note else ""
    body = f"""<main class="narrow"><h1>Sign in</h1>{said}
<form method="post" action="/sign-in">
<label>Name <input name="name" autocomplete="username" autofocus required></label>
<label>Password <input name="password" type="password" autocomplete="current-password"
 required></label><button class="primary">Sign in</button></form></main>"""
    return _PAGE.format(title="Sign in", right="", body=body)


def provider_sign_in(issuer: str, place: str) -> str:
    """The page that leads to the provider."""
    body = f"""<main class="narrow"><h1>Sign in</h1>
<p>The members of this workforce sign in at</p><p><b>{escape(issuer)}</b></p>
<p><a class="button primary" href="{escape(place)}">Go there</a></p></main>"""
    return _PAGE.format(title="Sign in", right="", body=body)


def moving_on(text: str, place: str) -> str:
    """A page that leads on to ``place`` by itself."""
    url = escape(place)
    body = f"""<main class="narrow"><meta http-equiv="refresh" content="0;url={url}">
<p>{escape(text)}</p><p><a href="{url}">Go on</a></p></main>"""
    return _PAGE.format(title="One moment", right="", body=body)


def tasks(session: Session, rows: Sequence[tuple[Resource, str, int]], note: str = "") -> str:
    """The jobs that wait for a worker: job, team, and how many objects are left for them."""
    said = f'<p class="note" role="status">{escape(note)}</p>' if note else ""
    teams: dict[str, list[str]] = {}
    for job, team, left in rows:
        teams.setdefault(team, []).append(_row(job, left))
    listed = "".join(
        f"<section><h2>{escape(team)}</h2><ul class='jobs'>{''.join(items)}</ul></section>"
        for team, items in teams.items()
    )
    nothing = "" if rows else "<p>No team of yours has anything to label.</p>"
    body = f"<main><h1>Your tasks</h1>{said}{listed}{nothing}</main>"
    return _PAGE.format(title="Your tasks", right=_who(session), body=body)


def _row(job: Resource, left: int) -> str:
    human, counters = job.body["HumanTaskConfig"], job.body["LabelCounters"]
    total = counters["TotalLabeled"] + counters["Unlabeled"]
    name = escape(job.name)
    start = (
        f'<a class="button primary" href="/jobs/{name}">Start</a>'
        if left
        else "<span class='dim'>nothing left for you</span>"
    )
    return f"""<li><div><h3>{escape(human["TaskTitle"])}</h3>
<p>{escape(human["TaskDescription"])}</p>
<p class="dim">{name} · {left} for you · {counters["TotalLabeled"]} of {total} labeled</p>
<progress max="{max(total, 1)}" value="{counters["TotalLabeled"]}"></progress></div>
{start}</li>"""


def task(session: Session, job: Resource, number: int, seconds: float, form: str) -> str:
    """One object to label, in the job's form."""
    human = job.body["HumanTaskConfig"]
    known = {
        "action": f"/jobs/{job.name}",
        "number": number,
        "worker": session.name,
        "seconds": round(seconds, 1),
    }
    body = f"""<script>window.portal = {_script(known)};</script>
<main class="task"><div class="bar"><div><h1>{escape(human["TaskTitle"])}</h1>
<p>{escape(human["TaskDescription"])}</p></div><span class="grow"></span>
<span class="dim" id="clock" role="timer"></span>
<button type="button" id="skip">Skip</button></div>
<p class="note" id="late" role="alert" hidden>The time for this task is over.
<a href="/jobs/{escape(job.name)}">Take the next one</a></p>
{form}<p class="note" id="told" role="alert" hidden></p></main>
<script src="{ELEMENTS}"></script><script src="{SURROUNDINGS}"></script>"""
    return _PAGE.format(title=escape(human["TaskTitle"]), right=_who(session), body=body)


def unshown(
    session: Session, job: Resource, number: int, text: str, hint: str | None = None
) -> str:
    """A task that cannot be shown, which a worker may skip all the same."""
    more = f"<p>{escape(hint)}</p>" if hint else ""
    body = f"""<main class="narrow"><h1>This task cannot be shown</h1>
<p>{escape(text)}</p>{more}
<form method="post" action="/jobs/{escape(job.name)}/skip">{_token(session)}
<input type="hidden" name="number" value="{number}"><button class="primary">Skip it</button>
</form><p><a href="/">To your tasks</a></p></main>"""
    return _PAGE.format(title="Not shown", right=_who(session), body=body)


def problem(title: str, text: str, hint: str | None = None) -> str:
    """A page that says what is wrong."""
    more = f"<p>{escape(hint)}</p>" if hint else ""
    body = f"""<main class="narrow"><h1>{escape(title)}</h1><p>{escape(text)}</p>{more}
<p><a href="/">To your tasks</a></p></main>"""
    return _PAGE.format(title=escape(title), right="", body=body)


def _who(session: Session) -> str:
    return f"""<span>{escape(session.shown)}</span><form method="post" action="/sign-out">
{_token(session)}<button>Sign out</button></form>"""


def _token(session: Session) -> str:
    return f'<input type="hidden" name="csrf" value="{escape(session.csrf)}">'


def _script(value: Any) -> str:
    """``value`` as JSON that no text in it can end the script of."""
    return json.dumps(value).replace("<", "\\u003c")
