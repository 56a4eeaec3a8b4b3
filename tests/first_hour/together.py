"""Commands one after the other in one process, each as `erasepro` alone would be: run by the Python of the fresh environment.

``python together.py JOBS ANSWERS``: JOBS is a list of ``{"name", "words"}`` or ``{"name", "code"}``; ANSWERS gets each
one's status, output, errors and seconds.
"""

import glob
import json
import os
import sys
import tempfile
import time
import traceback

from erasepro.cli.main import main


def expanded(words):
    """As a shell does."""
    return [name for word in words for name in (("*" in word and sorted(glob.glob(word))) or [word])]


def do(job, names):
    """The status; what is printed goes where the descriptors 1 and 2 lead."""
    try:
        if "code" in job:
            exec(compile(job["code"], job["name"], "exec"), names.setdefault(job.get("cell", ""), {"__name__": "__main__"}))
            return 0
        return main(expanded(job["words"]))
    except SystemExit as ended:
        return ended.code
    except BaseException:
        traceback.print_exc()
        return 1


def watched(job, names):
    """A job's status, output and errors, and the seconds of the processor that it took."""
    start, kept = time.process_time(), (os.dup(1), os.dup(2))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        for file, descriptor in ((out, 1), (err, 2)):
            os.dup2(file.fileno(), descriptor)
        status = do(job, names)
        texts = []
        for stream, file, descriptor, before in zip((sys.stdout, sys.stderr), (out, err), (1, 2), kept, strict=True):
            stream.flush()
            os.dup2(before, descriptor)
            os.close(before)
            file.seek(0)
            texts.append(file.read().decode("utf-8"))
    seconds = time.process_time() - start
    return {"name": job["name"], "status": status, "out": texts[0], "err": texts[1], "seconds": seconds}


if __name__ == "__main__":
    names = {}
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as answers:
        for job in jobs:
            answers.write(json.dumps(watched(job, names)) + "\n")
            answers.flush()
