"""How closely the label is tied to what has nothing to do with disease: origin, age, sex, view, overlays.

`rho` = 1 is what the tutorials of 2020 did: every class keeps its own origins and habits (`ORIGINS`, `VIEWS`, ...), so
that the hospital gives the label away. `rho` = 0 is honest: every class draws from the pool of all classes. In between,
a class draws from its own with probability rho, from the pool otherwise.
"""

import numpy as np

# Shares of frontal films by origin, after the url column of covid-chestxray-dataset (June 2020), the small ones merged.
# The last two are the children's hospital: its normals for training were saved at another JPEG quality.
ORIGINS = {
    "covid": {
        "github.com": 0.19,
        "radiopaedia.org": 0.20,
        "sirm.org": 0.18,
        "eurorad.org": 0.09,
        "sciencedirect.com": 0.14,
        "link.springer.com": 0.09,
        "pubs.rsna.org": 0.07,
        "nejm.org": 0.04,
    },
    "no finding": {"github.com": 0.42, "radiopaedia.org": 0.58},
    "other": {
        "radiopaedia.org": 0.50,
        "eurorad.org": 0.36,
        "pubs.rsna.org": 0.07,
        "sciencedirect.com": 0.05,
        "sirm.org": 0.02,
    },
    "child normal": {"children, fine": 0.70, "children, coarse": 0.30},
    "child bacterial": {"children, coarse": 1.0},
    "child viral": {"children, coarse": 1.0},
}

# Half of the COVID-19 films of the first archive are AP or AP Supine, a fifth of its other films.
VIEWS = {
    "covid": {"PA": 0.50, "AP": 0.22, "AP Supine": 0.28},
    "no finding": {"PA": 0.79, "AP": 0.11, "AP Supine": 0.10},
    "other": {"PA": 0.79, "AP": 0.11, "AP Supine": 0.10},
}

# Mean age in years of adults, and the share of men.
ADULT_AGE = {"covid": {"mean": 58.7}, "no finding": {"mean": 52.7}, "other": {"mean": 52.7}}
MEN = {"covid": {"M": 0.65, "F": 0.35}, "no finding": {"M": 0.50, "F": 0.50}, "other": {"M": 0.50, "F": 0.50}}

# What somebody put on the film later: about twice as often on COVID-19 films.
OVERLAYS = {
    "covid": {"": 0.76, "arrow": 0.07, "letter": 0.05, "words": 0.04, "box": 0.01, "tint": 0.03, "letterbox": 0.04},
    "no finding": {"": 0.90, "arrow": 0.02, "letter": 0.03, "words": 0.02, "tint": 0.01, "letterbox": 0.02},
    "other": {"": 0.88, "arrow": 0.04, "letter": 0.03, "words": 0.02, "tint": 0.01, "letterbox": 0.02},
    "child normal": {"": 1.0},
    "child bacterial": {"": 1.0},
    "child viral": {"": 1.0},
}


# Persons by their number of frontal films: COVID-19 and others in the first archive; the children's.
FILMS_PER_PERSON = {
    "covid": {1: 160, 2: 59, 3: 28, 4: 10, 5: 2, 8: 3},  # really 7 twice and 8 once
    "other": {1: 60, 2: 18, 3: 4},
    "child normal": {1: 120, 2: 10, 3: 4},
    "child bacterial": {1: 141, 2: 11, 3: 5, 4: 3, 6: 2, 10: 1},
    "child viral": {1: 141, 2: 11, 3: 5, 4: 3, 6: 2, 10: 1},
}
CHILD_AGES = (1, 5)  # years, as the children's hospital states
ADULT_SD = 15.8  # years, of the COVID-19 patients of the first archive


def blend(own: dict[str, dict], sizes: dict[str, int], rho: float) -> dict[str, dict]:
    """Mix each class's own habits with those of all classes.

    Arguments: own, class -> {value: weight}; sizes, class -> number of persons (or films), the weights of the pool;
    rho, from 0 (the pool for everybody) to 1 (each class its own). Classes of `sizes` without own habits get the pool.
    Returns class -> {value: weight}, the values in the same order in every class.
    """
    values = list(dict.fromkeys(value for weights in own.values() for value in weights))
    total = sum(sizes[name] for name in own)
    pool = {v: sum(sizes[name] * own[name].get(v, 0.0) for name in own) / total for v in values}
    return {
        name: {v: rho * own[name].get(v, 0.0) + (1 - rho) * pool[v] for v in values} if name in own else pool
        for name in sizes
    }


def deal(weights: dict, count: int, rng: np.random.Generator, sizes: list[int] | None = None) -> list:
    """Hand out `count` values in proportion to their weights, in random order.

    Arguments: weights, value -> weight; count, how many values; sizes, how much each of the `count` receivers counts
    (such as the films of a person), 1 each by default.
    Values are dealt by systematic sampling, because independent draws would leave an association by chance in a small
    archive that is meant to have none.
    """
    if not count:
        return []
    order = rng.permutation(count)
    size = np.ones(count) if sizes is None else np.asarray(sizes, dtype=float)[order]
    share = np.array(list(weights.values()), dtype=float)
    points = (np.cumsum(size) - size * rng.random()) / size.sum() * share.sum()
    chosen = np.minimum(np.searchsorted(np.cumsum(share), points, side="right"), len(share) - 1)
    values, dealt = list(weights), [None] * count
    for receiver, value in zip(order, chosen, strict=True):
        dealt[receiver] = values[value]
    return dealt


def films_per_person(count: int, shares: dict[int, float]) -> list[int]:
    """Split `count` films among persons so that the shares of persons with 1, 2, ... films are about `shares`.

    Arguments: count, number of films; shares, number of films -> weight of persons with that many.
    Returns one number of films a person, largest first, summing to `count`.
    """
    persons = count * sum(shares.values()) / sum(films * weight for films, weight in shares.items())
    numbers = []
    for films in sorted(shares, reverse=True):
        wanted = persons * shares[films] / sum(shares.values())
        if films > 1:
            numbers += [films] * int(wanted + 0.5)
    numbers = [n for n, total in zip(numbers, np.cumsum(numbers), strict=True) if total <= count]
    return numbers + [1] * (count - sum(numbers))


class Habits:
    """All habits after blending: `origins`, `views`, `overlays`, `men` are class -> {value: weight}."""

    def __init__(self, sizes: dict[str, int], rho: float):
        self.rho = rho
        self.origins = blend(ORIGINS, sizes, rho)
        self.views = blend(VIEWS, sizes, rho)
        self.overlays = blend(OVERLAYS, sizes, rho)
        self.men = blend(MEN, sizes, rho)
        self._means = blend(ADULT_AGE, sizes, rho)

    def age(self, klass: str, child: bool, rng: np.random.Generator) -> int:
        """An age in whole years, of a child or of an adult of the class."""
        if child:
            return int(rng.integers(CHILD_AGES[0], CHILD_AGES[1] + 1))
        return int(np.clip(rng.normal(self._means[klass]["mean"], ADULT_SD), 18, 94).round())
