// The till's own tones: made by the browser, no files. Colour, icon and word say the same without them.

const LEVELS = { on: 1, low: 0.3, off: 0 }; // loud, for a quiet room, and none
const LOUDEST = 0.3;
let context = null;
let level = localStorage.getItem("sound") in LEVELS ? localStorage.getItem("sound") : "on";

const TUNES = {
  paid: [[660, 0, 0.12], [880, 0.12, 0.12], [1320, 0.24, 0.3]],
  not_paid: [[520, 0, 0.16], [390, 0.17, 0.16], [260, 0.34, 0.34]],
  checking: [[220, 0, 0.22], [196, 0.3, 0.3]],
  late: [[880, 0, 0.1], [660, 0.13, 0.1], [880, 0.26, 0.1], [660, 0.39, 0.2]],
  refused: [[300, 0, 0.12], [300, 0.18, 0.12]],
  tick: [[1200, 0, 0.03]],
  sample: [[990, 0, 0.15]], // of the loudness chosen: like none of those that mean something
};

/** Browsers allow sound after a first key or touch. */
export function wake() {
  if (context === null) context = new AudioContext();
  else if (context.state === "suspended") context.resume();
}

export function play(name) {
  const loud = LOUDEST * LEVELS[level];
  if (!loud || context === null || context.state !== "running") return;
  for (const [hertz, start, length] of TUNES[name]) {
    const tone = new OscillatorNode(context, { frequency: hertz, type: "triangle" });
    const gain = new GainNode(context, { gain: 0 });
    const begin = context.currentTime + start;
    gain.gain.linearRampToValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(name === "tick" ? loud / 4 : loud, begin + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.001, begin + length);
    tone.connect(gain).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + length + 0.02);
  }
}

/** "on", "low" or "off". */
export function loudness() {
  return level;
}

/** The next level, kept in this browser; heard at once as it will be. */
export function turn() {
  const names = Object.keys(LEVELS);
  level = names[(names.indexOf(level) + 1) % names.length];
  localStorage.setItem("sound", level);
  play("sample");
  return level;
}
