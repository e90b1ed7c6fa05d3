"""Simulate a driven, damped oscillator and print its steady amplitude as JSON.

python3 simulate.py settings.json case.json > amplitude.json
"""

import json
import math
import sys


def trajectory(frequency, steps, damping, span):
    """Positions over `span` units of time, by the semi-implicit Euler method."""
    width = span / steps
    position = velocity = 0.0
    positions = []
    for number in range(steps):
        drive = math.cos(frequency * number * width)
        velocity += (drive - 2 * damping * velocity - position) * width
        position += velocity * width
        positions.append(position)
    return positions


with open(sys.argv[1]) as file:
    settings = json.load(file)
with open(sys.argv[2]) as file:
    case = json.load(file)
late = trajectory(case["frequency"], case["steps"], **settings)
late = late[len(late) // 2 :]
mean = sum(late) / len(late)
amplitude = math.sqrt(sum((one - mean) ** 2 for one in late) / len(late))  # root mean square
print(json.dumps({"frequency": case["frequency"], "amplitude": amplitude}))
