"""Cycles of a graph, found without recursion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Graph = Mapping[str, Iterable[str]]


def cycles_of(graph: Graph) -> list[tuple[str, ...]]:
    """At least one cycle of every knot in the graph, each as the nodes on its way round, none twice.

    Every neighbour must itself be a node.
    """
    finished: set[str] = set()
    cycles: list[tuple[str, ...]] = []
    for start in graph:
        if start not in finished:
            cycles.extend(_cycles_from(start, graph, finished))
    return cycles


def _cycles_from(start: str, graph: Graph, finished: set[str]) -> list[tuple[str, ...]]:
    cycles: list[tuple[str, ...]] = []
    path = {start: iter(graph[start])}
    while path:
        node, neighbours = next(reversed(path.items()))
        neighbour = next(neighbours, None)
        if neighbour is None:
            finished.add(node)
            del path[node]
        elif neighbour in path:
            way = list(path)
            cycles.append(tuple(way[way.index(neighbour) :]))
        elif neighbour not in finished:
            path[neighbour] = iter(graph[neighbour])
    return cycles
