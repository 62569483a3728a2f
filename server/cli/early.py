"""SIGHUP before anything is there that it could renew; nothing heavy is imported here."""

import signal


class Early:
    """SIGHUP from now on: one that comes while the engines load is obeyed afterwards.

    Attributes:
        told: Whether one has come.
    """

    def __init__(self) -> None:
        self.told = False
        signal.signal(signal.SIGHUP, self._note)

    def _note(self, *_: object) -> None:
        self.told = True
