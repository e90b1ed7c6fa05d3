"""One job: how fast did CO2 rise in a stretch of months, and how wide was its seasonal swing?

    python3 fit.py MONTHS.json SEED REPLICATES > FIT.json

A straight or bent trend and a seasonal cycle of up to four harmonics are fitted by least
squares. How many harmonics, and whether the trend bends, is decided by leaving out one year
after the other; how sure the answer is, by a moving-block bootstrap of the residuals. Needs
Python 3.6 or later and nothing else.
"""

import json
import math
import random
import sys


def row(year, middle, bend, harmonics):
    """The columns of the model at one date."""
    since = year - middle
    columns = [1.0, since] + ([since * since] if bend else [])
    for k in range(1, harmonics + 1):
        columns.append(math.cos(2 * math.pi * k * year))
        columns.append(math.sin(2 * math.pi * k * year))
    return columns


def solve(matrix, right):
    """Solve a symmetric positive definite system by Cholesky's method."""
    size = len(right)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            lower[i][j] = math.sqrt(rest) if i == j else rest / lower[j][j]
    forward = []
    for i in range(size):
        forward.append((right[i] - sum(lower[i][k] * forward[k] for k in range(i))) / lower[i][i])
    found = [0.0] * size
    for i in reversed(range(size)):
        rest = forward[i] - sum(lower[k][i] * found[k] for k in range(i + 1, size))
        found[i] = rest / lower[i][i]
    return found


def least_squares(rows, values):
    """The coefficients that fit `values` best."""
    size = len(rows[0])
    matrix = [[sum(r[i] * r[j] for r in rows) for j in range(size)] for i in range(size)]
    right = [sum(r[i] * v for r, v in zip(rows, values)) for i in range(size)]
    return solve(matrix, right)


def predicted(rows, coefficients):
    return [sum(a * b for a, b in zip(r, coefficients)) for r in rows]


def left_out_error(years, values, middle, bend, harmonics):
    """Mean squared error for years that the model has not seen."""
    rows = [row(year, middle, bend, harmonics) for year in years]
    total = 0.0
    for left_out in sorted({int(year) for year in years}):
        seen = [i for i, year in enumerate(years) if int(year) != left_out]
        unseen = [i for i, year in enumerate(years) if int(year) == left_out]
        found = least_squares([rows[i] for i in seen], [values[i] for i in seen])
        for i, value in zip(unseen, predicted([rows[i] for i in unseen], found)):
            total += (values[i] - value) ** 2
    return total / len(years)


def swing(coefficients, first):
    """Width of the seasonal cycle: its highest minus its lowest point."""
    cycle = []
    for step in range(120):
        angle = 2 * math.pi * step / 120
        pairs = range(first, len(coefficients), 2)
        cycle.append(
            sum(
                coefficients[at] * math.cos(angle * (k + 1))
                + coefficients[at + 1] * math.sin(angle * (k + 1))
                for k, at in enumerate(pairs)
            )
        )
    return max(cycle) - min(cycle)


def blocks(residuals, length, chance):
    """Residuals drawn anew in blocks, so that what lasts for months still does."""
    drawn = []
    while len(drawn) < len(residuals):
        start = chance.randrange(len(residuals) - length + 1)
        drawn.extend(residuals[start : start + length])
    return drawn[: len(residuals)]


def interval(numbers):
    """The middle 95 percent."""
    ordered = sorted(numbers)
    edge = int(0.025 * len(ordered))
    return [ordered[edge], ordered[-1 - edge]]


def main():
    with open(sys.argv[1]) as file:
        months = json.load(file)
    chance = random.Random(int(sys.argv[2]))
    years = [month[0] for month in months]
    values = [month[1] for month in months]
    middle = (years[0] + years[-1]) / 2
    models = [(bend, harmonics) for bend in (False, True) for harmonics in range(1, 5)]
    errors = [left_out_error(years, values, middle, *model) for model in models]
    bend, harmonics = models[errors.index(min(errors))]
    rows = [row(year, middle, bend, harmonics) for year in years]
    best = least_squares(rows, values)
    fitted = predicted(rows, best)
    residuals = [value - fit for value, fit in zip(values, fitted)]
    season = 3 if bend else 2
    rates, swings = [], []
    for _ in range(int(sys.argv[3])):
        drawn = [fit + noise for fit, noise in zip(fitted, blocks(residuals, 12, chance))]
        again = least_squares(rows, drawn)
        rates.append(again[1])
        swings.append(swing(again, season))
    result = {
        "from": years[0],
        "to": years[-1],
        "middle": middle,
        "bend": bend,
        "harmonics": harmonics,
        "level": best[0],
        "rate": best[1],
        "rate_95": interval(rates),
        "swing": swing(best, season),
        "swing_95": interval(swings),
    }
    json.dump(result, sys.stdout, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
