"""Makes terminal/data/clips: spoken words with the synthesiser espeak-ng, chimes from sine waves.

Run by hand after a change of terminal/data/voice: ``apt-get install espeak-ng``, then
``python docs/voices/make_clips.py``. Nothing of the product imports it. A clip keeps its number for ever, because
speakers hold cards that were written with it: new words get new numbers.
"""

import math
import re
import struct
import subprocess
import tempfile
import tomllib
import wave
from pathlib import Path
from string import Formatter
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2] / "terminal" / "data"
CLIPS: Final = ROOT / "clips"
RATE: Final = 11025  # samples a second, half of what espeak-ng makes; eight bits each
SHORTEST: Final = RATE * 26 // 100  # players that report an end twice are told apart by 200 ms
QUIET: Final = 0.02  # below this share of the loudest sample is silence
LOUD: Final = 0.9
FIRST: Final = {"zh-CN": 101, "en": 301, "pt-BR": 501}
VOICES: Final = {"zh-CN": ("cmn-latn-pinyin", 165), "en": ("en-gb", 160), "pt-BR": ("pt-br", 160)}

# Written as it sounds: the synthesiser reads pinyin surely and characters only as far as its dictionary goes.
PINYIN: Final = {
    "零": "ling2", "一": "yi1", "二": "er4", "三": "san1", "四": "si4", "五": "wu3", "六": "liu4", "七": "qi1",
    "八": "ba1", "九": "jiu3", "十": "shi2", "百": "bai3", "千": "qian1", "万": "wan4", "亿": "yi4",
    "万亿": "wan4 yi4", "两": "liang3", "点": "dian3", "元": "yuan2", "角": "jiao3", "分": "fen1",
    "美元": "mei3 yuan2", "欧元": "ou1 yuan2", "英镑": "ying1 bang4", "日元": "ri4 yuan2", "港元": "gang3 yuan2",
    "雷亚尔": "lei2 ya4 er3", "泰铢": "tai4 zhu1", "新加坡元": "xin1 jia1 po1 yuan2", "林吉特": "lin2 ji2 te4",
    "韩元": "han2 yuan2", "卢比": "lu2 bi3", "到账": "dao4 zhang4",
    "未付款，没有扣款": "wei4 fu4 kuan3, mei2 you3 kou4 kuan3",
    "迟到的付款": "chi2 dao4 de5 fu4 kuan3", "正在向银行核实，请勿交货":
    "zheng4 zai4 xiang4 yin2 hang2 he2 shi2, qing3 wu4 jiao1 huo4",
    "尚未核实，不算已付款": "shang4 wei4 he2 shi2, bu2 suan4 yi3 fu4 kuan3",
    "测试": "ce4 shi4", "培训": "pei2 xun4", "微信支付": "wei1 xin4 zhi1 fu4", "支付宝": "zhi1 fu4 bao3",
    "云闪付": "yun2 shan3 fu4", "一切正常": "yi2 qie4 zheng4 chang2",
    "打印机不工作": "da3 yin4 ji1 bu4 gong1 zuo4", "没有网络": "mei2 you3 wang3 luo4",
    "连不上互联网": "lian2 bu2 shang4 hu4 lian2 wang3", "银行没有接通": "yin2 hang2 mei2 you3 jie1 tong1",
    "时钟不准": "shi2 zhong1 bu4 zhun3", "有些项目无法检查": "you3 xie1 xiang4 mu4 wu2 fa3 jian3 cha2",
}  # fmt: skip

# (seconds, hertz) one behind the other; each ear tells them apart without a word
CHIMES: Final = {
    "paid": ((0.13, 659), (0.13, 784), (0.34, 1047)),  # rises
    "not_paid": ((0.22, 440), (0.42, 294)),  # falls
    "late": ((0.12, 880), (0.12, 659), (0.12, 880), (0.3, 659)),  # swings
    "checking": ((0.28, 262), (0.4, 262)),  # two low notes
    "unverified": ((0.16, 349), (0.16, 330), (0.26, 349)),  # wavers and ends where it began
}


