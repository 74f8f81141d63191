"""The search for too similar tasks as Python's usual tools do it, on the texts that NoveltyBenchmark wrote.

usage: novelty.py rouge-score FOLDER POOL CANDIDATES   prints milliseconds a candidate: RougeScorer.score with each text of
                                                       the pool, as Self-Instruct calls it
       novelty.py rapidfuzz FOLDER POOL CANDIDATES     the same: cdist, 20 candidates a call, one thread
       novelty.py grow FOLDER SIZE                     takes texts in as long as they are new, by extractOne; prints seconds
       novelty.py compare FOLDER SIDE                  whether SIDE found what this program found; ends with 1 if not

What is found is written to FOLDER/rouge-score and FOLDER/rapidfuzz: the largest similarity, or 0 where it is not above 0.7.
"""

import sys
import time

FLOOR = 0.7


def lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


class Encoder:
    """A text as a string with one character a word: rapidfuzz compares those fastest.

    The normalised Indel similarity of two such strings, 1 - (n + m - 2 L) / (n + m), is ROUGE-L's F1.
    """

    def __init__(self):
        self.numbers = {}

    def __call__(self, text):
        return "".join(map(self.character, text.lower().split()))

    def character(self, word):
        code = 0x100 + self.numbers.setdefault(word, len(self.numbers))
        return chr(code if code < 0xD800 else code + 0x800)


def rouge_score(pool, candidates):
    from rouge_score import rouge_scorer

    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    start = time.perf_counter()
    found = [max(scorer.score(candidate, text)["rougeL"].fmeasure for text in pool) for candidate in candidates]
    return time.perf_counter() - start, found


def rapidfuzz_cdist(pool, candidates):
    import numpy
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    encode = Encoder()
    pool, candidates = [encode(text) for text in pool], [encode(text) for text in candidates]
    found = []
    start = time.perf_counter()
    for first in range(0, len(candidates), 20):
        scores = process.cdist(
            candidates[first : first + 20],
            pool,
            scorer=Indel.normalized_similarity,
            score_cutoff=FLOOR,
            workers=1,
            dtype=numpy.float32,
        )
        found += scores.max(1).tolist()
    return time.perf_counter() - start, found


def grow(texts, size):
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    encode = Encoder()
    texts, pool = [encode(text) for text in texts], []
    start = time.perf_counter()
    for text in texts:
        # Its cut-off lets 0.7 itself through; the next number above it does not.
        near = process.extractOne(text, pool, scorer=Indel.normalized_similarity, score_cutoff=FLOOR + 1e-9)
        if near is None:
            pool.append(text)
            if len(pool) == size:
                break
    return time.perf_counter() - start


def compare(folder, side):
    ours, theirs = lines(f"{folder}/ours"), lines(f"{folder}/{side}")
    # Single precision in cdist's result, and another order of rounding in rouge-score's.
    wrong = sum(abs(float(a) - float(b)) > 1e-6 for a, b in zip(ours, theirs))
    above = sum(float(b) > 0 for b in theirs)
    print(f"{side}: {len(theirs)} candidates compared, {above} of them too similar, {wrong} decided otherwise")
    return wrong == 0


def main():
    command, folder = sys.argv[1:3]
    if command == "compare":
        sys.exit(0 if compare(folder, sys.argv[3]) else 1)
    if command == "grow":
        print(f"{grow(lines(f'{folder}/pool'), int(sys.argv[3])):.4f}")
        return
    pool = lines(f"{folder}/pool")[: int(sys.argv[3])]
    candidates = lines(f"{folder}/candidates")[: int(sys.argv[4])]
    seconds, found = {"rouge-score": rouge_score, "rapidfuzz": rapidfuzz_cdist}[command](pool, candidates)
    with open(f"{folder}/{command}", "w", encoding="utf-8") as file:
        file.writelines(f"{value if value > FLOOR + 1e-6 else 0.0!r}\n" for value in found)
    print(f"{seconds * 1000 / len(candidates):.6f}")


main()
