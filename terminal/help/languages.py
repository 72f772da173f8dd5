"""The languages everything is complete in, and how a wish becomes one of them."""

from typing import Final

LANGUAGES: Final = ("en", "zh-CN", "pt-BR")
FALLBACK: Final = "en"
PSEUDO: Final = "qps-ploc"  # made from English: shows texts that are in no catalogue and layouts that break


def nearest(wish: str) -> str:
    """``zh``, ``zh_Hans_CN``, ``pt`` or ``PT-br`` as one of LANGUAGES; English when nothing fits."""
    tag = wish.strip().replace("_", "-").lower()
    for language in LANGUAGES:
        if tag == language.lower():
            return language
    main = tag.partition("-")[0]
    return next((language for language in LANGUAGES if language.partition("-")[0] == main), FALLBACK)


def accepted(header: str) -> str:
    """The best of LANGUAGES for an Accept-Language header (RFC 9110, 12.5.4), of its first 20 entries."""
    best, best_weight = FALLBACK, -1
    for entry in header[:1000].split(",")[:20]:
        tag, _, weight = entry.partition(";")
        language = nearest(tag)
        fits = language.partition("-")[0] == tag.strip().lower().partition("-")[0]
        thousandths = _thousandths(weight)
        if fits and thousandths > max(best_weight, 0):
            best, best_weight = language, thousandths
    return best


def _thousandths(weight: str) -> int:
    """``q=0.8`` as 800; no weight means 1000, an unreadable one 0."""
    text = weight.strip().removeprefix("q=")
    if not weight.strip():
        return 1000
    whole, _, part = text.partition(".")
    if whole not in {"0", "1"} or not (part or "0").isascii() or not (part or "0").isdigit() or len(part) > 3:
        return 0
    return min(1000, int(whole) * 1000 + int(part.ljust(3, "0") or "0"))
