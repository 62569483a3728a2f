"""How long workflows wait before they ask again."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict


class Patience(BaseModel):
    """What is waited for, and how long.

    Attributes:
        step: Before a step that failed is tried again; twice as long each further time.
        tries: Of a step, before the workflow stops and waits for `tellerline workflows retry`.
        day: How long a bank's day is; tests have shorter ones.
        approval_days: Until a transfer that nobody decided about is not made.
        card_days: Until a customer is reminded of a card that was sent.
        card_given_up_days: After the reminder, until people look at it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: timedelta = timedelta(seconds=1)
    tries: int = 8
    day: timedelta = timedelta(days=1)
    approval_days: int = 3
    card_days: int = 14
    card_given_up_days: int = 16
