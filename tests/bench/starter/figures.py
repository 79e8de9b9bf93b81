"""Prints the tables of docs/starter.md from the reports that figures.sh made.

usage: figures.py FOLDER"""

import json
import os
import sys

folder = sys.argv[1]
AXES = [
    ("harmful requests refused", "harmful", "refused"),
    ("harmful requests in wrappers answered", "attacked", "harmful_answered"),
    ("harmful requests in wrappers refused", "attacked", "refused"),
    ("harmless look-alikes refused", "benign", "over_refusal"),
    ("harmless requests in the same wrappers refused", "benign_wrapped", "over_refusal"),
    ("sums right", "utility", "accuracy"),
]


def report(name):
    with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def share(rows, axis, metric, mode, after):
    """In %, over all suites of the axis."""
    some = [row for row in rows if row["axis"] == axis and row["metric"] == metric and row["mode"] == mode
            and (row["checkpoint"] != "") == after]
    return sum(row["value"] * row["n"] for row in some) / sum(row["n"] for row in some) * 100


quickstarts = [report(f"quickstart-{seed}") for seed in (1, 2, 3)]
for place, each in enumerate(quickstarts):
    rows = each["rows"]
    parsed = [row["value"] for row in rows if row["metric"] == "chain_parsed"]
    seconds = sum(step.get("seconds", 0) for step in each["steps"])
    print(f"seed {place + 1}: {min(row['n'] for row in rows)} to {max(row['n'] for row in rows)} prompts a figure; "
          f"fewest chains parsed {100 * min(parsed):.1f} %; intervals up to "
          f"{100 * max((row['high'] - row['low']) / 2 for row in rows):.1f} points either way; training {seconds:.0f} s; "
          f"judge {rows[0]['judge']}")
print("\n| axis, % | before, none | after, none | before, cases | after, cases |\n| --- | --- | --- | --- | --- |")
for title, axis, metric in AXES:
    cells = [", ".join(f"{share(each['rows'], axis, metric, mode, after):.1f}" for each in quickstarts)
             for mode in ("none", "cases") for after in (False, True)]
    print(f"| {title} | " + " | ".join(cells) + " |")

print("\n| axis, %, none / cases | before | quickstart | control-shuffled | control-random |\n| --- | --- | --- | --- | --- |")
for title, axis, metric in AXES:
    pairs = [(quickstarts[0], False), (quickstarts[0], True), (report("control-shuffled"), True), (report("control-random"), True)]
    cells = [" / ".join(f"{share(each['rows'], axis, metric, mode, after):.1f}" for mode in ("none", "cases")) for each, after in pairs]
    print(f"| {title} | " + " | ".join(cells) + " |")
