// The count page. What is read goes into a queue that outlives a reload (localStorage) and is sent in order, each read
// under its own scan id until it has its answer: the same id counts once, however often it arrives.
"use strict";
const page = document.getElementById("count"), said = page.dataset;
const by = (id) => document.getElementById(id);
const scan = by("scan"), quantity = by("quantity"), answer = by("answer");
const GS = "\u001d", GS_SHOWN = "\u241d";

// ---- what is kept
const place = `count|${said.inventory}|${said.list}|${said.operator}`;
const read = (name, other) => { try { return JSON.parse(localStorage.getItem(name)) ?? other; } catch { return other; } };
const keep = (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* full: the queue stays in memory */ } };
const id = () => crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
const device = read("device", null) ?? "web-" + id().slice(0, 6);
keep("device", device);
by("device").textContent = device;
let queue = read(place + "|queue", []), last = read(place + "|last", []), shown = read(place + "|shown", null);
let sound = read("sound", true);
// The list may be open in two windows of one device: both send from the one queue, and neither takes away what is not its own.
const kept = () => read(place + "|queue", queue);
function change_queue(to) { queue = to; keep(place + "|queue", to); }

// ---- what is sent
function put(action, fields, label) {
  change_queue([...kept(), { scan_id: "web-" + id(), action, scanned_at: new Date().toISOString(), label, ...fields }]);
  show_queue();
  send();
}
let sending = false, pause_ms = 0, timer = null;
async function send() {
  if (sending || !queue.length) return;
  sending = true;
  clearTimeout(timer);
  const { label, ...form } = queue[0]; // the label is for people only
  const body = { ...form, inventory: said.inventory, list: said.list, operator: said.operator, device, sent_at: new Date().toISOString() };
  try {
    const limit = new AbortController(), clock = setTimeout(() => limit.abort(), 8000);
    const reply = await fetch("/count/scans", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: limit.signal });
    clearTimeout(clock);
    if (reply.status !== 401) tell_signed_out(false);
    const told = await reply.json();
    if (reply.ok && told.status !== "wait") done(told, form.scan_id);
    else if (reply.ok) { pause_ms = 300; net(said.waiting); }
    else if (reply.status === 401) { pause_ms = 5000; net(said.signedOut, true); tell_signed_out(true); }
    else if (reply.status >= 500 || reply.status === 429) { pause_ms = Math.min(pause_ms * 2 || 500, 5000); net(said.waiting, true); }
    else done({ status: "refused", headline: said.failed, detail: told.detail }, form.scan_id); // it will never be taken
  } catch {
    pause_ms = Math.min(pause_ms * 2 || 500, 5000);
    net(said.offline, true);
  }
  sending = false;
  if (queue.length) timer = setTimeout(send, pause_ms);
}
function done(told, scan_id) {
  change_queue(kept().filter((each) => each.scan_id !== scan_id));
  pause_ms = 0;
  if (told.status === "accepted") {
    last = [{ text: told.headline, at: new Date().toTimeString().slice(0, 5) }, ...last].slice(0, 8);
    keep(place + "|last", last);
    quantity.value = "";
  }
  shown = told;
  keep(place + "|shown", told);
  show_answer(told);
  tone(told.status);
  show_queue();
}
addEventListener("online", () => { pause_ms = 0; send(); });
addEventListener("offline", () => net(said.offline, true));

// ---- what is seen and heard
function show_answer(told) {
  answer.className = "answer " + told.status;
  answer.querySelector("b").textContent = told.headline;
  by("detail").textContent = told.detail ?? "";
  by("question").hidden = told.status !== "ask";
  const session = told.session;
  if (!session) return;
  const parts = {
    item: [session.item_class, session.item_code, session.variant].filter(Boolean).join(" ") + (session.description ? " · " + session.description : ""),
    location: session.location, lot: session.lot, serial: session.serial, quantity: session.quantity,
  };
  const needed = { location: session.location_needed, lot: session.lot_needed, serial: session.serial_needed };
  for (const [name, text] of Object.entries(parts)) {
    const box = page.querySelector(`[data-part="${name}"]`);
    box.querySelector("dd").textContent = text ?? "";
    box.classList.toggle("needed", Boolean(needed[name]) && !text);
  }
}
function show_queue() {
  by("queue").replaceChildren(...queue.slice(0, 20).map((each) => item(each.label, new Date(each.scanned_at).toTimeString().slice(0, 5))));
  by("last").replaceChildren(...last.map((each) => item(each.text, each.at)));
  net(queue.length ? said.open.replace("#", queue.length) : said.online);
}
function item(text, at) {
  const row = document.createElement("li"), name = document.createElement("span"), time = document.createElement("span");
  name.textContent = text;
  time.textContent = at;
  time.className = "muted nowrap";
  row.append(name, time);
  return row;
}
function net(text, trouble = false) {
  by("net").textContent = text + (trouble && queue.length ? ` (${queue.length})` : "");
  by("net").className = trouble ? "bad" : queue.length ? "warn" : "good";
  if (!trouble || !queue.length) return;
  // The largest words on the page must not be those about an earlier read.
  answer.className = "answer wait";
  answer.querySelector("b").textContent = `${text} (${queue.length})`;
  by("detail").textContent = queue.at(-1).label ?? "";
}
let audio = null;
const TONES = { accepted: [[880, 0, .12]], noted: [[660, 0, .06]], ask: [[520, 0, .15], [780, .2, .2]], refused: [[180, 0, .5]] };
function tone(status) {
  navigator.vibrate?.(status === "refused" ? [200, 80, 200] : status === "ask" ? [80, 60, 80] : 40);
  if (!sound || !TONES[status]) return;
  try {
    audio ??= new AudioContext();
    for (const [pitch, from, long] of TONES[status]) {
      const voice = audio.createOscillator(), loud = audio.createGain(), at = audio.currentTime + from;
      voice.type = status === "refused" ? "sawtooth" : "sine";
      voice.frequency.value = pitch;
      loud.gain.setValueAtTime(.2, at);
      loud.gain.exponentialRampToValueAtTime(.001, at + long);
      voice.connect(loud).connect(audio.destination);
      voice.start(at);
      voice.stop(at + long);
    }
  } catch { /* no sound here: colour and text say it */ }
}

