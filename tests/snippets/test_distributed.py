"""Workers find one another, work as one, and leave no process behind, whatever happens."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import distributed
from snippets.distributed import WorkerError, Workers, free_ports, run_workers, tf_config

MINE = 'json.loads(os.environ["TF_CONFIG"])["task"]["index"]'
# Each worker also starts a child of its own, to see whether that is ended too, and says who is who.
FAMILY = f"""
import json, os, pathlib, subprocess, sys, time
index = {MINE}
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
file = pathlib.Path(f"family-{{index}}.part")
file.write_text(json.dumps([os.getpid(), child.pid]))
file.rename(f"family-{{index}}.json")
"""
SLEEP = "time.sleep(600)\n"


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a program into an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        program = tmp_path / "program.py"
        program.write_text(textwrap.dedent(text))
        return program

    return write


def family(folder=Path()):
    """The numbers of all processes of two workers, once they are known."""
    files = [folder / f"family-{index}.json" for index in range(2)]
    until(lambda: all(file.exists() for file in files))
    return [number for file in files for number in json.loads(file.read_text())]


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def alive(numbers):
    """Those that still run; what has ended and was not collected by its parent does not."""
    found = []
    for number in numbers:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
                found.append(number)
    return found


def gone(numbers):
    """Whether none of them runs; a killed process takes a moment to go."""
    until(lambda: not alive(numbers), seconds=10.0)
    return True


# What a worker is told


@settings(max_examples=10)
@given(count=st.integers(0, 20))
def test_ports_are_different_and_free(count):
    ports = free_ports(count)
    assert len(set(ports)) == count
    for port in ports:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))


def test_ports_are_none_that_systems_give_to_clients_and_follow_from_no_seed():
    drawn = []
    for _ in range(2):
        random.seed(7)
        np.random.seed(7)
        drawn.append(free_ports(4))
    assert max(map(max, drawn)) < 32_768
    assert drawn[0] != drawn[1]


def test_a_port_that_is_taken_is_not_offered(monkeypatch):
    with socket.socket() as taken:
        (port,) = free_ports(1)
        taken.bind(("127.0.0.1", port))
        monkeypatch.setattr(distributed, "_PORTS", range(port, port + 1))
        with pytest.raises(OSError, match="1 ports were asked for, and 0 are free"):
            free_ports(1)


@given(count=st.integers(1, 9), data=st.data())
def test_every_worker_is_told_the_same_cluster_and_its_own_place(count, data):
    addresses = [f"10.0.0.{number}:2222" for number in range(count)]
    index = data.draw(st.integers(0, count - 1))
    told = json.loads(tf_config(addresses, index=index))
    assert told["cluster"] == {"worker": addresses}
    assert addresses[told["task"]["index"]] == f"10.0.0.{index}:2222"


def test_what_cannot_be_a_cluster_is_refused(written):
    with pytest.raises(
        ValueError, match="index must be an integer, at least 0 and at most 1, not 2"
    ):
        tf_config(["a:1", "b:1"], index=2)
    with pytest.raises(ValueError, match="addresses must differ"):
        tf_config(["a:1", "a:1"], index=0)
    with pytest.raises(ValueError, match="count must be an integer, at least 0"):
        free_ports(-1)
    with pytest.raises(ValueError, match="count must be an integer, at least 1"):
        run_workers(written(""), count=0)
    with pytest.raises(FileNotFoundError):
        run_workers("there is no such program.py")


# How it ends


def test_workers_that_end_well_return_what_they_wrote_and_leave_nothing(written):
    program = written(
        FAMILY + "import helper\nprint(index, sys.argv[1:], helper.WORD, os.environ['MOOD'])"
    )
    program.with_name("helper.py").write_text("WORD = 'found beside the program'")
    logs = run_workers(program, arguments=["a", "b"], environment={"MOOD": "good"}, time_limit=30)
    words = "['a', 'b'] found beside the program good\n"
    assert logs == [f"0 {words}", f"1 {words}"]
    assert gone(family())


def test_when_a_worker_fails_the_others_are_ended_and_its_last_words_reported(written):
    program = written(FAMILY + "if index == 1: sys.exit('no more photographs')\n" + SLEEP)
    with pytest.raises(WorkerError, match="worker 1 failed with exit code 1: no more") as caught:
        run_workers(program, time_limit=30)
    assert caught.value.exit_codes == [None, 1]
    assert caught.value.logs == ["", "no more photographs\n"]
    assert gone(json.loads(Path("family-1.json").read_text()))
    if Path("family-0.json").exists():
        assert gone(json.loads(Path("family-0.json").read_text()))


@pytest.mark.parametrize(
    ("number", "name"), [(9, r" \(SIGKILL\)"), (15, r" \(SIGTERM\)"), (40, "")]
)
def test_a_killed_worker_is_reported_by_its_signal(written, number, name):
    program = written(FAMILY + f"if index == 0: os.kill(os.getpid(), {number})\n" + SLEEP)
    with pytest.raises(WorkerError, match=f"^worker 0 was ended by signal {number}{name}$"):
        run_workers(program, time_limit=30)


def test_a_worker_that_fails_without_a_word_is_reported(written):
    with pytest.raises(WorkerError, match="exit code 3: it wrote nothing"):
        run_workers(written("raise SystemExit(3)"), count=1, time_limit=30)


def test_workers_that_hang_are_ended_when_the_time_is_up(written):
    with Workers(written(FAMILY + SLEEP)) as workers:
        everybody = family()
        assert len(alive(everybody)) == 4
        with pytest.raises(WorkerError, match=r"still running after 0\.2 s") as caught:
            workers.wait(0.2)
        assert caught.value.exit_codes == [None, None]
        assert gone(everybody)


def test_workers_that_refuse_to_end_are_ended(written):
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    with Workers(written(stubborn + FAMILY + SLEEP)):
        everybody = family()
    assert gone(everybody)


def test_when_a_worker_cannot_be_started_those_before_it_are_ended(written, monkeypatch):
    started, start = [], subprocess.Popen

    def only_one(*arguments, **options):
        if started:
            raise OSError("too many processes")
        started.append(start(*arguments, **options))
        return started[0]

    monkeypatch.setattr(distributed.subprocess, "Popen", only_one)
    with pytest.raises(OSError, match="too many"):
        run_workers(written(FAMILY + SLEEP))
    assert started[0].returncode == -signal.SIGKILL


# How it ends when the launcher does

# Where the tests run in the background, a shell may have told them to ignore Ctrl-C.
LAUNCH = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {str(Path(distributed.__file__).parents[1])!r})
from snippets.distributed import run_workers
run_workers("program.py")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_its_launcher(written, number):
    """Ctrl-C is SIGINT. After SIGKILL the launcher cannot tidy up: its workers notice."""
    written(FAMILY + SLEEP)
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCH], stderr=subprocess.PIPE)
    everybody = family()
    launcher.send_signal(number)
    _, written_last = launcher.communicate(timeout=30)
    assert launcher.returncode != 0
    assert (b"KeyboardInterrupt" in written_last) == (number == signal.SIGINT)
    try:
        assert gone(everybody)
    finally:
        for left in alive(everybody):
            os.kill(left, signal.SIGKILL)


# Whether they work as one

TRAIN = f"""
import json, os, sys
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
index, data = {MINE}, np.load("data.npz")
share = slice(index * 32, index * 32 + 32)
with strategy.scope():
    weights = tf.Variable(tf.zeros((784, 10)))

