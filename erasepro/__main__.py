"""The ``erasepro`` command as a process of its own, which ``python -m erasepro`` is too."""

import gc
import sys

from erasepro.cli.main import main


def run_command() -> None:
    """Run the words of the command line and leave the process with their exit status."""
    try:
        sys.exit(main())
    finally:
        # Python's last look for cycles goes through half a million objects of torch and diffusers, and took 1.4 s of the 1.8 s
        # from the last line to the shell's prompt. The system takes their memory back anyway; exit handlers still run.
        gc.freeze()


if __name__ == "__main__":
    run_command()
