"""What a provider's documents leave open is a setting of its profile; the connector says which words it knows."""

from collections.abc import Mapping

from terminal.errors import BadSettings

Allowed = Mapping[str, frozenset[str] | None]  # None is free text


class Choices:
    """A profile's ``settings``. Raises BadSettings ``setting_unusable`` for a name or word nobody knows."""

    def __init__(self, settings: Mapping[str, str], allowed: Allowed) -> None:
        for name, value in settings.items():
            words = allowed.get(name, frozenset())
            if words is not None and value not in words:
                raise BadSettings("setting_unusable", field=name, why=f"one of {sorted(words)}")
        self._settings = settings

    def get(self, name: str, default: str) -> str:
        return self._settings.get(name, default)
