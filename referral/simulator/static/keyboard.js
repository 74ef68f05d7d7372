// The keyboard: everything on the page can be done without a mouse.

/** `page` is { phones, inHand(), addCaller(), help }: the phones in their order, the one in the hand, and the dialog of help. */
export function listenToKeys({ phones, inHand, addCaller, help }) {
  function step(by) {
    if (phones.length) phones[(phones.indexOf(inHand()) + by + phones.length) % phones.length].focus();
  }

  function turnOver() {
    const phone = inHand();
    phone?.turn(phone.side === "call" ? "texts" : "call", { read: true });
    phone?.focus();
  }

  const shortcuts = { KeyN: addCaller, Period: () => step(1), Comma: () => step(-1), KeyT: turnOver };

  function plain(event) {
    const phone = inHand();
    if (event.key === "Escape") phone?.call.escape();
    else if (event.target.closest("input, textarea, select")) return;
    else if (event.key === "?") help.showModal();
    else if (/^[0-9*#]$/.test(event.key) && phone?.side === "call") {
      event.preventDefault();
      phone.call.type(event.key);
      phone.call.line.focus();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (help.open || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (!event.altKey) plain(event);
    else if (shortcuts[event.code]) {
      event.preventDefault();
      shortcuts[event.code]();
    }
  });
}
