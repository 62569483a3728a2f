"""Another order like the last one: "the same to Tom", "send her another fifty", "same again"."""

from dialog.draft import Draft
from dialog.grounding import SWITCH
from dialog.reference import last_amount, last_payee, with_value
from dialog.state import Ended
from nlu.understanding import Understanding


def like_the_last(draft: Draft, understanding: Understanding) -> tuple[str, Understanding] | None:
    """The flow of the last order, and what is new with the rest as in that one; None where
    something else was meant.

    It is an order of its own, read back and confirmed like any other.
    """
    if _is_of_another_card(draft, understanding):
        return draft.state.ended[-1].frame.flow, understanding
    last = _last_order(draft)
    if draft.state.stack or last is None or _wants_other(draft, understanding, last):
        return None
    lexicon, text = draft.script.lexicon, understanding.text
    kinds = {entity.type for entity in understanding.entities}
    new = kinds & {"payee", "money", "account_kind"}
    if not (lexicon.same_again.search(text) or (new and lexicon.likewise.search(text))):
        return None
    meant = understanding
    if "money" not in kinds and (amount := last_amount(draft)):
        meant = with_value(meant, "money", amount)
    if not kinds & {"payee", "account_kind"} and (payee := last_payee(draft)):
        meant = with_value(meant, "payee", str(payee.value))
    return last.frame.flow, meant


def _is_of_another_card(draft: Draft, understanding: Understanding) -> bool:
    """ "And the credit card, too", after the debit card was blocked."""
    last = draft.state.ended[-1] if draft.state.ended and not draft.state.stack else None
    if last is None or last.how != "done" or "card" not in last.frame.slots:
        return False
    lexicon, kinds = draft.script.lexicon, {entity.type for entity in understanding.entities}
    again = lexicon.likewise.search(understanding.text)
    again = again or lexicon.likewise_asked.search(understanding.text)
    wants = _wants_other(draft, understanding, last)
    return kinds == {"card_kind"} and again is not None and not wants


def _last_order(draft: Draft) -> Ended | None:
    """The last flow that has moved money."""
    done = (e for e in reversed(draft.state.ended) if e.how == "done" and "amount" in e.frame.slots)
    return next(done, None)


def _wants_other(draft: Draft, understanding: Understanding, last: Ended) -> bool:
    best = understanding.intents[0] if understanding.intents else None
    if best is None or best.score < SWITCH or not draft.script.is_request(best.name):
        return False
    return draft.script.by_intent.get(best.name) != last.frame.flow
