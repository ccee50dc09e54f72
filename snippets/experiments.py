# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Experiments with networks: sweeps over settings and seeds, what a spread can tell.

Needs: Python 3.11, keras 3.15, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your
project and `import experiments`.

A score is a number of which more is better, such as the accuracy on the validation set.

scikit-learn's `GridSearchCV` tries the settings of its own estimators, once per fold. Here a function of
yours is tried with several seeds, and these decide whether a difference counts.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np


@dataclass(frozen=True)
class Result:
    """What one setting reached with several seeds.

    Attributes:
        name: what the setting is called.
        setting: the arguments that it passed to the training function.
        scores: one per seed, in the order of the seeds; more is better.
        cpu_seconds: work of this process for all the seeds together.
    """

    name: str
    setting: Mapping[str, Any]
    scores: tuple[float, ...]
    cpu_seconds: float = 0.0

    @property
    def mean(self) -> float:
        """The mean of the scores."""
        return float(np.mean(self.scores))

    @property
    def lowest(self) -> float:
        """The lowest score."""
        return float(np.min(self.scores))

    @property
    def highest(self) -> float:
        """The highest score."""
        return float(np.max(self.scores))


def sweep(
    train: Callable[..., float],
    settings: Mapping[str, Mapping[str, Any]],
    *,
    seeds: Sequence[int],
    known: Sequence[Result] = (),
) -> list[Result]:
    """Train with every setting and every seed, and return a result per setting.

    `seed_verdict` says what the results tell, `plot_results.seed_dots` draws them.

    Args:
        train: called as `train(seed, **setting)`; returns the score.
        settings: from each setting's name to the arguments in which it departs from `train`'s
            defaults. A setting equal to an earlier one is not trained again.
        seeds: passed to `train`, the same for every setting.
        known: results of earlier sweeps with the same `train` and the same seeds. A setting equal
            to one of theirs is not trained again.

    Returns:
        The results, in the order of the settings.

    Raises:
        ValueError: there is no setting or no seed, a seed comes twice, a known result has another
            number of scores than there are seeds, or a score is not a finite number.

    >>> def train(seed, units=128):
    ...     return units / 1000 + seed / 100
    >>> results = sweep(train, {"small": {"units": 64}, "plain": {}}, seeds=(1, 2))
    >>> [(result.name, result.scores) for result in results]
    [('small', (0.074, 0.084)), ('plain', (0.138, 0.148))]
    """
    seeds = tuple(seeds)
    if not settings or not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"need at least one setting and seeds that differ, not {seeds}")
    if any(len(result.scores) != len(seeds) for result in known):
        raise ValueError(f"known results need {len(seeds)} scores, one per seed")
    results: list[Result] = []
    for name, setting in settings.items():
        earlier = next((r for r in (*known, *results) if r.setting == setting), None)
        if earlier is not None:
            results.append(Result(name, setting, earlier.scores, earlier.cpu_seconds))
            continue
        start = time.process_time()
        scores = tuple(float(train(seed, **setting)) for seed in seeds)
        if not np.isfinite(scores).all():
            raise ValueError(f"the scores of {name!r} are not all finite: {scores}")
        results.append(Result(name, setting, scores, time.process_time() - start))
    return results


def best(results: Sequence[Result]) -> Result:
    """Return the result with the highest mean score; of equals, the first.

    Raises:
        ValueError: there are no results, or one has a mean that is no finite number.

    >>> best([Result("a", {}, (0.8, 0.9)), Result("b", {}, (0.7, 0.8))]).name
    'a'
    """
    if not results:
        raise ValueError("there are no results to choose from")
    if not all(len(result.scores) and np.isfinite(result.mean) for result in results):
        scores = {result.name: result.scores for result in results}
        raise ValueError(f"results need scores, all finite, not {scores}")
    return max(results, key=lambda result: result.mean)


# With fewer, two settings that are equally good would be told apart more than once in ten times.
_LEAST_SEEDS = 3


