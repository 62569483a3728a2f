"""How long workflows wait before they ask again."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict


class Patience(BaseModel):
    """What is waited for, and how long.

    Attributes:
        step: Before a step is tried again whose database or service does not answer; twice as long
            each further time, at most an hour.
        tries: Of such a step, a day's worth, before the workflow stops and waits for
            `tellerline workflows retry`. What fails for another reason stops at once.
        day: How long a bank's day is; tests have shorter ones.
        approval_days: Until a transfer that nobody decided about is not made.
        card_days: Until a customer is reminded of a card that was sent.
        card_given_up_days: After the reminder, until people look at it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: timedelta = timedelta(seconds=1)
    tries: int = 36
    day: timedelta = timedelta(days=1)
    approval_days: int = 3
    card_days: int = 14
    card_given_up_days: int = 16
