"""What follows a question for a "yes": agreement, a correction, a "no", or none of these."""

from dataclasses import replace

from dialog import engine
from dialog.answers import take_and_go_on
from dialog.asides import refused
from dialog.assent import deeds_asked, in_its_words, is_now
from dialog.bank.values import Account
from dialog.corrections import asked_anew, corrected, corrects_by_name
from dialog.draft import Draft
from dialog.everywhere import ALWAYS
from dialog.filling import Filling
from dialog.floor import give_back_floor
from dialog.flow import Call, Confirm
from dialog.grounding import (
    HOLDS,
    SURE,
    is_echo,
    is_plain_yes,
    says_only_yes,
    words_of,
)
from dialog.misses import missed
from dialog.requests import LOGIN, carry_on
from dialog.switching import is_value, other_request, switch
from dialog.wanted import fill_top, gives_number
from nlu.understanding import ScoredIntent, Understanding

_ANSWERS = ("affirm", "deny", "cancel")


def confirm(draft: Draft, step: Confirm, understanding: Understanding, misses: int) -> None:
    """A plain "yes", a correction, a "no", a question, or nothing of these."""
    asked = "amount" if "amount" in draft.flow.slots else None
    said, understanding = understanding, _without_now(draft, understanding)
    filling = fill_top(draft, understanding, None)
    if not filling.touched and asked and understanding.intent in ("correct", "deny", "inform"):
        filling = fill_top(draft, understanding, asked)
    if _nothing_to_change(draft, understanding, filling):
        draft.reason = "nothing shall be changed"
        give_back_floor(draft)
        return
    understanding = in_its_words(draft, said, filling) or understanding
    if not filling.changed and corrected(draft, understanding):
        return
    if step.whole:
        understanding = _of_all(draft, understanding)
    if _declines(draft, step, understanding, filling):
        understanding = replace(understanding, intents=(ScoredIntent("deny", HOLDS),))
    logs_in = not step.strict and _leads_to_login(draft) and gives_number(understanding)
    if logs_in:
        _log_in(draft, understanding)
        return
    if other_request(draft, understanding) and not is_value(draft, understanding, filling):
        switch(draft, understanding)
        return
    emptied = [slot for slot in filling.changed if slot not in filling.frame.slots]
    if "day" in emptied:
        # "Not on Friday" orders nothing for today.
        if not asked_anew(draft, "day"):
            _what_to_change(draft, step, misses)
        return
    if filling.touched:
        take_and_go_on(draft, filling, asked or "", misses)
        draft.reason = f"correction: {draft.reason}"
        return
    best = understanding.intent
    if best in _ANSWERS and not step.cancels and _contradicts_itself(draft, understanding):
        draft.reason = "a yes and a no"
        draft.say("not_sure", step.action)
        give_back_floor(draft)
    elif best == "affirm" or (not step.strict and best in draft.flow.intents):
        _affirm(draft, step, understanding, misses)
    elif step.cancels and best in ("cancel", *draft.flow.intents):
        _cancel_as_asked(draft, step, understanding, misses)
    elif best == "deny" and draft.script.lexicon.mistaken.search(understanding.text):
        _what_to_change(draft, step, misses)
    elif filling.repeated and draft.script.lexicon.leaves_out.search(understanding.text):
        ALWAYS["cancel"](draft)
    elif best == "refuse" and understanding.intents[0].score >= HOLDS:
        refused(draft, misses)
    elif best == "deny" and draft.script.lexicon.not_yet.search(understanding.text):
        draft.reason = "not yet"
        ALWAYS["wait"](draft)
    elif _declined(draft, understanding):
        draft.reason = "declined"
        draft.walk("deny")
        engine.go(draft, draft.flow.label(step.deny))
        engine.run(draft)
        carry_on(draft)
    elif filling.repeated or best == "keep" or _asks_whether_right(draft, understanding):
        draft.reason = "as it was read back"
        give_back_floor(draft)
    elif best == "correct" and _agrees_beside(draft, understanding):
        draft.reason = "a yes among other words"
        give_back_floor(draft)
    elif best == "correct" or corrects_by_name(draft, understanding.text):
        _what_to_change(draft, step, misses)
    else:
        draft.reason = "neither agreed nor declined"
        draft.change(misses=misses)
        missed(draft)


