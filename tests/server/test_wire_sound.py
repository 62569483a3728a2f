"""Whatever the wire: its sound arrives whole, at 16 kHz, and leaves in its codec."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.callfiles import read_turn
from server.channels.keypad import OTHER_WAY, OVERTAKEN, PAIR, REST, Held, Keypad
from server.channels.sound import WireSound
from tests.server.conftest import sample
from voice.codecs import decode, encode


def heard(sound: WireSound, data: bytes) -> np.ndarray:
    frame = sound.inward(sound.decoded(data))
    return np.empty(0, np.int16) if frame is None else np.frombuffer(frame.audio, np.int16)


@pytest.mark.parametrize(
    ("rate", "encoding"),
    [(8000, "ulaw"), (8000, "alaw"), (8000, "pcm16"), (16000, "pcm16"), (48000, "pcm16")],
)
@given(cuts=st.lists(st.integers(1, 900), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_pieces_of_any_length_sound_like_the_whole(rate, encoding, cuts):
    wire = encode(read_turn(sample("demo", 1), rate)[: rate // 2], encoding)
    width = 2 if encoding == "pcm16" else 1
    whole, pieces = WireSound(rate, encoding), WireSound(rate, encoding)
    expected = heard(whole, wire)
    got, at, turn = [], 0, 0
    while at < len(wire):
        size = cuts[turn % len(cuts)] * width
        got.append(heard(pieces, wire[at : at + size]))
        at, turn = at + size, turn + 1
    assert np.array_equal(np.concatenate(got), expected)


@pytest.mark.parametrize("rate", [8000, 48000])
def test_the_first_syllable_is_kept(rate):
    """The very first sample of a call counts: nothing is swallowed while a filter fills."""
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate // 5) / rate)).astype(np.int16)
    got = heard(WireSound(rate), encode(tone, "pcm16"))
    start = got[:800].astype(float)
    expected = 8000 * np.sin(2 * np.pi * 440 * np.arange(800) / 16000)
    assert np.abs(start - expected)[40:].max() < 400
    assert np.sqrt((start**2).mean()) == pytest.approx(8000 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("encoding", ["ulaw", "alaw", "pcm16"])
def test_our_level_is_kept_on_the_way_out(encoding):
    sound = WireSound(8000, encoding)
    ours = (3300 * np.sqrt(2) * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)).astype(np.int16)
    data = b"".join(sound.outward(ours[at : at + 320]) for at in range(0, 16000, 320))
    level = np.sqrt((decode(data, encoding)[800:].astype(float) ** 2).mean())
    assert 20 * np.log10(level / 32768) == pytest.approx(20 * np.log10(3300 / 32768), abs=0.3)


def press(pad: Keypad, *presses: tuple[str, float, str]) -> str:
    frames = [pad.press(digit, at, way=way) for digit, at, way in presses]
    return "".join(str(frame.button.value) for frame in frames if frame)


def test_a_digit_told_in_two_ways_counts_once():
    told_twice = [(d, k * 0.3 + late, way) for k, d in enumerate("4421") for late, way in WAYS]
    assert press(Keypad(), *told_twice) == "4421"


WAYS = ((0.0, "rtp"), (0.12, "info"))


def test_the_second_way_may_come_after_the_next_key():
    rtp = [("4", 0.0, "rtp"), ("4", 0.2, "rtp"), ("8", 0.4, "rtp")]
    info = [("4", 0.25, "info"), ("4", 0.45, "info"), ("8", 0.6, "info")]
    assert press(Keypad(), *sorted(rtp + info, key=lambda p: p[1])) == "448"


def test_a_digit_told_in_three_ways_counts_once():
    told = [(0.0, "rtp"), (0.02, "info"), (0.05, "tone")]
    again = [(0.3 + at, way) for at, way in told]
    assert press(Keypad(), *(("4", at, way) for at, way in told + again)) == "44"


def test_presses_that_a_busy_machine_reads_at_one_moment_all_count():
    assert press(Keypad(), *(("0", 1.0, "info") for _ in range(4))) == "0000"


def test_another_way_long_after_is_another_press():
    assert press(Keypad(), ("7", 1.0, "rtp"), ("7", 1.1 + OTHER_WAY, "info")) == "77"


def test_what_is_no_key_is_dropped():
    assert press(Keypad(), ("A", 0.0, ""), ("", 1.0, ""), ("12", 2.0, ""), ("#", 3.0, "")) == "#"


def counted(*events: tuple[str, float], stalled: float = 0.0) -> str:
    """The keys that count of the beginnings told ("4", at) and ends ("", at)."""
    held, pressed = Held(), []
    for digit, at in events:
        if digit:
            pressed.append(held.press(digit, at, stalled=stalled))
        else:
            held.release(at)
    return "".join(press.digit for press in pressed if press.counts)


def test_a_key_pressed_twice_and_read_at_one_moment_is_two_presses_after_a_long_stall_only():
    at_once = [(each, 1.0) for digit in "4882" for each in (digit, "")]
    assert counted(*at_once, stalled=2 * PAIR) == "4882"
    assert counted(*at_once, stalled=PAIR / 2) == "482"


def test_a_packet_that_its_keys_end_has_overtaken_is_no_other_press():
    overtaken = 0.2 + OVERTAKEN / 2
    assert counted(("4", 0.0), ("", 0.2), ("4", overtaken), ("", 0.19 + REST)) == "4"
    assert counted(("4", 0.0), ("", 0.2), ("4", overtaken), ("8", 0.3), ("", 0.5)) == "48"


def test_the_same_key_soon_again_is_told_by_how_long_it_is_pressed():
    assert counted(("4", 0.0), ("", 0.2), ("4", 0.2 + OVERTAKEN / 2), ("", 0.35)) == "44"
    assert counted(("4", 0.0), ("", 0.2), ("4", 0.21 + OVERTAKEN), ("", 0.29)) == "44"


def test_a_press_whose_beginning_an_overtaken_packet_hid_counts_by_its_end():
    """The stack takes the key for pressed all along, and tells its end only."""
    assert counted(("4", 0.0), ("", 0.2), ("4", 0.2 + OVERTAKEN / 2), ("", 1.4)) == "44"


def test_a_late_packet_of_the_key_before_breaks_no_press_in_two():
    eight = (("8", 0.0), ("", 0.2))
    assert counted(*eight, ("2", 0.23), ("", 0.235), ("2", 0.245), ("", 0.45)) == "82"
    assert counted(*eight, ("2", 0.23), ("8", 0.25), ("2", 0.25), ("", 0.45)) == "82"
    assert counted(*eight, ("8", 0.24), ("", 0.26), ("8", 0.27), ("", 0.5)) == "88"


def test_a_key_whose_end_was_lost_is_over_with_the_next():
    assert counted(("8", 0.0), ("2", 0.3), ("", 0.5), ("8", 0.6), ("", 0.8)) == "828"
