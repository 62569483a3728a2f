"""Child processes of tests: from a clean process, without our threads, quick to start."""

import multiprocessing

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    ["pytest", "dialog.bank.demo", "dialog.backoffice.engine", "dialog.conversation"]
)
