"""Tasks for people: what a workflow cannot decide by itself; four eyes where two are needed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from dialog.bank import office
from dialog.bank.desk import Deed, Desk, person
from dialog.bank.erased import held
from dialog.bank.office_tables import TaskRow, TaskVoteRow
from dialog.bank.routing import bank_day_after
from dialog.errors import UnknownTask

Decision = Literal["approved", "declined"]
DECIDED = "decided"
"""The topic that a workflow hears of a decision under."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is to be decided.

    Attributes:
        id: Unique; the same task again is the same.
        workflow: That waits for it.
        kind: What kind of matter it is.
        department: Who decides.
        summary: What they need to know; no secrets.
        people: How many have to agree.
        days: Bank days until it is due.
    """

    id: str
    workflow: str
    kind: str
    customer_id: int
    department: str
    summary: str
    urgent: bool = False
    people: int = 1
    days: int = 1


@dataclass(frozen=True, slots=True)
class Task:
    """A task and how far it is; votes are who decided what, and why."""

    id: str
    kind: str
    customer_id: int
    department: str
    summary: str
    urgent: bool
    people: int
    due_on: date
    decision: Decision | None
    votes: tuple[tuple[str, str, str], ...] = ()


class Tasks:
    """Opens, lists and decides tasks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def open(self, new: NewTask) -> Task:
        """Open a task, once per id.

        Raises:
            CustomerErased: There is nothing to decide for them any more.
        """

        def add(session: Session) -> Task:
            row = session.get(TaskRow, new.id)
            if row is None:
                held(session, new.customer_id)
                row = _row(new, self._desk)
                session.add(row)
                session.flush()
            return _value(session, row)

        deed = Deed("open_task", new.workflow, new.customer_id)
        return self._desk.do(deed, add, lambda task: {"task": task.id})

    def decide(self, task_id: str, decision: Decision, *, by: str, note: str = "") -> Task:
        """Take one person's decision; enough of them, or one "declined", decide the task.

        Args:
            task_id: Of the task.
            decision: "approved" or "declined".
            by: Who, as they say themselves; in whatever letters, it is the same name.
            note: Why.

        Raises:
            UnknownTask: There is none, it is decided, or this person has decided already.
            BankError: Who decides has no name.
        """
        by = person(by)

        def decide(session: Session) -> Task:
            row = session.get(TaskRow, task_id, with_for_update=True, populate_existing=True)
            if row is None or row.decided_at is not None:
                raise UnknownTask(f"no open task {task_id}; see `tellerline tasks list`")
            if by.casefold() in {vote.by.casefold() for vote in _votes(session, task_id)}:
                raise UnknownTask(f"{by} has decided already; four eyes are two people's")
            now = self._desk.now()
            session.add(
                TaskVoteRow(task_id=task_id, by=by, decision=decision, note=note[:2000], at=now)
            )
            session.flush()
            if decision == "declined" or len(_votes(session, task_id)) >= row.people:
                _decide(session, row, decision, now)
            return _value(session, row)

        deed = Deed("decide_task", by)
        return self._desk.do(deed, decide, lambda t: {"task": t.id, "vote": decision})

    def lapse(self, task_id: str) -> Decision:
        """Close a task that nobody waits for any more: what is not decided by now is declined."""

        def lapse(session: Session) -> Decision:
            row = session.get_one(TaskRow, task_id, with_for_update=True, populate_existing=True)
            if row.decided_at is None:
                row.decided_at, row.decision = self._desk.now(), "declined"
            return "approved" if row.decision == "approved" else "declined"

        deed = Deed("lapse_task", task_id[:64])
        return self._desk.do(deed, lapse, lambda told: {"task": task_id, "decision": told})

    def lapse_all(self, workflow: str) -> None:
        """Close the tasks of a workflow that is over; what is not decided by now is declined."""

        def lapse(session: Session) -> None:
            left = and_(TaskRow.workflow == workflow, TaskRow.decided_at.is_(None))
            values = {"decided_at": self._desk.now(), "decision": "declined"}
            session.execute(update(TaskRow).where(left).values(**values))

        self._desk.do(Deed("lapse_tasks", workflow[:64]), lapse, lambda _: {"workflow": workflow})

    def get(self, task_id: str) -> Task:
        """A task.

        Raises:
            UnknownTask: There is none.
        """
        with self._desk.reading() as session:
            row = session.get(TaskRow, task_id)
            if row is None:
                raise UnknownTask(f"no task {task_id}; see `tellerline tasks list`")
            return _value(session, row)

    def waiting(self) -> list[Task]:
        """All that are not decided: urgent ones first, then by day."""
        query = select(TaskRow).where(TaskRow.decided_at.is_(None))
        order = (TaskRow.urgent.desc(), TaskRow.due_on, TaskRow.opened_at, TaskRow.id)
        with self._desk.reading() as session:
            return [_value(session, row) for row in session.scalars(query.order_by(*order))]


def decline_all(session: Session, customer_id: int, now: datetime) -> None:
    """Decline what is open of a customer's; the workflows that wait for it hear of it."""
    query = select(TaskRow).where(TaskRow.customer_id == customer_id, TaskRow.decided_at.is_(None))
    for row in session.scalars(query.with_for_update()):
        _decide(session, row, "declined", now)


def _decide(session: Session, row: TaskRow, decision: Decision, now: datetime) -> None:
    row.decided_at, row.decision = now, decision
    office.tell(session, row.workflow, DECIDED, row.id, now)


def _row(new: NewTask, desk: Desk) -> TaskRow:
    now = desk.now()
    return TaskRow(
        id=new.id,
        workflow=new.workflow,
        kind=new.kind,
        customer_id=new.customer_id,
        department=new.department,
        summary=new.summary,
        urgent=new.urgent,
        people=new.people,
        opened_at=now,
        due_on=bank_day_after(now.date(), new.days),
    )


def _votes(session: Session, task_id: str) -> list[TaskVoteRow]:
    query = select(TaskVoteRow).where(TaskVoteRow.task_id == task_id).order_by(TaskVoteRow.at)
    return list(session.scalars(query))


def _value(session: Session, row: TaskRow) -> Task:
    return Task(
        id=row.id,
        kind=row.kind,
        customer_id=row.customer_id,
        department=row.department,
        summary=row.summary,
        urgent=row.urgent,
        people=row.people,
        due_on=row.due_on,
        decision=row.decision,  # type: ignore[arg-type]
        votes=tuple((v.by, v.decision, v.note) for v in _votes(session, row.id)),
    )
