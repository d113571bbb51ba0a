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
const REST_MS = 2000, LOST_MS = 5000;
const changed = new Set();
let resting = false, lost = null, stream = null;

async function show_changes() {
  if (resting || !changed.size || document.hidden) return;
  resting = true;
  const topics = new Set(changed);
  changed.clear();
  const concerned = (part) => topics.has("*") || part.dataset.live.split(" ").some((topic) => topic === "*" || topics.has(topic));
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const newer = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const other = newer.getElementById(part.id);
      if (other && part.isConnected && concerned(part)) replace(part, other);
    }
  } catch { changed.add("*"); /* the stream says when there is a connection again */ }
  setTimeout(() => { resting = false; show_changes(); }, REST_MS);
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

function live() {
  stream?.close();
  stream = new EventSource("/changes");
  stream.addEventListener("changed", (event) => { event.data.split(" ").forEach((topic) => changed.add(topic)); show_changes(); });
  stream.onopen = () => { clearTimeout(lost); lost = null; };
  stream.onerror = () => {
    // A page left open says so when it is not up to date; the browser tries again by itself.
    lost ??= setTimeout(() => {
      const shown = document.getElementById("lag");
      shown.textContent = shown.dataset.lost;
      shown.className = "lag stopped";
      changed.add("*");
    }, LOST_MS);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => { if (!document.hidden) live(); }, 2 * LOST_MS);
  };
}
live();
// Browsers keep few connections to one host: a page that nobody sees holds none, and catches up when it is seen again.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { stream.close(); return; }
  live();
  changed.add("*");
  show_changes();
});
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
