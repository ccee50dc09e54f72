"""Executes `tutorials_src/` into pages: parse, fingerprint, execute, publish.

Data flows one way: `source` parses a file into a `Tutorial`, `fingerprint` says what decides its
outputs, `execute` produces a `Run` in `surroundings` of its own and with a record of what it used,
`store` keeps it, `publish` merges it with today's prose. Only `plugin` and its own parts know MkDocs. CONTRIBUTING.md says where a change begins.
"""
