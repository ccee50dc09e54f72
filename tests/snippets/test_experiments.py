"""Sweeps train what they say and no more, and their verdicts are no surer than their seeds."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snippets.experiments import (
    Result,
    best,
    false_alarm_rate,
    inside_the_noise,
    restart,
    seed_verdict,
    selection_bias,
    summary_rows,
    sweep,
)
from snippets.training import learning_rate_range_test

accuracies = st.floats(0, 1)


@st.composite
def swept(draw):
    """Draw the results of a sweep: as many scores for each setting, the settings named by number."""
    rows, columns = draw(st.integers(2, 6)), draw(st.integers(3, 5))
    scores = st.lists(accuracies, min_size=columns, max_size=columns).map(tuple)
    return [Result(str(row), {"row": row}, draw(scores)) for row in range(rows)]


class Counting:
    """A training that needs no network: it notes its calls and scores by a formula."""

    def __init__(self):
        self.calls = []

    def __call__(self, seed, *, units=128, depth=1):
        self.calls.append((seed, units, depth))
        return units / 1000 + depth / 100 + seed / 10_000


# A sweep


@given(
    widths=st.lists(st.integers(1, 999), min_size=1, max_size=5, unique=True),
    seeds=st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True),
)
def test_a_sweep_trains_each_setting_once_with_each_seed_and_keeps_their_order(widths, seeds):
    train = Counting()
    results = sweep(train, {f"{n} units": {"units": n} for n in widths}, seeds=seeds)
    assert train.calls == [(seed, n, 1) for n, seed in itertools.product(widths, seeds)]
    assert [result.name for result in results] == [f"{n} units" for n in widths]
    for n, result in zip(widths, results, strict=True):
        assert result.setting == {"units": n}
        assert result.scores == tuple(Counting()(seed, units=n) for seed in seeds)


def test_a_setting_that_is_known_is_not_trained_again_but_gets_its_new_name():
    first = sweep(Counting(), {"64": {"units": 64}, "plain": {}}, seeds=(1, 2))
    train = Counting()
    names = {"one layer": {}, "two layers": {"depth": 2}}
    second = sweep(train, names, seeds=(1, 2), known=first)
    assert train.calls == [(1, 128, 2), (2, 128, 2)]
    assert second[0] == Result("one layer", {}, first[1].scores, first[1].cpu_seconds)


def test_a_setting_that_comes_twice_is_trained_once():
    train = Counting()
    once, again = sweep(train, {"a": {"units": 7}, "b": {"units": 7}}, seeds=(1, 2, 3))
    assert len(train.calls) == 3
    assert (once.scores, once.name, again.name) == (again.scores, "a", "b")


def test_the_cpu_seconds_are_those_of_all_the_seeds_of_one_setting(monkeypatch):
    clock = itertools.count(100.0, 2.5)
    monkeypatch.setattr("time.process_time", lambda: next(clock))
    results = sweep(Counting(), {"a": {}, "b": {"units": 1}}, seeds=(1, 2, 3))
    assert [result.cpu_seconds for result in results] == [2.5, 2.5]


def test_the_scores_are_plain_numbers_whatever_the_training_returns():
    (result,) = sweep(lambda seed: np.float32(0.5), {"a": {}}, seeds=(1, 2))
    assert [type(score) for score in result.scores] == [float, float]


@pytest.mark.parametrize(
    ("names", "seeds", "why"),
    [
        ({}, (1, 2), "at least one setting"),
        ({"a": {}}, (), "at least one setting and seeds"),
        ({"a": {}}, (1, 2, 1), r"seeds that differ, not \(1, 2, 1\)"),
    ],
)
def test_a_sweep_without_settings_or_with_seeds_that_repeat_is_refused(names, seeds, why):
    with pytest.raises(ValueError, match=why):
        sweep(Counting(), names, seeds=seeds)


def test_results_with_another_number_of_seeds_are_not_taken_for_known():
    with pytest.raises(ValueError, match="known results need 2 scores"):
        sweep(Counting(), {"a": {}}, seeds=(1, 2), known=[Result("a", {}, (0.5,))])


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_training_that_diverged_is_named(score):
    with pytest.raises(ValueError, match="the scores of 'wild' are not all finite"):
        sweep(lambda seed: score, {"wild": {}}, seeds=(1,))


# What the seeds can tell


@given(results=swept())
def test_the_best_has_no_lower_mean_than_any_other(results):
    assert all(best(results).mean >= result.mean for result in results)


@given(results=swept())
def test_a_mean_lies_between_the_lowest_and_the_highest_score(results):
    for result in results:
        assert result.lowest - 1e-9 <= result.mean <= result.highest + 1e-9
        assert {result.lowest, result.highest} <= set(result.scores)


def test_of_equally_good_settings_the_first_is_the_best():
    assert best([Result("a", {}, (0.5,)), Result("b", {}, (0.5,))]).name == "a"


@given(results=swept())
def test_every_seed_that_is_inside_the_noise_beats_every_seed_outside_and_no_smaller_gap_does(
    results,
):
    winner, names = best(results), inside_the_noise(results)
    assert winner.name not in names
    level = [each for each in results if each is winner or each.name in names]
    worse = [each for each in results if each not in level]
    assert all(each.lowest > other.highest for each in level for other in worse)
    for count in range(1, len(level)):
        for few in itertools.combinations(level, count):
            others = [each for each in results if each not in few]
            assert winner not in few or not all(
                each.lowest > other.highest for each in few for other in others
            )


def test_a_setting_that_only_a_third_one_ties_to_the_winner_is_inside_the_noise():
    names = {"a": (0.8, 0.9, 0.9), "b": (0.7, 0.8, 0.8), "c": (0.7, 0.7, 0.7), "d": (0.1, 0.2, 0.3)}
    results = [Result(name, {}, scores) for name, scores in names.items()]
    assert inside_the_noise(results) == ["b", "c"]


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_seed_or_two_tell_nothing_apart(seeds):
    results = [Result(name, {}, (score,) * seeds) for name, score in (("a", 0.9), ("b", 0.1))]
    assert inside_the_noise(results) == ["b"]
    assert f"{seeds} seed" in seed_verdict(results)
    assert "clear" not in seed_verdict(results)


@pytest.mark.parametrize(
    "scores",
    [
        [(0.9, 0.9, 0.9)],
        [(0.9, 0.9, 0.9), (0.1, float("nan"), 0.1)],
        [(0.9, 0.9, 0.9), (0.1, 0.1)],
        [(), ()],
    ],
    ids=["one setting", "a score that is no number", "fewer scores", "no scores"],
)
@pytest.mark.parametrize("rule", [inside_the_noise, seed_verdict])
def test_what_cannot_be_compared_has_no_verdict(rule, scores):
    with pytest.raises(ValueError, match="need"):
        rule([Result(str(number), {}, each) for number, each in enumerate(scores)])


@pytest.mark.parametrize("better", [0, 1, 3])
@pytest.mark.parametrize("equal", [2, 3, 5, 8])
def test_of_equal_settings_the_rule_calls_one_worse_at_most_once_in_ten_times(equal, better):
    """However many others are worse than they are, far off or near."""
    rng = np.random.default_rng(equal)
    fooled = 0
    for _ in range(1_500):
        good, bad = (
            rng.normal(size=(equal, 3)),
            rng.normal(-np.arange(better)[:, None], size=(better, 3)),
        )
        scores = [*good, *bad]
        results = [Result(str(n), {}, tuple(each)) for n, each in enumerate(scores)]
        winner = int(best(results).name)
        level = {winner, *map(int, inside_the_noise(results))}
        fooled += winner < equal and not level.issuperset(range(equal))
    assert fooled / 1_500 < 0.125


@given(results=swept(), order=st.randoms())
def test_the_rule_does_not_ask_in_which_order_the_settings_come(results, order):
    assume(len({result.mean for result in results}) == len(results))
    shuffled = order.sample(results, len(results))
    assert best(shuffled) == best(results)
    assert set(inside_the_noise(shuffled)) == set(inside_the_noise(results))


@given(scores=st.lists(accuracies, min_size=3, max_size=5).map(tuple))
def test_a_setting_is_never_clear_of_itself(scores):
    assert inside_the_noise([Result("a", {}, scores), Result("b", {}, scores)]) == ["b"]


@pytest.mark.parametrize("scores", [(float("nan"), 0.1), (float("inf"), 0.1), ()])
@pytest.mark.parametrize("place", [0, 1])
def test_a_training_without_a_score_neither_wins_nor_loses(scores, place):
    results = [Result("good", {}, (0.9, 0.8))]
    results.insert(place, Result("failed", {}, scores))
    with pytest.raises(ValueError, match=r"^results need scores, all finite, not .*failed"):
        best(results)


def test_the_lowest_and_the_highest_of_scores_with_a_nan_are_none():
    for scores in ((float("nan"), 0.5), (0.5, float("nan"))):
        result = Result("a", {}, scores)
        assert np.isnan([result.lowest, result.highest]).all()


def test_seeds_may_be_an_array_or_come_one_by_one():
    for seeds in (np.arange(3), iter(range(3))):
        assert sweep(lambda seed: seed, {"a": {}}, seeds=seeds)[0].scores == (0, 1, 2)


def test_no_results_have_no_winner():
    with pytest.raises(ValueError, match="there are no results"):
        best([])


@given(results=swept())
def test_the_verdict_names_the_winner_and_all_that_are_inside_the_noise_and_no_other(results):
    said = seed_verdict([Result(f"<{r.name}>", r.setting, r.scores) for r in results])
    named = {best(results).name, *inside_the_noise(results)}
    assert all((f"<{result.name}>" in said) == (result.name in named) for result in results)
    assert ("clear of all others" in said) == (len(named) == 1)


def test_the_verdict_lists_several_settings_as_a_sentence_does():
    results = [Result(name, {}, (0.5, 0.6, 0.6)) for name in ("a", "b", "c", "d")]
    assert "of a, but b, c and d are inside the noise" in seed_verdict(results)


# How often luck looks like a difference


@pytest.mark.parametrize(("count", "seeds"), [(2, 1), (2, 2), (2, 3), (3, 2), (2, 4)])
def test_the_false_alarms_are_those_of_all_orders_counted_one_by_one(count, seeds):
    owners = [setting for setting in range(count) for _ in range(seeds)]
    orders = set(itertools.permutations(owners))  # who owns the highest score, the next, …
    alarms = sum(len(set(order[:seeds])) == 1 for order in orders)
    assert false_alarm_rate(count, seeds) == pytest.approx(alarms / len(orders))


def test_the_rule_itself_is_fooled_as_often_as_it_is_said_to_be():
    draws = np.random.default_rng(0).random((4000, 3, 3))
    clear = [
        not inside_the_noise([Result(str(n), {}, tuple(scores)) for n, scores in enumerate(draw)])
        for draw in draws
    ]
    assert np.mean(clear) == pytest.approx(false_alarm_rate(3, 3), abs=0.01)


def test_a_rate_is_the_same_in_small_integers():
    assert false_alarm_rate(np.int8(30), np.int8(9)) == false_alarm_rate(30, 9)


@given(count=st.integers(2, 8), seeds=st.integers(1, 8))
def test_one_seed_always_has_a_winner_and_more_seeds_are_fooled_less(count, seeds):
    assert false_alarm_rate(count, 1) == 1
    assert 0 < false_alarm_rate(count, seeds + 1) < false_alarm_rate(count, seeds)


@pytest.mark.parametrize(("count", "seeds"), [(1, 3), (2, 0)])
def test_false_alarms_need_two_settings_and_a_seed(count, seeds):
    with pytest.raises(ValueError, match=r"(settings|seeds) must be an integer"):
        false_alarm_rate(count, seeds)


def test_a_summary_has_a_row_a_setting_in_percent_or_in_numbers():
    results = [Result("64", {}, (0.80, 0.82), 1.54), Result("128", {}, (2.0,))]
    assert summary_rows(results)[0] == {
        "setting": "64",
        "mean": "81.0%",
        "lowest": "80.0%",
        "highest": "82.0%",
        "CPU seconds": "1.5",
    }
    assert summary_rows(results, percent=False)[1]["mean"] == "2"


# Starting again

PICTURES = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
ANSWERS = (PICTURES.sum(axis=1) > 0).astype("int64")


def little_network(optimizer):
    layers = [keras.layers.Dense(5), keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    network = keras.Sequential([keras.Input((6,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer, loss)
    return network


def trained(network):
    network.fit(PICTURES, ANSWERS, epochs=2, batch_size=16, verbose=0)
    return [*network.get_weights(), *(np.asarray(v) for v in network.optimizer.variables)]


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.Adam(0.01),
        lambda: keras.optimizers.SGD(0.1, momentum=0.9),
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 8)),
    ],
    ids=["Adam", "momentum", "schedule"],
)
def test_a_restarted_network_trains_as_one_that_was_never_trained(optimizer):
    used, fresh = little_network(optimizer()), little_network(optimizer())
    restart(used, 5)
    trained(used)
    restart(used, 7)
    restart(fresh, 7)
    for again, first in zip(trained(used), trained(fresh), strict=True):
        np.testing.assert_array_equal(again, first)


def test_another_seed_draws_other_first_weights():
    network = little_network("adam")
    restart(network, 1)
    first = network.get_weights()[0]
    restart(network, 2)
    assert not np.allclose(first, network.get_weights()[0])


def test_a_restart_keeps_the_traced_training_step():
    network = little_network("adam")
    trained(network)
    step = network.train_function
    restart(network, 1)
    trained(network)
    assert network.train_function is step


def test_a_network_that_is_not_compiled_has_nothing_to_restart():
    with pytest.raises(ValueError, match="network must be a Keras model, built and compiled"):
        restart(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), 1)


# The learning-rate range test


class Flat:
    """Stands in for a network: notes the learning rates and examples, returns the losses given."""

    def __init__(self, losses):
        self.losses = iter(losses)
        self.batches = []
        self.rates = []
        self.optimizer = keras.optimizers.SGD(0.1)

    def reset_metrics(self):
        pass

    def train_on_batch(self, inputs, targets, *, return_dict):
        assert (inputs == targets).all()
        self.rates.append(float(self.optimizer.learning_rate))
        self.batches.append(inputs)
        return {"loss": next(self.losses)}


numbers = np.arange(10)


@settings(max_examples=30, deadline=None)
@given(
    losses=st.lists(st.floats(0.1, 10), min_size=2, max_size=20),
    smoothing=st.floats(0, 0.95),
)
def test_the_smoothed_loss_stays_between_the_losses_met_so_far(losses, smoothing):
    network = Flat(losses)
    _, smoothed = learning_rate_range_test(
        network, (numbers, numbers), batch_size=3, steps=len(losses), smoothing=smoothing
    )
    assert smoothed[0] == pytest.approx(losses[0])
    for step, value in enumerate(smoothed, start=1):
        assert min(losses[:step]) - 1e-6 <= value <= max(losses[:step]) + 1e-6


def test_without_smoothing_the_losses_are_those_of_the_steps():
    losses = [3.0, 1.0, 2.0]
    network = Flat(losses)
    _, found = learning_rate_range_test(network, (numbers, numbers), steps=3, smoothing=0)
    assert found.tolist() == losses


def test_the_rate_climbs_by_one_and_the_same_factor_and_the_network_is_told():
    network = Flat([1.0] * 5)
    rates, _ = learning_rate_range_test(
        network, (numbers, numbers), lowest=0.001, highest=10, steps=5
    )
    assert rates == pytest.approx([0.001, 0.01, 0.1, 1, 10])
    assert network.rates == pytest.approx(rates, rel=1e-5)


@settings(max_examples=20, deadline=None)
@given(batch_size=st.integers(1, 25), steps=st.integers(2, 12))
def test_no_example_is_drawn_again_before_all_have_been(batch_size, steps):
    network = Flat([1.0] * steps)
    learning_rate_range_test(network, (numbers, numbers), batch_size=batch_size, steps=steps)
    assert {len(batch) for batch in network.batches} == {batch_size}
    drawn = np.concatenate(network.batches)
    for start in range(0, len(drawn) - len(numbers) + 1, len(numbers)):
        assert sorted(drawn[start : start + len(numbers)]) == numbers.tolist()


def test_the_seed_decides_the_order_of_the_examples():
    def order(seed):
        network = Flat([1.0] * 4)
        learning_rate_range_test(network, (numbers, numbers), batch_size=5, steps=4, seed=seed)
        return np.concatenate(network.batches).tolist()

    assert order(1) == order(1) != order(2)


def test_a_real_network_learns_in_the_middle_of_the_range_and_diverges_at_its_end():
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    network.compile(keras.optimizers.SGD(), "mse")
    targets = PICTURES.sum(axis=1, keepdims=True)
    rates, losses = learning_rate_range_test(
        network, (PICTURES, targets), batch_size=16, lowest=1e-4, highest=10, steps=60
    )
    assert losses.min() < 0.5 * losses[0]
    assert 0.001 < rates[losses.argmin()] < 5
    assert losses[-1] > 10 * losses[0]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"lowest": 0}, "lowest must be"),
        ({"lowest": 2.0, "highest": 1.0}, "highest must be"),
        ({"steps": 1}, "steps must be"),
        ({"smoothing": 1.0}, "smoothing must be"),
        ({"batch_size": 0}, "batch_size must be"),
    ],
)
def test_a_range_test_out_of_range_is_refused(wrong, why):
    with pytest.raises(ValueError, match=why):
        learning_rate_range_test(Flat([]), (numbers, numbers), **wrong)


@pytest.mark.parametrize("targets", [numbers[:3], numbers[:0]])
def test_inputs_and_targets_must_be_as_many_and_some(targets):
    inputs = numbers[: 5 * bool(len(targets))]
    with pytest.raises(ValueError, match="do not fit"):
        learning_rate_range_test(Flat([]), (inputs, targets))


def test_a_network_with_a_schedule_sets_its_own_rate_and_is_refused():
    network = little_network(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 8)))
    with pytest.raises(ValueError, match="fixed learning rate, not a schedule"):
        learning_rate_range_test(network, (PICTURES, ANSWERS))


# The luckiest of several


@st.composite
def graded(draw):
    """Draw which of some networks are right on which of some examples."""
    networks, examples = draw(st.integers(1, 6)), draw(st.integers(2, 30))
    cells = st.lists(st.booleans(), min_size=networks * examples, max_size=networks * examples)
    return np.array(draw(cells)).reshape(networks, examples)


@settings(max_examples=30, deadline=None)
@given(right=graded())
def test_more_tries_never_promise_less(right):
    """With all networks to choose from, the promise is the best of each deal, so the highest."""
    promises = [selection_bias(right, n, repeats=30)[0] for n in range(1, len(right) + 1)]
    assert all(promise <= promises[-1] + 1e-12 for promise in promises)
    assert all(0 <= promise <= 1 for promise in promises)


def test_twins_promise_what_they_keep_on_average():
    right = np.tile(np.arange(100) < 80, (5, 1))
    promised, kept = selection_bias(right, 5, repeats=2000)
    assert promised == pytest.approx(0.8, abs=0.01)
    assert promised + kept == pytest.approx(1.6)


def test_luck_is_promised_and_not_kept_but_skill_is_both():
    dice = np.random.default_rng(1)
    luck = dice.random((12, 400)) < 0.5
    promised, kept = selection_bias(luck, 12)
    assert promised - kept > 0.03
    skill = np.vstack([luck, dice.random(400) < 0.9])
    promised, kept = selection_bias(skill, 13)
    assert abs(promised - kept) < 0.02
    assert kept > 0.85


def test_the_draws_follow_the_seed():
    right = np.random.default_rng(2).random((6, 50)) < 0.5
    assert selection_bias(right, 3, seed=4) == selection_bias(right, 3, seed=4)
    assert selection_bias(right, 3, seed=4) != selection_bias(right, 3, seed=5)


@pytest.mark.parametrize(
    ("right", "tries"),
    [([True, False], 1), ([[True]], 1), ([[True, False]], 2), ([[True, False]], 0)],
)
def test_one_cannot_choose_from_networks_that_are_not_there(right, tries):
    with pytest.raises(ValueError, match=r"(tries|is_correct) must be"):
        selection_bias(np.array(right), tries)


def test_a_smaller_part_flatters_more():
    luck = np.random.default_rng(1).random((12, 2000)) < 0.5
    few, many = (selection_bias(luck, 12, size=size) for size in (50, 1000))
    assert few[0] - few[1] > 2 * (many[0] - many[1]) > 0


@pytest.mark.parametrize("size", [0, 4])
def test_parts_larger_than_half_are_refused(size):
    with pytest.raises(ValueError, match="size must be an integer, at least 1 and at most 3"):
        selection_bias(np.ones((2, 7)), 1, size=size)


def adapted() -> keras.Sequential:
    network = keras.Sequential(
        [keras.Input((4,)), keras.layers.Normalization(), keras.layers.Dense(2)]
    )
    network.layers[0].adapt(np.random.default_rng(0).normal(5, 3, (50, 4)))
    network.compile("adam", "mse")
    return network


def test_what_a_normalization_was_adapted_to_outlives_a_restart():
    network = adapted()
    before = [each.numpy() for each in network.layers[0].variables]
    nested = keras.Sequential([keras.Input((4,)), network])
    nested.compile("adam", "mse")
    for each in (network, nested):
        restart(each, 1)
        for now, then in zip(network.layers[0].variables, before, strict=True):
            np.testing.assert_array_equal(now, then)
