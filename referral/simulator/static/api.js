// The only way off this page: the service's own address, JSON both ways.

const AWAY = "The service does not answer. What you typed is kept: try again in a moment.";
const PATIENCE = 20_000; // milliseconds: longer than the stand-in waits for the service

/** What went wrong, as a sentence for whoever holds the phone; `word` is for the program. */
export class Trouble extends Error {
  constructor(sentence, word) {
    super(sentence);
    this.word = word;
  }
}

/** Ask (`body` undefined) or do. Resolves to the answer; rejects with Trouble and nothing else. */
export async function call(path, body) {
  const options = { signal: AbortSignal.timeout(PATIENCE) };
  if (body !== undefined) {
    Object.assign(options, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }
  let answer;
  try {
    answer = await fetch(`api/${path}`, options);
  } catch {
    throw new Trouble(AWAY, "away");
  }
  const told = await answer.json().catch(() => null);
  if (!answer.ok || told === null) throw new Trouble(told?.say ?? AWAY, told?.error ?? "away");
  return told;
}
