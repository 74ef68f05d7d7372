// The call side of a phone: a screen as the operator shows it, the operator's two clocks, a line to type on and a keypad.

import { call } from "./api.js";
import { button, identify, make } from "./dom.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const NAMES = { "*": "star", "#": "hash" };
const GRACE = 1; // seconds between our clock and the gateway's

export class CallPane {
  /** `phone` tells its number, network and name; `shared` what the service's own numbers are. */
  constructor(pane, phone, shared) {
    this.pane = pane;
    this.phone = phone;
    this.shared = shared;
    this.session = null;
    this.turn = 0;
    this.busy = false;
    this.find = (selector) => pane.querySelector(selector);
    this.line = this.find(".line input");
    this.#dress();
    this.#idle("Ready.");
  }

  #dress() {
    const { find, phone, shared } = this;
    find(".screen").setAttribute("aria-label", `Screen of ${phone.name}`);
    find(".keypad").setAttribute("aria-label", `Keypad of ${phone.name}`);
    find(".line label").htmlFor = identify(this.line);
    find(".line").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    for (const key of KEYS) {
      const pad = button(key, "key", () => this.type(key));
      if (NAMES[key]) pad.setAttribute("aria-label", NAMES[key]);
      find(".keypad").append(pad);
    }
    // A tap on a key leaves the keyboard's place where it was, as a thumb on a real phone does.
    find(".keypad").addEventListener("pointerdown", (event) => event.preventDefault());
    const { ussd_code: code, practice_code: practice } = shared.state;
    this.#dialler(".dial", "Dial", code);
    this.#dialler(".dial-practice", "Practise", practice);
    this.#dialler(".dial-officer", "Officers", code.replace(/#$/, "*77#"));
    find(".hang-up").addEventListener("click", () => this.hangUp());
  }

  #dialler(selector, word, code) {
    const dial = this.find(selector);
    if (!code) {
      dial.remove();
      return;
    }
    dial.append(make("b", "", word), " ", make("span", "", code));
    dial.addEventListener("click", () => this.dial(code));
  }

  /** A key pressed on the keypad, or on the keyboard while the phone is in the hand. */
  type(key) {
    if (this.line.value.length < this.line.maxLength) this.line.value += key;
  }

  /** Enter: answer the screen, or dial what is typed (the service, where nothing is). */
  send() {
    const typed = this.line.value.trim();
    if (!this.session) return this.dial(typed || this.shared.state.ussd_code);
    if (!typed) return this.#trouble("Type an answer first.");
    return this.#hop("key", { session: this.session.id, keys: typed, network: this.session.network.name }, this.line.value);
  }

  dial(code) {
    const practice = this.shared.state.practice_code;
    this.practising = Boolean(practice) && code.startsWith(practice.slice(0, -1));
    this.network = this.phone.network();
    return this.#hop("dial", { number: this.phone.number, code, network: this.network.name }, this.line.value);
  }

  async #hop(path, asked, typed) {
    if (this.busy) return;
    const turn = ++this.turn;
    this.busy = true;
    this.pane.classList.add("busy");
    this.#trouble("");
    try {
      const screen = await call(path, asked);
      if (turn !== this.turn) return; // hung up meanwhile
      if (this.line.value.startsWith(typed)) this.line.value = this.line.value.slice(typed.length);
      this.#show(screen, path === "dial");
    } catch (trouble) {
      if (turn !== this.turn) return;
      if (trouble.word === "session-over") this.#idle("The call has ended.");
      this.#trouble(trouble.message);
    } finally {
      if (turn === this.turn) {
        this.busy = false;
        this.pane.classList.remove("busy");
      }
      this.shared.soon();
    }
  }

  #show(screen, fresh) {
    const now = performance.now();
    const { find, network } = this;
    const shown = make("span", "", screen.cut ? screen.screen.slice(0, -screen.cut.length) : screen.screen);
    find(".screen").replaceChildren(shown);
    if (screen.cut) find(".screen").append(make("del", "", screen.cut));
    find(".ribbon").hidden = !this.practising;
    find(".facts").textContent = screen.problem ? `The gateway threw the service’s answer away: ${screen.problem}.` : this.#facts(screen, network);
    find(".facts").classList.toggle("wrong", Boolean(screen.problem || screen.cut || screen.foreign.length));
    const started = fresh || !this.session ? now : this.session.started;
    this.session = screen.ends ? null : { id: screen.session, network, started, asked: now };
    if (screen.ends) find(".screen").append(make("em", "", "Call ended"));
    this.#refresh();
  }

  #facts(screen, network) {
    const facts = [`${screen.used} of ${screen.room} septets on ${network.name}`];
    if (screen.cut) facts.push(`${screen.cut.length} characters would be cut off`);
    if (screen.foreign.length) facts.push(`some phones cannot show: ${screen.foreign.join(" ")}`);
    return `${facts.join("; ")}.`;
  }

  async hangUp(words = "You hung up.") {
    if (!this.session) return;
    const { id } = this.session;
    this.turn += 1;
    this.busy = false;
    this.pane.classList.remove("busy");
    this.#idle(words);
    this.line.value = "";
    try {
      await call("hang-up", { session: id });
    } catch (trouble) {
      if (trouble.word !== "session-over") this.#trouble(trouble.message);
    }
    this.shared.soon();
  }

  /** Esc. */
  escape() {
    if (this.session) this.hangUp();
    else this.line.value = "";
  }

  #idle(words) {
    this.session = null;
    this.find(".screen").replaceChildren(make("em", "", words));
    this.find(".facts").textContent = `Dial ${this.shared.state.ussd_code}`;
    this.find(".facts").classList.remove("wrong");
    this.find(".ribbon").hidden = true;
    this.#refresh();
  }

  #refresh() {
    const live = Boolean(this.session);
    const { find } = this;
    for (const dial of this.pane.querySelectorAll(".dial, .dial-practice, .dial-officer")) dial.hidden = live;
    find(".hang-up").hidden = !live;
    find(".clocks").hidden = !live;
    find(".line .go").textContent = live ? "Send" : "Dial";
    find(".line label").textContent = live ? `Answer of ${this.phone.name}` : `Code to dial, ${this.phone.name}`;
    this.line.placeholder = live ? "answer" : this.shared.state.ussd_code;
    this.line.maxLength = (this.session?.network ?? this.phone.network()).keys;
    this.phone.callChanged?.(live);
    this.tick();
  }

  /** Let the operator's clocks run; called about once a second. */
  tick() {
    if (!this.session) return;
    const { network, started, asked } = this.session;
    const now = performance.now();
    const idle = network.idle - (now - asked) / 1000;
    const session = network.session - (now - started) / 1000;
    if (!this.busy && Math.min(idle, session) < -GRACE) {
      this.#idle(idle < session ? `Call ended: no answer for ${network.idle} seconds.` : `Call ended: ${network.session} seconds are over.`);
      return;
    }
    this.#clock("idle", "answer within", idle, network.idle);
    this.#clock("session", "call ends in", session, network.session);
  }

  #clock(name, words, left, whole) {
    const seconds = Math.max(0, Math.ceil(left));
    this.find(`.${name}-left`).textContent = `${words} ${seconds} s`;
    const bar = this.find(`progress.${name}`);
    bar.max = whole;
    bar.value = Math.max(0, left);
    bar.classList.toggle("short", left < whole / 3);
  }

  #trouble(sentence) {
    this.find(".trouble").textContent = sentence;
  }
}
