"""How far the words alone of the requests that a row learned from would have gone, beside what the row does: a naive Bayes classifier over
them (which words occur, both kinds equally likely), asked about the sealed suites' requests. Prints Markdown.

usage: words.py FOLDER ROW [ROW ...]
  FOLDER  what experiment.sh wrote
  ROW     a row that has figures and was trained on prompts, as cada"""

import collections
import math
import os
import re
import sqlite3
import sys

folder, rows = sys.argv[1], sys.argv[2:]
db = sqlite3.connect(f"file:{os.path.join(folder, 'cada.casebase')}?mode=ro", uri=True)
CASES = "select request, disposition from cases where status != 'retired'"
PROMPTS = ("select messages, expected from prompts where label != 'utility' and n not in"
           " (select prompt_n from suite_members join suites on suites.n = suite_n where role = 'sealed')")
DRAWN = " and id in (select prompt_id from rollouts join runs on runs.n = run_n where runs.id = ?)"


def written(name):
    with open(os.path.join(folder, "rows", name), encoding="utf-8") as file:
        return file.read()


def words(request):
    return set(re.findall(r"[a-z']+", request.lower()))


class Words:
    """Which words occur in requests that deserve a refusal, and in the others."""

    def __init__(self, requests):
        self.counts = {True: collections.Counter(), False: collections.Counter()}
        self.sizes = collections.Counter()
        for request, expected in requests:
            self.counts[expected == "refuse"].update(words(request))
            self.sizes[expected == "refuse"] += 1

    def refuses(self, request):
        def rate(word, kind):
            return math.log((self.counts[kind][word] + 0.5) / (self.sizes[kind] + 1))
        return sum(rate(word, True) - rate(word, False) for word in words(request)) > 0


def percent(flags):
    return f"{100 * sum(flags) / len(flags):.0f}"


print("| row | suite | n | the row refuses, % | words of what it saw, % | words of all that was there, % |\n"
      "| --- | --- | --- | --- | --- | --- |")
everything = Words(db.execute(CASES).fetchall() + db.execute(PROMPTS).fetchall())
for row in rows:
    seen = Words(db.execute(CASES).fetchall() + db.execute(PROMPTS + DRAWN, (written(row).strip(),)).fetchall())
    evaluation = re.search(r"^(eval-\d+):", written(f"figures-{row}"), re.M).group(1)
    answers = collections.defaultdict(list)
    for request, suite, axis, verdict in db.execute(
            "select p.messages, r.suite, r.axis, r.verdict from evaluation_rows r join evaluations e on e.n = r.evaluation_n"
            " join prompts p on p.id = r.prompt_id where e.id = ? and r.mode = 'none' and r.axis != 'utility'", (evaluation,)):
        answers[suite, axis].append((request, verdict == "refuse"))
    for (suite, axis), asked in answers.items():
        print(f"| {row} | {suite}, {axis.replace('_', ', ')} | {len(asked)} | {percent([did for _, did in asked])} |"
              f" {percent([seen.refuses(request) for request, _ in asked])} | {percent([everything.refuses(request) for request, _ in asked])} |")
    print(f"\n{row} saw {sum(seen.sizes.values())} requests, {seen.sizes[True]} to refuse; there were {sum(everything.sizes.values())}.")
