# ---
# title: A title
# summary: One sentence that says what the reader can do after this page.
# needs: []
# teaches: []
# ---

# %% [markdown]
# Begin with the question that this page answers, and with something that the reader can check by hand.

# %%
import numpy as np

measurements = np.array([2.0, 3.0, 7.0])
mean = measurements.mean()
print(mean)

# %% [markdown]
# Say what to see. The mean is `{python} f"{mean:.0f}"`: a number that the run decides is an expression.
#
# ## What goes wrong
#
# A cell that fails on purpose says so with a tag; the page shows its error.

# %% tags=["raises-exception"]
np.add(measurements, [1, 2])

# %% tags=["claims"]
assert measurements.min() < mean < measurements.max(), (
    "the mean lies between the extremes"
)

# %% tags=["control"] claim="the mean lies between the extremes" without="different measurements"
measurements = np.ones(3)
mean = measurements.mean()

# %% [markdown]
# ## Exercises
#
# **1. The middle.** Return the median: the middle one of the sorted numbers. The starter returns the mean.


# %% tags=["starter"]
def median(numbers):
    """Return the median of an odd number of numbers."""
    return sum(numbers) / len(numbers)


# %% [markdown] tags=["hint"]
# Sorting them is half of it.

# %% tags=["check"]
for numbers, expected in [([2, 3, 7], 3), ([9, 1, 5], 5), ([4], 4)]:
    answer = median(numbers)
    assert answer == expected, (
        f"the median of {numbers} is {expected}, not {answer}"
    )


# %% tags=["solution"]
def median(numbers):
    """Return the median of an odd number of numbers."""
    return sorted(numbers)[len(numbers) // 2]


# %% tags=["wrong"]
def median(numbers):
    return numbers[len(numbers) // 2]  # not sorted


# %% tags=["wrong"]
def median(numbers):
    return sorted(numbers)[0]  # the smallest


# %% [markdown]
# ## Questions
#
# Five of them; each choice shows why it is right, or where its thought goes wrong.

# %% [markdown] tags=["question"]
# One more measurement comes in, equal to the mean of the others. What does the mean do?
#
# - It stays.
#     - The new sum is the old one and one more mean, shared by one more measurement.
# - It grows.
#     - A sum of positive numbers grows; a mean grows only by a number above it.
# - It shrinks.
#     - It is shared by more measurements, and there is more to share.

# %% tags=["question"]
new_mean = np.append(measurements, mean).mean()
stays = bool(np.isclose(new_mean, mean))
[stays, not stays and new_mean > mean, not stays and new_mean < mean]

# %% [markdown]
# ## What to remember
#
# - Three to five lines.
#
# ## Where next
#
# A page that goes on from here, and two to five sources worth reading.
