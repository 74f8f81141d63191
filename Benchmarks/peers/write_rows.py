"""Writes the rows of StoreBenchmark as Python's usual tools do: orjson, SHA-256, zstandard, SQLite.

usage: write_rows.py FOLDER COUNT      prints the seconds it took
"""

import hashlib
import os
import sqlite3
import sys
import time

import orjson
import zstandard


WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which "
    "one you were all her she there would their we him been has when who will no more if out so up said what its "
    "about than into them can only other time new some could these two may first then do any like my now over such"
).split()


def text(index):
    state = index * 2654435761 + 1 & 0xFFFFFFFFFFFFFFFF
    pieces, length = [], 0
    while length < 780:
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        word = WORDS[(state >> 12) % len(WORDS)] + " "
        pieces.append(word)
        length += len(word)
    return "".join(pieces)


def row(index):
    return {
        "id": f"{index:020x}",
        "prompt_id": f"{index // 4:020x}",
        "prompt": f"Prompt {index // 4}: why is the sky blue, and what has that to do with the sea?",
        "text": text(index),
        "tokens": index % 200,
        "score": (index % 50) / 10,
        "finish": "stop",
    }


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    os.makedirs(folder, exist_ok=True)
    rows = [row(index) for index in range(count)]
    start = time.perf_counter()
    digest = hashlib.sha256()
    path = os.path.join(folder, "rows.jsonl.zst")
    with open(path, "wb") as file:
        with zstandard.ZstdCompressor(level=3, write_checksum=True).stream_writer(file, closefd=False) as stream:
            for value in rows:
                line = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
                digest.update(line)
                stream.write(line)
        file.flush()
        os.fsync(file.fileno())
    index = sqlite3.connect(os.path.join(folder, "index.sqlite"))
    index.execute("CREATE TABLE artifacts (digest TEXT PRIMARY KEY, rows INTEGER, bytes INTEGER)")
    index.execute("INSERT INTO artifacts VALUES (?, ?, ?)", (digest.hexdigest(), count, os.path.getsize(path)))
    index.commit()
    print(f"{time.perf_counter() - start:.4f}")


main()
