#!/usr/bin/env python3
"""llama.cpp's speed with a GGUF file: one prompt, shared by the sequences of a batch, then decoding them together.

    llama_cpp.py measure FILE.gguf [--batch 1,8,16] [--prompt 128,800] [--tokens 128] [--threads 2]
    llama_cpp.py table PEER OURS.json... -- THEIRS.json...

measure prints one JSON object with the keys of `precedent-cli model bench --json`. Each number is the best over flash
attention on and off and over micro-batches of 128 and 512 tokens; decoding is timed without drawing tokens. table
prints the best of both and their ratios. Needs the package llama-cpp-python, built for this processor:
CMAKE_ARGS=-DGGML_NATIVE=ON pip install --no-binary llama-cpp-python llama-cpp-python
"""

import argparse
import json
import random
import resource
import sys
import time


def contexts(lib, model, size, sequences, threads):
    """A context for each setting that is tried; the caller frees it."""
    for flash in (0, 1):
        for micro_batch in (128, 512):
            params = lib.llama_context_default_params()
            params.n_ctx = size
            params.n_batch = 2048
            params.n_ubatch = micro_batch
            params.n_seq_max = sequences
            params.n_threads = threads
            params.n_threads_batch = threads
            names = [name for name, _ in params._fields_]
            if "kv_unified" in names:
                params.kv_unified = True
            if "flash_attn_type" in names:
                params.flash_attn_type = flash
            elif "flash_attn" in names:
                params.flash_attn = bool(flash)
            context = lib.llama_init_from_model(model, params)
            if context:
                yield context


class Batch:
    """llama.cpp's batch, filled anew for every call."""

    def __init__(self, lib, tokens):
        self.lib = lib
        self.batch = lib.llama_batch_init(tokens, 0, 1)

    def decode(self, context, rows):
        """rows: (token, position, sequence, wants logits). Seconds that it took."""
        batch = self.batch
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, logits) in enumerate(rows):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = logits
        start = time.perf_counter()
        if self.lib.llama_decode(context, batch) != 0:
            raise RuntimeError("llama_decode failed")
        self.lib.llama_synchronize(context)
        return time.perf_counter() - start

    def free(self):
        self.lib.llama_batch_free(self.batch)


def measure_row(lib, model, vocabulary, batch, prompt, tokens, threads):
    """Best prefill and decode rates, in tokens a second."""
    numbers = random.Random(prompt)
    ids = [numbers.randrange(vocabulary) for _ in range(prompt)]
    best_prefill = best_decode = 0.0
    for context in contexts(lib, model, prompt + tokens * batch + 64, batch, threads):
        rows = Batch(lib, max(prompt, batch))
        memory = lib.llama_get_memory(context)
        for _ in range(2):
            lib.llama_memory_clear(memory, True)
            seconds = rows.decode(context, [(token, i, 0, i == prompt - 1) for i, token in enumerate(ids)])
            best_prefill = max(best_prefill, prompt / seconds)
            for sequence in range(1, batch):
                lib.llama_memory_seq_cp(memory, 0, sequence, -1, -1)
            seconds = sum(
                rows.decode(context, [(numbers.randrange(vocabulary), prompt + step, s, True) for s in range(batch)])
                for step in range(tokens - 1)
            )
            best_decode = max(best_decode, batch * (tokens - 1) / seconds)
        rows.free()
        lib.llama_free(context)
    return {"batch": batch, "prompt": prompt, "prefill_tokens_per_second": best_prefill, "decode_tokens_per_second": best_decode}


def measure(options):
    del sys.path[0]  # this folder, where a file has the package's name
    import llama_cpp as lib

    lib.llama_backend_init()
    quiet = lib.llama_log_callback(lambda level, text, data: None)
    lib.llama_log_set(quiet, None)
    params = lib.llama_model_default_params()
    params.n_gpu_layers = 0
    model = lib.llama_model_load_from_file(options.file.encode(), params)
    if not model:
        sys.exit(options.file + ": llama.cpp could not load it")
    vocabulary = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
    rows = [
        measure_row(lib, model, vocabulary, batch, prompt, options.tokens, options.threads)
        for batch in options.batch
        for prompt in options.prompt
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    system = lib.llama_print_system_info().decode()
    print(json.dumps({"rows": rows, "peak_rss_bytes": peak, "machine": {"system": system}}))


def best_rows(files):
    """(batch, prompt) -> the best prefill and decode rates over the files."""
    best = {}
    for file in files:
        with open(file, encoding="utf-8") as handle:
            for row in json.load(handle)["rows"]:
                rates = best.setdefault((row["batch"], row["prompt"]), [0.0, 0.0])
                rates[0] = max(rates[0], row["prefill_tokens_per_second"])
                rates[1] = max(rates[1], row["decode_tokens_per_second"])
    return best


def table(options):
    cut = options.files.index("--")
    ours, theirs = best_rows(options.files[:cut]), best_rows(options.files[cut + 1 :])
    print("                 prefill, tokens/s                    decoding, tokens/s")
    print(f"batch  prompt    ours  {options.peer:>12}  ratio            ours  {options.peer:>12}  ratio")
    for key in ours:
        if key in theirs:
            (a, b), (c, d) = ours[key], theirs[key]
            print(f"{key[0]:5}  {key[1]:6}  {a:6.0f}  {c:12.0f}  {a / c:5.2f}          {b:6.1f}  {d:12.1f}  {b / d:5.2f}")


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("measure")
    one.add_argument("file")
    one.add_argument("--batch", type=numbers, default=[1, 8, 16])
    one.add_argument("--prompt", type=numbers, default=[128, 800])
    one.add_argument("--tokens", type=int, default=128)
    one.add_argument("--threads", type=int, default=2)
    one.set_defaults(run=measure)
    other = commands.add_parser("table")
    other.add_argument("peer")
    other.add_argument("files", nargs=argparse.REMAINDER)
    other.set_defaults(run=table)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
