// Small helpers for making and finding elements.

/** A new element. Text is always set as text, never as markup: what is shown was typed by somebody. */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** A button that does something. */
export function button(text, className, act) {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

let serial = 0;

/** Give an element an id, so that a label or a tab can point at it. */
export function identify(element) {
  element.id ||= `e${++serial}`;
  return element.id;
}

/** Hours and minutes at the county's time, as alerts write them. */
export function clockTime(iso, timezone, seconds = false) {
  return new Date(iso).toLocaleTimeString("en-GB", { timeZone: timezone, hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }) });
}
