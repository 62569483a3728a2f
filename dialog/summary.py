"""What a person who takes a call over is told: who, what was wanted and done, the mood."""

from dialog.bank.values import Facts
from dialog.script import Script
from dialog.state import Frame, State


def summarise(state: State, reason: str, script: Script, facts: Facts | None) -> str:
    """One or two lines about a call.

    Args:
        state: The call, with the flows that were under way when it was handed over.
        reason: Of the decision that handed it over.
        script: Knows which slots are secret.
        facts: Of the customer who is identified, or was until a check failed; None of nobody.
    """
    forms = script.replies.forms
    known = forms.identified if state.customer_id is not None else forms.distrusted
    who = known.format(name=facts.first_name) if facts else forms.stranger
    wanted = ", ".join(_flow(frame, script) for frame in state.stack if not frame.called)
    done = ", ".join(
        name for name in state.done if name != "authenticate" and not name.startswith("propose_")
    )
    told = forms.summary.format(
        who=who, wanted=wanted or forms.nothing, done=done or forms.nothing, reason=reason
    )
    feels = forms.moods.get(state.mood.name)
    return told + forms.mood.format(mood=feels) if feels else told


def _flow(frame: Frame, script: Script) -> str:
    flow = script.flows[frame.flow]
    known = [
        f"{name} {filled.value}"
        for name, filled in frame.slots.items()
        if not flow.slots[name].secret and not isinstance(filled.value, int)
    ]
    return f"{frame.flow.replace('_', ' ')} ({', '.join(known)})" if known else frame.flow
