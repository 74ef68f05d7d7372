// The texts of a phone: what came, what was sent, and a quick answer to an alert.

import { call } from "./api.js";
import { button, clockTime, identify, make } from "./dom.js";

const ONE_TIME = /\b(?:OK|NO|ACT)\s+(\d{4})\b/;
const VERBS = ["OK", "NO", "ACT"];

export class TextsPane {
  constructor(pane, phone, shared, seen = 0) {
    this.phone = phone;
    this.shared = shared;
    this.seen = seen;
    this.last = 0;
    this.items = new Map();
    this.find = (selector) => pane.querySelector(selector);
    this.words = this.find(".compose textarea");
    this.find(".thread").setAttribute("aria-label", `Texts of ${phone.name}`);
    const label = this.find(".compose label");
    label.htmlFor = identify(this.words);
    label.textContent = `Text to ${shared.state.short_code}`;
    this.find(".compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.words.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    for (const touched of ["focusin", "pointerdown", "input"]) pane.addEventListener(touched, () => this.read());
    this.#empty();
  }

  /** How many texts nobody has looked at. */
  get unread() {
    return [...this.items.values()].filter((item) => item.n > this.seen).length;
  }

  /** Fetch what came, if the stand-in says that there is more. Resolves to how many texts were new to this page. */
  async refresh(last) {
    if (last <= this.last) return 0;
    const { texts } = await call(`inbox?number=${encodeURIComponent(this.phone.number)}`);
    const fresh = texts.filter((text) => !this.items.has(`in-${text.n}`));
    for (const text of fresh) this.#received(text);
    this.last = Math.max(last, ...texts.map((text) => text.n));
    this.mark();
    return fresh.length;
  }

  /** A text of this phone as it went over the wire: again each minute until the service has it. */
  wired(entry) {
    const key = `out-${entry.fields.id}`;
    const arrived = entry.status === 200;
    const known = this.items.get(key);
    if (!known) this.#place(key, { at: entry.at, n: 0, element: this.#bubble("sent", entry.fields.text, entry.at, "") });
    const { element } = this.items.get(key);
    element.classList.toggle("pending", !arrived);
    element.querySelector(".state").textContent = arrived ? "sent" : "not taken yet: the gateway tries again each minute";
  }

  #received(text) {
    const parts = text.parts > 1 ? ` · ${text.parts} parts` : "";
    const element = this.#bubble("received", text.text, text.at, `from ${text.sender}${parts}`);
    const number = ONE_TIME.exec(text.text)?.[1];
    if (number) element.append(this.#quick(number));
    this.#place(`in-${text.n}`, { at: text.at, n: text.n, element });
  }

  #bubble(way, words, at, state) {
    const element = make("li", way);
    const head = make("p", "head");
    head.append(make("time", "", clockTime(at, this.shared.state.timezone)), " ", make("span", "state", state));
    element.append(head, make("p", "words", words));
    return element;
  }

  /** OK, NO and ACT with an alert's number: fills in the answer, and leaves sending it to whoever holds the phone. */
  #quick(number) {
    // Only the newest text about an alert carries them.
    for (const old of this.find(".thread").querySelectorAll(`[data-number="${number}"]`)) old.remove();
    const row = make("div", "quick");
    row.dataset.number = number;
    for (const verb of VERBS) {
      const fill = button(verb, "", () => {
        this.words.value = `${verb} ${number}`;
        this.words.focus();
      });
      fill.setAttribute("aria-label", `${verb} ${number}`);
      row.append(fill);
    }
    return row;
  }

  #place(key, item) {
    const thread = this.find(".thread");
    if (this.items.size === 0) thread.replaceChildren();
    const later = [...this.items.values()].filter((other) => other.at > item.at).sort((a, b) => (a.at < b.at ? -1 : 1));
    thread.insertBefore(item.element, later[0]?.element ?? null);
    this.items.set(key, item);
    thread.scrollTop = thread.scrollHeight;
  }

  async send() {
    const typed = this.words.value;
    if (this.sending) return;
    this.sending = true;
    this.read();
    this.find(".trouble").textContent = "";
    try {
      await call("text", { number: this.phone.number, text: typed });
      if (this.words.value === typed) this.words.value = "";
    } catch (trouble) {
      this.find(".trouble").textContent = trouble.message;
    } finally {
      this.sending = false;
      this.shared.soon();
    }
  }

  /** Everything here has been looked at. */
  read() {
    this.seen = Math.max(this.seen, this.last);
    this.mark();
  }

  /** Show which texts are new. */
  mark() {
    for (const { n, element } of this.items.values()) element.classList.toggle("new", n > this.seen);
    this.phone.textsChanged?.(this.unread);
  }

  /** The stand-in was started anew, without these texts. */
  forget() {
    this.items.clear();
    this.last = this.seen = 0;
    this.#empty();
    this.mark();
  }

  #empty() {
    this.find(".thread").replaceChildren(make("li", "none", "No texts yet."));
  }
}
