"""Every failure a caller may handle. The slug names a row of ``terminal/data/errors.toml``.

That registry holds the printed code, the HTTP status, the sentence and the fix in every language; screen,
paper, API, CLI and help read it from there, so no door words an error by itself.
"""

Fact = str | int


class TerminalError(Exception):
    """Base of every failure a caller may handle. Anything else that escapes is a bug.

    Args:
        slug: stable name of the error, for tills, logs and the registry.
        facts: values the registry's sentence mentions, such as ``field="amount_minor"``; never secrets.
    """

    def __init__(self, slug: str, **facts: Fact) -> None:
        super().__init__(slug, facts)
        self.slug = slug
        self.facts = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.slug} ({told})" if told else self.slug


class InvalidRequest(TerminalError):
    """Unusable input. Retrying the same input cannot help."""


class NotAllowed(TerminalError):
    """Nobody is signed in, or the one who is may not do this."""


class NotFound(TerminalError):
    """No such thing, or it belongs to somebody else."""


class Conflict(TerminalError):
    """The thing has moved on, or another one is in the way. Read it again first."""


class Unavailable(TerminalError):
    """Not now: a provider, a device or the disk. Nothing was started."""


class NotEvidence(TerminalError):
    """A message that proves nothing: signature, freshness, replay, shape. Never changes a payment."""


class Hint(NotEvidence):
    """A message of a provider that signs none: it proves nothing, the orders it names are asked about (S13)."""

    def __init__(self, order_nos: tuple[str, ...]) -> None:
        super().__init__("notification_hint")
        self.order_nos = order_nos


class JournalError(TerminalError):
    """The journal cannot be trusted or written. Money work stops (I20)."""


class PeripheralFailed(TerminalError):
    """A counter device did not do what was asked: gone, silent, or it wants a person."""


class BadSettings(TerminalError):
    """The configuration cannot be used; the facts say where and why."""
