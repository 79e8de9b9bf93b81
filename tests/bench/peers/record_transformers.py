#!/usr/bin/env python3
"""Records what transformers computes of a model in float32, for tests/bench/parity_table.

    record_transformers.py MODEL --text FILE --out EXPECTED.json [--tokens 800] [--gguf FILE.gguf]

MODEL is a Hugging Face folder; with --gguf the weights are those of that file, dequantised by transformers, and MODEL
lends config and tokenizer where the file's own are not read. Recorded: the text's ids, the log-probability of each after the
first, the logits that follow the last, and 64 greedy tokens after the first 32. Needs torch and transformers (gguf too).
"""

import argparse
import json
import pathlib

import torch
import transformers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--text", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--tokens", type=int, default=800)
    parser.add_argument("--gguf")
    options = parser.parse_args()

    torch.set_num_threads(2)
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model)
    if options.gguf:
        path = pathlib.Path(options.gguf)
        model = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    else:
        model = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
    model.eval()
    ids = tokenizer(pathlib.Path(options.text).read_text(encoding="utf-8"))["input_ids"][: options.tokens]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].float()
        log_probs = torch.log_softmax(logits[:-1], -1)[torch.arange(len(ids) - 1), torch.tensor(ids[1:])]
        greedy = model.generate(torch.tensor([ids[:32]]), max_new_tokens=64, do_sample=False, eos_token_id=None)[0, 32:]
    pathlib.Path(options.out).write_text(json.dumps({
        "ids": [ids],
        "logprobs": [log_probs.tolist()],
        "logits": {"row": 0, "values": logits[-1].tolist()},
        "greedy": {"prompt": ids[:32], "ids": greedy.tolist()},
    }))


main()
