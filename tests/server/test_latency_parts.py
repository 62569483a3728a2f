"""The parts of a latency add up, and what is missing in them is seen."""

import pytest

from server.call.laps import Laps
from server.client.parts import AnswerMoments, latency_parts

MOMENTS = AnswerMoments(spoken_until=2.0, voice_end=2.09, arrived=2.62, played=2.65, sounded=2.67)
SERVER = {"endpointing": 320.0, "decision": 10.0, "synthesis": 170.0}


def test_parts_add_up_where_every_one_was_measured():
    parts = latency_parts(MOMENTS, SERVER, clock=(2.11, 2.61))
    assert next(iter(parts)) == "voice_tail"
    assert list(parts)[-3:] == ["wire", "playout", "lead_in"]
    assert parts["voice_tail"] == 90.0
    assert parts["wire"] == pytest.approx(30.0)
    assert parts["playout"] == pytest.approx(30.0)
    assert sum(parts.values()) == pytest.approx(1000 * MOMENTS.latency, abs=0.5)


def test_time_that_no_part_of_the_server_names_is_missing_in_the_sum():
    parts = latency_parts(MOMENTS, SERVER | {"synthesis": 90.0}, clock=(2.11, 2.61))
    assert sum(parts.values()) == pytest.approx(1000 * MOMENTS.latency - 80, abs=0.5)


def test_without_a_shared_clock_the_wire_is_what_is_left():
    parts = latency_parts(MOMENTS, SERVER)
    assert parts["wire"] == pytest.approx(30.0)


def test_the_clock_of_another_machine_is_not_believed():
    assert latency_parts(MOMENTS, SERVER, clock=(90210.0, 90210.5)) == latency_parts(
        MOMENTS, SERVER
    )


def test_laps_leave_no_gap():
    laps = Laps(10.0)
    laps.lap("endpointing", 10.4)
    laps.lap("transcription", 10.2)
    laps.lap("synthesis", 10.7)
    assert laps.parts == pytest.approx({"endpointing": 0.4, "transcription": 0.0, "synthesis": 0.3})
    assert laps.ended - laps.began == pytest.approx(sum(laps.parts.values()))
