"""Makes corpus/: small files for the fuzzers to begin with.

    python make_corpus.py      (pip install gguf safetensors numpy)
"""

import pathlib
import shutil

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent
CORPUS = HERE / "corpus"
FIXTURES = HERE.parent / "fixtures"
BLOCKS = [Type.F32, Type.F16, Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K, Type.Q3_K, Type.Q4_K,
          Type.Q5_K, Type.Q6_K]


def gguf_file(name, fill, arch="llama"):
    writer = gguf.GGUFWriter(CORPUS / "gguf" / name, arch)
    fill(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def blocks(writer):
    rng = np.random.default_rng(1)
    for kind in BLOCKS:
        block, size = gguf.GGML_QUANT_SIZES[kind]
        count = 1 if block > 1 else 8
        writer.add_tensor(kind.name, rng.integers(0, 256, (2, count * size), dtype=np.uint8), raw_dtype=kind)


def values(writer):
    writer.add_uint8("a.u8", 1)
    writer.add_int16("a.i16", -1)
    writer.add_uint64("a.u64", 1 << 40)
    writer.add_float64("a.f64", 0.5)
    writer.add_bool("a.bool", True)
    writer.add_string("a.string", "text")
    writer.add_array("a.strings", ["", "a", "bc"])
    writer.add_array("a.floats", [1.0, 2.0])
    writer.add_array("a.nested", [[1, 2], [3]])
    writer.add_custom_alignment(64)


def model(arch):
    def fill(writer):
        writer.add_block_count(1)
        writer.add_context_length(64)
        writer.add_embedding_length(4)
        writer.add_feed_forward_length(4)
        writer.add_head_count(2)
        writer.add_head_count_kv(1)
        writer.add_layer_norm_rms_eps(1e-6)
        writer.add_rope_freq_base(10000.0)
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(4.0)
        writer.add_sliding_window(8)
        writer.add_token_list(["a", "b", "</s>", "<|im_end|>"])
        writer.add_token_types([1, 1, 3, 3])
        writer.add_eos_token_id(2)
        writer.add_tensor("token_embd.weight", np.ones((4, 4), np.float32))
        writer.add_tensor("output_norm.weight", np.ones(4, np.float32))
    return fill


def main():
    shutil.rmtree(CORPUS, ignore_errors=True)
    for folder in ("gguf", "safetensors", "config"):
        (CORPUS / folder).mkdir(parents=True)
    gguf_file("blocks.gguf", blocks)
    gguf_file("values.gguf", values)
    for arch in ("llama", "gemma3", "qwen2", "qwen3", "smollm3"):
        gguf_file(f"{arch}.gguf", model(arch), arch)
    save_file({"a": np.ones((2, 3), np.float32), "b": np.ones(3, np.float16), "c": np.ones((1, 2, 2), np.uint8)},
              CORPUS / "safetensors/three.safetensors", {"format": "pt", "tied": "a"})
    save_file({}, CORPUS / "safetensors/none.safetensors")
    for folder in [*(FIXTURES / "gguf/models").iterdir(), *(FIXTURES / "parity/architectures").iterdir()]:
        shutil.copyfile(folder / "config.json", CORPUS / "config" / f"{folder.parent.name}-{folder.name}.json")
    for file in CORPUS.rglob("*.*"):
        file.chmod(0o644)


main()
