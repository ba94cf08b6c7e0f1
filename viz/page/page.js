"use strict";
// The viewer: a camera, a view that paints, and a page that asks both. What stands in the graph is
// shown with textContent only. Another view (a canvas) needs show, box, mark and at, and no more.
(() => {
  const part = name => document.querySelector(`[data-part="${name}"]`);
  const data = JSON.parse(part("data").textContent);
  const stage = part("stage");
  const nodes = data.nodes, edges = data.edges;
  const ins = nodes.map(() => []), outs = nodes.map(() => []);
  edges.forEach((edge, e) => { ins[edge.head].push(e); outs[edge.tail].push(e); });

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  // ---- The view: inline SVG

  const svg = stage.querySelector("svg"), world = svg.querySelector(".world");
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const groups = nodes.map(() => []), lines = edges.map(() => []);
  for (const group of world.querySelectorAll("[data-node]")) groups[+group.dataset.node].push(group);
  for (const group of world.querySelectorAll("[data-edge]")) lines[+group.dataset.edge].push(group);
  const view = {
    show({ x, y, k }) { world.setAttribute("transform", `translate(${x} ${y}) scale(${k})`); },
    box(i) { return groups[i].at(-1).getBBox(); },       // after its chips and its rail
    at(target) { const group = target.closest("[data-node]"); return group ? +group.dataset.node : -1; },
    mark(name, isNode, isEdge) {
      groups.forEach((list, i) => list.forEach(g => g.classList.toggle(name, isNode(i))));
      lines.forEach((list, e) => list.forEach(g => g.classList.toggle(name, isEdge(e))));
    },
    focus(i) { groups[i].find(g => g.tabIndex >= 0)?.focus({ preventScroll: true }); },
  };
  svg.removeAttribute("viewBox");

  // ---- The camera: the picture's origin and scale on the stage

  const camera = {
    x: 0, y: 0, k: 1, fitted: true,
    set(x, y, k) { Object.assign(this, { x, y, k, fitted: false }); view.show(this); },
    fit() {
      const w = stage.clientWidth, h = stage.clientHeight;
      const k = Math.min(w / width, h / height, 2) || 1;
      this.set((w - width * k) / 2, (h - height * k) / 2, k);
      this.fitted = true;
    },
    open() {                     // the whole picture; of one too large to read so its beginning
      this.fit();
      if (this.k >= 0.5) return;
      const b = view.box(0), k = 0.8;
      this.set(24 - b.x * k, stage.clientHeight / 2 - (b.y + b.height / 2) * k, k);
    },
    zoom(factor, cx = stage.clientWidth / 2, cy = stage.clientHeight / 2) {
      const k = Math.min(Math.max(this.k * factor, 0.01), 16), f = k / this.k;
      this.set(cx - (cx - this.x) * f, cy - (cy - this.y) * f, k);
    },
    pan(dx, dy) { this.set(this.x + dx, this.y + dy, this.k); },
    reveal(i) {                  // as little as brings the node into sight, and large enough to read
      const b = view.box(i), w = stage.clientWidth, h = stage.clientHeight, edge = 24;
      const k = Math.max(this.k, 0.7);
      let { x, y } = this;
      if (k !== this.k) { x = w / 2 - (b.x + b.width / 2) * k; y = h / 2 - (b.y + b.height / 2) * k; }
      const left = b.x * k + x, top = b.y * k + y;
      if (left < edge) x += edge - left;
      else if (left + b.width * k > w - edge) x -= left + b.width * k - w + edge;
      if (top < edge) y += edge - top;
      else if (top + b.height * k > h - edge) y -= top + b.height * k - h + edge;
      if (x !== this.x || y !== this.y || k !== this.k) this.set(x, y, k);
    },
  };
  addEventListener("beforeprint", () => {          // on paper the whole picture, whatever is in sight
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    world.removeAttribute("transform");
  });
  addEventListener("afterprint", () => { svg.removeAttribute("viewBox"); view.show(camera); });
  new ResizeObserver(() => { if (camera.fitted) camera.fit(); }).observe(stage);

  const fingers = new Map();
  let moved = 0, pressed = -1;
  const middle = () => {
    const points = [...fingers.values()], n = points.length;
    const x = points.reduce((s, p) => s + p.x, 0) / n, y = points.reduce((s, p) => s + p.y, 0) / n;
    return { x, y, spread: n > 1 ? Math.hypot(points[0].x - points[1].x, points[0].y - points[1].y) : 0 };
  };
  stage.addEventListener("pointerdown", event => {
    if (event.button) return;
    if (!fingers.size) { moved = 0; pressed = view.at(event.target); }
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  addEventListener("pointermove", event => {
    if (!fingers.has(event.pointerId)) return;
    const before = middle();
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = middle(), frame = stage.getBoundingClientRect();
    moved += Math.hypot(after.x - before.x, after.y - before.y);
    if (moved < 4 && fingers.size < 2) return;
    camera.pan(after.x - before.x, after.y - before.y);
    if (before.spread && after.spread)
      camera.zoom(after.spread / before.spread, after.x - frame.left, after.y - frame.top);
  });
  for (const type of ["pointerup", "pointercancel"]) addEventListener(type, event => {
    if (!fingers.delete(event.pointerId) || fingers.size || type !== "pointerup") return;
    if (moved < 4) select(pressed);
  });
  stage.addEventListener("wheel", event => {
    event.preventDefault();
    const frame = stage.getBoundingClientRect();
    const turn = event.deltaMode ? event.deltaY * 16 : event.deltaY;
    camera.zoom(Math.exp(-turn / 400), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });

  // ---- Selection and facts

  let selected = -1;
  const facts = part("facts"), list = part("list"), rows = [];
  const isOp = i => nodes[i].kind === "op";

  function link(i) {
    const button = make("button", { type: "button" }, nodes[i].name);
    button.addEventListener("click", () => { select(i); camera.reveal(i); });
    return button;
  }
  function table(heading, around, sum) {
    if (!around.length) return [];
    const columns = [["formula", "∂", ""], ["local", "local derivative", "number"],
      ["sent", "sends back", "number grad"]].filter(([key]) => around.some(([, e]) => edges[e][key]));
    const head = make("tr", {}, make("th", { scope: "col" }, "node"),
      ...columns.map(([, title, look]) => make("th", { scope: "col", class: look.split(" ")[0] }, title)));
    const body = make("tbody", {}, ...around.map(([i, e]) => make("tr", {}, make("td", {}, link(i)),
      ...columns.map(([key, , look]) => make("td", { class: look }, edges[e][key] || "")))));
    if (sum) body.append(make("tr", {}, make("td", {}, "grad"), ...columns.map(([key, , look]) =>
      make("td", { class: look }, key === "sent" ? sum : ""))));
    return [make("h3", {}, heading), make("table", {}, make("thead", {}, head), body)];
  }
  function describe(i) {
    const node = nodes[i];
    const close = make("button", { type: "button", title: "Close (Esc)" }, "Close");
    close.addEventListener("click", () => select(-1));
    const rows = node.facts.flatMap(([key, value]) => [make("dt", {}, key),
      make("dd", key === "data" || key === "grad" ? { class: key } : {}, value)]);
    const op = isOp(i) ? i : ins[i].map(e => edges[e].tail).find(isOp);
    const operands = (op === undefined ? ins[i] : ins[op]).map(e => [edges[e].tail, e]);
    const uses = outs[i].filter(e => !isOp(i)).map(e => {
      const made = outs[edges[e].head].map(o => edges[o].head);
      return [made.length === 1 ? made[0] : edges[e].head, e];
    });
    const grad = uses.length > 1 ? node.brief.grad : "";
    facts.replaceChildren(
      make("div", { class: "head" }, make("h2", {}, node.name), close),
      make("p", { class: "kind" }, node.kind + (op === undefined || isOp(i) ? "" :
        ", made by " + nodes[op].name)),
      make("dl", {}, ...rows),
      ...table("Operands", operands), ...table("Used in", uses, grad));
    facts.scrollTop = 0;
  }
  function select(i) {
    selected = i;
    const near = new Set(), by = new Set();
    if (i >= 0) {
      const around = [i, ...ins[i].map(e => edges[e].tail).filter(isOp), ...outs[i].map(e => edges[e].head)
        .filter(j => isOp(i))];
      for (const j of around) for (const e of [...ins[j], ...outs[j]]) {
        near.add(e);
        by.add(edges[e].tail).add(edges[e].head);
      }
      by.delete(i);
      describe(i);
    }
    view.mark("selected", j => j === i, () => false);
    view.mark("near", j => by.has(j), e => near.has(e));
    rows.forEach((row, j) => row.classList.toggle("selected", j === i));
    const shown = !facts.hidden;
    facts.hidden = i < 0;
    if (!shown && i >= 0 && !camera.fitted) requestAnimationFrame(() => camera.reveal(i));
  }

  // ---- The list of nodes, made when it is first asked for

  function toggleList() {
    if (!rows.length) {
      rows.push(...nodes.map((node, i) => make("tr", {}, make("th", { scope: "row" }, link(i)),
        make("td", {}, node.kind), ...["data", "grad"].map(key => make("td", { class: "number " + key },
          node.brief[key] || "")))));
      list.append(make("table", {}, make("thead", {}, make("tr", {}, ...["node", "kind", "data", "grad"]
        .map((name, i) => make("th", i > 1 ? { scope: "col", class: "number" } : { scope: "col" }, name)))),
        make("tbody", {}, ...rows)));
      if (selected >= 0) rows[selected].classList.add("selected");
    }
    list.hidden = !list.hidden;
    document.querySelector('[data-do="list"]').setAttribute("aria-pressed", String(!list.hidden));
  }

  // ---- Search

  const search = part("search"), found = part("found");
  const words = nodes.map(node => [node.name, node.id, node.kind, ...node.facts.flat()]
    .join("\n").toLowerCase());
  let hits = [], hit = -1;
  function look() {
    const wanted = search.value.trim().toLowerCase();
    hits = wanted ? nodes.map((_, i) => i).filter(i => words[i].includes(wanted)) : [];
    hit = -1;
    const set = new Set(hits);
    found.textContent = wanted ? `${hits.length} of ${nodes.length}` : "";
    view.mark("faint", i => Boolean(wanted) && !set.has(i), () => Boolean(wanted));
  }
  function next(by) {
    if (!hits.length) return;
    hit = (hit + by + hits.length) % hits.length;
    found.textContent = `${hit + 1} of ${hits.length}`;
    select(hits[hit]);
    camera.reveal(hits[hit]);
  }
  search.addEventListener("input", look);
  search.addEventListener("keydown", event => {
    if (event.key === "Enter") next(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") { search.value = ""; look(); search.blur(); event.stopPropagation(); }
  });

  // ---- Light and dark

  const root = document.documentElement, prefers = matchMedia("(prefers-color-scheme: dark)");
  const themeButton = document.querySelector('[data-do="theme"]');
  const isDark = () => (root.dataset.theme || (prefers.matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { themeButton.textContent = isDark() ? "Light" : "Dark"; };
  prefers.addEventListener("change", nameTheme);
  nameTheme();

  // ---- Steps, where the page has them

  let step = 0, timer = 0;
  const steps = data.steps || [], slider = part("step");
  const timed = !steps.length ? [] : [...world.querySelectorAll("[data-on]")]
    .map(mark => [mark, ...mark.dataset.on.split(" ").map(Number)]);
  const late = steps.length ? [...world.querySelectorAll("[data-reached]")] : [];
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
    list: toggleList,
    theme: () => {
      if ("fixed" in root.dataset) return;
      root.dataset.theme = isDark() ? "light" : "dark";
      nameTheme();
    },
    help: () => help.open ? help.close() : help.showModal(),
    search: () => { search.focus(); search.select(); },
    escape: () => { if (search.value) { search.value = ""; look(); } else select(-1); },
    first: () => go(0), back: () => go(step - 1), next: () => go(step + 1),
    last: () => go(steps.length - 1), play,
  };
  const keys = { "+": "in", "=": "in", "-": "out", "0": "fit", "/": "search", "?": "help", Escape: "escape",
    l: "list", t: "theme" };
  if (steps.length) Object.assign(keys, { ArrowLeft: "back", ArrowRight: "next", Home: "first",
    End: "last", " ": "play" });
  const pans = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  part("keys").append(...[
    ["Tab", "next node, in the order of computation"], ["Enter", "all facts of a node"],
    ["/", "search; Enter and Shift Enter go on and back"], ["+ − 0", "zoom in, out, fit; the wheel too"],
    [steps.length ? "Shift ← ↑ → ↓" : "← ↑ → ↓", "move; dragging too"],
    ...(steps.length ? [["← → Home End", "step back, on, to the start, to the end"],
      ["space", "play, pause"]] : []),
    ["l", "list of nodes"], ["t", "light or dark"], ["Esc", "close, clear"], ["?", "these keys"],
  ].flatMap(([key, says]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, says)]));
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-do]");
    if (button) actions[button.dataset.do]();
  });
  document.addEventListener("keydown", event => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target === search || help.open) return;
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
  if (nodes.length) camera.open();
  if (steps.length) go(0);
})();
