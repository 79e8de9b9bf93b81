#!/usr/bin/env python3
"""One model's way through the program and out again: import, a few steps of training, every export, other programs.

    round_trip.py FOLDER FILE.gguf [--cli build/release/app/precedent-cli] [--work FOLDER] [--steps 3]

FOLDER is a model as transformers reads it, FILE.gguf the same weights for llama.cpp. An adapter is trained with random rewards
(so that something moves) and dropout; it is exported as PEFT folder, merged folder, merged GGUF (f32 and q8_0) and GGUF adapter,
and peft, transformers and llama.cpp read them. Printed: the largest difference between their log-probabilities of a
text's tokens and ours, in float32, and whether 32 greedy tokens are the same. Needs torch, transformers, peft and
llama-cpp-python.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

TEXT = (
    "A safety code says what a model should help with, and a case shows how the code was applied once. "
    "In 1924, the small town of Harrow kept 37 such cases."
)
NEW_TOKENS = 32


class Program:
    """Our command line."""

    def __init__(self, cli, settings):
        self.cli, self.settings = cli, settings

    def run(self, *words):
        done = subprocess.run([self.cli, "--json", *map(str, words)], capture_output=True, text=True, env=self.settings)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, words))}: {done.stderr or done.stdout}")
        return json.loads(done.stdout)


def largest(one, other):
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def torch_side(folder, ids, adapter=None):
    """Log-probabilities of ids after the first, and greedy ids."""
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    if adapter:
        import peft

        model = peft.PeftModel.from_pretrained(model, adapter).eval()
    tokens = torch.tensor([ids])
    with torch.no_grad():
        logs = torch.log_softmax(model(tokens).logits[0].double(), -1)
        greedy = model.generate(tokens, max_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=None)
    return logs[:-1].gather(1, tokens[0, 1:, None])[:, 0].tolist(), greedy[0, len(ids) :].tolist()


def llama_side(path, ids, adapter=None):
    del sys.path[0]  # this folder, where a file has the package's name
    import llama_cpp
    import numpy

    sys.path.insert(0, "")
    model = llama_cpp.Llama(str(path), n_ctx=512, n_threads=2, verbose=False, logits_all=True, lora_path=adapter and str(adapter))
    same_ids = model.tokenize(TEXT.encode()) == ids
    model.eval(ids)
    scores = numpy.array(model.scores[: len(ids)], dtype=numpy.float64)
    top = scores.max(1, keepdims=True)
    logs = scores - top - numpy.log(numpy.exp(scores - top).sum(1, keepdims=True))
    greedy = []
    for token in model.generate(ids, temp=0.0, repeat_penalty=1.0):
        greedy.append(token)
        if len(greedy) == NEW_TOKENS:
            break
    return [logs[i, ids[i + 1]] for i in range(len(ids) - 1)], greedy, same_ids


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("gguf")
    parser.add_argument("--cli", default="build/release/app/precedent-cli")
    parser.add_argument("--work")
    parser.add_argument("--steps", type=int, default=3)
    options = parser.parse_args()
    work = pathlib.Path(options.work or tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    home = work / "home"
    program = Program(options.cli, {"HOME": str(home), "PATH": "/usr/bin:/bin", "XDG_DATA_HOME": str(home / "data")})

    name = program.run("model", "import", options.folder, "--name", "round-trip")["name"]
    casebase = work / "round-trip.casebase"
    program.run("casebase", "new", casebase, "--sample")
    settings = ["control=random_rewards", "prompts_per_step=2", "num_generations=4", "max_completion_length=24", 'mode={"none":1.0}',
                "learning_rate=0.002", "lora_dropout=0.05", "lora_r=8", "evaluate_before_after=false"]
    sets = [word for setting in settings for word in ("--set", setting)]
    run = program.run("train", "--casebase", casebase, "--model", name, "--preset", "cada", "--steps", options.steps, *sets)
    source = ["run:" + run["run"], "--casebase", casebase]
    exports = {"peft": ("peft", None), "hf": ("hf", "f32"), "merged.gguf": ("gguf", "f32"), "q8.gguf": ("gguf", "q8_0"),
               "lora.gguf": ("gguf-lora", None)}
    for place, (form, kind) in exports.items():
        report = program.run("model", "export", *source, work / place, "--format", form, *(["--outtype", kind] if kind else []))
        print(f"{form} {kind or 'f32'}: read again here, logits differ by {report['max_logit_difference']:.2g} at most")

    plain = ["--dtype", "float32"]
    ours = program.run(*plain, "model", "logits", *source, "--text", TEXT)
    base = program.run(*plain, "model", "logits", name, "--text", TEXT)
    ids, wanted = ours["ids"], ours["logprobs"]
    said = program.run(*plain, "model", "generate", *source, "--prompt", TEXT, "--temperature", 0, "--max-tokens", NEW_TOKENS)
    greedy = said["completions"][0]["ids"]
    print(f"the adapter changes log-probabilities by {largest(wanted, base['logprobs']):.3g}")
    print(f"{'read by':<34}{'largest':>9}  greedy tokens that are the same")

    def line(who, logs, tokens, same_ids=True):
        same = next((i for i, (a, b) in enumerate(zip(tokens, greedy)) if a != b), min(len(tokens), len(greedy)))
        print(f"{who:<34}{largest(logs, wanted):9.2e}  {same} of {len(greedy)}{'' if same_ids else '  (other ids!)'}", flush=True)

    line("peft, PEFT adapter", *torch_side(options.folder, ids, work / "peft"))
    line("transformers, merged folder", *torch_side(work / "hf", ids))
    line("llama.cpp, merged GGUF f32", *llama_side(work / "merged.gguf", ids))
    line("llama.cpp, base and GGUF adapter", *llama_side(options.gguf, ids, work / "lora.gguf"))
    line("llama.cpp, merged GGUF q8_0", *llama_side(work / "q8.gguf", ids))


main()
