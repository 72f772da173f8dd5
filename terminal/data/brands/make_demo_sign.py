"""Draws demo-bank.png, the sign of the brand that ships: python terminal/data/brands/make_demo_sign.py."""

from pathlib import Path

BLUE, LIGHT, CLEAR = (11, 61, 145, 255), (255, 255, 255, 255), (0, 0, 0, 0)


def main() -> None:
    """A house with three columns on a light shield: readable on any band, and in two colours on paper."""
    from PIL import Image, ImageDraw

    scale = 4
    sign = Image.new("RGBA", (96 * scale, 96 * scale), CLEAR)
    draw = ImageDraw.Draw(sign)
    draw.rounded_rectangle((0, 0, 96 * scale - 1, 96 * scale - 1), 20 * scale, fill=LIGHT)
    draw.polygon([(each[0] * scale, each[1] * scale) for each in ((48, 14), (82, 36), (14, 36))], fill=BLUE)
    for left in (22, 43, 64):
        draw.rectangle((left * scale, 42 * scale, (left + 10) * scale, 68 * scale), fill=BLUE)
    draw.rectangle((14 * scale, 74 * scale, 82 * scale, 82 * scale), fill=BLUE)
    sign.resize((96, 96), Image.Resampling.LANCZOS).save(Path(__file__).with_name("demo-bank.png"), optimize=True)


if __name__ == "__main__":
    main()
