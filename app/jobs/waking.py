"""What wakes the streams of this process: notifications of other processes, and each second a look and a reminder."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from app.jobs.loop import Job
from persistence.database import Database
from persistence.urls import driver_arguments, parse_url
from persistence.wakeups import Wakeups

_RECONNECT_S: Final = 1
_AGAIN_S: Final = 0.05


def waking_jobs(listen_url: str, database: Database, wakeups: Wakeups) -> Sequence[Job]:
    """Create the jobs of a process that has streams."""
    looking = Job(name="look around", run=partial(wakeups.look_around, database), every_s=_AGAIN_S)
    reminding = Job(name="remind streams", run=wakeups.remind, every_s=_AGAIN_S)
    return looking, reminding, *notification_jobs(listen_url, wakeups)


def notification_jobs(listen_url: str, wakeups: Wakeups) -> Sequence[Job]:
    """Create the job that notifies other processes, and listens to them. SQLite has neither."""
    url = parse_url(listen_url)
    if url.get_backend_name() == "sqlite":
        return ()
    from persistence.notifications import Notifications  # noqa: PLC0415  # the driver, which SQLite does not need

    notifications = Notifications(driver_arguments(url), receive=wakeups.receive)
    wakeups.publish = notifications.publish
    return (Job(name="notifications", run=notifications.run, every_s=_RECONNECT_S),)
