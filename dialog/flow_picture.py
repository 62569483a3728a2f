"""A picture of a flow as a graph in Graphviz's language: steps, branches and their conditions."""

from graphviz import Digraph

from dialog.flow import Call, Choose, Collect, Confirm, Do, Finish, Flow, Go, Step
from dialog.flow_lint import name_of
from dialog.flow_ways import edges, reachable, skips

_SHAPES: dict[type[Step], str] = {
    Collect: "parallelogram",
    Choose: "parallelogram",
    Confirm: "diamond",
    Do: "box3d",
    Call: "component",
    Finish: "oval",
}


def picture(flow: Flow) -> Digraph:
    """The flow from its first step to its ends; what is never come to is grey.

    Args:
        flow: The flow.

    Returns:
        The graph: `.source` is its text, `.render` makes a file of it with Graphviz's `dot`.
    """
    graph = Digraph(flow.flow, comment=flow.about)
    graph.attr(label=f"{flow.flow}: {flow.about}", labelloc="t", fontname="sans-serif")
    graph.attr("node", fontname="sans-serif", fontsize="11", shape="box", style="rounded")
    graph.attr("edge", fontname="sans-serif", fontsize="9")
    graph.node("start", ", ".join(flow.intents) or "called by others", shape="plaintext")
    can_be = reachable(flow)
    for at, step in enumerate(flow.steps):
        if not isinstance(step, Go):
            shape = _SHAPES.get(type(step), "box")
            colour = "black" if at in can_be else "gray"
            label = "\n".join(filter(None, (step.id and f"[{step.id}]", name_of(step))))
            graph.node(str(at), label, shape=shape, color=colour, fontcolor=colour)
    for tail, head, label in dict.fromkeys(_arrows(flow)):
        graph.edge(tail, head, label)
    if any(head == "over" for _, head, _ in _arrows(flow)):
        graph.node("over", "end", shape="oval")
    return graph


def _arrows(flow: Flow) -> list[tuple[str, str, str]]:
    """From, to and label of every arrow; a `go` is an arrow and no node."""
    arrows = [("start", node, label) for node, label in _entries(flow, 0)]
    for at, step in enumerate(flow.steps):
        if isinstance(step, Go | Finish):
            continue
        for edge in edges(flow, at):
            for node, label in _entries(flow, edge.to):
                arrows.append((str(at), node, ", ".join(filter(None, (edge.by, label)))))
    return arrows


def _entries(flow: Flow, at: int, seen: frozenset[int] = frozenset()) -> list[tuple[str, str]]:
    """The nodes that a way to a step comes to, with the conditions on it: the step itself, and
    what follows where it is passed over."""
    if at >= len(flow.steps):
        return [("over", "")]
    if at in seen:
        return []
    step, seen = flow.steps[at], seen | {at}
    here = _entries(flow, flow.label(step.go), seen) if isinstance(step, Go) else [(str(at), "")]
    found = [(node, _both(_if(step), label)) for node, label in here]
    if skips(step):
        found += [
            (node, _both(_if_not(step), label)) for node, label in _entries(flow, at + 1, seen)
        ]
    return found


def _both(one: str, other: str) -> str:
    return " and ".join(filter(None, (one, other)))


def _if(step: Step) -> str:
    said = (step.when, f"not {step.unless}" if step.unless else None)
    return " and ".join(filter(None, said))


def _if_not(step: Step) -> str:
    said = (f"not {step.when}" if step.when else None, step.unless)
    return " or ".join(filter(None, said))