def inside_the_noise(results: Sequence[Result]) -> list[str]:
    """Return the names of the settings that the seeds cannot tell from the one with the best mean.

    Settings are told apart by a gap: every seed of the best one, or of the best few, beats every seed
    of all others. Where ranges overlap, directly or by way of a third one, the difference of the
    means may be luck. With fewer than three seeds nothing is told apart.

    This rule is a permutation test of all settings together. Of two that are equally good, with n
    seeds each, it calls one worse by mistake with the probability that `false_alarm_rate(2, n)` returns;
    among more, equally good or not, with no higher one.

    Args:
        results: of at least two settings, trained with the same number of seeds.

    Returns:
        Names, in the order of the results, without the winner's; empty if the winner is clear of all
        others.

    Raises:
        ValueError: there are fewer than two results, they have different numbers of scores, or a score
            is not a finite number.

    >>> wide = Result("wide", {}, (0.80, 0.84, 0.82))
    >>> near, far = Result("near", {}, (0.79, 0.81, 0.79)), Result("far", {}, (0.70, 0.75, 0.71))
    >>> inside_the_noise([wide, near, far])
    ['near']
    """
    if len(results) < 2:
        raise ValueError(f"need results of at least 2 settings to compare, not {len(results)}")
    seeds = {len(result.scores) for result in results}
    if (
        len(seeds) > 1
        or 0 in seeds
        or not all(np.isfinite(result.scores).all() for result in results)
    ):
        scores = {result.name: result.scores for result in results}
        raise ValueError(f"results need scores, equally many and all finite, not {scores}")
    ranked = sorted(results, key=lambda result: result.mean, reverse=True)
    gaps = (
        place
        for place in range(1, len(ranked))
        if min(each.lowest for each in ranked[:place]) > max(r.highest for r in ranked[place:])
    )
    level = ranked[: next(gaps, None)] if max(seeds) >= _LEAST_SEEDS else ranked
    others = {id(result) for result in level[1:]}  # of equal means the first is the best
    return [result.name for result in results if id(result) in others]


def seed_verdict(results: Sequence[Result]) -> str:
    """Say in a sentence which setting is the best, or that the seeds cannot tell.

    Raises:
        ValueError: as `inside_the_noise`.

    >>> small, large = Result("64", {}, (0.80, 0.81, 0.80)), Result("512", {}, (0.82, 0.84, 0.83))
    >>> seed_verdict([small, large])
    'The best mean is that of 512, clear of all others: its worst seed beats their best.'
    >>> seed_verdict([small, Result("128", {}, (0.81, 0.83, 0.83)), large])
    'The best mean is that of 512, but 64 and 128 are inside the noise: no gap parts their seeds.'
    """
    names = inside_the_noise(results)
    winner = best(results).name
    if not names:
        return (
            f"The best mean is that of {winner}, clear of all others: its worst seed beats their "
            "best."
        )
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    verb = "is" if len(names) == 1 else "are"
    seeds = len(results[0].scores)
    why = "no gap parts their seeds"
    if seeds < _LEAST_SEEDS:
        why = f"{seeds} seed{'s' * (seeds > 1)} each cannot tell settings apart"
    return f"The best mean is that of {winner}, but {listed} {verb} inside the noise: {why}."


def false_alarm_rate(settings: int, seeds: int) -> float:
    """Return how often one of several equally good settings looks clear of all others, by luck.

    If the settings do not differ, every order of all the scores is equally likely. One setting is
    clear of the others if the highest scores, as many as there are seeds, are all its own.

    Args:
        settings: how many are compared, at least 2.
        seeds: scores per setting, at least 1, with no two scores equal.

    Returns:
        The probability, from 0 to 1.

    Raises:
        ValueError: there are too few settings or seeds.

    >>> false_alarm_rate(settings=2, seeds=3)
    0.1
    """
    _check_whole("settings", settings, 2)
    _check_whole("seeds", seeds, 1)
    settings, seeds = int(settings), int(seeds)  # of NumPy's, the product of small ones overflows
    return settings / math.comb(settings * seeds, seeds)


def summary_rows(results: Sequence[Result], *, percent: bool = True) -> list[dict[str, str]]:
    """Return one row of text per result, for a table: mean, lowest, highest and CPU seconds.

    Args:
        results: at least one.
        percent: the scores are fractions, to be written as percentages.

    >>> summary_rows([Result("64", {}, (0.80, 0.82), 1.5)])
    [{'setting': '64', 'mean': '81.0%', 'lowest': '80.0%', 'highest': '82.0%', 'CPU seconds': '1.5'}]
    """
    show = "{:z.1%}".format if percent else "{:z.3g}".format
    return [
        {
            "setting": result.name,
            "mean": show(result.mean),
            "lowest": show(result.lowest),
            "highest": show(result.highest),
            "CPU seconds": f"{result.cpu_seconds:.1f}",
        }
        for result in results
    ]


