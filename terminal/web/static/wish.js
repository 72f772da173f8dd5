// One wish, one key: pressed twice, sent again after the PIN, or after no answer came, it is still the same wish.

import { newKey } from "./api.js";

const wishes = new Map(); // form -> what it asks for, and under which key

/** The key of what this form asks for now; another one once anything in it was changed, or after ``granted``. */
export function keyOf(form, wish) {
  const text = JSON.stringify(wish);
  if (wishes.get(form)?.text !== text) wishes.set(form, { text, key: newKey() });
  return wishes.get(form).key;
}

/** It was answered with yes: the same words again are another wish. */
export function granted(form) {
  wishes.delete(form);
}
