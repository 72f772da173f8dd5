"""A clock that stands still until a test moves it."""


class StillClock:
    def __init__(self) -> None:
        self.now_ns = 10**9

    def wall_ms(self) -> int:
        return self.now_ns // 1_000_000

    def mono_ns(self) -> int:
        return self.now_ns
