"""What scenarios must show: rules of confirmation, risk and escalation, and what callers do.

A rule was applied where a turn's decision says so: by its action, or by its reason.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: The policy, and what it says.
        reason: Of the decision, a regular expression; "" takes any.
        action: Of the decision, likewise.
    """

    name: str
    reason: str = ""
    action: str = ""

    def shown_by(self, turn: Mapping[str, Any]) -> bool:
        """Whether it was applied in a turn, as `turn_json` makes it."""
        fits = re.search(self.reason, turn.get("reason") or "")
        return bool(fits and re.search(self.action, turn.get("action") or ""))


RULES = (
    Rule("confirmation: a plain yes is wanted", r"\bagreed\b"),
    Rule("confirmation: a yes that is not plain is asked again", "a yes that is not plain"),
    Rule("confirmation: a yes to what was not audible is none", "not heard to its end"),
    Rule("confirmation: a yes and a no is neither", "a yes and a no"),
    Rule("confirmation: a no ends it", r"\bdeclined\b"),
    Rule("confirmation: what was corrected is read back", "^correction: .* heard", "^confirm_"),
    Rule("confirmation: a value that is not sure is asked again", "not sure$"),
    Rule("risk: a code for what is unusual", action="^ask_code$"),
    Rule("risk: a wrong code moves nothing", "step_up|code", "^transfer_refused$"),
    Rule("risk: a limit", "over_limit"),
    Rule("risk: a second person for large sums", "approval|: held", "^transfer_held$"),
    Rule("risk: the same payment twice is asked after", "sent_before"),
    Rule("risk: funds", action="^transfer_refused$"),
    Rule("escalation: not understood, help", action="^clarify$"),
    Rule("escalation: not understood again, keys or a person", action="^offer_person$"),
    Rule("escalation: a person takes over", action="^hand_over$"),
    Rule("escalation: silence is asked after", r"^silence \d", "^ask_again_silence$"),
    Rule("escalation: long silence ends the call", r"^silence \d", "^goodbye$"),
)
"""What `server.replay.coverage` traces beside flows, intents and phenomena."""

PHENOMENA = {
    "another language": "^language$",
    "barge-in": "^barge",
    "cancellation": "^cancel",
    "correction": "^correct",
    "digression": "^digress",
    "hang-up": "^hang-up$",
    "keys": "^dtmf$",
    "negation": "^negation$",
    "noise": "^noise$",
    "out of scope": "^out-of-scope$",
    "repetition": "^repeat$",
    "silence": "^silence$",
    "two orders at once": "^two-(orders|intents)$",
    "two speakers": "^two-speakers$",
    "unclear words": "^unclear$",
    "waiting": "^wait$",
}
"""What callers do; each by a regular expression of the tags (or `covers`) that show it."""
