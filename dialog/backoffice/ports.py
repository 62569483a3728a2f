"""What the back office needs from outside the bank."""

from typing import Protocol


class CoreBanking(Protocol):
    """The systems that make cards and pay out loans."""

    def make_card(self, order_id: str, kind: str) -> str:
        """Have a card made and sent, once per order; gives its last four digits.

        Raises:
            OSError: It did not answer, or not as agreed; the step is tried again.
        """
        ...