def restart(network: keras.Model, seed: int) -> None:
    """Set the seed, and give a compiled network new first weights and a new optimizer's state.

    Training then goes as if the network had been built and compiled anew, but the traced training
    step is kept, and with it about half a second. What a `Normalization` layer was adapted to stays.

    Args:
        network: Sequential or functional, compiled.
        seed: passed to `keras.utils.set_random_seed`; the weights follow it.

    Raises:
        ValueError: the network is not compiled.

    >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> network.compile("adam", "mse")
    >>> restart(network, seed=1)
    >>> first = network.get_weights()[0]
    >>> restart(network, seed=2)
    >>> restart(network, seed=1)
    >>> bool((first == network.get_weights()[0]).all())
    True
    """
    if not isinstance(network, keras.Model) or not network.compiled or not network.built:
        raise ValueError(f"network must be a Keras model, built and compiled, not {network!r}")
    _check_whole("seed", seed, 0, 2**32 - 1)
    keras.utils.set_random_seed(seed)
    fresh = keras.models.clone_model(network)
    for layer, fresh_layer in zip(_own_layers(network), _own_layers(fresh), strict=True):
        if isinstance(layer, keras.layers.Normalization):
            continue  # what it was adapted to is no weight
        for variable, value in zip(layer.variables, fresh_layer.variables, strict=True):
            variable.assign(value)
    optimizer = network.optimizer
    optimizer.build(network.trainable_variables)
    fresh_optimizer = type(optimizer).from_config(optimizer.get_config())
    fresh_optimizer.build(network.trainable_variables)
    for variable, value in zip(optimizer.variables, fresh_optimizer.variables, strict=True):
        variable.assign(value)


def _own_layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield the layers of a network, and of the networks in it."""
    for layer in network.layers:
        yield from _own_layers(layer) if hasattr(layer, "layers") else [layer]


def selection_bias(
    is_correct: np.ndarray,
    tries: int,
    *,
    size: int | None = None,
    repeats: int = 500,
    seed: int = 0,
) -> tuple[float, float]:
    """Return how good the luckiest of several networks looks where it is chosen, and elsewhere.

    The first is too high, by the selection bias.

    Again and again, two equal parts of the examples are dealt out and some networks are drawn. The
    network with the most correct answers on the first part is chosen; its accuracy
    there is what it promises, that on the second, which had no part in the choice, what it keeps.

    Args:
        is_correct: whether each network is right on each example, shape `(networks, examples)`, bool.
        tries: how many networks to choose from, from 1 to all.
        size: examples in each part, from 1 to half of all; half of all if left out.
        repeats: how often to draw.
        seed: of the draws.

    Returns:
        The promised accuracy and the kept one, means over the draws.

    Raises:
        ValueError: the shape is another, or there are fewer networks than tries or fewer examples
            than the two parts need.

    >>> coins = np.random.default_rng(0).random((16, 100)) < 0.5
    >>> one, many = selection_bias(coins, tries=1), selection_bias(coins, tries=16)
    >>> many[0] > one[0] + 0.05, abs(many[1] - one[1]) < 0.05
    (True, True)
    """
    if any(
        map(np.ma.is_masked, is_correct if isinstance(is_correct, list | tuple) else [is_correct])
    ):
        raise ValueError("is_correct must have no masked values: leave them out")
    is_correct = np.asarray(is_correct)
    if not np.isin(is_correct, (0, 1)).all():
        raise ValueError(f"is_correct must hold true or false, not {is_correct.dtype} numbers")
    is_correct = is_correct.astype(bool)
    if is_correct.ndim != 2 or is_correct.shape[1] < 2 or not len(is_correct):
        raise ValueError(
            f"is_correct must be (networks, examples), at least 2 examples, not {is_correct.shape}"
        )
    half = is_correct.shape[1] // 2 if size is None else size
    _check_whole("tries", tries, 1, len(is_correct))
    _check_whole("size", half, 1, is_correct.shape[1] // 2)
    _check_whole("repeats", repeats, 1)
    _check_whole("seed", seed, 0)
    generator = np.random.default_rng(seed)
    pairs = []
    for _ in range(repeats):
        dealt = generator.permutation(is_correct.shape[1])
        drawn = is_correct[generator.permutation(len(is_correct))[:tries]]
        first = drawn[:, dealt[:half]].mean(axis=1)
        second = drawn[:, dealt[half : 2 * half]].mean(axis=1)
        chosen = int(first.argmax())
        pairs.append((first[chosen], second[chosen]))
    promised, kept = np.mean(pairs, axis=0)
    return float(promised), float(kept)


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")
