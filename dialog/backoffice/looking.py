"""Looking at workflows from outside, and starting a failed one again; runs none itself."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbos import DBOSClient
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from dialog.errors import BankError, BankUnavailable

ENDED_BADLY = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED")


@dataclass(frozen=True, slots=True)
class Step:
    """A step that a workflow has finished, or failed at."""

    number: int
    name: str
    result: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """Where a workflow stands; status is the engine's: PENDING, SUCCESS, ERROR, ..."""

    id: str
    name: str
    status: str
    began: datetime
    result: str


class Window:
    """Looks into an office.

    Args:
        url: Of the engine's tables (engine.office_url).

    Raises:
        BankUnavailable: There is no office yet, or its database does not answer.
    """

    def __init__(self, url: str) -> None:
        file = make_url(url).database if url.startswith("sqlite") else None
        if file is not None and not Path(file).is_file():
            raise BankUnavailable(f"{file}: no back office worked here yet: run `workflows run`")
        self._client = DBOSClient(system_database_url=url)
        try:
            self._client.list_workflows(limit=1)
        except SQLAlchemyError as error:
            raise BankUnavailable("the back office's tables cannot be read") from error

    def workflows(self, status: str | None = None, limit: int = 100) -> list[Workflow]:
        """The latest ones, the newest first."""
        found = self._client.list_workflows(status=status, limit=limit, sort_desc=True)
        return [_workflow(one) for one in found]

    def steps(self, workflow_id: str) -> list[Step]:
        """What a workflow did so far.

        Raises:
            BankError: There is none.
        """
        self._status(workflow_id)
        return [
            Step(s["function_id"], s["function_name"], str(s["error"] or s["output"]))
            for s in self._client.list_workflow_steps(workflow_id)
        ]

    def retry(self, workflow_id: str) -> None:
        """Let a workflow that failed go on from the step that it failed at.

        Raises:
            BankError: There is none, or it did not fail.
        """
        status = self._status(workflow_id)
        if status not in ENDED_BADLY:
            raise BankError(f"{workflow_id} is {status}: only one that failed can be tried again")
        steps = self._client.list_workflow_steps(workflow_id)
        failed = [step["function_id"] for step in steps if step["error"] is not None]
        if status == "ERROR" and failed:
            self._client.rewind_workflow(workflow_id, start_step=failed[-1])
        else:
            self._client.resume_workflow(workflow_id)

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()

    def _status(self, workflow_id: str) -> str:
        found = self._client.list_workflows(workflow_ids=[workflow_id])
        if not found:
            raise BankError(f"no workflow {workflow_id}; see `tellerline workflows list`")
        return str(found[0].status)


def _workflow(one: Any) -> Workflow:
    began = datetime.fromtimestamp((one.created_at or 0) / 1000, UTC)
    result = str(one.error or one.output or "")
    return Workflow(one.workflow_id, one.name, str(one.status), began, result)
