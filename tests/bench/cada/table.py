"""Prints the tables of docs/results.md, in Markdown: the figures, each row beside the warm start over the same prompts, what the chains'
first words have to do with what the answers do, and how training went.

usage: table.py FOLDER
  FOLDER  what experiment.sh wrote: figures.json (of `precedent-cli report`), rows/ and cada.casebase"""

import collections
import json
import math
import os
import re
import sqlite3
import sys

folder = sys.argv[1]
NAMES = ["base", "warm", "refusal-sft", "sft-cases", "da", "dpo", "cada", "shuffled"]
SEEDS = [""] + [f"-{seed}" for seed in range(2, 10)]
ROWS = [name + seed for name in NAMES for seed in SEEDS if not seed or os.path.exists(os.path.join(folder, "rows", name + seed))]
COLUMNS = [
    ("XSTest, harmful: answered", "XSTest", "harmful", "harmful_answered"),
    ("AdvBench: answered", "AdvBench", "harmful", "harmful_answered"),
    ("HarmBench: answered", "HarmBench", "harmful", "harmful_answered"),
    ("attacked: answered", "Attacked", "attacked", "harmful_answered"),
    ("XSTest, harmless: refused", "XSTest", "benign", "over_refusal"),
    ("harmless, wrapped: refused", "Benign wrapped", "benign_wrapped", "over_refusal"),
    ("no answer", None, None, "no_answer"),
    ("GSM8K right", "GSM8K", "utility", "accuracy"),
    ("MMLU right", "MMLU", "utility", "accuracy"),
]
JUDGED = {"harmful", "attacked", "benign", "benign_wrapped"}


def run_of(row):
    path = os.path.join(folder, "rows", row)
    return open(path, encoding="utf-8").read().strip() if os.path.exists(path) else None


def named(checkpoint):
    """The row that a checkpoint, as run:run-2@100, belongs to."""
    if not checkpoint:
        return "base"
    run = checkpoint.removeprefix("run:").split("@")[0]
    return next((row for row in ROWS if run_of(row) == run), None)


with open(os.path.join(folder, "figures.json"), encoding="utf-8") as file:
    figures = json.load(file)["rows"]
cells = collections.defaultdict(dict)
for figure in figures:
    cells[(named(figure["checkpoint"]), figure["mode"])][(figure["suite"], figure["axis"], figure["metric"])] = figure


def cell(found, suite, axis, metric):
    if suite is None:  # over every judged prompt; no interval, since suites are not drawn alike
        some = [one for key, one in found.items() if key[1] in JUDGED and key[2] == metric]
        total = sum(one["n"] for one in some)
        return f"{100 * sum(one['value'] * one['n'] for one in some) / total:.0f}" if total else "-"
    one = found.get((suite, axis, metric))
    return f"{100 * one['value']:.0f} ({100 * one['low']:.0f} to {100 * one['high']:.0f})" if one else "-"


print("| row | mode | " + " | ".join(column[0] for column in COLUMNS) + " |")
print("| --- | --- |" + " --- |" * len(COLUMNS))
for row in ROWS:
    for mode in ("none", "codes", "cases"):
        if (row, mode) in cells:
            print(f"| {row} | {mode} | " + " | ".join(cell(cells[(row, mode)], *column[1:]) for column in COLUMNS) + " |")

casebase = sqlite3.connect("file:" + os.path.abspath(os.path.join(folder, "cada.casebase")) + "?mode=ro", uri=True)



def verdicts_of(row):
    """(suite, axis, mode, prompt) -> verdict, of the row's last measuring."""
    path = os.path.join(folder, "rows", f"figures-{row}")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        found = re.findall(r"^(eval-\d+):", file.read(), re.M)
    return {tuple(key): verdict for *key, verdict in casebase.execute(
        "SELECT suite, axis, mode, prompt_id, verdict FROM evaluation_rows JOIN evaluations ON evaluations.n = evaluation_n "
        f"WHERE id IN ({', '.join('?' * len(found))})", found)}


