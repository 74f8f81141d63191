"""Samples of transformers' generate for the prompts of a file, one a line as token ids: prints new tokens a second.

    hf_sample.py MODEL.gguf PROMPTS SAMPLES NEW BATCH [autocast|bf16|f32 [dynamic|static]]

BATCH is how many prompts a call takes, SAMPLES times as many sequences. Prompts go by length, so that few are padded.
"""

import os
import resource
import sys
import time

import torch
from transformers import AutoModelForCausalLM

path, prompts_path = sys.argv[1:3]
samples, new, batch = map(int, sys.argv[3:6])
precision, cache = (sys.argv[6:] + ["bf16", "dynamic"][len(sys.argv[6:]):])[:2]
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
torch.manual_seed(0)
model = AutoModelForCausalLM.from_pretrained(
    os.path.dirname(path) or ".", gguf_file=os.path.basename(path), dtype=torch.float32)
if precision == "bf16":
    model = model.to(torch.bfloat16)
model.eval()
with open(prompts_path) as file:
    prompts = sorted(([int(token) for token in line.split()] for line in file), key=len)


def answer(prompts, new):
    width = max(map(len, prompts))
    padded = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "autocast"):
        answers = model.generate(
            padded, attention_mask=mask, do_sample=True, temperature=0.7, top_p=0.9, top_k=0, pad_token_id=0,
            num_return_sequences=samples, min_new_tokens=new, max_new_tokens=new,
            **({"cache_implementation": "static"} if cache == "static" else {}))
    if answers.shape != (len(prompts) * samples, width + new):
        raise SystemExit(f"answers are {tuple(answers.shape)}")


answer(prompts[:2], 4)
start = time.perf_counter()
for first in range(0, len(prompts), batch):
    answer(prompts[first:first + batch], new)
print(len(prompts) * samples * new / (time.perf_counter() - start), flush=True)
print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB", file=sys.stderr)
