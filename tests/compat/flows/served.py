"""A flow that serves itself with three schedules, one of which is due every few seconds, until it is interrupted."""

import sys
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule


@flow
def served(who: str = "nobody") -> str:
    return f"hello {who}"


if __name__ == "__main__":  # each run is a process that imports this file
    served.serve(
        name=sys.argv[1],
        tags=["greeting"],
        parameters={"who": "world"},
        schedules=[
            IntervalSchedule(interval=timedelta(seconds=3)),
            CronSchedule(cron="0 9 * * MON-FRI", timezone="Europe/Berlin"),
            RRuleSchedule(rrule="FREQ=MONTHLY;BYMONTHDAY=-1", timezone="Asia/Tokyo"),
        ],
        print_starting_message=False,
    )
