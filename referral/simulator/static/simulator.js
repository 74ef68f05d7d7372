// The page: which phones are on it, what is new, and the keyboard.

import { call } from "./api.js";
import { button } from "./dom.js";
import { listenToKeys } from "./keyboard.js";
import { Network } from "./network.js";
import { fillNetworks, Phone } from "./phone.js";
import { Wire } from "./wire.js";

const POLL = 1500; // milliseconds; slower while nobody answers, not at all while nobody looks
const POLL_AWAY = 4000;
const KEPT_AS = "referral.phones";
const MOST_BY_THEMSELVES = 8;
const INBOUND = /\/inbound$/;

const $ = (id) => document.getElementById(id);
const wire = new Wire($("wire"));
const network = new Network($("network"), $("ill"), (number) => nameOf(number));
const phones = []; // in the order of the page
const noticed = new Map(); // number → newest text this page knows of, on phones that are not on it
const offered = new Map(); // number → phone with unread texts that waits to be shown
const sent = new Map(); // number → texts from it as they went over the wire, for phones that are shown later
let inHand = null;
let timer = 0;
let looking = false;

const shared = { state: null, soon: () => schedule(150), changed: keep, putAway };

// ---- phones ------------------------------------------------------------------------------------------------------------------------------------

function show(known, { focus = false } = {}) {
  let phone = phones.find((each) => each.number === known.number);
  if (!phone) {
    phone = new Phone(known, shared);
    const officers = phones.findIndex((each) => each.officer);
    const at = known.officer || officers < 0 ? phones.length : officers;
    $("phones").insertBefore(phone.root, phones[at]?.root ?? null);
    phones.splice(at, 0, phone);
    phone.article.addEventListener("focusin", () => take(phone));
    phone.article.addEventListener("pointerdown", () => take(phone));
    for (const entry of sent.get(phone.number) ?? []) phone.texts.wired(entry);
    refresh(phone);
    fillOffices();
    if (!inHand) take(phone);
  }
  offered.delete(known.number);
  offer();
  keep();
  if (focus) phone.focus();
  return phone;
}

function take(phone) {
  inHand = phone;
  for (const each of phones) each.article.classList.toggle("in-hand", each === phone);
}

function putAway(phone) {
  phone.call.hangUp();
  noticed.set(phone.number, phone.texts.last);
  const at = phones.indexOf(phone);
  phones.splice(at, 1);
  phone.root.remove();
  if (inHand === phone) {
    inHand = null;
    if (phones.length) {
      take(phones[Math.min(at, phones.length - 1)]);
      inHand.focus();
    } else $("add-caller").focus();
  }
  fillOffices();
  keep();
}

function listed(number) {
  return shared.state.phones.find((phone) => phone.number === number);
}

function nameOf(number) {
  return phones.find((phone) => phone.number === number)?.name ?? (listed(number)?.label || number);
}

function sample(digits) {
  return `+254700000${digits}`;
}

function addCaller() {
  if (!shared.state) return;
  let free = 1;
  const taken = (number) => phones.some((phone) => phone.number === number) || listed(number)?.label;
  while (free < 999 && taken(sample(String(free).padStart(3, "0")))) free += 1;
  const number = sample(String(free).padStart(3, "0"));
  show({ number, name: `Caller ${free}`, network: listed(number)?.network, officer: false }, { focus: true });
}

function showListed(entry, { tab = "texts", focus = true, seen = 0 } = {}) {
  return show({ number: entry.number, name: entry.label || `Phone …${entry.number.slice(-3)}`, network: entry.network, officer: Boolean(entry.label), tab, seen }, { focus });
}

function keep() {
  try {
    sessionStorage.setItem(KEPT_AS, JSON.stringify(phones.map((phone) => phone.kept)));
  } catch {
    // A browser that keeps nothing forgets the phones with the page.
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT_AS)) ?? [];
  } catch {
    return [];
  }
}

// ---- what is new -------------------------------------------------------------------------------------------------------------------------------

async function refresh(phone) {
  try {
    const fresh = await phone.texts.refresh(listed(phone.number)?.last ?? 0);
    if (fresh) $("news").textContent = `New text on the phone of ${phone.name}.`;
  } catch {
    // The next look brings it.
  }
}

