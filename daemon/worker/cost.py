"""How long a pass takes, fitted while it runs.

seconds = fixed + per family of sequences (an engine may compute them one by one) + per token
+ per token·context. Plain floats: such a fit after every pass costs numpy ten times as much.
"""

import math

DECAY = 0.97  # an observation counts half after about 23 passes
OUTLIER = 4.0  # times the prediction: more than that is a busy machine, not the pass
TRUSTED = 8  # observations before outliers are told from news
# brings the features to about one; what may be either is taken for a family's, the safer guess
SCALE = (0.25, 1.0, 1 / 128, 1 / (128 * 1024))
# seconds of one scaled feature until measured: slow, for a first pass must not last for long
PRIOR = (1e-3, 1e-3, 0.25, 1e-3)
SIZE = len(SCALE)
NEWS = 1.05  # times the prediction: less than that is no excess
GRADE = 1.01
RIDGE = 1e-3  # how much the prior weighs

Vector = list[float]


def pairs(start: int, count: int) -> float:
    """Token·context of `count` tokens computed after `start` others."""
    return count * (start + count / 2)


class Cost:
    """Decayed least squares over the passes that ran."""

    def __init__(self) -> None:
        self._normal = [[RIDGE if i == j else 0.0 for j in range(SIZE)] for i in range(SIZE)]
        self._target = [RIDGE * value for value in PRIOR]
        self._count = 0
        self._set(list(PRIOR))

    def _set(self, weights: Vector) -> None:
        self.fixed, self.family, self.token, self.pair = (
            weight * scale for weight, scale in zip(weights, SCALE, strict=True)
        )

    def predict(self, tokens: int, paired: float, families: int = 1) -> float:
        """Seconds of a pass of `tokens` tokens and `paired` token·contexts."""
        return self.fixed + self.family * families + self.token * tokens + self.pair * paired

    def marginal(self, start: int, count: int) -> float:
        """Seconds that `count` more tokens after `start` others add to a pass."""
        return self.token * count + self.pair * pairs(start, count)

    def observe(self, tokens: int, paired: float, seconds: float, families: int = 1) -> None:
        """Learn from a pass that took `seconds`."""
        if self._count >= TRUSTED:
            seconds = min(seconds, OUTLIER * self.predict(tokens, paired, families))
        self._count += 1
        # relative errors matter, not absolute ones: short passes weigh more
        weight = 1 / max(seconds, 1e-4)
        values = (1.0, families, tokens, paired)
        features = [scale * value * weight for scale, value in zip(SCALE, values, strict=True)]
        self._learn(features, min(1.0, seconds * weight))
        self._set(_non_negative(self._normal, self._target))

    def _learn(self, features: Vector, value: float) -> None:
        prior = (1 - DECAY) * RIDGE
        for i, row in enumerate(self._normal):
            for j in range(SIZE):
                row[j] = DECAY * row[j] + features[i] * features[j]
            row[i] += prior
            self._target[i] = DECAY * self._target[i] + features[i] * value + prior * PRIOR[i]

    def fits(self, start: int, seconds: float) -> int:
        """How many tokens after `start` others can be computed in `seconds` of a running pass."""
        if seconds <= 0:
            return 0
        linear = self.token + self.pair * start
        # pair/2·n² + linear·n = seconds, in the form that stands pair = 0
        root = linear + math.sqrt(linear * linear + 2 * self.pair * seconds)
        return int(min(2 * seconds / root, 1 << 30)) if root > 0 else 1 << 30


class Margin:
    """How far passes exceed what was predicted: nine of ten stay within the prediction times it.

    One on a quiet machine; a busy one makes passes longer now and then, for no reason of theirs.
    """

    def __init__(self) -> None:
        self.factor = 1.0

    def observe(self, predicted: float, seconds: float) -> None:
        """Learn from a pass: nine small steps down weigh as much as one up."""
        exceeds = seconds > NEWS * self.factor * predicted
        factor = self.factor * (GRADE**9 if exceeds else 1 / GRADE)
        self.factor = min(max(factor, 1.0), OUTLIER)


def _non_negative(normal: list[Vector], target: Vector) -> Vector:
    """The least-squares solution over the features that come out positive."""
    kept = list(range(SIZE))
    weights = [0.0] * SIZE
    while kept:
        found = _solve([[normal[i][j] for j in kept] for i in kept], [target[i] for i in kept])
        if min(found) >= 0:
            for i, value in zip(kept, found, strict=True):
                weights[i] = value
            break
        kept.pop(found.index(min(found)))
    return weights


def _solve(matrix: list[Vector], right: Vector) -> Vector:
    """Gaussian elimination; `matrix` is symmetric and, thanks to the ridge, positive definite."""
    size = len(right)
    for i in range(size):
        for below in range(i + 1, size):
            factor = matrix[below][i] / matrix[i][i]
            for j in range(i, size):
                matrix[below][j] -= factor * matrix[i][j]
            right[below] -= factor * right[i]
    for i in reversed(range(size)):
        known = sum(matrix[i][j] * right[j] for j in range(i + 1, size))
        right[i] = (right[i] - known) / matrix[i][i]
    return right
