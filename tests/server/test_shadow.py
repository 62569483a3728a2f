"""A model in the shadow, and another model taken up while calls go on."""

import asyncio
import os
import signal
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from dialog.script import script
from nlu.intents.head import IntentHead
from nlu.intents.model import HEAD_FILE
from nlu.paths import MODEL_FOLDER
from nlu.questions.answering import kept_index
from nlu.understander import Understander
from nlu.understanding import Context, Expectation
from server.cli.early import Early
from server.cli.renewing import renew_meaning, renewing
from server.meaning import load_meaning
from server.settings import Settings
from server.shadow import WAITING, Shadowed
from tests.server.staged import YES, Meaning, staged

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


async def test_a_call_under_way_ends_with_the_model_that_it_began_with(
    tmp_path, monkeypatch, other
):
    """SIGHUP over the question of a transfer: the yes is understood by the model of before."""
    asked: list[str] = []

    class Counted(Meaning):
        def understand(self, text, context, **more):
            asked.append(text)
            return super().understand(text, context, **more)

    monkeypatch.setattr("tests.server.staged.Meaning", Counted)
    monkeypatch.setattr("server.cli.renewing._loaded", lambda _: other)
    async with staged(tmp_path, monkeypatch) as caller:
        async with renewing(caller.engines, Settings):
            await caller.asks_to_send_fifty()
            await caller.until("listening", "confirm_transfer")
            os.kill(os.getpid(), signal.SIGHUP)
            await taken_up(caller.engines, other.version)
            await asyncio.sleep(0.5)
            asked.clear()
            await caller.says(YES)
            await caller.until("listening", "transfer_done")
        assert caller.transfers == 1
    assert "Yes." in asked


async def taken_up(engines, version: str) -> None:
    async with asyncio.timeout(10):
        while engines.understander.version != version:
            await asyncio.sleep(0.01)


async def test_the_model_that_the_settings_name_is_loaded(other_model, other):
    engines = SimpleNamespace(understander=Meaning())
    await renew_meaning(engines, lambda: Settings(intents=other_model))
    assert engines.understander.version == other.version


async def test_a_failure_of_any_kind_leaves_the_next_signal_its_turn(monkeypatch, other):
    engines = SimpleNamespace(understander=Meaning())
    loads = iter([OSError("no space left on device"), other])

    def loaded(_):
        load = next(loads)
        if isinstance(load, OSError):
            raise load
        return load

    monkeypatch.setattr("server.cli.renewing._loaded", loaded)
    async with renewing(engines, Settings):
        with capture_logs() as logs:
            os.kill(os.getpid(), signal.SIGHUP)
            async with asyncio.timeout(10):
                while not logs:
                    await asyncio.sleep(0.01)
        assert logs[0]["event"] == "model_not_taken"
        assert engines.understander.version == "staged"
        os.kill(os.getpid(), signal.SIGHUP)
        await taken_up(engines, other.version)


async def test_a_signal_that_comes_while_the_engines_load_is_obeyed_afterwards(monkeypatch, other):
    monkeypatch.setattr("server.cli.renewing._loaded", lambda _: other)
    engines = SimpleNamespace(understander=Meaning())
    early = Early()
    os.kill(os.getpid(), signal.SIGHUP)
    async with renewing(engines, Settings, early):
        await taken_up(engines, other.version)


async def test_documents_are_indexed_aside_before_the_model_is_loaded(tmp_path, monkeypatch, other):
    done: list[object] = []

    def load(*_):
        done.append("loaded")
        return other

    monkeypatch.setattr("server.documents.aside", lambda work, *_: done.append(work))
    monkeypatch.setattr("server.cli.renewing.load_meaning", load)
    await renew_meaning(
        SimpleNamespace(understander=Meaning()), lambda: Settings(documents=tmp_path)
    )
    assert done == [kept_index, "loaded"]


async def test_a_model_that_cannot_be_loaded_is_told_and_the_old_one_stays(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        before = caller.engines.understander
        with capture_logs() as logs:
            await renew_meaning(caller.engines, lambda: Settings(intents=tmp_path))
        assert caller.engines.understander is before
        (event,) = [log for log in logs if log["event"] == "model_not_taken"]
        assert "intents.safetensors is missing" in event["error"]
