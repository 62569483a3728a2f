from voice.overlap import Overlap, OverlapSense, OverlapSettings
from voice.vad import WINDOW

SECONDS = WINDOW / 16000


def heard(sense: OverlapSense, seconds: float, probability: float, loud: bool = False) -> list:
    windows = round(seconds / SECONDS)
    return [sense.hear(probability, loud=loud) for _ in range(windows)]


def test_two_windows_of_what_may_be_speech_turn_the_answer_down() -> None:
    assert heard(OverlapSense(), 2 * SECONDS, 0.35) == [None, Overlap.DUCK]


def test_a_loud_sound_turns_it_down_whatever_the_detector_thinks() -> None:
    assert heard(OverlapSense(), 2 * SECONDS, 0.1, loud=True) == [None, Overlap.DUCK]


def test_a_click_does_not() -> None:
    sense = OverlapSense()
    assert heard(sense, SECONDS, 0.1, loud=True) == [None]
    assert not any(heard(sense, 1.0, 0.0))


def test_it_comes_back_where_no_turn_begins() -> None:
    sense = OverlapSense()
    heard(sense, 2 * SECONDS, 0.4)
    told = heard(sense, 1.0, 0.0)
    came_back = told.index(Overlap.RESTORE) * SECONDS
    assert 0.4 <= came_back <= 0.5
    assert told.count(Overlap.RESTORE) == 1


def test_typing_turns_it_down_once_and_not_at_every_key() -> None:
    sense = OverlapSense(OverlapSettings(rest=1.5))
    told = [sense.hear(0.1, loud=n % 8 < 3) for n in range(round(1.9 / SECONDS))]
    assert [each for each in told if each] == [Overlap.DUCK, Overlap.RESTORE]


def test_speech_turns_it_down_again_at_once() -> None:
    sense = OverlapSense()
    heard(sense, 2 * SECONDS, 0.1, loud=True)
    assert Overlap.RESTORE in heard(sense, 0.6, 0.0)
    assert Overlap.DUCK in heard(sense, 2 * SECONDS, 0.6)


def test_a_sound_that_goes_on_is_taken_for_speech() -> None:
    sense = OverlapSense()
    told = heard(sense, 0.6, 0.1, loud=True)
    assert [each for each in told if each][:2] == [Overlap.DUCK, Overlap.SPEECH]


def test_a_turn_that_begins_ends_the_suspicion() -> None:
    sense = OverlapSense()
    heard(sense, 2 * SECONDS, 0.4)
    assert sense.reset()
    assert not sense.reset()
    assert not any(heard(sense, 1.0, 0.0))
