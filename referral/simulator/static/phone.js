// One phone on the page: whose it is, its network, its call and its texts.

import { CallPane } from "./call.js";
import { identify, make } from "./dom.js";
import { TextsPane } from "./texts.js";

export class Phone {
  /** `known` is { number, name, network, officer, tab, seen }; `shared` is the page's: state, soon, changed, putAway. */
  constructor(known, shared) {
    Object.assign(this, { number: known.number, name: known.name, officer: known.officer, shared });
    this.root = document.getElementById("phone").content.firstElementChild.cloneNode(true);
    this.find = (selector) => this.root.querySelector(selector);
    this.article = this.find(".phone");
    this.article.classList.toggle("officer", this.officer);
    this.#head(known.network);
    this.#tabs();
    this.call = new CallPane(this.find(".pane.call"), this, shared);
    this.texts = new TextsPane(this.find(".pane.texts"), this, shared, known.seen);
    this.turn(known.tab ?? "call");
  }

  #head(network) {
    const { find } = this;
    find(".who").textContent = this.name;
    this.article.setAttribute("aria-labelledby", identify(find(".who")));
    find(".number").textContent = this.number.replace(/^(\+254)(\d{3})(\d{3})(\d{3})$/, "$1 $2 $3 $4");
    find(".put-away").setAttribute("aria-label", `Put away ${this.name}`);
    find(".put-away").addEventListener("click", () => this.shared.putAway(this));
    fillNetworks(find(".network"), this.shared.state.networks, network);
    find(".network").setAttribute("aria-label", `Network of ${this.name}`);
    find(".network").addEventListener("change", () => this.shared.changed());
  }

  #tabs() {
    this.sides = ["call", "texts"].map((name) => ({ name, tab: this.find(`.tab-${name}`), pane: this.find(`.pane.${name}`) }));
    this.find(".tabs").setAttribute("aria-label", `Sides of ${this.name}`);
    for (const { name, tab, pane } of this.sides) {
      tab.setAttribute("aria-controls", identify(pane));
      pane.setAttribute("aria-labelledby", identify(tab));
      tab.addEventListener("click", () => this.turn(name, { read: true }));
      tab.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        event.preventDefault();
        this.turn(name === "call" ? "texts" : "call", { read: true });
        this.sides.find((side) => side.name === this.side).tab.focus();
      });
    }
  }

  /** Turn to the call or to the texts. `read`: somebody did, so the texts count as looked at. */
  turn(side, { read = false } = {}) {
    this.side = side;
    for (const { name, tab, pane } of this.sides) {
      pane.hidden = name !== side;
      tab.setAttribute("aria-selected", String(name === side));
      tab.tabIndex = name === side ? 0 : -1;
    }
    if (side === "texts" && read) this.texts.read();
    this.shared.changed();
  }

  /** Take the phone in the hand. */
  focus() {
    (this.side === "call" ? this.call.line : this.texts.words).focus();
  }

  /** The operator that carries the phone's next call. */
  network() {
    const chosen = this.find(".network").value;
    return this.shared.state.networks.find((network) => network.name === chosen);
  }

  /** What to remember over a reload. */
  get kept() {
    return { number: this.number, name: this.name, network: this.network().name, officer: this.officer, tab: this.side, seen: this.texts?.seen ?? 0 };
  }

  callChanged(live) {
    this.article.classList.toggle("live", live);
  }

  textsChanged(unread) {
    const badge = this.find(".badge");
    badge.hidden = unread === 0;
    badge.textContent = unread;
    badge.setAttribute("aria-label", `${unread} unread`);
    this.article.classList.toggle("has-unread", unread > 0);
    this.shared.changed();
  }
}

/** Choices of a network, `chosen` first in mind. */
export function fillNetworks(select, networks, chosen) {
  select.replaceChildren(...networks.map(({ name }) => make("option", "", name)));
  if (chosen) select.value = chosen;
}
