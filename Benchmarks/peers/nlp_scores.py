"""Scores what `evaluate-benchmarks` scored with transformers, from the same files and by code of its own, and compares.

    nlp_scores.py MODEL-FOLDER TASK SHOTS ANSWERS ITEMS [SHOTS-FILE]

MODEL-FOLDER is a Hugging Face folder; ANSWERS the stage's answers as JSON lines, which say which rows of ITEMS were asked;
SHOTS how many demonstrations there are. Prints a line of the table: accuracies by each rule, ours and theirs, the share of
items with the same predictions, the share with the same prompt text, and the largest difference of a log-probability.
Ends with 1 where fewer than 99.5 % of the predictions agree.
"""

import gzip
import json
import os
import re
import string
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, StoppingCriteria, StoppingCriteriaList
from transformers.utils import logging

folder, task, shots, answers_path, items_path = sys.argv[1:6]
shots = int(shots)
logging.disable_progress_bar()
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
new_tokens, batch = 256, 8


# --- Items and prompts, as the LM evaluation harness makes them ---

def rows(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def question_of(query):
    return query[len("Question: "):-len("\nAnswer:")]


def item(row):
    """query, choices or accepted answers, gold, demonstration"""
    if task == "piqa":
        query, choices, gold = f"Question: {row['goal']}\nAnswer:", [row["sol1"], row["sol2"]], row["label"]
    elif task == "siqa":
        query = f"Q: {row['context']} {row['question']}\nA:"
        choices, gold = [row["answerA"], row["answerB"], row["answerC"]], int(row["label"]) - 1
    elif task == "mmlu":
        query = row["question"].strip() + "\n"
        query += "".join(f"{letter}. {choice}\n" for letter, choice in zip("ABCD", row["choices"])) + "Answer:"
        choices, gold = list("ABCD"), row["answer"]
    elif task == "gsm8k":
        return f"Question: {row['question']}\nAnswer:", None, [number(row["answer"])], row["answer"]
    elif task == "nq":
        answers = row.get("answers", row.get("answer"))
        return f"Q: {row['question']}?\nA:", None, answers, answers[0]
    else:
        query = question_of(row["query"]) if task == "obqa" else row["query"]
        choices, gold = row["choices"], row["gold"]
    return query, choices, gold, choices[gold]


def prompt(row, pool):
    head = {"nq": "Answer these questions:\n\n"}.get(task, "")
    if task == "mmlu":
        subject = row["subject"].replace("_", " ")
        head = f"The following are multiple choice questions (with answers) about {subject}.\n\n"
        pool = [other for other in pool if other["subject"] == row["subject"]]
    query = item(row)[0]
    delimiter = "\n" if task == "nq" else "\n\n"
    chosen = [item(other) for other in pool if item(other)[0] != query][:shots]
    return head + "".join(f"{shot[0]} {shot[3]}{delimiter}" for shot in chosen) + query


# --- Choices ---

def encode(text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@torch.inference_mode()
def choice_scores(context, choices):
    """Log-probability of each choice, in nats, summed over its tokens."""
    pairs = []
    for choice in choices:
        start = context.rstrip()
        whole = encode(context + " " + choice)
        before = encode(start)
        pairs.append((before, whole[len(before):]))
    inputs = [(before + after)[:-1] for before, after in pairs]
    distinct = sorted(set(map(tuple, inputs)))
    width = max(map(len, distinct))
    padded = torch.tensor([list(one) + [0] * (width - len(one)) for one in distinct])
    # Rows are padded at their end, which no earlier position sees.
    hidden = model.model(padded).last_hidden_state
    scores = []
    for one, (before, after) in zip(inputs, pairs):
        states = hidden[distinct.index(tuple(one)), len(before) - 1:len(before) - 1 + len(after)]
        logs = torch.log_softmax(model.lm_head(states).double(), dim=-1)
        scores.append(logs[torch.arange(len(after)), torch.tensor(after)].sum().item())
    return scores


# --- Written answers ---

stops = {"gsm8k": ["Question:", "</s>", "<|im_end|>"], "nq": ["\n", ".", ","]}.get(task, [])
ends = [id for id in map(tokenizer.convert_tokens_to_ids, ["<|endoftext|>", "<|im_end|>", "</s>", "<|eot_id|>"])
        if id is not None and id != tokenizer.unk_token_id]
ends = sorted(set(ends + [tokenizer.eos_token_id]))


class Stopped(StoppingCriteria):
    def __init__(self, start):
        self.start = start

    def __call__(self, ids, scores, **_):
        texts = tokenizer.batch_decode(ids[:, self.start:], skip_special_tokens=True)
        return torch.tensor([any(stop in text for stop in stops) for text in texts])


@torch.inference_mode()
def written(prompts):
    encoded = [encode(text) for text in prompts]
    width = max(map(len, encoded))
    ids = torch.tensor([[0] * (width - len(one)) + one for one in encoded])
    mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in encoded])
    result = model.generate(
        ids, attention_mask=mask, do_sample=False, max_new_tokens=new_tokens, eos_token_id=ends, pad_token_id=ends[0],
        stopping_criteria=StoppingCriteriaList([Stopped(width)]))
    texts = []
    for row in result[:, width:].tolist():
        row = row[:next((place for place, id in enumerate(row) if id in ends), len(row))]
        text = tokenizer.decode(row, skip_special_tokens=True)
        for stop in stops:
            text = text.split(stop)[0]
        texts.append(text)
    return texts


