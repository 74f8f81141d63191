"""Preference steps of TRL's DPOTrainer over random tokens, reference log-probabilities precomputed: prints tokens of chosen
and rejected sequences a second, one line a step.

    trl_dpo.py MODEL.gguf f32|bf16 PAIRS LENGTH SHARED STEPS
"""

import os
import random
import sys
import tempfile
import time

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback, TrainerCallback
from trl import DPOConfig, DPOTrainer

path, precision = sys.argv[1:3]
pairs, length, shared, steps = map(int, sys.argv[3:7])
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
folder, name = os.path.dirname(path) or ".", os.path.basename(path)
loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
# The trainer refuses what was quantised, also when it no longer is: the same weights in a model that never was.
if hasattr(loaded.config, "quantization_config"):
    del loaded.config.quantization_config
model = AutoModelForCausalLM.from_config(loaded.config, dtype=torch.float32)
model.load_state_dict(loaded.state_dict())
del loaded
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
random.seed(0)


def words(count):
    """Text of `count` tokens: a word that is one token, after a space, many times in another order."""
    return "".join(random.choice([" dog", " cat", " sun", " sea", " red", " ten", " big", " day"]) for _ in range(count))


rows = [
    {"prompt": words(shared), "chosen": words(length - shared - 1), "rejected": words(length - shared - 1)}
    for _ in range(pairs * (steps + 2))
]


class Clock(TrainerCallback):
    """Prints each step's rate, but those of the first two."""

    def on_step_begin(self, args, state, control, **kwargs):
        self.start = time.perf_counter()

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step > 2:
            print(2 * pairs * length / (time.perf_counter() - self.start), flush=True)


with tempfile.TemporaryDirectory() as output:
    configuration = DPOConfig(
        output_dir=output, per_device_train_batch_size=pairs, max_steps=steps + 2, learning_rate=1e-6,
        max_length=2 * length, bf16=precision == "bf16", use_cpu=True, precompute_ref_log_probs=True, report_to=[],
        save_strategy="no", logging_strategy="no", gradient_checkpointing=False, disable_tqdm=True)
    trainer = DPOTrainer(
        model=model, args=configuration, train_dataset=Dataset.from_list(rows), processing_class=tokenizer,
        callbacks=[Clock()])
    # It would print a summary among the rates.
    trainer.remove_callback(PrinterCallback)
    trainer.train()
