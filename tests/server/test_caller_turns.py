"""Which events belong to which caller turn, and what the speaker has played."""

import numpy as np

from server.client.sound import PacedMicrophone, PacedSpeaker, SampleClock
from server.client.turns import TurnLog
from server.recording import stereo_of

RATE = 8000


class MovedTime:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def event(kind: str, turn: int, **more) -> dict:
    return {"type": kind, "turn": turn, **more}


class Call:
    """A turn log whose events come one millisecond after another."""

    def __init__(self):
        self.log = TurnLog()
        self.at = 0

    def speak(self, seconds: float = 1.0):
        turn = self.log.begin("speech", "words", self.at)
        turn.until = turn.began + int(seconds * RATE)
        return turn

    def get(self, *messages: dict):
        for message in messages:
            self.at += 8
            self.log.take(message, self.at, plays_at=self.at)

    def greet(self):
        self.get(event("said", 0, text="Hello."), event("listening", 0, action="greet"))


def record(turn):
    return turn.record(stereo_of(np.zeros(0, np.int16), np.zeros(0, np.int16)), RATE)


def test_a_sentence_that_the_server_splits_is_one_caller_turn():
    call = Call()
    call.greet()
    turn = call.speak()
    call.get(
        event("turn_started", 1),
        event("heard", 1, text="Send fifty dollars", confidence=0.9, entities=[{"type": "money"}]),
        event("turn_started", 2),
        event("heard", 2, text="to Anna.", confidence=0.7, entities=[{"type": "payee"}]),
    )
    assert not turn.answered
    call.get(event("said", 2, text="Fifty dollars?"), event("listening", 2, action="confirm"))
    assert turn.answered
    told = record(turn)
    assert told.heard == "Send fifty dollars to Anna."
    assert told.confidence == 0.7
    assert [entity["type"] for entity in told.entities] == ["money", "payee"]
    assert told.action == "confirm"


def test_what_is_left_of_an_answer_spoken_over_stays_with_its_own_turn():
    call = Call()
    call.greet()
    first = call.speak()
    call.get(
        event("turn_started", 1),
        event("heard", 1, text="balance"),
        event("said", 1, text="One."),
    )
    second = call.speak()
    call.get(
        event("said", 1, text="Two."),
        event("turn_started", 2),
        event("heard", 2, text="stop"),
        event("said", 2, text="All right."),
        event("listening", 2, action="cancel"),
    )
    assert record(first).said == ("One.", "Two.")
    assert not first.answered
    assert record(second).said == ("All right.",)
    assert second.answered


def test_keys_and_silence_are_answered_under_a_number_that_was_closed():
    call = Call()
    call.greet()
    turn = call.log.begin("silence", "9 s", call.at)
    call.get(event("said", 0, text="Are you there?"), event("listening", 0, action="ask_again"))
    assert record(turn).said == ("Are you there?",)
    assert record(turn).action == "ask_again"
    assert record(call.log.turns[0]).action == "greet"


def test_a_cough_after_the_answer_does_not_take_it_back():
    call = Call()
    call.greet()
    turn = call.speak()
    call.get(
        event("turn_started", 1),
        event("heard", 1, text="balance"),
        event("said", 1, text="Ten dollars."),
        event("listening", 1, action="tell_balance"),
        event("turn_started", 2),
    )
    assert not turn.answered
    call.get(event("heard", 2, text=""))
    assert turn.answered
    assert record(turn).heard == "balance"


def test_an_answer_that_a_cough_cut_off_is_waited_for_until_it_was_said_again():
    call = Call()
    call.greet()
    turn = call.speak()
    call.get(
        event("turn_started", 1),
        event("heard", 1, text="balance"),
        event("said", 1, text="Ten dollars."),
        event("listening", 1, action="tell_balance"),
        event("turn_started", 2),
        {"type": "clear", "id": 1},
        event("heard", 2, text=""),
    )
    assert not turn.answered
    call.get(event("said", 2, text="Ten dollars.", again=True), event("listening", 2))
    assert turn.answered
    assert record(turn).said == ("Ten dollars.",)


def test_played_counts_only_what_has_left_the_speaker():
    time = MovedTime()
    speaker = PacedSpeaker(SampleClock(RATE, time))
    time.now += 1.0
    speaker.play(np.ones(800, np.int16))
    speaker.play(np.ones(800, np.int16))
    assert speaker.played == 0
    time.now += 0.15
    assert speaker.played == 1200
    assert speaker.playing
    speaker.clear()
    time.now += 1.0
    assert speaker.played == 1200
    assert not speaker.playing
    speaker.play(np.ones(80, np.int16))
    time.now += 0.01
    assert speaker.played == 1280
    expected = np.zeros(int(2.15 * RATE) + 80, np.int16)
    expected[RATE : RATE + 1200] = 1
    expected[int(2.15 * RATE) :] = 1
    assert np.array_equal(speaker.recording(), expected)


def test_the_first_sound_of_an_answer_is_found_behind_the_sound_before_it():
    time = MovedTime()
    speaker = PacedSpeaker(SampleClock(RATE, time))
    loud = np.full(800, 5000, np.int16)
    speaker.play(loud)
    due = speaker.end
    speaker.play(np.concatenate([np.zeros(100, np.int16), loud]))
    assert speaker.first_sound(0) == 0
    assert speaker.first_sound(due) == 900
    assert speaker.first_sound(5000) is None


async def test_the_microphone_sends_an_utterance_whole_and_in_its_place():
    time = MovedTime()
    microphone = PacedMicrophone(SampleClock(RATE, time))
    frames = microphone.frames()
    time.now += 60.0
    await anext(frames)
    words = np.arange(1, 401, dtype=np.int16)
    began, until = microphone.say(words)
    assert (began, until) == (160, 560)
    for _ in range(3):
        assert microphone.speaking
        await anext(frames)
    assert not microphone.speaking
    assert np.array_equal(microphone.recording()[began:until], words)
    assert microphone.worst_lateness > 59