def number(text):
    for pattern in [",", r"\$", r"(?s).*#### ", r"\.$"]:
        text = re.sub(pattern, "", text)
    return text.lower()


def found(pattern, text, place):
    matches = re.findall(pattern, text)
    if not matches:
        return None
    match = matches[place]
    return number((match if isinstance(match, str) else next(part for part in match if part)).strip())


def short(text):
    text = re.sub(r"\b(?:The |the |An |an |A |a )", "", text)
    return text.lower().translate(str.maketrans("", "", string.punctuation))


def predictions(text):
    if task == "nq":
        return {"exact_match": short(text.lstrip())}
    return {"strict": found(r"#### (\-?[0-9\.\,]+)", text, 0),
            "flexible": found(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", text, -1)}


# --- The comparison ---

data, pool = rows(items_path), rows(sys.argv[6]) if len(sys.argv) > 6 else []
answers = rows(answers_path)
same_text = sum(answer["prompt"] == prompt(data[answer["row"]], pool) for answer in answers)
theirs, difference = [], 0.0
if stops:
    # By length, so that few are padded.
    order = sorted(range(len(answers)), key=lambda place: len(answers[place]["prompt"]))
    theirs = [None] * len(answers)
    for first in range(0, len(order), batch):
        places = order[first:first + batch]
        for place, text in zip(places, written([prompt(data[answers[place]["row"]], pool) for place in places])):
            accepted = item(data[answers[place]["row"]])[2]
            accepted = [short(one) for one in accepted] if task == "nq" else accepted
            theirs[place] = {rule: (value, value in accepted) for rule, value in predictions(text).items()}
else:
    for answer in answers:
        row = data[answer["row"]]
        _, choices, gold, _ = item(row)
        scores = choice_scores(prompt(row, pool), choices)
        difference = max([difference] + [
            abs(mine["log_probability"] - score) for mine, score in zip(answer["choices"], scores)])
        best = {"acc": scores.index(max(scores))}
        lengths = [score / max(1, len(choice)) for score, choice in zip(scores, choices)]
        best["acc_norm"] = lengths.index(max(lengths))
        theirs.append({rule: (choice, choice == gold) for rule, choice in best.items()})

rules = [prediction["rule"] for prediction in answers[0]["predictions"]]
agree, lines = 0, []
for answer, other in zip(answers, theirs):
    agree += all(one["text" if stops else "choice"] == other[one["rule"]][0] for one in answer["predictions"])
for rule in rules:
    mine = sum(one["is_correct"] for answer in answers for one in answer["predictions"] if one["rule"] == rule)
    lines.append(f"{rule} {mine / len(answers):.4f} {sum(other[rule][1] for other in theirs) / len(answers):.4f}")
share = agree / len(answers)
print(f"{task:14} {shots:5} {len(answers):5}  {', '.join(lines):58} {100 * share:6.2f} % {100 * same_text / len(answers):6.1f} %"
      + ("" if stops else f"  {difference:.1e}"), flush=True)
raise SystemExit(share < 0.995)
