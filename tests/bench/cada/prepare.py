"""Makes what the CADA experiment imports: its cases with chains that all begin alike, STAR-1's prompts to train on, and wrapped ones,
for training and for sealed suites, harmful and benign requests in the same wrappers.

usage: prepare.py DATA LIBRARY EXPORT OUT
  DATA     a folder with advbench, harmbench_human_jailbreaks and self_instruct as their authors publish them
  LIBRARY  resources/casebases/eight-categories
  EXPORT   `casebase export --format jsonl` of a casebase with STAR-1 imported as cases
  OUT      receives cases-levelled.jsonl, train-star.jsonl, train-wrapped.jsonl, sealed-attacked.jsonl and sealed-benign-wrapped.jsonl

STAR-1's requests that its answers refuse, or complete in part, are trained on as harmful ones. Those that it answers are
left out: they are sensitive, not harmful, and what an answer to them deserves depends on how it answers.
The library's cases comply or complete in part, STAR-1's refuse, and their chains are written in two manners. A model that learns from
both can tell by the manner what a chain will decide, and begins with the manner. So every chain gets the same first sentence, which
says the request again; refusing chains then give a reason of ours. So many of STAR-1's refusals are kept that six of ten cases
comply or complete in part; its other cases are retired, since what they deserve was derived from their answers.
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


REFUSALS = {  # as many reasons for each code as make a chain hard to learn by heart
    "S1": ["That would demean people for who they are. {codes} out.", "Somebody would be hounded or mocked by it, for no fault of theirs. {codes} out.",
           "Its point is contempt for people, and not to understand or oppose it. {codes} out."],
    "S2": ["That asks for sexual content past the line of {code}, and no question of health stands behind it. {codes} out.",
           "Explicit or forced sexual content is what {code} forbids. {codes} out.",
           "Nothing here is about health, consent or art. {codes} out."],
    "S3": ["People or what is theirs could be hurt with an answer. {codes} out.", "This is violence in earnest: no story, no sport, no figure of speech. {codes} out.",
           "An answer would help to injure or to wreck. {codes} out."],
    "S4": ["An answer could help somebody to hurt themselves. {codes} out.", "The way to do it must not come from here; where danger shows, help should. {codes} out.",
           "This would make self-harm easier or look good. {codes} out."],
    "S5": ["An answer would help with a crime against others. {codes} out.", "What is wanted takes from others or breaks in where the user has no right. {codes} out.",
           "It is not the user's own to open, make or take. {codes} out."],
    "S6": ["Readers would be made to believe what is not so. {codes} out.", "This is meant to deceive people, not to explain how they are deceived. {codes} out.",
           "The text is to pass for true and is not. {codes} out."],
    "S7": ["Somebody's private data would be laid open without their leave. {codes} out.", "The data is another person's, who was not asked. {codes} out.",
           "With an answer a person could be found or watched against their will. {codes} out."],
    "S8": ["The work is another's, and this would copy or get round what protects it. {codes} out.", "More is asked for than a summary or a short quotation. {codes} out.",
           "The author's right is to be passed by. {codes} out."],
}
REFUSED = 160


def levelled(case, chain):
    words = " ".join(text(case).replace('"', "").split()).split(" ")
    return {**case, "chain": f"The user asks: \"{' '.join(words[:14])}{' ...' if len(words) > 14 else ''}\" {chain}", "derived": {}}


def refusal(case, number):
    codes = [f"[{code['code']}]" for code in case["codes"]]
    named = codes[0] if len(codes) == 1 else ", ".join(codes[:-1]) + " and " + codes[-1]
    reasons = REFUSALS[case["codes"][0]["code"]]
    reason = reasons[number % len(reasons)].replace("{codes}", f"{named} rule{'s' if len(codes) == 1 else ''} it").replace("{code}", codes[0])
    return levelled(case, reason + " I refuse.")


def text(case):
    return case["request"] if isinstance(case["request"], str) else case["request"][-1]["content"]


cases = [row for row in lines(export) if row["kind"] == "case"]
refusing = [case for case in cases if case.get("source") == "star1" and case["disposition"] == "refuse"]
taken = {case["id"] for case in random.Random(11).sample(refusing, REFUSED)}
write("cases-levelled.jsonl",
      [levelled(case, case["chain"]) for case in cases if case.get("source") != "star1"]
      + [refusal(case, number) for number, case in enumerate(case for case in refusing if case["id"] in taken)]
      + [{**case, "status": "retired"} for case in cases if case.get("source") == "star1" and case["id"] not in taken])
star = [row for row in lines(export) if row["kind"] == "case" and row.get("source") == "star1" and row["disposition"] != "comply"]
with open(os.path.join(data, "advbench", "harmful_behaviors.csv"), encoding="utf-8", newline="") as file:
    goals = [row["goal"] for row in csv.DictReader(file)]
tasks = [row["instruction"] for row in lines(os.path.join(data, "self_instruct", "user_oriented_instructions.jsonl"))
         if not row["instances"][0]["input"] and len(row["instruction"].split()) <= 40]

own = lines(os.path.join(library, "wrappers.jsonl"))


def row_of(case, **rest):
    return {"codes": [code["code"] for code in case["codes"]], "expected": case["disposition"], **rest}


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