function apply(state) {
  const first = shared.state === null;
  shared.state = state;
  const { fresh, anew } = wire.take(state.wire, state.timezone);
  if (anew) forget();
  for (const entry of fresh) deal(entry);
  if (first) begin();
  network.take(state.trouble, state.phones);
  for (const entry of state.phones) {
    const phone = phones.find((each) => each.number === entry.number);
    if (phone) {
      if (entry.last !== phone.texts.last) refresh(phone);
    } else if (first ? entry.unread > 0 : entry.last > (noticed.get(entry.number) ?? 0)) arrived(entry, first);
    else if (entry.unread === 0) offered.delete(entry.number);
    noticed.set(entry.number, entry.last);
  }
  offer();
}

/** The stand-in was started anew: its texts are gone, and their numbers begin again. */
function forget() {
  for (const phone of phones) phone.texts.forget();
  for (const known of [noticed, offered, sent]) known.clear();
}

/** A text on a phone that is not on the page: an officer's appears with it, others are offered, and so is what came before the page was opened. */
function arrived(entry, before) {
  const officers = phones.filter((phone) => phone.officer).length;
  if (!before && entry.label && officers < MOST_BY_THEMSELVES) showListed(entry, { focus: false });
  else offered.set(entry.number, entry);
}

function deal(entry) {
  if (entry.way !== "out" || !INBOUND.test(entry.address)) return;
  const number = entry.fields.from;
  sent.set(number, [...(sent.get(number) ?? []), entry]);
  phones.find((phone) => phone.number === number)?.texts.wired(entry);
}

function offer() {
  const offers = [...offered.values()].map((entry) => {
    const shown = button(`Show ${entry.label || entry.number} (${entry.unread})`, "", () => showListed(entry));
    shown.dataset.number = entry.number;
    return shown;
  });
  const before = $("waiting").querySelector(".offers");
  const same = [...before.children].map((child) => child.textContent).join() === offers.map((child) => child.textContent).join();
  if (!same) before.replaceChildren(...offers);
  $("waiting").hidden = offers.length === 0;
}

function begin() {
  $("add-caller").disabled = false;
  fillNetworks($("add-number").elements.network, shared.state.networks);
  for (const known of kept()) show(known);
  if (!phones.length) addCaller();
  fillOffices();
}

function fillOffices() {
  const select = $("add-office").elements.number;
  const offices = shared.state.phones.filter((entry) => entry.label && !phones.some((phone) => phone.number === entry.number));
  select.replaceChildren(...offices.map((entry) => new Option(`${entry.label} · ${entry.number.slice(-3)}`, entry.number)));
}

function schedule(delay) {
  clearTimeout(timer);
  timer = setTimeout(look, delay);
}

async function look() {
  if (document.hidden) return; // looked at again when the page is
  if (looking) {
    schedule(150);
    return;
  }
  looking = true;
  try {
    apply(await call(`state?after=${wire.after}`));
    $("away").hidden = true;
    schedule(POLL);
  } catch (trouble) {
    if ($("away").hidden) $("away").textContent = trouble.message;
    $("away").hidden = false;
    schedule(POLL_AWAY);
  } finally {
    looking = false;
  }
}

// ---- the page ----------------------------------------------------------------------------------------------------------------------------------

$("add-caller").addEventListener("click", addCaller);
$("open-help").addEventListener("click", () => $("help").showModal());
$("add-number").addEventListener("submit", (event) => {
  event.preventDefault();
  const { digits, name, network } = event.target.elements;
  const entry = listed(sample(digits.value));
  const title = name.value.trim() || entry?.label || `Caller ${Number(digits.value)}`;
  show({ number: sample(digits.value), name: title, network: network.value, officer: Boolean(entry?.label) }, { focus: true });
  event.target.reset();
  $("adder").open = false;
});
$("add-office").addEventListener("submit", (event) => {
  event.preventDefault();
  showListed(listed(event.target.elements.number.value));
  $("adder").open = false;
});
listenToKeys({ phones, inHand: () => inHand, addCaller, help: $("help") });
document.addEventListener("visibilitychange", () => schedule(0));
setInterval(() => phones.forEach((phone) => phone.call.tick()), 500);
look();
