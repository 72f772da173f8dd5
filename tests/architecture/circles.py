"""Files that import each other in a loop: none of them can be read, moved or tried without all the others."""

from collections.abc import Iterable, Mapping

from tests.architecture.source import Source

Graph = Mapping[str, set[str]]


def circles(files: Iterable[Source]) -> set[tuple[str, ...]]:
    """The largest groups in which each reaches each. Every import counts: in a function, for types alone, too."""
    graph = _tied(imported(files))
    reach = {each: _reached(graph, each) for each in graph}
    found = {tuple(sorted(other for other in reach[each] if each in reach[other])) for each in graph}
    return {each for each in found if each}


def imported(files: Iterable[Source]) -> Graph:
    by_module = {each.module: each for each in files}
    return {
        module: {name for _, name, _ in each.imports if name in by_module and name != module}
        for module, each in by_module.items()
    }


def _tied(graph: Graph) -> Graph:
    """Without those that import nobody left, or whom nobody left imports: they are in no circle."""
    while True:
        wanted = set().union(*graph.values())
        left = {each: names & graph.keys() for each, names in graph.items() if each in wanted}
        left = {each: names & left.keys() for each, names in left.items() if names & left.keys()}
        if left == graph:
            return graph
        graph = left


def _reached(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    left = [start]
    while left:
        for name in graph[left.pop()] - seen:
            seen.add(name)
            left.append(name)
    return seen
