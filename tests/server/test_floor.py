"""Who has the floor, and what counts as heard, when things happen at the worst moment."""

import asyncio
import sqlite3
import time

import numpy as np
import pytest
import websockets

from dialog.conversation import Conversation
from dialog.turns import Response
from server.call.teller import MOST_ENTRIES
from tests.server.staged import COUGH, GREET, HUM, RUSTLE, SEND, YES, Ear, Voice, staged

QUESTION = "50.00 to Anna Keller"


async def test_a_key_over_the_question_moves_nothing(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.asks_to_send_fifty()
        await caller.until("said", QUESTION)
        await asyncio.sleep(0.3)
        await caller.keys("1#")
        await asyncio.sleep(2)
        assert caller.transfers == 0


async def test_a_key_after_the_question_was_heard_moves_it_once(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.asks_to_send_fifty()
        await caller.until("listening", "confirm_transfer")
        await asyncio.sleep(0.5)
        await caller.keys("1#")
        await caller.until("listening", "transfer_done")
        await caller.keys("1#")
        await asyncio.sleep(1.5)
        assert caller.transfers == 1


async def test_entries_without_end_are_dropped_beyond_what_may_wait(tmp_path, monkeypatch):
    """Each costs an answer, and the bank takes its time over it."""
    answered: list[str] = []
    answer = Conversation.key

    def slowly(self: Conversation, digits: str) -> Response:
        answered.append(digits)
        time.sleep(0.3)
        return answer(self, digits)

    monkeypatch.setattr(Conversation, "key", slowly)
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("listening", "greet")
        await caller.keys("#" * 30)
        await asyncio.sleep(2.0)
    assert MOST_ENTRIES <= len(answered) <= 15


async def test_a_yes_before_the_question_has_sounded_moves_nothing(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch, voice=Voice(late={QUESTION: 2.0})) as caller:
        await caller.asks_to_send_fifty()
        await caller.until("said", "Maria")
        await asyncio.sleep(1.0)
        await caller.says(YES)
        await asyncio.sleep(2)
        assert caller.transfers == 0


async def test_what_was_thought_at_a_pause_does_nothing_where_the_caller_goes_on(
    tmp_path, monkeypatch
):
    ear = Ear()
    async with staged(tmp_path, monkeypatch, ear=ear) as caller:
        await caller.asks_to_send_fifty()
        await caller.until("listening", "confirm_transfer")
        await asyncio.sleep(0.5)
        before = len(caller.events)
        await caller.says(YES, 0.5)
        async with asyncio.timeout(5):
            while YES not in ear.heard:  # the yes was thought about, and would have paid
                await asyncio.sleep(0.01)
        await caller.says(GREET)
        await caller.until("heard", "Hello", since=before)
        await asyncio.sleep(0.5)
        assert caller.transfers == 0
        heard = [event["text"] for event in caller.events[before:] if event["type"] == "heard"]
        assert heard == ["Hello there."]


async def test_noise_in_the_middle_of_an_answer_loses_none_of_it(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch, voice=Voice(late={QUESTION: 1.5})) as caller:
        await caller.asks_to_send_fifty()
        await caller.until("said", "Maria")
        await asyncio.sleep(1.0)
        await caller.says(COUGH, 0.3)
        await caller.until("said", QUESTION)
        await caller.until("listening", "confirm_transfer")


async def test_an_answer_goes_on_after_a_hum_over_it_but_not_again_and_again(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("said", "Welcome")
        await asyncio.sleep(0.6)
        await caller.says(HUM)
        before = caller.events.index(await caller.until("heard"))
        await caller.until("said", "Welcome", since=before)
        assert caller.events[before]["text"] == "", "nothing is made of it"
        await asyncio.sleep(0.6)
        await caller.says(HUM)
        answered = await caller.until("heard", "Mm.", since=before + 1)
        await caller.until("listening", since=caller.events.index(answered))


async def test_a_hum_that_is_waited_for_is_answered(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("listening", "greet")
        await asyncio.sleep(0.3)
        await caller.says(HUM)
        await caller.until("heard", "Mm.")


async def test_an_outcome_that_could_not_be_spoken_is_told_with_the_next_answer(
    tmp_path, monkeypatch
):
    async with staged(tmp_path, monkeypatch, voice=Voice(broken={"sent": 1})) as caller:
        await caller.asks_to_send_fifty()
        await caller.until("listening", "confirm_transfer")
        await asyncio.sleep(0.5)
        await caller.says(YES)
        await caller.until("listening", "repeat")
        assert caller.transfers == 1
        assert any("sent" in sentence and "50.00" in sentence for sentence in caller.said())


async def test_an_outcome_that_is_talked_over_again_and_again_is_told_in_the_end(
    tmp_path, monkeypatch
):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.asks_to_send_fifty()
        await caller.until("listening", "confirm_transfer")
        await asyncio.sleep(0.5)
        await caller.says(YES)
        for _ in range(2):
            before = len(caller.events)
            await caller.until("said", "50.00", since=before)
            await caller.says(GREET)
        before = len(caller.events)
        await caller.until("said", "50.00", since=before)
        await caller.until("listening", since=before)
        assert caller.transfers == 1
        told = [event["text"] for event in caller.events[before:] if event["type"] == "said"]
        assert len(told) == len(set(told))


async def test_a_hash_after_a_complete_number_does_not_silence_the_call(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("listening", "greet")
        await caller.says(SEND)
        await caller.until("listening", "ask_customer_number")
        await caller.keys("40217308")
        await caller.until("said", "PIN")
        await asyncio.sleep(0.3)
        await caller.keys("#")
        await caller.until("listening", "ask_pin")


async def test_a_sound_over_the_answer_turns_it_down_and_up_again(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch, ducks=True) as caller:
        await caller.until("said")
        await asyncio.sleep(0.3)
        await caller.says(RUSTLE, 0.15)
        assert (await caller.until("duck"))["gain"] == pytest.approx(0.05)
        before = caller.events.index(await caller.until("duck")) + 1
        assert (await caller.until("duck", since=before))["gain"] == 1.0
        await caller.until("listening", "greet")
        assert not [e for e in caller.events if e["type"] in ("clear", "turn_started")]
        assert min(np.abs(audio).max() for audio in caller.audio) == 500


async def test_a_client_that_cannot_turn_down_is_sent_quieter_sound(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("said")
        await asyncio.sleep(0.3)
        await caller.says(RUSTLE, 0.15)
        await caller.until("listening", "greet")
        levels = [int(np.abs(audio).max()) for audio in caller.audio]
        assert 25 in levels
        assert levels[-1] == 500
        assert not [e for e in caller.events if e["type"] in ("clear", "duck")]


async def test_speech_over_the_answer_still_stops_it(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch, ducks=True) as caller:
        await caller.until("said")
        await asyncio.sleep(0.3)
        await caller.says(SEND)
        await caller.until("clear")
        await caller.until("listening", "ask_customer_number")
        assert int(np.abs(caller.audio[-1]).max()) == 500


async def test_a_late_verdict_on_noise_does_not_talk_over_the_caller(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch, ear=Ear({COUGH: 2.3})) as caller:
        await caller.until("listening", "greet")
        await asyncio.sleep(0.5)
        await caller.says(COUGH, 0.3)
        await asyncio.sleep(1.9)
        before = len(caller.events)
        await caller.says(SEND, 1.5)
        await caller.until("listening", "ask_customer_number", since=before)
        assert not any("Welcome" in text for text in caller.said(since=before))


async def test_who_answers_the_goodbye_for_silence_is_served(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("said", "hear")
        await caller.until("said", "oodbye")
        await asyncio.sleep(0.3)
        await caller.says(SEND)
        await caller.until("listening", "ask_customer_number")
        assert not [e for e in caller.events if e["type"] == "hangup"]


async def test_a_flood_of_messages_ends_its_own_call(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("said")
        for _ in range(5000):
            await caller.socket.send('{"type": "played", "samples": 0}')
        error = await caller.until("error")
        assert (error["code"], error["fatal"]) == ("too_fast", True)


async def test_a_line_without_audio_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("server.channels.call.DEAD_AFTER", 1.0)
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("said")
        caller.send = None  # type: ignore[method-assign]
        for task in asyncio.all_tasks():
            if "Caller.send" in repr(task.get_coro()):
                task.cancel()
        async with asyncio.timeout(6):
            await caller.socket.wait_closed()


@pytest.mark.parametrize("name", ["evil.example", "rebound.evil.example:80"])
async def test_a_name_made_to_point_here_is_another_site(tmp_path, monkeypatch, name):
    async with staged(tmp_path, monkeypatch) as caller:
        port = caller.socket.remote_address[1]
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(
                f"ws://127.0.0.1:{port}/v1/call",
                origin=f"http://{name}",
                additional_headers={"Host": name},
            ).__aenter__()


async def test_a_locked_database_during_a_transfer_is_told_and_nothing_is_half_done(
    tmp_path, monkeypatch
):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.asks_to_send_fifty()
        await caller.until("listening", "confirm_transfer")
        await asyncio.sleep(0.5)
        lock = sqlite3.connect(tmp_path / "bank.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        await caller.says(YES)
        told = await caller.until("listening", "bank_unavailable")
        lock.execute("ROLLBACK")
        lock.close()
        assert told["action"] == "bank_unavailable"
        assert caller.transfers == 0
        caller.bank.check()


async def test_who_records_is_told_when_a_secret_is_asked_for(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.asks_to_send_fifty()
        await caller.until("listening", "confirm_transfer")
        heard = [e for e in caller.events if e["type"] == "heard"]
        assert [(e["action"], e.get("secret", False)) for e in heard] == [
            ("ask_customer_number", True),
            ("ask_pin", True),
            ("confirm_transfer", False),
        ]
