#!/usr/bin/env python3
"""What the precompiled headers bring: compiles files as the build does, without and with them, and prints the processor's seconds.

usage: precompiled_headers.py BUILD FILE ...
  BUILD  a folder that is configured and built (its precompiled headers are used as they lie)
  FILE   a source, as named from the source tree's root
"""
import json
import re
import resource
import subprocess
import sys


def seconds(command, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, shell=True, cwd=folder, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if len(sys.argv) < 3:
    sys.exit(__doc__)
entries = json.load(open(f"{sys.argv[1]}/compile_commands.json"))
for name in sys.argv[2:]:
    entry = next((e for e in entries if e["file"].endswith("/" + name)), None)
    if entry is None:
        sys.exit(f"{name}: {sys.argv[1]}/compile_commands.json does not know it")
    # Without ccache in front, and to nowhere.
    command = re.sub(r"^.*?\S*ccache ", "", entry["command"])
    command = re.sub(r" -o \S+", " -o /dev/null", command)
    plain = re.sub(r" -Winvalid-pch -include \S+cmake_pch\.hxx", "", command)
    if plain == command:
        sys.exit(f"{name}: is compiled without precompiled headers")
    without, with_them = seconds(plain, entry["directory"]), seconds(command, entry["directory"])
    print(f"{name:45} {without:5.1f} s {with_them:5.1f} s  {with_them / without:.2f}", flush=True)
