"""What one client may send at once and over time."""

import pytest

from server.channels.pace import AHEAD, BEHIND, MESSAGES_PER_SECOND, Pace
from server.protocol import ProtocolError
from tests.server.test_serializer import Clock


def test_a_client_that_was_silent_for_long_may_not_send_all_of_it_at_once():
    clock = Clock()
    pace = Pace(clock)
    clock.now += 600
    for _ in range(int(BEHIND + AHEAD)):
        pace.sound(1.0)
    with pytest.raises(ProtocolError, match="ahead"):
        pace.sound(1.0)
    most = int((BEHIND + AHEAD) * MESSAGES_PER_SECOND)
    for _ in range(most - 1):
        pace.message()
    with pytest.raises(ProtocolError, match="messages"):
        [pace.message() for _ in range(2)]


def test_a_client_that_was_held_up_catches_up():
    clock = Clock()
    pace = Pace(clock)
    for _ in range(100):
        clock.now += BEHIND - 1
        for _ in range(int(BEHIND - 1) * 50):
            pace.message()
            pace.sound(0.02)
