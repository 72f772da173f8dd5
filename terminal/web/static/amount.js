// The typed amount. Digits fill from the right like on a cash register (2 8 5 0 is 28.50); a point makes what
// stands before it whole units (2 8 . 5 is 28.50 too). Whole numbers of the smallest unit only.

const DIGITS_MAX = 12;

export class Entry {
  constructor(exponent) {
    this.exponent = exponent;
    this.clear();
  }

  clear() {
    this.digits = "";
    this.decimals = null; // after a point: what stands behind it
  }

  get empty() {
    return this.digits === "" && this.decimals === null;
  }

  get minor() {
    if (this.decimals === null) return Number(this.digits || "0");
    return Number((this.digits || "0") + this.decimals.padEnd(this.exponent, "0"));
  }

  /** Take "0" to "9", "00" or "."; false when it has no place. */
  take(key) {
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

  back() {
    if (this.decimals === "") this.decimals = null;
    else if (this.decimals !== null) this.decimals = this.decimals.slice(0, -1);
    else this.digits = this.digits.slice(0, -1);
  }

  set(minor) {
    this.clear();
    this.digits = minor ? String(minor) : "";
  }

  snapshot() {
    return [this.digits, this.decimals];
  }

  restore([digits, decimals]) {
    [this.digits, this.decimals] = [digits, decimals];
  }
}
