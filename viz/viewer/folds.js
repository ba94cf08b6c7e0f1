// Folds: frames that open and close in place, and which of their repeats is shown.
//
// All folds were laid out open. One that closes draws in the columns and rows it stands in: what
// stands there besides keeps its size, the free space between shrinks to GAP at most.

const GAP = 28, LINE = 4, HEAD = 44;       // px; LINE: the room that a line keeps on either side

const folds = {
  all: (data.folds || []).map(fold => ({ ...fold, open: !fold.closed, chosen: -1 })), selected: -1, g: null,
  begin(g) {
    this.g = g;
    this.base = { px: g.px.slice(), py: g.py.slice(), x: g.x.slice(), y: g.y.slice() };
    this.size = [g.roomy, g.tall];
    const places = new Map(this.all.map((fold, f) => [fold.path, f]));
    this.all.forEach(fold => { fold.around = places.has(fold.parent) ? places.get(fold.parent) : -1; });
    for (const mark of g.marks) {
      const fold = mark.owner === "fold" || mark.owner === "head" ? this.all[mark.of] : null;
      if (!fold) continue;
      if (mark.role === "frame") Object.assign(fold, { x: g.px[mark.at], y: g.py[mark.at], width: mark.width,
        height: mark.height });
      if (mark.role === "veil") fold.wide = mark.width + 8;
      if (mark.role === "note") { fold.note = mark; fold.said = mark.text; }
    }
    g.gone = b => this.within(this.base.x[b] + g.width[b] / 2, this.base.y[b] + g.height[b] / 2) >= 0;
    if (this.all.some(fold => !fold.open)) this.arrange();
  },
  // The outermost closed fold around a place of the open picture, or -1.
  within(x, y) {
    return (this.closed || []).find(f => {
      const fold = this.all[f];
      return x > fold.x - 1 && x < fold.x + fold.width + 1 && y > fold.y - 1 && y < fold.y + fold.height + 1;
    }) ?? -1;
  },
  chain(f) { const found = []; for (; f >= 0; f = this.all[f].around) found.unshift(f); return found; },

  arrange() {
    const { g, base } = this, n = this.all.length;
    this.closed = [];
    for (let f = 0; f < n; f++)
      if (!this.all[f].open && this.chain(f).slice(0, -1).every(up => this.all[up].open)) this.closed.push(f);
    const rigid = [[], []];                // what keeps its size, by axis
    for (let b = 0; b < g.boxes; b++) if (!g.gone(b)) {
      rigid[0].push([base.x[b], base.x[b] + g.width[b]]);
      rigid[1].push([base.y[b], base.y[b] + g.height[b]]);
    }
    for (let f = 0; f < n; f++) if (this.shown(f)) {
      rigid[0].push([this.all[f].x, this.all[f].x + this.all[f].wide]);
      rigid[1].push([this.all[f].y - 10, this.all[f].y + HEAD]);
    }
    for (const mark of g.marks) if (mark.kind === PATH || mark.role === "port" || mark.role === "through")
      for (let i = mark.at; i < mark.at + mark.count; i += 3) {
        const x = base.px[i], y = base.py[i];
        if (this.within(x, y) >= 0) continue;
        rigid[0].push([x - LINE, x + LINE + (mark.width || 0)]);
        rigid[1].push([y - LINE, y + LINE + (mark.height || 0)]);
      }
    const bands = k => this.closed.map(f => {
      const fold = this.all[f];
      return k ? [fold.y, fold.y + fold.height] : [fold.x, fold.x + fold.width];
    });
    const [mx, my] = [drawn(bands(0), rigid[0]), drawn(bands(1), rigid[1])];
    for (let i = 0; i < g.px.length; i++) { g.px[i] = mx(base.px[i]); g.py[i] = my(base.py[i]); }
    for (const mark of g.over) if (!mark.owner) g.px[mark.at] = base.px[mark.at];    // a caption keeps its words apart
    for (let b = 0; b < g.boxes; b++) { g.x[b] = mx(base.x[b]); g.y[b] = my(base.y[b]); }
    for (const mark of g.marks) {
      const fold = mark.owner === "fold" || mark.owner === "head" ? this.all[mark.of] : null;
      const x = base.px[mark.at], y = base.py[mark.at];
      mark.hidden = fold ? !this.shown(mark.of) : mark.kind !== PATH && this.within(x, y) >= 0;
      if (!fold) continue;
      g.px[mark.at] = mx(fold.x) + x - fold.x;
      g.py[mark.at] = my(fold.y) + y - fold.y;
      if (mark.owner === "fold") {
        mark.width = mx(fold.x + fold.width) - mx(fold.x);
        mark.height = my(fold.y + fold.height) - my(fold.y);
      }
    }
    for (const s of g.scopes) {
      const b = s.open ||= { x: s.x, y: s.y, right: s.x + s.width, bottom: s.y + s.height };
      s.hidden = this.within(b.x + 2, b.y + 2) >= 0;
      [s.x, s.y, s.width, s.height] = [mx(b.x), my(b.y), mx(b.right) - mx(b.x), my(b.bottom) - my(b.y)];
    }
    g.lids = g.under.filter(mark => !mark.hidden && !this.all[mark.of].open);
    [g.roomy, g.tall] = [mx(this.size[0]), my(this.size[1])];
  },
  shown(f) { return this.chain(f).slice(0, -1).every(up => this.all[up].open); },
  corner(f) {                              // of a frame, where it is drawn now
    const mark = this.g.under.find(one => one.of === f && one.role === "frame");
    return { x: this.g.px[mark.at], y: this.g.py[mark.at], width: mark.width, height: mark.height };
  },
  turn(f, open = !this.all[f].open) {      // the head stays where it is on the stage
    if (this.all[f].open === open) return;
    const before = this.corner(f);
    this.all[f].open = open;
    this.arrange();
    view.changed();
    mapped = null;
    const after = this.corner(f), { k } = camera;
    if (camera.fitted) camera.fit();
    else camera.set(camera.x + (before.x - after.x) * k, camera.y + (before.y - after.y) * k, k);
    if (this.selected === f) this.describe(f);
  },
  turnAll() { const open = this.all.some(fold => !fold.open); this.all.forEach((_, f) => this.turn(f, open)); },
  reveal(i) {                              // opens what a node is hidden in
    for (const f of this.chain(this.inside(i))) this.turn(f, true);
  },
  inside: i => folds.g && i >= 0 && i < graph.n ? folds.g.fold(i) : -1,

  // ---- Which repeat is shown

  choose(f, repeat) {
    const fold = this.all[f];
    fold.chosen = Math.max(-1, Math.min(fold.count - 1, repeat));
    if (fold.note) fold.note.text = fold.chosen < 0 ? fold.said : this.called(f);
    graph.choose(i => this.repeats(i));
    for (const mark of this.g.over) if (mark.owner === "edge")       // tells all repeats: in its way now
      mark.muted = this.chain(this.inside(graph.head(mark.of))).some(up => this.all[up].chosen >= 0);
    view.redraw();
    listed.anew();
    if (selected >= 0) refill(selected);
  },
  called(f) {
    const fold = this.all[f];
    return fold.chosen < 0 ? `all ${fold.count} repeats` : `${fold.index} = ${fold.names?.[fold.chosen] ?? fold.first + fold.chosen}`;
  },
  repeats(i) {                             // the chosen ones among those a node stands for; null: all
    const chain = this.chain(this.inside(i)).map(f => this.all[f]), n = graph.repeats(i);
    let depth = 1, product = chain.length ? chain[0].count : 0;
    while (product < n && depth < chain.length) product *= chain[depth++].count;
    const own = chain.slice(0, depth);
    if (!n || product !== n || own.every(fold => fold.chosen < 0)) return null;
    let found = [0];
    for (const fold of own)
      found = found.flatMap(k => fold.chosen >= 0 ? [k * fold.count + fold.chosen] :
        Array.from({ length: fold.count }, (_, j) => k * fold.count + j));
    return found;
  },

  // ---- Its panel

  panel(f) {
    const fold = this.all[f], said = make("output", {}, this.called(f));
    const slider = make("input", { type: "range", min: -1, max: fold.count - 1, "aria-label": "Repeat",
      "data-part": "repeat" });
    slider.value = fold.chosen;
    slider.addEventListener("input", () => {
      this.choose(f, +slider.value);
      said.textContent = this.called(f);
      slider.setAttribute("aria-valuetext", said.textContent);
    });
    const once = fold.count === 1, way = () => `${fold.open ? "Close" : "Open"} the ${once ? "scope" : "fold"}`;
    const turn = make("button", { type: "button", "data-part": "turn" }, way());
    turn.addEventListener("click", () => { this.turn(f); turn.textContent = way(); });
    return [make("section", { class: "fold", "aria-label": once ? "Scope" : "Fold" },
      make("p", {}, ...(once ? [] : [make("b", {}, `×${fold.count}`), " "]), fold.title, " ",
        make("span", { class: "kind" }, `${fold.nodes} nodes`)),
      ...(once ? [] : [make("p", {}, slider, said)]), make("p", {}, turn))];
  },
  describe(f) {
    const fold = this.all[f];
    const once = fold.count === 1;
    facts.replaceChildren(...heading(fold.title, once ? "scope" : "fold"), ...this.panel(f), make("dl", {},
      ...(once ? [["holds", fold.holds]] : [["repeats", `${fold.index} = ${fold.names?.length ? fold.names.join(", ") : `${fold.first} … ${fold.last}`}`],
        ...(fold.where ? [["where", fold.where]] : []),
        ["ops", `${fold.period} in each`]]).concat([["nodes", `${fold.nodes} in all`], ["path", fold.path]]).flatMap(([key, value]) =>
        [make("dt", {}, key), make("dd", {}, value)])));
  },
  at(event) {                              // the fold whose head, or closed frame, is there
    const frame = stage.getBoundingClientRect(), { x, y, k } = camera;
    const px = (event.clientX - frame.left - x) / k, py = (event.clientY - frame.top - y) / k;
    return this.all.findLastIndex((fold, f) => {
      if (!this.shown(f)) return false;
      const c = this.corner(f);
      return px >= c.x && px <= c.x + c.width && py >= c.y &&
        py <= c.y + (fold.open ? Math.max(HEAD, 18 / k) : c.height);
    });
  },
  picked(event) {
    const f = this.all.length ? this.at(event) : -1;
    if (f < 0) return false;
    const pill = (event.clientX - stage.getBoundingClientRect().left - camera.x) / camera.k - this.corner(f).x;
    if (pill < 80) this.turn(f);
    select(-1);
    this.selected = f;
    this.describe(f);
    facts.hidden = false;
    return true;
  },
  hand() {                                 // the fold at hand: selected, around the selected node, the only one
    const f = this.selected >= 0 ? this.selected : this.inside(selected);
    return f < 0 && this.all.length === 1 ? 0 : f;
  },
  key(by) {                                // steps through its repeats
    const f = this.hand();
    if (f < 0) return;
    this.choose(f, this.all[f].chosen + by);
    const slider = part("repeat");
    if (slider) { slider.value = this.all[f].chosen; slider.dispatchEvent(new Event("input")); }
  },
  toggle() {
    const f = this.hand();
    if (f >= 0) this.turn(f);
    else this.turnAll();
  },
};

