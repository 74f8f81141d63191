"""Supervised steps of a causal language model in PyTorch, over random tokens: prints tokens a second, one line a step.

    torch_sft.py MODEL.gguf f32|bf16 eager|compile SEQUENCES LENGTH STEPS
"""

import os
import resource
import sys
import time

import torch
from transformers import AutoModelForCausalLM

path, precision, mode = sys.argv[1:4]
sequences, length, steps = map(int, sys.argv[4:7])
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
torch.manual_seed(0)
model = AutoModelForCausalLM.from_pretrained(
    os.path.dirname(path) or ".", gguf_file=os.path.basename(path), dtype=torch.float32)
model.train()
call = torch.compile(model) if mode == "compile" else model
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)
tokens = torch.randint(0, model.config.vocab_size, (sequences, length))

# Two steps to warm up: allocation, and compilation where it is asked for.
for step in range(steps + 2):
    start = time.perf_counter()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
        loss = call(input_ids=tokens, labels=tokens).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
    if step >= 2:
        print(sequences * length / (time.perf_counter() - start), flush=True)
print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB", file=sys.stderr)
