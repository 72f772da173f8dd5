// The till's own tones: made by the browser, no files. Colour, icon and word say the same without them.

let context = null;
let on = localStorage.getItem("sound") !== "off";

const TUNES = {
  paid: [[660, 0, 0.12], [880, 0.12, 0.12], [1320, 0.24, 0.3]],
  not_paid: [[520, 0, 0.16], [390, 0.17, 0.16], [260, 0.34, 0.34]],
  checking: [[220, 0, 0.22], [196, 0.3, 0.3]],
  late: [[880, 0, 0.1], [660, 0.13, 0.1], [880, 0.26, 0.1], [660, 0.39, 0.2]],
  refused: [[300, 0, 0.12], [300, 0.18, 0.12]],
  tick: [[1200, 0, 0.03]],
};

/** Browsers allow sound after a first key or touch. */
export function wake() {
  if (context === null) context = new AudioContext();
  else if (context.state === "suspended") context.resume();
}

export function play(name) {
  if (!on || context === null || context.state !== "running") return;
  for (const [hertz, start, length] of TUNES[name]) {
    const tone = new OscillatorNode(context, { frequency: hertz, type: "triangle" });
    const level = new GainNode(context, { gain: 0 });
    const begin = context.currentTime + start;
    level.gain.linearRampToValueAtTime(0, begin);
    level.gain.linearRampToValueAtTime(name === "tick" ? 0.08 : 0.3, begin + 0.015);
    level.gain.exponentialRampToValueAtTime(0.001, begin + length);
    tone.connect(level).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + length + 0.02);
  }
}

export function isOn() {
  return on;
}

export function toggle() {
  on = !on;
  localStorage.setItem("sound", on ? "on" : "off");
  return on;
}
