"""Verdicts of llama.cpp's server on the prompts of a file, one a line as token ids: prints new tokens a second.

    llama_judge.py LLAMA_SERVER MODEL.gguf PROMPTS VERDICTS NEW THREADS [SLOTS [server options …]]

The server keeps prompts cached and decodes in parallel slots; a prompt is sent once for all its verdicts, and the
server copies what it read. As many requests wait as there are slots.
"""

import concurrent.futures
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

server, model, path = sys.argv[1:4]
verdicts, new, threads = map(int, sys.argv[4:7])
slots = int(sys.argv[7]) if len(sys.argv) > 7 else 32
with open(path) as file:
    prompts = [[int(token) for token in line.split()] for line in file]
context = slots * (max(map(len, prompts)) + new + 16)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]


def ask(prompt):
    """The number of tokens that all verdicts on a prompt have."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3600)
    body = {
        "prompt": prompt, "n_predict": new, "n_cmpl": verdicts, "ignore_eos": True, "cache_prompt": True,
        "samplers": ["top_p", "temperature"], "temperature": 0.7, "top_p": 0.9,
    }
    connection.request("POST", "/completion", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    if response.status != 200:
        raise SystemExit(f"the server answers {answer}")
    answers = answer if isinstance(answer, list) else [answer]
    return sum(one["tokens_predicted"] for one in answers)


def wait_until_ready(process):
    while process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server did not start")


process = subprocess.Popen(
    [server, "-m", model, "--host", "127.0.0.1", "--port", str(port), "-t", str(threads), "-np", str(slots),
     "-c", str(context), "--no-ui", "--log-disable", *sys.argv[8:]],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
# Also when this script is told to end: requests under way fail once the server is gone.
signal.signal(signal.SIGTERM, lambda number, frame: process.kill())
try:
    wait_until_ready(process)
    ask(prompts[0])
    with concurrent.futures.ThreadPoolExecutor(slots) as pool:
        start = time.perf_counter()
        tokens = sum(pool.map(ask, prompts))
        seconds = time.perf_counter() - start
    if tokens != len(prompts) * verdicts * new:
        raise SystemExit(f"{tokens} tokens, not {len(prompts)} x {verdicts} x {new}")
    print(tokens / seconds, flush=True)
finally:
    process.kill()
    process.wait()
