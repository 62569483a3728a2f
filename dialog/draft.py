"""A decision in the making. It lives only while one decision is made, so deciding stays pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

from dialog import wording
from dialog.bank.values import Facts
from dialog.decision import Act, Decision, Sentence, Way
from dialog.flow import AnyStep, Choose, Collect, Flow
from dialog.lines import Plural
from dialog.script import Script
from dialog.state import End, Frame, State
from dialog.view import View
from nlu.understanding import Expectation, Understanding

Mode = Literal["ask", "again"]

_WEAK = ("ask_", "confirm_", "authenticated")


def _weight(action: str, *, done: bool) -> int:
    """How well an action names an answer: done at the bank before told, told before asked."""
    if action in ("", "ask_anything_else"):
        return 1 if action else 0
    if action.startswith(_WEAK) and action != "ask_again_silence":
        return 2
    return 4 if done else 3


class Draft:
    """Collects what one decision says and does, and the state that it leads to.

    Attributes:
        before: The state that the event came into.
        state: The state so far.
        facts: Of the identified customer, or None.
        script: Flows, replies and knowledge.
        secrets: The PIN, in the turn that it was said in.
        mode: "again" asks with the reply for a second asking.
        act: What is to be done at the bank.
        reason: Why, for engineers.
        asked_what: True where what comes next was asked already.
        paused: True where the caller had asked for a moment before.
        repeats: True where the last answer is said again, and stays the last one.
        text: What was heard.
        then: Further requests of the same breath.
    """

    def __init__(self, state: State, facts: Facts | None, today: date, script: Script) -> None:
        self.before = self.state = state
        self.facts = facts
        self.script = script
        self.secrets: Mapping[str, str] = {}
        self.mode: Mode = "ask"
        self.act: Act | None = None
        self.reason = ""
        self.asked_what = False
        self.paused = False
        self.repeats = False
        self.text = ""
        self.then: tuple[Understanding, ...] = ()
        self.today = today
        self._action = ""
        self._weight = 0
        self._sentences: list[Sentence] = []
        self._keys: list[str] = []
        self._path: list[Way] = []

    # what is there

    @property
    def top(self) -> Frame:
        """The flow that runs; there must be one."""
        return self.state.stack[-1]

    @property
    def flow(self) -> Flow:
        """Its definition."""
        return self.script.flows[self.top.flow]

    @property
    def step(self) -> AnyStep | None:
        """The step that is waited at, or None."""
        if not self.state.stack or not self.top.waiting:
            return None
        return self.flow.steps[self.top.at]

    @property
    def asked(self) -> str | None:
        """The slot that the caller was asked for, or None."""
        match self.step:
            case Collect(collect=slot) | Choose(choose=slot):
                return slot
        return None

    @property
    def said(self) -> bool:
        """Whether anything is to be said yet."""
        return bool(self._sentences)

    @property
    def view(self) -> View:
        """What named functions may look at; with no flow under way its frame is empty."""
        frame = self.state.top or Frame(flow="")
        return View(self.state, frame, self.facts, self.today, self.secrets)

    # what is said

    def say(self, key: str, action: str = "", *, about: Frame | None = None) -> None:
        """Add a reply, in its next variant; its values are of the running flow, or of `about`."""
        reply = self.script.replies.replies[key]
        view = replace(self.view, frame=about) if about else self.view
        values = _Values(view, self.script.replies.forms)
        if isinstance(reply, Plural):
            reply = reply.one if values[reply.count] == "1" else reply.other
        times = self.state.said.get(key, 0)
        template = reply[times % len(reply)]
        template.format_map(values)
        self._put(Sentence(template, dict(values)), key)
        self.change(said={**self.state.said, key: times + 1})
        self.mark(action)

    def put(self, text: str, key: str) -> None:
        """Add a sentence that is no reply of its own: knowledge, or what is repeated."""
        self._put(Sentence(text), key)

    def _put(self, sentence: Sentence, key: str) -> None:
        self._sentences.append(sentence)
        self._keys.append(key)

    def has(self, key: str) -> bool:
        """Whether there is such a reply."""
        return key in self.script.replies.replies

    def mark(self, action: str) -> None:
        """Name what this decision does, unless its name so far says more."""
        frame = self.state.top
        weight = _weight(action, done=frame is not None and frame.acted)
        if weight >= max(self._weight, 1):
            self._action, self._weight = action, weight

    def walk(self, by: str = "") -> None:
        """Note that the running flow has come to its step, or left it by something."""
        self._path.append(Way(self.top.flow, self.top.at, by))

    # what changes

    def change(self, **values: object) -> None:
        """Replace fields of the state."""
        self.state = replace(self.state, **values)  # type: ignore[arg-type]

    def put_top(self, frame: Frame) -> None:
        """Replace the running flow's frame."""
        self.change(stack=(*self.state.stack[:-1], frame))

    def push(self, frame: Frame) -> None:
        """Start a flow above the others."""
        self.change(stack=(*self.state.stack, frame))

    def keep_question(self) -> None:
        """Leave open what was asked last, for who has neither answered nor wanted another thing."""
        self.repeats = True
        if not self.before.stack:
            was = self.before
            self.change(closing=was.closing, offered=was.offered, expectation=was.expectation)

    def end(self, how: End) -> None:
        """End the call."""
        self.change(end=how, stack=(), queue=(), expectation=Expectation())

    def finish(self, *, follows: bool) -> Decision:
        """The decision; `follows` where its sentences come after those of the one before."""
        said = tuple(sentence.written() for sentence in self._sentences)
        if said:
            self.change(unheard=False)
        if (said or not follows) and not self.repeats:
            self.change(last_said=self.state.last_said + said if follows else said)
        return Decision(
            say=said,
            reply=tuple(self._keys),
            act=self.act,
            state=self.state,
            expectation=self.state.expectation,
            reason=self.reason,
            action=self._action,
            weight=self._weight,
            end=self.state.end,
            path=tuple(self._path),
            sentences=tuple(self._sentences),
        )


class _Values(dict[str, str]):
    """Writes a reply's values only when it names them."""

    def __init__(self, view: View, forms: wording.Forms) -> None:
        super().__init__()
        self._view, self._forms = view, forms

    def __missing__(self, name: str) -> str:
        self[name] = wording.VALUES[name](self._view, self._forms)
        return self[name]