def _declines(draft: Draft, step: Confirm, understanding: Understanding, filling: Filling) -> bool:
    """ "No, I'll go to the branch", "no, leave my card on": a "no" with its reason, not surely
    a wish of its own."""
    if filling.touched or not understanding.intents:
        return False
    best = understanding.intents[0]
    if best.score >= SURE or best.name in (*_ANSWERS, "correct", "keep", "agent"):
        return False
    opens = set(words_of(understanding.text)[:1])
    # Where all cards would be blocked, a card that is named is one of them.
    ours = best.name in draft.flow.intents or step.whole
    names_itself = ours and bool(draft.script.lexicon.no & opens)
    return names_itself or draft.script.lexicon.declines.search(understanding.text) is not None


def _of_all(draft: Draft, understanding: Understanding) -> Understanding:
    """ "Yes, both of them" without what says that all is meant, which was asked."""
    lexicon = draft.script.lexicon
    text, count = lexicon.everything.subn("", understanding.text)
    agrees = any(i.name == "affirm" for i in understanding.intents)
    deeds = deeds_asked(draft.script, draft.top)
    if not (count and agrees and says_only_yes(text, lexicon, deeds)):
        return understanding
    return replace(
        understanding, text=text, intents=(ScoredIntent("affirm", understanding.confidence),)
    )


def _declined(draft: Draft, understanding: Understanding) -> bool:
    """A "no", also one that says what shall stay: "no, keep it active"."""
    if not understanding.intents:
        return False
    best = understanding.intents[0]
    opens = draft.script.lexicon.no.intersection(words_of(understanding.text)[:1])
    keeps = best.name == "keep" and bool(opens) and draft.top.before is None
    return (best.name in ("deny", "cancel") or keeps) and best.score >= HOLDS


def _leads_to_login(draft: Draft) -> bool:
    following = draft.flow.steps[draft.top.at + 1]
    return isinstance(following, Call) and following.call == LOGIN


def _log_in(draft: Draft, understanding: Understanding) -> None:
    """A customer number, where it would be asked for after a yes."""
    draft.reason = "agreed with a customer number"
    engine.go(draft, draft.top.at + 1)
    engine.start(draft, LOGIN, called=True)
    filling = fill_top(draft, understanding, None)
    draft.put_top(filling.frame)
    engine.run(draft)
    carry_on(draft)


def _nothing_to_change(draft: Draft, understanding: Understanding, filling: Filling) -> bool:
    """ "No, it's all right", to "what should I change?"."""
    lexicon, text = draft.script.lexicon, understanding.text
    if filling.touched or not _asked_what_to_change(draft):
        return False
    objects = lexicon.reset.search(text) or lexicon.mistaken.search(text)
    return bool(lexicon.as_it_is.search(text)) and not objects


def _without_now(draft: Draft, understanding: Understanding) -> Understanding:
    """ "Yes, now" to what is done at once anyway changes no day."""
    agrees = draft.script.lexicon.agrees.search(understanding.text)
    if not agrees or "day" in draft.top.slots:
        return understanding
    kept = tuple(e for e in understanding.entities if not is_now(draft, e))
    return replace(understanding, entities=kept)


def _contradicts_itself(draft: Draft, understanding: Understanding) -> bool:
    """A yes and a no together, or a no to there being an objection: "I see nothing wrong"."""
    words, lexicon = set(words_of(understanding.text)), draft.script.lexicon
    best = understanding.intents[0]
    drops = best.name == "deny" or (best.name == "cancel" and best.score < SURE)
    both = bool(lexicon.yes & words and (lexicon.no & words or drops))
    if best.name == "cancel" and not drops:
        return False
    return both or lexicon.no_objection.search(understanding.text) is not None


