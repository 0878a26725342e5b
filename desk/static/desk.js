// The desk's own script: live state, forms that keep what was typed, keys, times, sound. No page needs it to be read.
"use strict";

const SILENT_MS = 15000; // three missed pulses
const body = document.body;
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// -- times ---------------------------------------------------------------------------------------------------------
let serverAheadMs = 0;
const now = () => Date.now() + serverAheadMs;

function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60), hours = Math.floor(seconds / 3600), days = Math.floor(seconds / 86400);
  if (seconds < 60) return `${seconds} 秒`;
  if (hours < 1) return `${minutes} 分`;
  if (days < 1) return minutes % 60 ? `${hours} 小时 ${minutes % 60} 分` : `${hours} 小时`;
  return hours % 24 ? `${days} 天 ${hours % 24} 小时` : `${days} 天`;
}

function showTimes() {
  for (const time of all("time[datetime]")) {
    const at = Date.parse(time.dateTime);
    if (time.dataset.due) {
      const late = at < now();
      time.textContent = late ? `已超时 ${span(now() - at)}` : `剩 ${span(at - now())}`;
      time.classList.toggle("late", late);
    } else if (time.id === "beijing") {
      time.textContent = new Intl.DateTimeFormat("zh-CN", {
        timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
      }).format(now());
    } else {
      const past = now() - at;
      time.title = past >= 0 ? `${span(past)}前` : `${span(-past)}后`;
    }
  }
  const newest = find("#newest");
  if (newest?.dataset.at) newest.textContent = `最新 ${span(now() - Date.parse(newest.dataset.at))}前`;
}

// -- sound ---------------------------------------------------------------------------------------------------------
let audio = null;
let alarm = null; // repeats until somebody touches the page

function wakeSound() {
  audio ??= "AudioContext" in window ? new AudioContext() : null;
  audio?.resume();
  clearInterval(alarm);
  alarm = null;
}

function beep() {
  if (audio?.state !== "running") return;
  for (const [delay, pitch] of [[0, 880], [0.25, 660], [0.5, 880]]) {
    const tone = audio.createOscillator(), loud = audio.createGain(), at = audio.currentTime + delay;
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.25, at);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.22);
    tone.connect(loud).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.23);
  }
}

function ring() {
  beep();
  clearInterval(alarm);
  alarm = setInterval(beep, 10000);
  setTimeout(() => clearInterval(alarm), 120000);
}
for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, wakeSound);

// -- live ----------------------------------------------------------------------------------------------------------
let heardAt = Date.now();
let wasLost = false;

function showLive(state, words) {
  const live = find("#live");
  if (live && (live.dataset.state !== state || live.textContent !== words)) {
    live.dataset.state = state;
    live.textContent = words;
  }
  const lost = state === "lost" || (state === "late" && find("#live")?.dataset.blind);
  find("#lost")?.classList.toggle("hidden", !lost);
  if (lost && !wasLost) ring();
  wasLost = Boolean(lost);
}

let changedTimer = 0;
function tellPage() { // a burst of events asks for one new look
  if (changedTimer) return;
  changedTimer = setTimeout(() => { changedTimer = 0; body.dispatchEvent(new CustomEvent("deskchanged")); }, 80);
}

function listen() {
  const source = new EventSource("/events");
  const on = (kind, act) => source.addEventListener(kind, (event) => { heardAt = Date.now(); act(JSON.parse(event.data)); });
  on("pulse", (pulse) => {
    serverAheadMs = Date.parse(pulse.now) - Date.now();
    const newest = find("#newest");
    if (newest && pulse.newest_at) newest.dataset.at = pulse.newest_at;
    const blind = !pulse.reading || pulse.lag_s > Number(body.dataset.lagWarning);
    if (find("#live")) find("#live").dataset.blind = blind ? "1" : "";
    if (!pulse.reading) showLive("lost", "中断（自动重连中）");
    else if (pulse.lag_s > 30) showLive("late", `延迟 ${span(pulse.lag_s * 1000)}`);
    else showLive("live", "实时");
  });
  on("alert", (alert) => {
    if (alert.state === "open" && (alert.lane === "critical" || (!alert.lane && alert.level === "red"))) ring();
    body.dispatchEvent(new CustomEvent("alertchanged", { detail: alert }));
    tellPage();
  });
  on("task", tellPage);
  on("refresh", tellPage);
  source.addEventListener("signed-out", () => { source.close(); location.assign("/sign-in"); });
  source.onopen = () => { heardAt = Date.now(); };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) { // refused: a new session or a returning server
      setTimeout(listen, 5000);
    }
  };
}

if (body.dataset.live) {
  listen();
  setInterval(() => {
    if (Date.now() - heardAt > SILENT_MS) showLive("lost", "中断（自动重连中）");
  }, 1000);
}
setInterval(showTimes, 1000);

function showCount() {
  const count = find("[data-count]")?.dataset.count;
  const bare = document.title.replace(/^（\d+）/, "");
  document.title = Number(count) > 0 ? `（${count}）${bare}` : bare;
}

// what went on to this officer and has to wake somebody rings, also where no event says so
let rungBefore = 0;
function ringRung() {
  const rung = Number(find("[data-rung]")?.dataset.rung ?? 0);
  if (rung > rungBefore) ring();
  rungBefore = rung;
}

// rows that were not there before fade in once
let rowsBefore = null;
document.addEventListener("htmx:before:swap", () => { rowsBefore = new Set(all(".rows > li[id]").map((row) => row.id)); });
document.addEventListener("htmx:after:swap", () => {
  if (rowsBefore) for (const row of all(".rows > li[id]")) row.classList.toggle("fresh", !rowsBefore.has(row.id));
  showTimes();
  showCount();
  ringRung();
});

// -- forms: an error is shown beside what was typed, nothing is lost --------------------------------------------------
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("data-plain")) return;
  event.preventDefault();
  const asked = form.dataset.confirm;
  if (asked && !confirm(asked)) return;
  const button = event.submitter ?? find("button", form);
  const data = new URLSearchParams(new FormData(form, event.submitter));
  if (button) button.disabled = true;
  let sentence;
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { accept: "application/json" } });
    const said = await answer.json();
    if (said.ok) {
      const target = new URL(said.location, location.href);
      if (target.pathname === location.pathname && target.hash) location.hash = target.hash;
      location.assign(target);
      return;
    }
    sentence = said.error;
  } catch {
    sentence = "没有送到值班台，刚才的操作没有执行。请检查网络后再点一次。";
  }
  if (button) button.disabled = false;
  let place = find(".error", form);
  if (!place) {
    place = document.createElement("p");
    place.className = "error";
    place.setAttribute("role", "alert");
    form.append(place);
  }
  place.textContent = sentence;
});

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  const text = find(copy.dataset.copy)?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
    copy.textContent = "已复制";
  } catch {
    getSelection().selectAllChildren(find(copy.dataset.copy));
    copy.textContent = "已选中，请按 Ctrl+C";
  }
});

// -- keys ----------------------------------------------------------------------------------------------------------
function move(step) {
  const rows = all(".rows > li");
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("at"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  rows[at]?.classList.remove("at");
  next.classList.add("at");
  find("a", next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog[open]")) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "Enter" && event.target === body) find(".rows > li.at a")?.click();
  else if (event.key === "g") location.assign("/inbox");
  else if (event.key === "?") find("#keys")?.showModal();
  else if (event.key === "/") { event.preventDefault(); const field = find("input[type=search]:not([hidden])"); field ? field.focus() : location.assign("/search"); }
});

showTimes();
showCount();
ringRung();
