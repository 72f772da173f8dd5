// The pages of training: a lesson begins here and is practised at the till; the exam's questions are answered here.

import { get, post } from "./api.js";
import { sentence } from "./pin.js";

const LOOK_MS = 2000;

function tell(text) {
  const place = document.querySelector("[data-train-told]");
  if (place) place.textContent = text;
}

const at = (button) => `/counters/${button.dataset.counter}`;
const till = (button) => location.assign(`/c/${button.dataset.counter}/till`);
const exam = (button, id = "") => location.assign(`/train/exam?counter=${button.dataset.counter}&exam=${id}`);

const acts = {
  async lesson(button) {
    const seed = Math.floor(performance.now()) % 1000;
    await post(`${at(button)}/lesson`, { lesson: button.dataset.lesson, track: button.dataset.track, seed });
    till(button);
  },
  async exam(button) {
    await post(`${at(button)}/exam`, { seed: Number(button.dataset.seed) });
    exam(button);
  },
  async task(button) {
    await post(`${at(button)}/lesson`, { exam: button.dataset.task });
    till(button);
  },
  async answer(button) {
    const { of, question, answer } = button.dataset;
    const told = await post(`${at(button)}/exam/answers`, { exam: of, question, answer: Number(answer) });
    exam(button, told.exam);
  },
  async play(button) {
    await post(`${at(button)}/lesson/plays`, { play: button.dataset.play });
    tell(button.textContent);
  },
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  const name = Object.keys(acts).find((each) => button?.dataset[each] !== undefined);
  if (!name) return;
  button.disabled = true;
  try {
    await acts[name](button);
  } catch (problem) {
    tell(sentence(problem));
  } finally {
    button.disabled = false;
  }
});

// the trainer sees what the trainee is told
for (const place of document.querySelectorAll("[data-watch]")) {
  const look = async () => {
    const told = await get(`/counters/${place.dataset.watch}/lesson`).catch(() => null);
    if (told) place.textContent = told.run ? `${told.title}: ${told.word || told.now} ${told.told}` : "–";
  };
  look();
  setInterval(look, LOOK_MS);
}