// ---- what the keys do
const typed = () => quantity.value.trim().replace(",", ".");
function confirm_line() {
  const told = typed();
  if (told && !/^\d{1,12}(\.\d{1,6})?$/.test(told)) { quantity.focus(); quantity.select(); return; }
  put("confirm", told ? { quantity: told } : {}, by("confirm").textContent + (told ? " " + told : ""));
  scan.focus();
}
by("scan-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = scan.value.replaceAll(GS_SHOWN, GS).trim();
  scan.value = "";
  if (!text) return confirm_line();
  const symbology = /^\][A-Za-z][0-9A-Za-z]/.test(text) ? text.slice(0, 3) : undefined;
  put("read", { barcode: text, symbology }, text.replaceAll(GS, GS_SHOWN));
});
scan.addEventListener("keydown", (event) => {
  // A scanner sends the group separator of GS1 codes as Ctrl-]: a text field would drop it.
  if (event.key === GS || event.ctrlKey && (event.key === "]" || event.code === "BracketRight")) {
    event.preventDefault();
    scan.setRangeText(GS_SHOWN, scan.selectionStart, scan.selectionEnd, "end");
  }
});
by("confirm").addEventListener("click", confirm_line);
by("cancel").addEventListener("click", () => { quantity.value = ""; put("cancel", {}, by("cancel").textContent); scan.focus(); });
for (const [key, text] of [["add", said.add], ["replace", said.replace]]) {
  by(key).addEventListener("click", () => {
    by("question").hidden = true;
    put("answer", { answer: key, answers: shown?.scan_id }, text);
    scan.focus();
  });
}
const step = (by_how_much) => {
  const now = Number(typed() || 0);
  quantity.value = String(Math.max(0, (Number.isFinite(now) ? now : 0) + by_how_much));
  scan.focus();
};
by("more").addEventListener("click", () => step(1));
by("less").addEventListener("click", () => step(-1));
by("typed").addEventListener("click", () => {
  const [item_class, item_code, variant] = by("typed-item").value.trim().split(/\s+/);
  const fields = { item_class, item_code, variant, location: by("typed-location").value.trim(), lot: by("typed-lot").value.trim(), serial: by("typed-serial").value.trim() };
  const told = Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
  if (!Object.keys(told).length) return;
  put("read", told, Object.values(told).join(" "));
  for (const name of ["item", "location", "lot", "serial"]) by("typed-" + name).value = "";
  scan.focus();
});
const sound_button = by("sound");
sound_button.setAttribute("aria-pressed", String(sound));
sound_button.addEventListener("click", () => {
  sound = !sound;
  keep("sound", sound);
  sound_button.setAttribute("aria-pressed", String(sound));
  scan.focus();
});

// A scanner types faster than any person: a scan that falls into the quantity belongs into the barcode field.
let burst = "", burst_at = 0, before = "";
quantity.addEventListener("keydown", (event) => {
  const fast = event.timeStamp - burst_at < 40;
  burst_at = event.timeStamp;
  if (event.key === "Enter") {
    event.preventDefault();
    if (fast && burst.length >= 6) {
      quantity.value = before;
      scan.value = burst;
      by("scan-form").requestSubmit();
    } else confirm_line();
    burst = "";
  } else if (event.key.length === 1) {
    if (!fast) { burst = ""; before = quantity.value; }
    burst += event.key;
  }
});
// The barcode field has the focus unless a person is in another field or on a button with the keyboard.
addEventListener("focusout", () => setTimeout(() => { if (document.activeElement === document.body && document.hasFocus()) scan.focus(); }, 50));
addEventListener("keydown", (event) => { if (document.activeElement === document.body && event.key.length === 1 && !event.ctrlKey && !event.metaKey) scan.focus(); });
addEventListener("storage", (event) => { if (event.key === place + "|queue") { queue = read(place + "|queue", []); show_queue(); } });

show_queue();
if (shown) show_answer(shown);
scan.focus();
send();

// The worker keeps what it sees being fetched; it was not there yet when this page was loaded, so all is fetched once more.
async function keep_page() {
  await navigator.serviceWorker.register(said.worker);
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) await new Promise((taken) => navigator.serviceWorker.addEventListener("controllerchange", taken, { once: true }));
  const parts = [...document.querySelectorAll("link[rel=stylesheet], script[src]")].map((each) => each.href || each.src);
  await Promise.all([location.href, ...parts].map((address) => fetch(address)));
  page.dataset.kept = "true";
}
if ("serviceWorker" in navigator) keep_page().catch(() => { /* not over HTTPS, or no network: the queue outlives a reload all the same */ });
