// The page: what it is begun with, steps, themes, and what can be done by button and by key.

// ---- Steps, where the page has them

let step = 0, timer = 0;
const steps = data.steps || [], slider = part("step");
const timed = !steps.length ? [] : [...view.world.querySelectorAll("[data-on]")]
  .map(mark => [mark, ...mark.dataset.on.split(" ").map(Number)]);
const late = steps.length ? [...view.world.querySelectorAll("[data-reached]")] : [];
function go(i) {
  step = Math.min(Math.max(i, 0), steps.length - 1);
  for (const [mark, first, last] of timed)
    mark.classList.toggle("off", step < first || step >= last);
  for (const group of late) group.classList.toggle("dim", step < +group.dataset.reached);
  slider.value = step;
  const [sentence, place] = steps[step];
  slider.setAttribute("aria-valuetext", sentence);
  part("count").textContent = `${step + 1} of ${steps.length}`;
  part("sentence").textContent = sentence;
  if (place >= 0 && (!camera.fitted || camera.k < 0.5)) camera.reveal(place);
  if (step === steps.length - 1) pause();
}
const playButton = document.querySelector('[data-do="play"]');
function pause() {
  clearInterval(timer);
  timer = 0;
  playButton.textContent = "Play";
}
function play() {
  if (timer) return pause();
  if (step === steps.length - 1) go(0);
  timer = setInterval(() => go(step + 1), 1600);
  playButton.textContent = "Pause";
}
if (steps.length) {
  slider.max = steps.length - 1;
  slider.addEventListener("input", () => go(+slider.value));
}

// ---- What can be done, by button and by key

const help = part("help");
const actions = {
  in: () => camera.zoom(1.25),
  out: () => camera.zoom(0.8),
  fit: () => camera.fit(),
  list: () => listed.toggle(),
  heat: () => heat.toggle(),
  paths: () => paths.begin(),
  fold: () => folds.toggle(), earlier: () => folds.key(-1), later: () => folds.key(1),
  theme: () => {
    if ("fixed" in root.dataset) return;
    root.dataset.theme = isDark() ? "light" : "dark";
    themed();
  },
  help: () => help.open ? help.close() : help.showModal(),
  search: () => { search.focus(); search.select(); },
  escape: () => { if (search.value) { search.value = ""; look(); } else leave(); },
  first: () => go(0), back: () => go(step - 1), next: () => go(step + 1),
  last: () => go(steps.length - 1), play,
};
const keys = { "+": "in", "=": "in", "-": "out", "0": "fit", "/": "search", "?": "help", Escape: "escape",
  l: "list", t: "theme", h: "heat", p: "paths" };
if (data.folds?.length) Object.assign(keys, { o: "fold", "[": "earlier", "]": "later" });
if (steps.length) Object.assign(keys, { ArrowLeft: "back", ArrowRight: "next", Home: "first",
  End: "last", " ": "play" });
const pans = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
part("keys").append(...[
  ["Tab", "next node, in the order of computation"], ["Enter", "all facts of a node"],
  ["/", "search; Enter and Shift Enter go on and back"], ["+ − 0", "zoom in, out, fit; the wheel too"],
  [steps.length ? "Shift ← ↑ → ↓" : "← ↑ → ↓", "move; dragging too"],
  ...(steps.length ? [["← → Home End", "step back, on, to the start, to the end"],
    ["space", "play, pause"]] : []),
  ["l", "list of nodes"], ["h", "heat: how large each grad is"], ["p", "paths from a node to the one clicked next"],
  ...(data.folds?.length ? [["o", "open or close a fold"], ["[ ]", "the numbers of its repeats"]] : []),
  ["t", "light or dark"], ["Esc", "close, clear"], ["?", "these keys"],
].flatMap(([key, says]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, says)]));
document.addEventListener("click", event => {
  const button = event.target.closest("[data-do]");
  if (button) actions[button.dataset.do]();
});
document.addEventListener("keydown", event => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target === search || help.open) return;
  if (key === "Tab" && view.wide && walk(target, event.shiftKey ? -1 : 1)) return event.preventDefault();
  const node = view.at(target), button = target.closest("button");
  if (key === "Enter" || key === " ") {
    if (node >= 0) { event.preventDefault(); return select(selected === node ? -1 : node); }
    if (button || key === "Enter") return;
  }
  if (target === slider && key.startsWith("Arrow")) return;
  const action = event.shiftKey && pans[key] ? undefined : Object.hasOwn(keys, key) && keys[key];
  if (action) { event.preventDefault(); actions[action](); }
  else if (Object.hasOwn(pans, key)) { event.preventDefault(); camera.pan(...pans[key]); }
});
stage.addEventListener("focusin", event => {
  const i = view.at(event.target);
  if (i >= 0 && event.target.matches(":focus-visible")) camera.reveal(i);
});

function leave() {
  select(-1);
  if (!view.wide || document.activeElement !== part("cursor")) return;
  view.focus(-1);
  stage.focus({ preventScroll: true });
  left = true;
}

// A canvas has no elements to go to: one goes from node to node in their place. Esc lets go of it.
let left = false;
function walk(target, by) {
  const cursor = part("cursor");
  if (left || target !== stage && target !== cursor) { left = false; return false; }
  const i = target === stage ? Math.max(view.current(), 0) : view.current() + by;
  if (i < 0 || i >= graph.n || target === stage && by < 0) return false;
  folds.reveal(i);
  view.focus(i);
  camera.reveal(i);
  return true;
}

const themeButton = document.querySelector('[data-do="theme"]');
function themed() {
  themeButton.textContent = isDark() ? "Light" : "Dark";
  view.themed();
}
prefers.addEventListener("change", themed);
themed();
view.after = drawMinimap;
if (graph.n) camera.open();
if (steps.length) go(0);
if (packed) {
  await view.painted;                      // first what is seen, then what is read
  graph.add(await unpacked("facts"));
  view.redraw();
}
function linked() {                        // page.html#mul_1 shows that node
  const wanted = new URLSearchParams("id=" + location.hash.slice(1).replaceAll("+", "%2B")).get("id");
  for (let i = 0; wanted && i < graph.n; i++) if (graph.id(i) === wanted) {
    folds.reveal(i);
    select(i);
    return camera.reveal(i);
  }
}
addEventListener("hashchange", linked);
linked();
performance.mark("ready");
if (data.heat) heat.toggle();
