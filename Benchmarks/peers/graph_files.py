"""Writes the graph of a pipeline as dvc.yaml and Snakefile: equal stages, whose commands only join their inputs.

usage: pipeline graph FILE --json | graph_files.py FOLDER
"""

import json
import os
import sys


def main():
    folder = sys.argv[1]
    graph = json.load(sys.stdin)
    os.makedirs(os.path.join(folder, "out"), exist_ok=True)
    for source in graph["sources"]:
        with open(os.path.join(folder, source["name"]), "w") as file:
            file.write(source["name"] + "\n")
    stages = {stage["name"]: stage for stage in graph["stages"]}

    def path(origin):
        stage = origin.rsplit(".", 1)[0]
        return f"out/{stage}" if stage in stages else origin

    dvc, snake, outputs = ["stages:"], [], []
    for name, stage in stages.items():
        inputs = sorted({path(origin) for port in stage["inputs"] for origin in port["from"]})
        output = f"out/{name}"
        outputs.append(output)
        command = f"cat {' '.join(inputs)} > {output}"
        label = name.replace(".", "-")
        dvc += [f"  {label}:", f"    cmd: {command}", "    deps:"] + [f"    - {i}" for i in inputs]
        dvc += ["    outs:", f"    - {output}"]
        files = ", ".join(repr(i) for i in inputs)
        snake.append(f"rule {label.replace('-', '_')}:\n    input: {files}\n    output: {output!r}\n    shell: {command!r}\n")
    snake.insert(0, "rule all:\n    input: " + ", ".join(repr(o) for o in outputs) + "\n")
    with open(os.path.join(folder, "dvc.yaml"), "w") as file:
        file.write("\n".join(dvc) + "\n")
    with open(os.path.join(folder, "Snakefile"), "w") as file:
        file.write("\n".join(snake))


main()
