"""GRPO steps of TRL with PEFT on the CPU, by phase: the peer of step_bench.

usage: trl_grpo.py FOLDER TEXT [--prompts N] [--shared N] [--prompt N] [--group N] [--tokens N] [--steps N] [--threads N]

The setting is step_bench's: LoRA of rank 16 on all seven projections, beta 0.04, float32, completions forced to --tokens,
rewards drawn. The first step warms up; the table takes the fastest of the others. Prints JSON."""

import argparse
import json
import random
import resource
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("text")
for name, default in [("prompts", 1), ("shared", 0), ("prompt", 800), ("group", 8), ("tokens", 128), ("steps", 2), ("threads", 2)]:
    parser.add_argument("--" + name, type=int, default=default)
parser.add_argument("--json", action="store_true")
options = parser.parse_args()

import torch

torch.set_num_threads(options.threads)
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

tokenizer = AutoTokenizer.from_pretrained(options.folder)
if tokenizer.pad_token is None:
    tokenizer.pad_token = tokenizer.eos_token
model = AutoModelForCausalLM.from_pretrained(options.folder, dtype=torch.float32)
ids = tokenizer(open(options.text, encoding="utf-8").read(), add_special_tokens=False).input_ids
prompts = []
for p in range(options.prompts):
    picked = [ids[(i if i < options.shared else i + p * options.prompt) % len(ids)] for i in range(options.prompt - 1)]
    prompts.append(tokenizer.decode(picked))
lengths = [len(tokenizer(prompt).input_ids) for prompt in prompts]
seconds = {}
steps = []


def timed(owner, name, key):
    inner = getattr(owner, name)

    def outer(*args, **kwargs):
        start, busy = time.time(), time.process_time()
        try:
            return inner(*args, **kwargs)
        finally:
            seconds[key] = seconds.get(key, 0.0) + time.time() - start
            seconds[key + "_cpu"] = seconds.get(key + "_cpu", 0.0) + time.process_time() - busy

    setattr(owner, name, outer)


config = GRPOConfig(
    output_dir=tempfile.mkdtemp(), per_device_train_batch_size=options.prompts * options.group, num_generations=options.group,
    max_completion_length=options.tokens, max_steps=options.steps, use_cpu=True, bf16=False, logging_steps=1, report_to=[], beta=0.04,
    temperature=1.0, gradient_checkpointing=False, save_strategy="no", learning_rate=1e-5,
    generation_kwargs={"min_new_tokens": options.tokens})
projections = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
trainer = GRPOTrainer(
    model=model, reward_funcs=lambda completions, **_: [random.random() for _ in completions], args=config,
    train_dataset=Dataset.from_list([{"prompt": prompt} for prompt in prompts] * options.steps), processing_class=tokenizer,
    peft_config=LoraConfig(r=16, lora_alpha=32, target_modules=projections, task_type="CAUSAL_LM"))
timed(trainer, "_generate", "generation")
timed(trainer, "_generate_and_score_completions", "rollout")
timed(trainer, "compute_loss", "forward")
step = trainer.training_step


def training_step(*args, **kwargs):
    seconds.clear()
    start, busy = time.time(), time.process_time()
    result = step(*args, **kwargs)
    total, total_cpu = time.time() - start, time.process_time() - busy
    row = {"total": total, "total_cpu": total_cpu}
    for end, whole in [("", total), ("_cpu", total_cpu)]:
        row["generation" + end] = seconds.get("generation" + end, 0.0)
        row["reference" + end] = seconds.get("rollout" + end, 0.0) - seconds.get("generation" + end, 0.0)
        row["forward" + end] = seconds.get("forward" + end, 0.0)
        row["backward" + end] = whole - seconds.get("rollout" + end, 0.0) - seconds.get("forward" + end, 0.0)
    steps.append(row)
    return result


trainer.training_step = training_step
trainer.train()
print(json.dumps({"prompt_tokens": lengths, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "steps": steps}))
