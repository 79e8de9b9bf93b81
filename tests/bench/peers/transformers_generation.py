#!/usr/bin/env python3
"""transformers' speed with a model folder: one prompt, its cache repeated for the completions of a batch, then steps together.

    transformers_generation.py FOLDER [--batch 1,8,16] [--prompt 128,800] [--tokens 128] [--threads 2] [--dtype bfloat16,float32]

Prints one JSON object with the keys of `precedent-cli model bench --json`. Each number is the best over the dtypes. Decoding
takes the likeliest token of each row. Needs torch and transformers.
"""

import argparse
import json
import random
import resource
import time

import torch
import transformers


def measure_row(model, batch, prompt, tokens):
    """Prefill and decode rates, in tokens a second."""
    numbers = random.Random(prompt)
    ids = torch.tensor([[numbers.randrange(model.config.vocab_size) for _ in range(prompt)]])
    best_prefill = best_decode = 0.0
    for _ in range(2):
        start = time.perf_counter()
        out = model(ids, use_cache=True, logits_to_keep=1)
        best_prefill = max(best_prefill, prompt / (time.perf_counter() - start))
        cache = out.past_key_values
        cache.batch_repeat_interleave(batch)
        rows = out.logits[:, -1].argmax(-1, keepdim=True).repeat(batch, 1)
        start = time.perf_counter()
        for _ in range(tokens - 1):
            out = model(rows, past_key_values=cache, use_cache=True, logits_to_keep=1)
            rows = out.logits[:, -1].argmax(-1, keepdim=True)
        best_decode = max(best_decode, batch * (tokens - 1) / (time.perf_counter() - start))
    return best_prefill, best_decode


def main():
    def numbers(text):
        return [int(part) for part in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--batch", type=numbers, default=[1, 8, 16])
    parser.add_argument("--prompt", type=numbers, default=[128, 800])
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="bfloat16,float32")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    best = {(b, p): (0.0, 0.0) for b in options.batch for p in options.prompt}
    for dtype in options.dtype.split(","):
        model = transformers.AutoModelForCausalLM.from_pretrained(options.folder, dtype=getattr(torch, dtype)).eval()
        with torch.inference_mode():
            for key in best:
                best[key] = tuple(map(max, best[key], measure_row(model, *key, options.tokens)))
        del model
    print(json.dumps({
        "rows": [
            {"batch": b, "prompt": p, "prefill_tokens_per_second": rates[0], "decode_tokens_per_second": rates[1]}
            for (b, p), rates in best.items()
        ],
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "machine": {"system": f"torch {torch.__version__}, transformers {transformers.__version__}"},
    }))


main()
