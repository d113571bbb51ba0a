"""Exceptions of the world, named by the reaction that they need (architecture §4)."""


class BatchAborted(Exception):
    """A clearly abortable error: the transaction was aborted. Drop the batch, seek back, do it again."""


class OutcomeUnknown(Exception):
    """The commit may have happened or not. Take a new producer with the same id, then take the tasks over as if new."""


class Fenced(Exception):
    """Another process has this worker's identity, or the client is broken for good. Leave: the supervisor restarts."""


class Unreachable(Exception):
    """The broker does not answer. Nothing is lost: wait, then try again."""


class StoreUnusable(Exception):
    """A store cannot be trusted (foreign topic, ahead of the end, too old, damaged). Wipe it and restore."""