def on_replica(images, labels):
    with tf.GradientTape() as tape:
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, images @ weights)
        loss = tf.reduce_sum(each) / 64
    slopes = tape.gradient(loss, weights)
    return tf.distribute.get_replica_context().all_reduce("SUM", slopes)

@tf.function
def step(images, labels):
    return strategy.run(on_replica, args=(images, labels))

for images, labels in zip(data["images"], data["labels"]):
    slopes = step(tf.constant(images[share]), tf.constant(labels[share]))
    weights.assign_sub(0.1 * slopes)
np.save(f"weights-{{index}}.npy", weights.numpy())
"""


def test_two_workers_train_softmax_regression_to_the_weights_of_one(written):
    from snippets.datasets import load_fashion_mnist

    train = load_fashion_mnist().train
    images = (train.images[:640].reshape(10, 64, 784) / 255).astype(np.float32)
    labels = train.labels[:640].reshape(10, 64).astype(np.int32)
    np.savez("data.npz", images=images, labels=labels)
    weights = np.zeros((784, 10))
    for x, y in zip(images, labels, strict=True):  # one worker, in plain NumPy
        powers = np.exp(x @ weights)
        misses = powers / powers.sum(axis=1, keepdims=True) - np.eye(10)[y]
        weights -= 0.1 * x.T @ misses / 64
    run_workers(
        written(TRAIN),
        environment={"CUDA_VISIBLE_DEVICES": "-1", "TF_NUM_INTRAOP_THREADS": "1"},
        time_limit=120,
    )
    first, second = (np.load(f"weights-{index}.npy") for index in range(2))
    assert (first == second).all()
    np.testing.assert_allclose(first, weights, atol=1e-5)
    assert np.abs(weights).max() > 0.01