def sign_test(lost, gained):
    """McNemar's test, exact: p of so uneven a split of the prompts that differ, or a more uneven one."""
    n, least = lost + gained, min(lost, gained)
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(least + 1)) / 2 ** n)


print("\nRefused, of the same prompts (McNemar, exact; not adjusted for how many there are):\n")
print("| row | mode | suite | n | warm, % | row, % | p |\n| --- | --- | --- | --- | --- | --- | --- |")
warm = verdicts_of("warm")
for row in ROWS:
    mine = verdicts_of(row) if row != "warm" else {}
    for key in sorted({key[:3] for key in mine.keys() & warm.keys() if key[1] in JUDGED}, key=lambda key: (key[2], key[0], key[1])):
        pairs = [(warm[one] == "refuse", mine[one] == "refuse") for one in mine.keys() & warm.keys() if one[:3] == key]
        lost, gained = pairs.count((True, False)), pairs.count((False, True))
        print(f"| {row} | {key[2]} | {key[0]}, {key[1].replace('_', ', ')} | {len(pairs)} | {100 * sum(a for a, _ in pairs) / len(pairs):.0f} |"
              f" {100 * sum(b for _, b in pairs) / len(pairs):.0f} | {sign_test(lost, gained):.3f} |")


def shares(rows):
    """Of (chain, verdict): for each way to begin a chain, what the answers did."""
    counts = collections.defaultdict(collections.Counter)
    for chain, verdict in rows:
        counts["Okay, so" if chain.lstrip().startswith("Okay, so") else "else"][verdict] += 1
    return counts


print("\n| row | chains begin | answers | refuse | comply | safe completion | no answer |")
print("| --- | --- | --- | --- | --- | --- | --- |")
for row in ROWS:
    run = run_of(row)
    drawn = casebase.execute("SELECT chain, verdict FROM rollouts JOIN runs ON runs.n = run_n WHERE runs.id = ?", (run,))
    for begin, verdicts in sorted(shares(drawn).items()):
        total = sum(verdicts.values())
        parts = [f"{100 * verdicts[verdict] / total:.0f} %" for verdict in ("refuse", "comply", "safe_complete", "no_answer")]
        print(f"| {row}, in training | {begin} | {total} | " + " | ".join(parts) + " |")

print("\n| row | steps | harmful or attack refused | harmless refused | reward | KL |")
print("| --- | --- | --- | --- | --- | --- |")
for row in ROWS:
    run = run_of(row)
    for first, last in ((1, 25), (26, 50), (51, 75), (76, 100)):
        refused = {}
        for benign in (True, False):
            verdicts = [verdict for (verdict,) in casebase.execute(
                "SELECT verdict FROM rollouts JOIN runs ON runs.n = run_n JOIN prompts ON prompts.id = prompt_id "
                "WHERE runs.id = ? AND rollouts.step + 1 BETWEEN ? AND ? AND (prompts.expected IN ('comply', 'safe_complete')) = ?",
                (run, first, last, benign))]
            refused[benign] = f"{100 * verdicts.count('refuse') / len(verdicts):.0f} % of {len(verdicts)}" if verdicts else "-"
        metrics = [json.loads(text) for (text,) in casebase.execute(
            "SELECT metrics FROM run_steps JOIN runs ON runs.n = run_n WHERE runs.id = ? AND run_steps.step + 1 BETWEEN ? AND ?",
            (run, first, last))]
        rewards = [one["reward"] for one in metrics if "reward" in one]
        divergence = [one["kl"] for one in metrics if "kl" in one]
        if not rewards or not divergence:
            continue
        print(f"| {row} | {first} to {last} | {refused[False]} | {refused[True]} | {sum(rewards) / len(rewards):.2f} | "
              f"{sum(divergence) / len(divergence):.2f} |")
