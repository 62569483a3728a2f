"""A caller who was not satisfied: somebody looks at why."""

from dialog.backoffice.steps import Desk, heard, step
from dialog.bank.tasks import DECIDED, NewTask


async def survey(survey_id: str) -> str:
    """Have a person look at a bad answer.

    Args:
        survey_id: Of the answer.
    """
    await step(ask_why, survey_id)
    if await heard(DECIDED, 30):
        return "looked at"
    await step(leave_alone, survey_id)
    return "left alone"


def ask_why(desk: Desk, survey_id: str) -> None:
    """Make it somebody's task."""
    customer_id, topic, words = desk.bank.surveys.get(survey_id)
    desk.bank.tasks.open(
        NewTask(
            id=f"{survey_id}:survey",
            workflow=f"survey:{survey_id}",
            kind="low satisfaction",
            customer_id=customer_id,
            department=topic,
            summary=words,
            days=5,
        )
    )


def leave_alone(desk: Desk, survey_id: str) -> None:
    """Nobody wanted to know: it is nobody's task any more."""
    desk.bank.tasks.lapse_all(f"survey:{survey_id}")
