"""``sagectl workforce addresses``: where workers may sign in from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from sagectl.catalog.kinds import WORKFORCE_KIND, Column
from sagectl.cli.batches import batch, from_option, raise_bad
from sagectl.cli.lazy import Group
from sagectl.cli.options import DRY_RUN, YES, pass_app, takes
from sagectl.cli.verbs import checked, described, name_argument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sagectl.app import App
    from sagectl.diagnostics import Diagnostic

_COLUMNS = (
    Column("CIDR", "Cidr"),
    Column("VERSION", "Version"),
    Column("FIRST", "First"),
    Column("LAST", "Last"),
)
_NAME = name_argument(WORKFORCE_KIND)
_CIDRS = click.Argument(("cidrs",), nargs=-1, metavar="CIDR...")
_FROM = from_option("ranges")
_MINE = click.Option(
    ("--my-address", "mine"),
    metavar="IP",
    help="Warn if this shuts out the one who asks, who is at this address.",
)


@click.group("addresses", cls=Group)
def addresses() -> None:
    """Manage where workers may sign in from.

    A workforce without address ranges lets workers in from anywhere; with ranges, from those
    alone. There are ten at most, of IPv4 and IPv6.

    \b
    Example:
      sagectl --local workforce addresses list crowd
    """


@addresses.command("list")
@takes(_NAME)
@pass_app
def list_(app: App, name: str) -> None:
    """List the address ranges of a workforce; none lets everyone in.

    \b
    Example:
      sagectl --local workforce addresses list crowd -o json
    """
    from sagectl.plan.addresses import network
    from sagectl.render.views import Listing

    ranges = _ranges(app, name)
    if not ranges:
        app.say("There is no address range: workers may sign in from anywhere.")
    rows = [
        {
            "Cidr": cidr,
            "Version": f"IPv{net.version}",
            "First": str(net[0]),
            "Last": str(net[-1]),
        }
        for cidr, net in ((cidr, network(cidr)) for cidr in ranges)
    ]
    app.show(Listing("Addresses", rows, _COLUMNS, "address", "Cidr", "address ranges"))


@addresses.command()
@takes(_NAME, _CIDRS, _FROM, _MINE, DRY_RUN, YES)
@pass_app
def add(
    app: App,
    name: str,
    cidrs: tuple[str, ...],
    file: str | None,
    mine: str | None,
    dry_run: str | None,
    yes: bool,
) -> None:
    """Let workers sign in from more ranges; the first one shuts out everywhere else.

    Ranges are written as networks (203.0.113.7/24 as 203.0.113.0/24), and each once.

    \b
    Examples:
      sagectl --local workforce addresses add crowd 203.0.113.0/24 2001:db8::/32 --yes
      sagectl --local workforce addresses add crowd --from offices.txt --yes
    """
    from sagectl.plan.addresses import with_ranges

    named = _named(app, cidrs, file)
    change = partial(with_ranges, added=named)
    _change(app, name, change, mine=mine, dry_run=dry_run, yes=yes)


@addresses.command()
@takes(_NAME, _CIDRS, _FROM, _MINE, DRY_RUN, YES)
@pass_app
def remove(
    app: App,
    name: str,
    cidrs: tuple[str, ...],
    file: str | None,
    mine: str | None,
    dry_run: str | None,
    yes: bool,
) -> None:
    """Let workers sign in from a range no more; without any they come from anywhere.

    \b
    Example:
      sagectl --local workforce addresses remove crowd 203.0.113.0/24 --yes
    """
    from sagectl.plan.addresses import require_ranges, without_ranges

    named = _named(app, cidrs, file)
    require_ranges(_ranges(app, name), named)
    change = partial(without_ranges, removed=named)
    _change(app, name, change, mine=mine, dry_run=dry_run, yes=yes)


@addresses.command()
@takes(_NAME, click.Argument(("address",), metavar="IP"))
@pass_app
def check(app: App, name: str, address: str) -> int:
    """Ask whether a worker at an address gets in.

    The exit code is 0 if so, and 1 if not.

    \b
    Example:
      sagectl --local workforce addresses check crowd 203.0.113.7
    """
    from sagectl.plan.addresses import address as parsed
    from sagectl.plan.addresses import admitting
    from sagectl.render.views import Record

    who = str(parsed(address))
    found = admitting(_ranges(app, name), who)
    answer = {"Address": who, "Admitted": found is not None, "Range": found or None}
    app.show(Record(answer, "address", who))
    return 1 if found is None else 0


def _ranges(app: App, name: str) -> tuple[str, ...]:
    row = described(app, WORKFORCE_KIND, name).row
    return tuple(row.get("SourceIpConfig", {}).get("Cidrs", ()))


def _named(app: App, cidrs: Iterable[str], file: str | None) -> Sequence[str]:
    """The ranges asked for. Raises FindingsError for what is no range."""
    entries = batch(app, cidrs, file)
    raise_bad(entries, _no_range)
    return [entry.text for entry in entries]


def _no_range(text: str) -> Iterator[Diagnostic]:
    from sagectl.diagnostics import Diagnostic
    from sagectl.errors import InputError
    from sagectl.plan.addresses import FIELD, network

    try:
        network(text)
    except InputError as error:
        yield Diagnostic(error.message, FIELD, hint=error.hint, rule="workforce.cidr")


def _change(
    app: App,
    name: str,
    change: Callable[[Sequence[str]], tuple[str, ...]],
    *,
    mine: str | None,
    dry_run: str | None,
    yes: bool,
) -> None:
    from sagectl.cli.exchanges import Exchanged, carry_out
    from sagectl.plan.addresses import address, remarks

    if mine is not None:
        address(mine)

    def write(new: Sequence[str]) -> None:
        params = {"WorkforceName": name, "SourceIpConfig": {"Cidrs": list(new)}}
        app.caller.call("UpdateWorkforce", checked(app, "UpdateWorkforce", params).params)

    exchanged = Exchanged[tuple[str, ...]](
        label=f"workforce/{name}",
        read=lambda: _ranges(app, name),
        change=change,
        write=write,
        items=lambda found: found,
        remarks=lambda before, after: remarks(before, after, mine),
    )
    carry_out(app, exchanged, dry_run=dry_run, yes=yes)
