"""A file is known by what it holds, however soon after another it was written."""

from __future__ import annotations

import hashlib
import os

from tutorial_engine import files


def test_a_file_written_again_in_the_same_instant_has_another_digest(tmp_path):
    file = tmp_path / "snippet.py"
    file.write_bytes(b"x = 1")
    files.file_digest(file)
    status = file.stat()
    file.write_bytes(b"x = 2")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert files.file_digest(file) == hashlib.sha256(b"x = 2").hexdigest()


def test_a_file_that_nobody_writes_to_is_hashed_once(tmp_path, monkeypatch):
    file = tmp_path / "pixels.bin"
    file.write_bytes(b"pixels")
    hashed = []
    real, now = files._sha256, files.time.time_ns()
    monkeypatch.setattr(files, "_sha256", lambda path: hashed.append(path) or real(path))
    monkeypatch.setattr(files.time, "time_ns", lambda: now + 60 * 10**9)
    assert files.file_digest(file) == files.file_digest(file)
    assert hashed == [file]
