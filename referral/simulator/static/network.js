// The network: what a trainer can make it do wrong, and what it does wrong just now.

import { call } from "./api.js";
import { button, make } from "./dom.js";

export class Network {
  /** `panel` has the buttons, `ill` the note for as long as something is wrong; `nameOf` gives a phone's name for its number. */
  constructor(panel, ill, nameOf) {
    this.panel = panel;
    this.ill = ill;
    this.nameOf = nameOf;
    this.shown = "";
    for (const scene of panel.querySelectorAll(".scene")) scene.addEventListener("click", () => this.#turn(scene));
    this.form = panel.querySelector(".scene-phone");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask("network", { scene: this.form.dataset.scene, number: this.form.elements.number.value, on: "yes" });
    });
    for (const well of [panel, ill].map((part) => part.querySelector(".all-well"))) well.addEventListener("click", () => this.#allWell());
  }

  /** What is wrong, as the stand-in tells it, and the phones it knows. */
  take(trouble, phones) {
    for (const control of this.panel.querySelectorAll("button")) control.disabled = false;
    if (phones) this.#fill(phones);
    const told = JSON.stringify(trouble.map((each) => [each, this.nameOf(each.number)]));
    if (told === this.shown) return; // the note is read aloud when it changes, and only then
    this.shown = told;
    for (const scene of this.panel.querySelectorAll(".scene")) {
      scene.setAttribute("aria-pressed", String(trouble.some((each) => each.scene === scene.dataset.scene)));
    }
    this.panel.querySelector(".count").textContent = trouble.length ? `(${trouble.length} wrong)` : "(all well)";
    this.ill.querySelector(".said").replaceChildren(...trouble.map((each) => this.#line(each)));
    this.ill.hidden = trouble.length === 0;
  }

  #line({ scene, number, say }) {
    const line = make("li");
    const words = make("span", "", say.replace("{phone}", () => this.#titled(number)));
    line.append(words);
    if (!scene) return line;
    const stop = button("Stop", "", () => this.#ask("network", { scene, number: number ?? "", on: "no" }));
    stop.setAttribute("aria-label", `Stop: ${words.textContent}`);
    line.append(" ", stop);
    return line;
  }

  /** A phone's name and the end of its number: the people of one office share its name. */
  #titled(number) {
    return `${this.nameOf(number)} · ${number.slice(-3)}`;
  }

  #fill(phones) {
    const select = this.form.elements.number;
    const known = phones.map((phone) => phone.number).join();
    if (select.dataset.known === known) return;
    const chosen = select.value;
    select.dataset.known = known;
    select.replaceChildren(...phones.map((phone) => new Option(this.#titled(phone.number), phone.number)));
    if (phones.some((phone) => phone.number === chosen)) select.value = chosen;
  }

  #turn(scene) {
    this.#ask("network", { scene: scene.dataset.scene, on: scene.getAttribute("aria-pressed") === "true" ? "no" : "yes" });
  }

  async #allWell() {
    await this.#ask("all-well", {});
    if (!this.ill.contains(document.activeElement) && document.activeElement !== document.body) return;
    // The note has gone, and the button with it: whoever uses the keyboard goes on at the panel.
    this.panel.querySelector("summary").focus();
  }

  async #ask(path, body) {
    const trouble = this.panel.querySelector(".trouble");
    try {
      const told = await call(path, body);
      trouble.textContent = "";
      this.take(told.trouble);
    } catch (error) {
      trouble.textContent = error.message;
      if (!this.panel.open) this.panel.open = true;
    }
  }
}
