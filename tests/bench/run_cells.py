"""Run the cells of a page, told on standard input, with whatever packages this Python has; say what came of each.

tests/bench/versions.py starts it in environments that hold TensorFlow and Keras in other versions, and nothing of
this project. It reads a list of `[number, source, is_claims]` and writes a list of what each showed:
`{"number", "printed", "warned", "raised", "claims"}`.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import sys


def run(source: str, names: dict) -> dict:
    """Run a cell as a notebook does, its last expression shown."""
    printed, warned = io.StringIO(), io.StringIO()
    raised = ""
    tree = ast.parse(source)
    shown = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(warned):
        try:
            exec(compile(tree, "cell", "exec"), names)
            if shown is not None:
                value = eval(compile(ast.Expression(shown.value), "cell", "eval"), names)
                if value is not None:
                    print(repr(value))
        except BaseException as error:
            sys.last_value = error
            raised = f"{type(error).__name__}: {error}"
    return {"printed": printed.getvalue(), "warned": warned.getvalue(), "raised": raised}


def claims_of(source: str, names: dict) -> list[bool]:
    """Say of each claim of a cell whether it holds; one that cannot be decided does not."""
    held = []
    for node in ast.parse(source).body:
        try:
            exec(compile(ast.Module([node], []), "claims", "exec"), names)
            decided = True
        except BaseException:
            decided = False
        if isinstance(node, ast.Assert):
            held.append(decided)
    return held


def main() -> None:
    names = {"__name__": "__main__"}
    outcomes = []
    for number, source, is_claims in json.load(sys.stdin):
        if is_claims:
            outcomes.append({"number": number, "claims": claims_of(source, names)})
        else:
            outcomes.append({"number": number, **run(source, names)})
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()
