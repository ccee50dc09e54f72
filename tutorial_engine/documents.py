"""Names for the types of what is read and written as JSON; whoever reads it checks its fields."""

from __future__ import annotations

from typing import Any, TypeAlias

# An object of JSON.
Document: TypeAlias = dict[str, Any]
# One output of a cell, in the form that notebooks keep.
Output: TypeAlias = dict[str, Any]
# What a run used: kind -> name -> digest or version, None for what was not there.
Dependencies: TypeAlias = dict[str, dict[str, Any]]
