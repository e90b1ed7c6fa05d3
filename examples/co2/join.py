"""The join: one line through the growth rates of all stretches, each weighted by how sure it is.

    python3 join.py FIT.json... > SUMMARY.json

Needs Python 3.6 or later and nothing else.
"""

import json
import sys


def main():
    fits = []
    for name in sys.argv[1:]:
        with open(name) as file:
            fits.append(json.load(file))
    fits.sort(key=lambda fit: fit["middle"])
    weights = [(2 * 1.96 / (fit["rate_95"][1] - fit["rate_95"][0])) ** 2 for fit in fits]
    total = sum(weights)
    mean_year = sum(w * fit["middle"] for w, fit in zip(weights, fits)) / total
    mean_rate = sum(w * fit["rate"] for w, fit in zip(weights, fits)) / total
    spread = sum(w * (fit["middle"] - mean_year) ** 2 for w, fit in zip(weights, fits))
    together = sum(
        w * (fit["middle"] - mean_year) * (fit["rate"] - mean_rate) for w, fit in zip(weights, fits)
    )
    faster = together / spread
    last = fits[-1]
    summary = {
        "stretches": fits,
        "rate_now": last["rate"],
        "rate_then": fits[0]["rate"],
        "faster_each_decade": 10 * faster,
        "line": [mean_year, mean_rate, faster],
        "swing_then": fits[0]["swing"],
        "swing_now": last["swing"],
    }
    json.dump(summary, sys.stdout, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
