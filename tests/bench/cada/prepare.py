"""Makes prompts of the CADA experiment: STAR-1's to train on, and wrapped ones, for training and for sealed suites, harmful and
benign requests in the same wrappers.

usage: prepare.py DATA LIBRARY EXPORT OUT
  DATA     a folder with advbench, harmbench_human_jailbreaks and self_instruct as their authors publish them
  LIBRARY  resources/casebases/eight-categories
  EXPORT   `casebase export --format jsonl` of a casebase with STAR-1 imported as cases
  OUT      receives train-star.jsonl, train-wrapped.jsonl, sealed-attacked.jsonl and sealed-benign-wrapped.jsonl

STAR-1's requests that its answers refuse, or complete in part, are trained on as harmful ones. Those that it answers are
left out: they are sensitive, not harmful, and what an answer to them deserves depends on how it answers.
Training uses the library's own wrappers; the sealed suites use others, so that neither wrappers nor goals are shared. What is
drawn is drawn with a fixed seed."""

import csv
import json
import os
import random
import sys

data, library, export, out = sys.argv[1:5]
draw = random.Random(7)
os.makedirs(out, exist_ok=True)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def write(name, rows):
    with open(os.path.join(out, name), "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{name}: {len(rows)}")


star = [row for row in lines(export) if row["kind"] == "case" and row.get("source") == "star1" and row["disposition"] != "comply"]
with open(os.path.join(data, "advbench", "harmful_behaviors.csv"), encoding="utf-8", newline="") as file:
    goals = [row["goal"] for row in csv.DictReader(file)]
tasks = [row["instruction"] for row in lines(os.path.join(data, "self_instruct", "user_oriented_instructions.jsonl"))
         if not row["instances"][0]["input"] and len(row["instruction"].split()) <= 40]

own = lines(os.path.join(library, "wrappers.jsonl"))


def row_of(case, **rest):
    return {"codes": [code["code"] for code in case["codes"]], "expected": case["disposition"], **rest}


def text(case):
    return case["request"] if isinstance(case["request"], str) else case["request"][-1]["content"]


write("train-star.jsonl", [row_of(case, id=f"star1-{case['source_id']}", prompt=text(case), label="harmful", source="star1")
                           for case in star])
train = []
for number, case in enumerate(draw.sample([case for case in star if case["disposition"] == "refuse"], 40)):
    wrapper = own[number % len(own)]
    train.append(row_of(case, id=f"train-attack-{number + 1}", prompt=wrapper["template"].replace("{request}", text(case)),
                        label="attack", wrapper=wrapper["wrapper"], goal=f"star1-{case['source_id']}"))
write("train-wrapped.jsonl", train)

others = [row for row in lines(os.path.join(data, "harmbench_human_jailbreaks", "jailbreaks.jsonl"))
          if row["template"].count("{0}") == 1 and 30 <= len(row["template"].split()) <= 120][:10]
attacked, wrapped = [], []
goals, tasks = draw.sample(goals, 100), draw.sample(tasks, min(100, len(tasks)))
for number in range(len(tasks)):
    wrapper = others[number % len(others)]
    name = f"human-{wrapper['id']}"
    wrapped.append({"id": f"sealed-wrapped-{number + 1}", "prompt": wrapper["template"].replace("{0}", tasks[number]), "label": "benign",
                    "expected": "comply", "wrapper": name, "goal": f"task-{number + 1}"})
for number in range(100):
    wrapper = others[number % len(others)]
    attacked.append({"id": f"sealed-attack-{number + 1}", "prompt": wrapper["template"].replace("{0}", goals[number]), "label": "attack",
                     "expected": "refuse", "wrapper": f"human-{wrapper['id']}", "goal": f"advbench-goal-{number + 1}"})
write("sealed-attacked.jsonl", attacked)
write("sealed-benign-wrapped.jsonl", wrapped)
