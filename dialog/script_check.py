"""Checks that hold between files: every name in a flow or a reply stands for something."""

import re
import string
from pathlib import Path

from dialog import actions, checks, conditions, options, wording
from dialog.errors import FlowError
from dialog.flow import Call, Choose, Collect, Confirm, Do, Fill, Flow, Forget, Go, Say
from dialog.lines import Plural, Replies, Variants


def check_replies(path: Path, replies: dict[str, Variants | Plural]) -> None:
    """Every {name} in a reply is a value that wording knows."""
    for key, reply in replies.items():
        texts = reply.one + reply.other if isinstance(reply, Plural) else reply
        names = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
        names |= {reply.count} if isinstance(reply, Plural) else set()
        for name in sorted(names - wording.VALUES.keys()):
            known = ", ".join(sorted(wording.VALUES))
            raise FlowError(
                f"{path}:{line_with(path, key)}: {key}: no value {name}: use one of {known}"
            )


def check_flow(path: Path, flow: Flow, flows: dict[str, Flow], replies: Replies) -> None:
    """Every name in a flow stands for something."""
    labels = {step.id for step in flow.steps}
    spoken = replies.replies.keys()

    def must(name: str, known: set[str] | frozenset[str], what: str, cure: str) -> None:
        if name not in known:
            raise FlowError(f"{path}:{line_with(path, name)}: no {what} {name}: {cure}")

    def reply(name: str) -> None:
        must(name, set(spoken), "reply", f"add it to replies/ or use another ({flow.flow})")

    def label(name: str) -> None:
        must(name, {i for i in labels if i}, "label", "give a step this id")

    def slot(name: str) -> None:
        must(name, set(flow.slots), "slot", "add it to slots")

    for slot_name, definition in flow.slots.items():
        if definition.check is not None:
            must(
                definition.check, set(checks.CHECKS), "check", f"see dialog/checks.py ({slot_name})"
            )
    for name in (flow.back, flow.cancelled):
        reply(name)
    for step in flow.steps:
        for condition in (step.when, step.unless):
            if condition is not None:
                must(condition, set(conditions.CONDITIONS), "condition", "see dialog/conditions.py")
        match step:
            case Collect():
                slot(step.collect)
                reply(step.ask)
                reply(f"{step.ask}_again")
                if step.unmatched:
                    reply(step.unmatched)
                for target in step.instead.values():
                    label(target)
            case Choose():
                slot(step.choose)
                reply(step.ask)
                reply(f"{step.ask}_again")
                if step.unmatched:
                    reply(step.unmatched)
                must(step.among, set(options.OPTIONS), "options", "see dialog/options.py")
            case Say():
                reply(step.say)
            case Confirm():
                reply(step.confirm)
                reply(f"{step.confirm}_again")
                label(step.deny)
            case Do():
                must(step.act, set(actions.ACTIONS), "action", "see dialog/actions.py")
                _check_results(path, step)
                for target in step.results.values():
                    label(target)
            case Go():
                label(step.go)
            case Call():
                must(step.call, set(flows), "flow", "add flows/NAME.yaml")
                for target in step.results.values():
                    label(target)
            case Fill():
                slot(step.fill)
                must(step.by, set(options.GUESSES), "guess", "see dialog/options.py")
            case Forget():
                for name in step.forget:
                    slot(name)


def _check_results(path: Path, step: Do) -> None:
    """An act's own results are all led somewhere, and nothing else is."""
    own = actions.ACTIONS[step.act].results
    for name in sorted(own - step.results.keys()):
        line = line_with(path, step.act)
        raise FlowError(f"{path}:{line}: {step.act} may end with {name}: add it to results")
    for name in sorted(step.results.keys() - own):
        line = line_with(path, name)
        raise FlowError(f"{path}:{line}: {step.act} never ends with {name}: remove it")


def line_with(path: Path, word: str) -> int:
    """The first line that holds a word."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pattern = re.compile(rf"\b{re.escape(word)}\b")
    return next((n for n, line in enumerate(lines, 1) if pattern.search(line)), 1)
