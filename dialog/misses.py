"""When the caller was not understood: help that grows, never the same sentence twice."""

from dialog.draft import Draft
from dialog.farewell import farewell, is_rating
from dialog.floor import give_back_floor
from nlu.understanding import Understanding

OFFER_AFTER = 2
"""Misses in a row after which keys and a person are offered."""

GIVE_UP_AFTER = 4
"""Misses in a row after which a person takes over."""

FEW = 2
"""Words of an utterance that may be the rest of another."""

STRANGE = 0.5
"""From this share of words that are none on, an utterance was not understood."""


def missed(draft: Draft) -> None:
    """Say so and help; after the second time offer keys or a person, at last hand over. Who had
    asked for a moment is back, and is told once more where we were."""
    if draft.paused:
        draft.paused = False
        once_more(draft)
        return
    if is_rating(draft):
        farewell(draft)
        return
    if heard_nothing(draft):
        return
    draft.change(misses=draft.state.misses + 1, closing=False)
    if gave_up(draft):
        return
    if draft.state.misses >= OFFER_AFTER:
        draft.say(_offer(draft), "offer_person")
    else:
        draft.say("clarify", "clarify")
        if not draft.state.stack:
            draft.say("clarify_help")
            return
    if draft.state.stack:
        give_back_floor(draft)


def out_of_scope(draft: Draft, understanding: Understanding) -> None:
    """Say that this is not for us; like a miss, it does not go on for ever, and what is made of no
    words is one."""
    draft.reason = "about nothing we know"
    if draft.state.misses >= 1 or understanding.strange >= STRANGE:
        missed(draft)
        return
    if len(understanding.text.split()) <= FEW and heard_nothing(draft):
        return
    draft.change(misses=draft.state.misses + 1)
    draft.say("out_of_scope", "out_of_scope")
    give_back_floor(draft)


def once_more(draft: Draft) -> None:
    """Ask again what was asked, or say the last answer again."""
    if draft.state.stack or not draft.state.last_said:
        give_back_floor(draft)
        return
    draft.keep_question()
    draft.mark("repeat")
    for sentence in draft.state.last_said:
        draft.put(sentence, "repeated")


def heard_nothing(draft: Draft) -> bool:
    """Say it once more to who spoke over an answer before anything of it was heard: that was the
    rest of what they had said, or a noise, and no answer to ours. Only once, and it counts as a
    miss: True where it was that."""
    if not draft.before.unheard or draft.before.misses:
        return False
    draft.change(misses=1)
    once_more(draft)
    return True


def gave_up(draft: Draft) -> bool:
    """Hand over after too many misses in a row; True where that was done."""
    if draft.state.misses < GIVE_UP_AFTER:
        return False
    draft.say("give_up", "hand_over")
    draft.end("transfer")
    return True


def _offer(draft: Draft) -> str:
    """The reply that offers a way out: keys only where keys can answer."""
    if not draft.state.stack:
        return "question_or_person"
    return "name_or_person" if draft.state.expectation.kind == "payee" else "keys_or_person"
