// What every page does: the menu of a narrow screen, live parts, questions before what cannot be taken back. Pages work
// without it; search while one types is htmx's.
"use strict";
document.documentElement.classList.add("js");

const frame = document.getElementById("frame");
const menu = document.getElementById("menu-button");
menu.addEventListener("click", () => {
  const open = frame.classList.toggle("menu-open");
  menu.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector("#side a").focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && frame.classList.contains("menu-open")) { menu.click(); menu.focus(); }
});

// The button for light or dark goes to the other one of what is seen now.
const theme = document.getElementById("theme");
if (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches) theme.value = "light";

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// Live: the server says which topics moved; the page is asked for again, at most once in two seconds, and the parts that
// show those topics are replaced. Where the reader is stays as it is: focus, what is folded open, a field being filled.
const REST_MS = 2000, LOST_MS = 5000, AGAIN_MS = 1000, AGAIN_MS_MAX = 60000;
const changed = new Set();
let resting = false, lost = null, stream = null, again = null, tries = 0;

async function show_changes() {
  if (resting || !changed.size || document.hidden) return;
  resting = true;
  const topics = new Set(changed);
  changed.clear();
  const concerned = (part) => topics.has("*") || part.dataset.live.split(" ").some((topic) => topic === "*" || topics.has(topic));
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
    if (answer.type === "opaqueredirect") { tell_signed_out(true); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    const newer = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const other = newer.getElementById(part.id);
      if (other && part.isConnected && concerned(part)) replace(part, other);
    }
  } catch { changed.add("*"); /* the stream says when there is a connection again */ } finally {
    setTimeout(() => { resting = false; show_changes(); }, REST_MS);
  }
}

function replace(part, other) {
  const active = document.activeElement, inside = part.contains(active);
  if (inside && active.matches("input, select, textarea")) return;
  const FOCUSABLE = "a[href], button, summary, [tabindex]";
  const place = inside ? [...part.querySelectorAll(FOCUSABLE)].indexOf(active) : -1;
  const open = [...part.querySelectorAll("details")].map((each) => each.open);
  const scrolled = [...part.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
  const next = document.adoptNode(other);
  part.replaceWith(next);
  next.querySelectorAll("details").forEach((each, number) => { each.open = each.open || Boolean(open[number]); });
  next.querySelectorAll(".scroll").forEach((each, number) => { each.scrollLeft = scrolled[number] ?? 0; });
  if (place >= 0) next.querySelectorAll(FOCUSABLE)[place]?.focus({ preventScroll: true });
}

// A page left open for days: the stream comes back by itself, less and less eagerly while nobody answers. What moved
// between two streams is not known, so each new one shows everything anew. Who is signed out meanwhile is told.
function live() {
  clearTimeout(again);
  stream?.close();
  const first = stream === null;
  stream = new EventSource("/changes?at=" + document.getElementById("lag").dataset.at);
  stream.addEventListener("changed", (event) => { event.data.split(" ").forEach((topic) => changed.add(topic)); show_changes(); });
  stream.onopen = () => {
    clearTimeout(lost);
    lost = null;
    tries = 0;
    tell_signed_out(false);
    if (!first) { changed.add("*"); show_changes(); }
  };
  stream.onerror = () => {
    stream.close();
    lost ??= setTimeout(tell_lost, LOST_MS);
    again = setTimeout(live_again, Math.min(AGAIN_MS * 2 ** tries++, AGAIN_MS_MAX) * (.5 + Math.random() / 2));
  };
}
async function live_again() {
  if (document.hidden) return;
  const answer = await fetch("/session").catch(() => null);
  if (answer?.status === 401) tell_signed_out(true);
  live();
}
function tell_lost() {
  const shown = document.getElementById("lag");
  shown.textContent = shown.dataset.lost;
  shown.className = "lag stopped";
}
function tell_signed_out(is_so) { document.getElementById("signed-out").hidden = !is_so; }
live();
// Browsers keep few connections to one host: a page that nobody sees holds none, and catches up when it is seen again.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { clearTimeout(again); stream.close(); return; }
  tries = 0;
  live_again();
});
addEventListener("online", () => { tries = 0; live_again(); });
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
