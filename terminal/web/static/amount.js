// The typed amount. Digits fill from the right like on a cash register (2 8 5 0 is 28.50); a point makes what
// stands before it whole units (2 8 . 5 is 28.50 too). Whole numbers of the smallest unit only.
// Favourites make it of lines instead; the next digit that is typed is an amount of its own, without them.

const DIGITS_MAX = 12;
const LINES_MAX = 200;

const total = (lines) => lines.reduce((sum, each) => sum + each.count * each.unit_minor, 0);

export class Entry {
  constructor(exponent) {
    this.exponent = exponent;
    this.clear();
  }

  clear() {
    this.digits = "";
    this.decimals = null; // after a point: what stands behind it
    this.lines = []; // of favourites: {name, unit_minor, count}; each list is made anew, never changed
  }

  get empty() {
    return this.digits === "" && this.decimals === null && !this.lines.length;
  }

  get minor() {
    if (this.lines.length) return total(this.lines);
    if (this.decimals === null) return Number(this.digits || "0");
    return Number((this.digits || "0") + this.decimals.padEnd(this.exponent, "0"));
  }

  /** Take "0" to "9", "00" or "."; false when it has no place. */
  take(key) {
    if (this.lines.length) {
      const typed = new Entry(this.exponent);
      if (!typed.take(key) || typed.empty) return false;
      this.restore(typed.snapshot());
      return true;
    }
    if (key === ".") {
      const room = this.digits.length + this.exponent <= DIGITS_MAX;
      if (this.decimals !== null || !this.exponent || !room) return false;
      this.decimals = "";
      return true;
    }
    if (this.decimals !== null) {
      if (this.decimals.length + key.length > this.exponent) return false;
      this.decimals += key;
      return true;
    }
    const digits = (this.digits + key).replace(/^0+/, "");
    if (digits.length > DIGITS_MAX) return false;
    this.digits = digits;
    return true;
  }

  /** One more of a favourite; what was typed before it becomes a line named ``other``. False when it has no place. */
  add(name, minor, other) {
    const before = this.lines.length || !this.minor ? this.lines : [{ name: other, unit_minor: this.minor, count: 1 }];
    const last = before.at(-1);
    const again = last?.name === name && last.unit_minor === minor;
    const lines = again ? [...before.slice(0, -1), { ...last, count: last.count + 1 }] : [...before, { name, unit_minor: minor, count: 1 }];
    if (lines.length > LINES_MAX || String(total(lines)).length > DIGITS_MAX) return false;
    this.restore(["", null, lines]);
    return true;
  }

  /** What a sale is told of it beside the amount; nothing of one that was typed. */
  get what() {
    const lines = this.lines.map(({ name, unit_minor, count }) => ({ name, unit_minor, quantity_milli: count * 1000 }));
    return lines.length ? { lines } : {};
  }

  back() {
    const last = this.lines.at(-1);
    if (last) this.lines = [...this.lines.slice(0, -1), ...(last.count > 1 ? [{ ...last, count: last.count - 1 }] : [])];
    else if (this.decimals === "") this.decimals = null;
    else if (this.decimals !== null) this.decimals = this.decimals.slice(0, -1);
    else this.digits = this.digits.slice(0, -1);
  }

  set(minor) {
    this.clear();
    this.digits = minor ? String(minor) : "";
  }

  snapshot() {
    return [this.digits, this.decimals, this.lines];
  }

  restore([digits, decimals, lines]) {
    [this.digits, this.decimals, this.lines] = [digits, decimals, lines];
  }
}
