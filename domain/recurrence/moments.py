"""What a rule takes from its start, the times of a day that it names, and BYSETPOS."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from domain.recurrence.calendar_days import HOURS_OF_A_DAY, LAST_DAY
from domain.recurrence.parts import Frequency, Rule, WeekdayNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What occurs in a period: days in order, counted from some day, and the times of each in order."""

    days: Sequence[int]
    times: Sequence[Sequence[dt.time]]

    def first_after(self, moment: dt.datetime, *, begins: int) -> dt.datetime | None:
        """Return the first one after a *moment*, when the days are counted from *begins*; none after 9999-12-31."""
        day = moment.toordinal() - begins
        place = bisect_left(self.days, day)
        if place < len(self.days) and self.days[place] == day:
            time = first_time_after(self.times[place], moment)
            if time is not None:
                return dt.datetime.combine(moment, time)
            place += 1
        if place == len(self.days) or self.days[place] + begins > LAST_DAY:
            return None
        return dt.datetime.combine(dt.date.fromordinal(self.days[place] + begins), self.times[place][0])


def first_time_after(times: Sequence[dt.time], moment: dt.datetime) -> dt.time | None:
    """Return the first of the *times* after that of a *moment*."""
    place = bisect_right(times, moment.time())
    return times[place] if place < len(times) else None


def filled(rule: Rule, start: dt.datetime) -> Rule:
    """Return *rule* with the parts that it takes from its *start*. Source: RFC 5545, 3.3.10."""
    is_yearly, is_weekly = rule.frequency is Frequency.YEARLY, rule.frequency is Frequency.WEEKLY
    by_day, by_month_day, by_month = rule.by_day, rule.by_month_day, rule.by_month
    if is_weekly or (rule.by_week_number and not rule.by_year_day and not by_month_day):
        by_day = by_day or (WeekdayNumber(weekday=start.weekday()),)
    elif rule.frequency is Frequency.MONTHLY or (is_yearly and not rule.by_year_day):
        by_month_day = by_month_day if by_month_day or by_day else (start.day,)
        by_month = by_month if by_month or rule.by_month_day or by_day or not is_yearly else (start.month,)
    return replace(
        rule,
        by_month=by_month,
        by_month_day=by_month_day,
        by_day=by_day,
        by_hour=rule.by_hour or (tuple(range(HOURS_OF_A_DAY)) if rule.frequency is Frequency.HOURLY else (start.hour,)),
        by_minute=rule.by_minute or (start.minute,),
        by_second=rule.by_second or (start.second,),
    )


def times_of(rule: Rule, hours: Sequence[int]) -> Sequence[dt.time]:
    """Return the times that a *rule* that is filled names in some *hours*, in order."""
    return [dt.time(*each) for each in product(hours, rule.by_minute, rule.by_second)]


def chosen(rule: Rule, days: Sequence[int], times: Sequence[dt.time]) -> Moments:
    """Return those at the *times* of the *days* of one period that BYSETPOS chooses: all, if it is not given."""
    if not rule.by_set_position:
        return Moments(days=days, times=[times] * len(days))
    size = len(days) * len(times)
    places = {at - 1 if at > 0 else size + at for at in rule.by_set_position if abs(at) <= size}
    found: dict[int, list[dt.time]] = {}
    for day, time in sorted(divmod(place, len(times)) for place in places):
        found.setdefault(days[day], []).append(times[time])
    return Moments(days=list(found), times=list(found.values()))
