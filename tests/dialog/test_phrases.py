"""What is said to everybody, in the order in which its sound is worth making."""

import re

from dialog.lines import Plural
from dialog.phrases import fixed_phrases
from dialog.script import script


def test_what_begins_a_reply_comes_before_what_only_follows():
    phrases = fixed_phrases("en")
    begins, follows = set(), set()
    for reply in script("en").replies.replies.values():
        for text in () if isinstance(reply, Plural) else reply:
            first, *rest = re.split(r"(?<=[.!?])\s+", text)
            begins.add(first)
            follows.update(rest)
    opening = [place for place, phrase in enumerate(phrases) if phrase in begins]
    following = [place for place, phrase in enumerate(phrases) if phrase in follows - begins]
    assert len(opening) > 100
    assert max(opening) < min(following)


def test_nothing_of_a_customer_is_in_it():
    phrases = fixed_phrases("en")
    assert len(set(phrases)) == len(phrases)
    assert not any("{" in phrase for phrase in phrases)