def _asks_whether_right(draft: Draft, understanding: Understanding) -> bool:
    """ "Is that the right amount?", which changes nothing."""
    lexicon, text = draft.script.lexicon, understanding.text
    asks = lexicon.question.search(text) and not lexicon.reset.search(text)
    return understanding.intent == "correct" and bool(asks)


def _agrees_beside(draft: Draft, understanding: Understanding) -> bool:
    """ "Sorry, I was reading something. Yes, send it": nothing is to be changed, and it is no plain
    yes either."""
    lexicon, words = draft.script.lexicon, set(words_of(understanding.text))
    objects = lexicon.no & words or lexicon.reset.search(understanding.text)
    return bool(lexicon.yes & words) and not objects


def _what_to_change(draft: Draft, step: Confirm, misses: int) -> None:
    """Ask what should be different; a second time in a row it is a miss."""
    draft.reason = "a correction without a value"
    draft.change(misses=misses)
    if misses:
        missed(draft)
        return
    draft.change(misses=1)
    draft.say("say_correction", step.action)


def _asked_what_to_change(draft: Draft) -> bool:
    """Whether the last answer was "what should I change?": a yes to that agrees to nothing."""
    asked = draft.script.replies.replies["say_correction"]
    return any(sentence in asked for sentence in draft.state.last_said)


def _affirm(draft: Draft, step: Confirm, understanding: Understanding, misses: int) -> None:
    """Go on after a "yes" that counts; else ask again and say why. A second one in a row that is
    not plain is a miss."""
    words = words_of(understanding.text)
    plain = is_plain_yes(understanding, draft.script.lexicon, deeds_asked(draft.script, draft.top))
    plain = plain and not _only_says_to_be_there(draft, understanding)
    plain = plain and not is_echo(words, draft.state.last_said[-1:])
    plain = plain and not _names_other_number(draft, understanding)
    plain = plain and not _asked_what_to_change(draft)
    plain = plain and not _names_somebody_else(draft)
    if step.strict and not (plain and draft.state.audible):
        draft.reason = "a yes that is not plain" if draft.state.audible else "not heard to its end"
        # What was ordered with it has no yes to follow either.
        draft.change(queue=draft.before.queue)
        if draft.state.audible and misses:
            draft.change(misses=misses)
            missed(draft)
            return
        draft.change(misses=int(draft.state.audible))
        draft.say("not_sure" if draft.state.audible else "not_all_heard", step.action)
        give_back_floor(draft)
        return
    draft.reason = "agreed"
    engine.go(draft, draft.top.at + 1)
    engine.run(draft)
    carry_on(draft)


def _only_says_to_be_there(draft: Draft, understanding: Understanding) -> bool:
    """ "Yes, I am", to "are you still there?"."""
    was_silent = draft.before.silences > 0
    return was_silent and bool(draft.script.lexicon.present.search(understanding.text))


def _names_somebody_else(draft: Draft) -> bool:
    """ "Yes, send it to him", of money that stays the caller's own."""
    is_own = "recipient" in draft.top.slots and isinstance(draft.view.recipient(), Account)
    return is_own and draft.script.lexicon.pronouns.search(draft.text) is not None


def _cancel_as_asked(
    draft: Draft, step: Confirm, understanding: Understanding, misses: int
) -> None:
    """ "Yes, cancel it", where that was the question; without the "yes" it may be meant of the
    question, too, and is asked again."""
    if draft.state.audible and draft.script.lexicon.yes & set(words_of(understanding.text)):
        draft.reason = "agreed to cancel"
        engine.go(draft, draft.top.at + 1)
        engine.run(draft)
        carry_on(draft)
        return
    draft.reason = "cancel what"
    draft.change(misses=misses + 1)
    draft.say("not_sure", step.action)
    give_back_floor(draft)


def _names_other_number(draft: Draft, understanding: Understanding) -> bool:
    """Whether a bare number beside a "yes" is another one than the amount that was read back."""
    return "amount" in draft.flow.slots and fill_top(draft, understanding, "amount").touched