// The map along one axis when what lies in the bands is drawn together, but for what is rigid.
function drawn(bands, rigid) {
  const merged = intervals => {
    const found = [];
    for (const [a, b] of intervals.filter(([p, q]) => q > p).sort((p, q) => p[0] - q[0]))
      if (found.length && a <= found.at(-1)[1]) found.at(-1)[1] = Math.max(found.at(-1)[1], b);
      else found.push([a, b]);
    return found;
  };
  const solid = merged(rigid), from = [], to = [];
  let gone = 0;
  const stop = (at, less) => { from.push(at); to.push(at - (gone += less)); };
  for (const [low, high] of merged(bands)) {
    let at = low;
    stop(low, 0);
    for (const [a, b] of [...solid.filter(([p, q]) => q > low && p < high), [high, high]]) {
      if (a > at) { stop(at, 0); stop(a, Math.max(0, a - at - GAP)); }
      at = Math.min(Math.max(at, b), high);
      stop(at, 0);
    }
  }
  return v => {
    let lo = 0, hi = from.length;
    while (lo < hi) { const middle = (lo + hi) >> 1; if (from[middle] <= v) lo = middle + 1; else hi = middle; }
    if (!lo) return v;
    if (lo === from.length || from[lo] === from[lo - 1]) return v - from[lo - 1] + to[lo - 1];
    return to[lo - 1] + (v - from[lo - 1]) * (to[lo] - to[lo - 1]) / (from[lo] - from[lo - 1]);
  };
}
