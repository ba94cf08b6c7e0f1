// The list of nodes, made when it is first asked for; of a long one the rows in sight alone.

const list = part("list"), ROW = 29, SOME = 500, TALLEST = 8e6;
const listed = {
  made: false, rows: new Map(), body: null, before: null, after: null,
  make() {
    this.made = true;
    this.before = make("tbody", { "aria-hidden": "true" }, make("tr", {}, make("td", { colspan: 4, class: "space" })));
    this.after = this.before.cloneNode(true);
    this.body = make("tbody", {});
    const head = make("thead", {}, make("tr", {}, ...["node", "kind", "data", "grad"]
      .map((name, i) => make("th", i > 1 ? { scope: "col", class: "number" } : { scope: "col" }, name))));
    const long = graph.n > SOME;
    list.append(make("table", long ? { "aria-rowcount": graph.n + 1, class: "long" } : {}, head,
      ...(long ? [this.before, this.body, this.after] : [this.body])));
    if (long) list.addEventListener("scroll", () => this.fill());
    this.fill();
  },
  row(i) {
    const row = make("tr", graph.n > SOME ? { "aria-rowindex": i + 2 } : {}, make("th", { scope: "row" }, link(i)),
      make("td", {}, graph.kind(i)), ...["data", "grad"].map(key => make("td", { class: "number " + key },
        graph.brief(i, key))));
    row.classList.toggle("selected", i === selected);
    return row;
  },
  get scale() { return Math.min(1, TALLEST / (graph.n * ROW)); },     // browsers know no taller element
  fill() {
    const long = graph.n > SOME, many = long ? Math.ceil((list.clientHeight || 800) / ROW) + 20 : graph.n;
    const first = long ? Math.max(0, Math.min(graph.n - many, Math.floor(list.scrollTop / this.scale / ROW) - 10)) : 0;
    const last = Math.min(graph.n, first + many), focused = document.activeElement;
    const kept = [...this.rows].find(([, row]) => row.contains(focused));
    if (long && kept && (kept[0] < first || kept[0] >= last)) list.focus({ preventScroll: true });
    const rows = new Map();
    for (let i = Math.max(0, first); i < last; i++) rows.set(i, this.rows.get(i) || this.row(i));
    this.rows = rows;
    this.body.replaceChildren(...rows.values());
    if (kept && rows.has(kept[0])) focused.focus({ preventScroll: true });
    const space = (part_, n) => { part_.querySelector("td").style.height = `${n * ROW * this.scale}px`; };
    space(this.before, first);
    space(this.after, graph.n - last);
  },
  anew() { this.rows = new Map(); if (this.made) this.fill(); },
  mark(i) {
    this.rows.forEach((row, j) => row.classList.toggle("selected", j === i));
    if (i >= 0 && graph.n > SOME && !list.hidden && !this.rows.has(i)) {
      list.scrollTop = Math.max(0, i * ROW * this.scale - list.clientHeight / 2);
      this.fill();
    }
  },
  toggle() {
    list.hidden = !list.hidden;
    if (!this.made) this.make();
    else this.fill();
    this.mark(selected);
    document.querySelector('[data-do="list"]').setAttribute("aria-pressed", String(!list.hidden));
  },
};

// ---- Search

const search = part("search"), found = part("found");
let words = null, hits = [], hit = -1;
function look() {
  const wanted = search.value.trim().toLowerCase();
  if (wanted && !words) words = Array.from({ length: graph.n }, (_, i) => graph.words(i).toLowerCase());
  hits = [];
  if (wanted) for (let i = 0; i < graph.n; i++) if (words[i].includes(wanted)) hits.push(i);
  const exact = i => graph.id(i).toLowerCase() === wanted || graph.name(i).toLowerCase() === wanted;
  if (hits.length < 5000) hits = [...hits.filter(exact), ...hits.filter(i => !exact(i))];
  hit = -1;
  const set = new Set(hits);
  found.textContent = wanted ? `${hits.length} of ${graph.n}` : "";
  view.mark("faint", i => Boolean(wanted) && !set.has(i), () => Boolean(wanted));
}
function next(by) {
  if (!hits.length) return;
  hit = (hit + by + hits.length) % hits.length;
  found.textContent = `${hit + 1} of ${hits.length}`;
  if (paths.waiting) return paths.between(paths.from, hits[hit]);
  folds.reveal(hits[hit]);
  select(hits[hit]);
  camera.reveal(hits[hit]);
  search.focus({ preventScroll: true });
}
let typing = 0;
search.addEventListener("input", () => {   // in a large graph when typing rests
  clearTimeout(typing);
  if (graph.n < 20_000) look();
  else typing = setTimeout(look, 120);
});
search.addEventListener("keydown", event => {
  if (event.key === "Enter") { if (hit < 0 && !hits.length) look(); next(event.shiftKey ? -1 : 1); }
  if (event.key === "Escape") { search.value = ""; look(); search.blur(); event.stopPropagation(); }
});
