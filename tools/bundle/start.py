"""Start the bundle: without a command, as after a double click, it opens the editor."""

import multiprocessing
import sys

from e4s_studio.cli.app import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    if sys.argv[1:2] == ["-c"]:
        # As Python does: `doctor` loads Qt in a process of its own, which may end by it.
        exec(sys.argv[2])  # noqa: S102
        sys.exit()
    if len(sys.argv) == 1:
        sys.argv.append("edit")
    main()
