"""The table of compare_training.sh: steps by phase, ratios, and each phase's share of the machine's measured product rate."""

import glob
import json
import os
import sys

folder = sys.argv[1]
PHASES = ["generation", "reference", "forward", "backward", "total"]


def load(setting, who):
    """Runs of one program, each with its fastest step but the first (the first too where it is the only one)."""
    runs = [json.load(open(path)) for path in sorted(glob.glob(os.path.join(folder, f"{setting}-{who}-*.json")))]
    for run in runs:
        run["best"] = min(run["steps"][1:] or run["steps"], key=lambda step: step["total"])
    return runs


def best(runs):
    return min(runs, key=lambda run: run["best"]["total"])["best"]


for setting, title in [("one", "One prompt of 800, 8 completions of 128"), ("four", "Four prompts that share 700 of 800")]:
    peers = load(setting, "trl")
    estimated = not peers
    if estimated:
        peers = load("one", "trl")
    for dtype in ["float32", "bfloat16"]:
        ours = load(setting, dtype)
        if not ours or not peers:
            continue
        step, peer = best(ours), best(peers)
        factor = 4 if estimated else 1
        rate = max(run["gflops"] for run in ours)
        work = ours[0]
        arithmetic = {  # multiplications and additions that an exact step needs, in 1e9
            "reference": work["body_gflop"] + work["head_gflop"],
            "forward": work["body_gflop"] + work["head_gflop"],
            "backward": work["body_gflop"] + 2 * work["head_gflop"],
        }
        print(f"{title}; weights held in {dtype}; TRL {'four times its one prompt' if estimated else 'measured'}")
        print(f"{'phase':<12}{'TRL s':>10}{'ours s':>10}{'times':>8}{'product rate':>14}")
        for phase in PHASES:
            share = f"{arithmetic[phase] / step[phase] / rate:13.0%}" if phase in arithmetic else ""
            print(f"{phase:<12}{peer[phase] * factor:>10.1f}{step[phase]:>10.2f}{peer[phase] * factor / step[phase]:>8.1f}{share:>14}")
        mine, theirs = max(run["peak_mb"] for run in ours), max(run["peak_mb"] for run in peers)
        note = " (of one prompt)" if estimated else ""
        print(f"peak memory  TRL {theirs:.0f} MB{note}, ours {mine:.0f} MB: {mine / theirs:.2f}; float32 product {rate:.0f} GFLOP/s\n")
