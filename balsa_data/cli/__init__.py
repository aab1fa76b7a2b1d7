"""The commands: thin, one function each; what they do is in the library."""

from __future__ import annotations

import os
import signal
import sys

from balsa_data.cli import making, publishing, starting, training
from balsa_data.cli.options import app
from balsa_data.errors import BalsaError

__all__ = ["app", "main", "making", "publishing", "starting", "training"]

INTERRUPTED = 130  # what typer makes of Ctrl-C


def main() -> None:
    """Run the command; a mistake of the user's is one sentence on stderr, never a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except BalsaError as error:
        print(f"balsa: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print("balsa: stopped; what was answered is kept: run the same command again to continue", file=sys.stderr)
            sys.stderr.flush()
            os._exit(INTERRUPTED)  # all is on disk, and taking litellm's modules down takes seconds
        raise
