"""The command that forgets what is over. The worker does it by itself every day; this is for a hurry, a rehearsal, a restored backup."""

from __future__ import annotations

import click

from referral import start
from referral.app import WORKER_PATIENCE
from referral.cli.telling import complain, told
from referral.forgetting.purging import ClockDoubted


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Show what would go, a batch of each kind at most, and remove nothing.")
@click.option("--clock-checked", is_flag=True, help="You have looked: this machine's clock is right.")
@told
def purge(dry_run: bool, clock_checked: bool) -> None:
    """Remove everything whose time is over, by the table [retention] of the county's policy."""
    ready = start.service(patience=WORKER_PATIENCE)
    purging, now = ready.purging, ready.clock()
    try:
        outcome = purging.would_remove(now) if dry_run else purging.at_once(now, trusted=clock_checked)
    except ClockDoubted as doubt:
        complain([f"clock: {doubt}: nothing was removed. If it is right, say --clock-checked"])
    for name, count in outcome.removed.items():
        click.echo(f"{name:16} {count}{' would go' if dry_run else ''}")
    if outcome.never_closed:
        click.echo(f"{len(outcome.never_closed)} reports were never closed, and nothing of them is forgotten: {', '.join(outcome.never_closed)}")
    if outcome.failed:
        complain(f"{name}: failed ({why}); the rest was done" for name, why in outcome.failed.items())
