// The quiet log: what went between the gateway and the service.

import { clockTime, make } from "./dom.js";

const KEPT = 150;

/** What an exchange was about, in one line: which phone, and what was typed, written or reported. */
function gist({ phoneNumber, from, to, text, message, status }) {
  const phone = [phoneNumber, from, to].find((number) => number?.startsWith("+"));
  const said = message ?? text ?? status ?? "";
  return [phone && `…${phone.slice(-3)}`, said].filter(Boolean).join("  ");
}

export class Wire {
  constructor(panel) {
    this.panel = panel;
    this.entries = panel.querySelector(".entries");
    this.last = null;
  }

  /** After which entry to ask: the last one is asked for again, to see whether the stand-in is still the same. */
  get after() {
    return Math.max(0, (this.last?.n ?? 0) - 1);
  }

  /** Take what was told for `after`: { fresh, anew }, the entries that are new, and whether the stand-in was started anew and begins again at 1. */
  take(told, timezone) {
    const anew = this.last !== null && !this.#goesOn(told);
    if (anew) {
      this.last = null;
      this.entries.replaceChildren();
    }
    // After a new start we have asked too late a number: the next look brings everything.
    const fresh = anew ? [] : told.filter((entry) => entry.n > (this.last?.n ?? 0));
    for (const entry of fresh) this.entries.prepend(this.#row(entry, timezone));
    while (this.entries.children.length > KEPT) this.entries.lastElementChild.remove();
    if (fresh.length) this.last = fresh.at(-1);
    this.panel.querySelector(".count").textContent = this.last ? `(${this.last.n})` : "";
    return { fresh, anew };
  }

  #goesOn(told) {
    if (told.length && told[0].n > this.last.n) return true; // so much has happened that our last entry is forgotten
    return told.some((entry) => entry.n === this.last.n && entry.at === this.last.at);
  }

  #row(entry, timezone) {
    const row = make("li");
    row.value = entry.n;
    const line = make("details");
    const head = make("summary");
    const arrow = entry.way === "out" ? "gateway → service" : "gateway ← service";
    const well = entry.status >= 200 && entry.status < 300;
    head.append(
      make("time", "", clockTime(entry.at, timezone, true)),
      make("span", "way", arrow),
      make("code", "", `${entry.method} ${entry.address}`),
      make("span", "gist", gist(entry.fields)),
      make("span", well ? "status" : "status wrong", entry.status === null ? "no answer" : String(entry.status)),
    );
    const fields = make("dl");
    for (const [name, value] of Object.entries(entry.fields)) fields.append(make("dt", "", name), make("dd", "", value || "(empty)"));
    line.append(head, fields, make("pre", "", entry.answer || "(empty answer)"));
    row.append(line);
    return row;
  }
}
