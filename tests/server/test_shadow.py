"""A model in the shadow, and another model taken up while calls go on."""

import asyncio
import os
import signal
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from dialog.script import script
from nlu.intents.head import IntentHead
from nlu.intents.model import HEAD_FILE
from nlu.paths import MODEL_FOLDER
from nlu.understander import Understander
from nlu.understanding import Context, Expectation
from server.cli.renewing import renew_meaning, renewing
from server.meaning import load_meaning
from server.settings import Settings
from server.shadow import WAITING, Shadowed
from tests.server.staged import Meaning, staged

OPEN = Context(date(2026, 3, 16))
LEXICON = script("en").lexicon


@pytest.fixture(scope="module")
def other_model(tmp_path_factory) -> Path:
    """The packaged model with every intent under its neighbour's name: it differs everywhere."""
    head = IntentHead.load(MODEL_FOLDER / HEAD_FILE)
    folder = tmp_path_factory.mktemp("other")
    turned = replace(head, labels=(*head.labels[1:], head.labels[0]))
    (folder / HEAD_FILE).write_bytes(turned.to_bytes())
    return folder


@pytest.fixture(scope="module")
def answering(encoder_dir) -> Understander:
    return Understander(encoder_dir)


@pytest.fixture(scope="module")
def other(encoder_dir, other_model) -> Understander:
    return Understander(encoder_dir, model=other_model)


def test_the_shadow_changes_no_answer_and_what_differs_is_logged_masked(answering, other):
    text = "block my card, the number is four two one seven"
    shadowed = Shadowed(answering, other, LEXICON)
    with capture_logs() as logs:
        meant = shadowed.understand(text, OPEN)
        shadowed.close()
    assert meant == answering.understand(text, OPEN)
    (event,) = [log for log in logs if log["event"] == "shadow_differs"]
    assert event["answering"][0] == "block_card" != event["shadow"][0]
    assert event["models"] == (answering.version, other.version)
    assert "•" in event["text"]
    assert "four" not in str(logs)
    assert "4217" not in str(logs)


def test_models_that_agree_log_nothing(answering):
    shadowed = Shadowed(answering, answering, LEXICON)
    with capture_logs() as logs:
        shadowed.understand("what is my balance", OPEN)
        shadowed.understand("what is my balance", OPEN)  # the same turn, thought of again
        shadowed.close()
    assert shadowed.turns == 1
    assert logs == []


def test_the_shadow_never_hears_what_answers_a_secret(answering, other):
    shadowed = Shadowed(answering, other, LEXICON)
    asked = replace(OPEN, expectation=Expectation("pin", secret=True))
    with capture_logs() as logs:
        shadowed.understand("four eight two one", asked)
        shadowed.close()
    assert shadowed.turns == 0
    assert logs == []


class Stuck(Meaning):
    """Does not answer until it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()

    def understand(self, *args, **kwargs):
        self.let.wait(30)
        return super().understand(*args, **kwargs)


def test_turns_do_not_wait_for_a_shadow_that_is_behind():
    shadow = Stuck()
    shadowed = Shadowed(Meaning(), shadow, LEXICON)
    for number in range(WAITING + 5):
        shadowed.understand(f"Hello {number}", OPEN)
    assert shadowed.left_out == 5
    shadow.let.set()
    shadowed.close()
    assert shadowed.turns == WAITING


class Broken(Meaning):
    def understand(self, *_, **__):
        raise RuntimeError("four two one seven")


def test_a_shadow_that_breaks_is_logged_by_kind_and_calls_go_on():
    shadowed = Shadowed(Meaning(), Broken(), LEXICON)
    with capture_logs() as logs:
        assert shadowed.understand("Hello there.", OPEN).intents
        shadowed.close()
    assert logs == [{"event": "shadow_failed", "error": "RuntimeError", "log_level": "warning"}]


def test_the_settings_put_a_model_in_the_shadow(encoder_dir, other_model):
    meaning = load_meaning(Settings(shadow=other_model), encoder_dir)
    with capture_logs() as logs:
        meaning.understand("what is my balance", OPEN)
        meaning.close()
    assert [log["event"] for log in logs] == ["shadow_differs"]


async def test_a_call_under_way_goes_on_while_another_model_is_taken_up(
    tmp_path, monkeypatch, other_model
):
    """SIGHUP over the question of a transfer: it is answered and moves the money once."""
    async with staged(tmp_path, monkeypatch) as caller:
        engines = caller.engines
        async with renewing(engines, lambda: Settings(intents=other_model)):
            await caller.asks_to_send_fifty()
            os.kill(os.getpid(), signal.SIGHUP)
            await caller.until("listening", "confirm_transfer")
            await asyncio.sleep(0.5)
            await caller.keys("1#")
            await caller.until("listening", "transfer_done")
            assert caller.transfers == 1
            async with asyncio.timeout(120):
                while engines.understander.version == "staged":
                    await asyncio.sleep(0.01)


async def test_a_model_that_cannot_be_loaded_is_told_and_the_old_one_stays(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        before = caller.engines.understander
        with capture_logs() as logs:
            await renew_meaning(caller.engines, lambda: Settings(intents=tmp_path))
        assert caller.engines.understander is before
        (event,) = [log for log in logs if log["event"] == "model_not_taken"]
        assert "intents.safetensors is missing" in event["error"]
