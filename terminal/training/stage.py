"""The other side of the counter while somebody practises: customer, bank and devices, real or simulated."""

from dataclasses import dataclass
from typing import Protocol

from terminal.training.lesson import Play


@dataclass(frozen=True, slots=True)
class Till:
    """Of a sale: what its till says (the words of the screens) and what was paid of it."""

    word: str = ""
    paid_minor: int = 0


class Stage(Protocol):
    """Implemented over a service and the simulated bank behind it; never over a live one."""

    @property
    def scans(self) -> bool:
        """Whether customers' own codes can be taken here."""
        ...

    def till(self, sale: str) -> Till: ...

    async def play(self, counter: str, play: Play) -> str:
        """Do it at this counter's sale. Returns the code on the customer's phone after ``shows_code``, else "".

        What cannot be done now (nobody to pay, no code on the glass yet) is not done.
        """
        ...

    async def clear(self, counter: str) -> None:
        """A clean counter: faults healed, the sale under way cancelled or parked."""
        ...
