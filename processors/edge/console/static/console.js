// What every page does: the menu of a narrow screen, search while one types, live parts, questions before what cannot
// be taken back. Pages work without it.
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
  if (event.key === "Escape" && frame.classList.contains("menu-open")) menu.click();
});

// The button for light or dark goes to the other one of what is seen now.
const theme = document.getElementById("theme");
if (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches) theme.value = "light";

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// Replace an element by its newer self from a page; where the reader is stays as it is.
async function refresh(id, address) {
  const old = document.getElementById(id);
  if (!old || old.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) return false;
  const open = [...old.querySelectorAll("details")].map((each) => each.open);
  await htmx.ajax("GET", address, { target: "#" + id, select: "#" + id, swap: "outerHTML" });
  document.getElementById(id)?.querySelectorAll("details").forEach((each, place) => { each.open = each.open || open[place]; });
  return true;
}

// Search while one types: the form stays, its results change, and so does the address.
for (const form of document.querySelectorAll("form[data-search]")) {
  let later;
  const search = () => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) query.set(name, value);
    const address = form.getAttribute("action") + (query.size ? "?" + query : "");
    history.replaceState(null, "", address);
    refresh(form.dataset.search, address);
  };
  form.addEventListener("input", () => { clearTimeout(later); later = setTimeout(search, 250); });
}

// Live: the server says which topics moved; what shows them is asked for again, at most once in two seconds.
const REST_MS = 2000;
const changed = new Set();
let resting = false, lost = null;
const lag = document.getElementById("lag");

async function show_changes() {
  if (resting || !changed.size || document.hidden) return;
  resting = true;
  const topics = new Set(changed);
  changed.clear();
  for (const part of [...document.querySelectorAll("[data-live]")].filter((each) => each.id && !each.parentElement.closest("[data-live]"))) {
    const wanted = part.dataset.live.split(" ");
    if (!wanted.includes("*") && !wanted.some((topic) => topics.has(topic))) continue;
    try { await refresh(part.id, location.pathname + location.search); } catch { /* the stream says when it is back */ }
  }
  setTimeout(() => { resting = false; show_changes(); }, REST_MS);
}

function live() {
  const stream = new EventSource("/changes");
  stream.addEventListener("changed", (event) => { event.data.split(" ").forEach((topic) => changed.add(topic)); show_changes(); });
  stream.onopen = () => { clearTimeout(lost); lost = null; };
  stream.onerror = () => {
    // A page left open says so when it is not up to date; the browser tries again by itself.
    lost ??= setTimeout(() => {
      const shown = document.getElementById("lag");
      shown.textContent = shown.dataset.lost;
      shown.className = "lag stopped";
      changed.add("*");
    }, 5000);
    if (stream.readyState === EventSource.CLOSED) setTimeout(live, 10000);
  };
  addEventListener("pagehide", () => stream.close());
}
if (lag) live();
document.addEventListener("visibilitychange", () => { if (!document.hidden) { changed.add("*"); show_changes(); } });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