def spoken(voice: dict[str, Any]) -> list[str]:
    """Every piece of text that this language's phrases and numbers are put together from."""
    numbers, texts = voice["numbers"], []
    for phrase in voice["phrases"].values():
        texts += [literal for literal, *_ in Formatter().parse(phrase)]
    texts += voice["legs"].values()
    texts += voice["wallets"].values()
    if numbers["type"] == "chinese":
        texts += [*numbers["digits"], *numbers["places"], *numbers["groups"], numbers["two"], numbers["point"]]
    else:
        texts += [*numbers["below_twenty"], *numbers["tens"], *numbers["hundreds"], numbers["hundred_alone"]]
        texts += [text for scale in numbers["scales"] for text in scale]
        texts += [numbers[key] for key in ("tens_link", "hundreds_link", "last_link", "part_link", "of", "point")]
    for currency in voice["currencies"].values():
        for value in currency.values():
            texts += [value] if isinstance(value, str) else value
    texts += voice["names"].values()
    stripped = (text.strip(" ,.:;，。：") for text in texts)
    return list(dict.fromkeys(text for text in stripped if re.search(r"\w", text)))


def synthesised(text: str, language: str) -> list[float]:
    voice, speed = VOICES[language]
    said = PINYIN[text] if language == "zh-CN" else text
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-w", str(file), said]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # our own words
        with wave.open(str(file)) as sound:
            assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (2 * RATE, 2, 1)
            data = sound.readframes(sound.getnframes())
    return halved([value / 32768 for value in struct.unpack(f"<{len(data) // 2}h", data)])


def halved(samples: list[float]) -> list[float]:
    """Every second sample behind a low pass: a windowed sinc of 31 taps."""
    reach = range(-15, 16)
    taps = [0.5 if k == 0 else math.sin(math.pi * k / 2) / (math.pi * k) for k in reach]
    taps = [tap * (0.54 + 0.46 * math.cos(math.pi * k / 15)) for tap, k in zip(taps, reach, strict=True)]
    room = [0.0] * 15
    padded = room + samples + room
    return [sum(map(float.__mul__, taps, padded[at : at + 31])) for at in range(0, len(samples), 2)]


def chime(notes: tuple[tuple[float, int], ...]) -> list[float]:
    """Sine and its octave, struck and dying away."""
    samples: list[float] = []
    for seconds, hertz in notes:
        count = int(seconds * RATE)
        for at in range(count):
            swing = 2 * math.pi * hertz * at / RATE
            strength = min(1.0, at / 60) * math.exp(-4 * at / count) * min(1.0, (count - at) / 60)
            samples.append(strength * (math.sin(swing) + 0.3 * math.sin(2 * swing)))
    return samples


def trimmed(samples: list[float]) -> list[float]:
    """Without the silence around it, equally loud, never shorter than the shortest clip."""
    peak = max(map(abs, samples))
    heard = [at for at, value in enumerate(samples) if abs(value) > peak * QUIET]
    cut = samples[heard[0] : heard[-1] + RATE * 3 // 100]
    loud = [value * LOUD / peak for value in cut]
    return loud + [0.0] * max(0, SHORTEST - len(loud))


def write(samples: list[float], file: Path) -> int:
    """Eight bits, mono; returns its length in ms."""
    file.parent.mkdir(exist_ok=True)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes(bytes(128 + max(-127, min(127, round(value * 127))) for value in samples))
    return len(samples) * 1000 // RATE


def main() -> None:
    table = CLIPS / "clips.toml"
    known = tomllib.loads(table.read_text("utf-8"))["clips"] if table.exists() else []
    numbers = {(clip["language"], clip["text"]): clip["number"] for clip in known}
    lines = ["# Made by docs/voices/make_clips.py. A number never changes: cards were written with it."]

    def add(language: str, text: str, first: int, samples: list[float]) -> None:
        used = [number for (of, _), number in numbers.items() if of == language]
        number = numbers.setdefault((language, text), max(used, default=first - 1) + 1)
        ms = write(trimmed(samples), CLIPS / (language or "chimes") / f"{number:04}.wav")
        entry = f'[[clips]]\nnumber = {number}\nlanguage = "{language}"\ntext = "{text}"\nms = {ms}'
        lines.append(entry)

    for name, notes in CHIMES.items():
        add("", name, 1, chime(notes))
    for language, first in FIRST.items():
        for text in spoken(tomllib.loads((ROOT / "voice" / f"{language}.toml").read_text("utf-8"))):
            add(language, text, first, synthesised(text, language))
    table.write_text("\n\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
