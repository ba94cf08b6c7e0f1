// Selection: a node, all its facts, and what it is joined to.

let selected = -1;
const facts = part("facts");
const isOp = i => graph.isOp(i);

function link(i) {
  const button = make("button", { type: "button" }, graph.name(i));
  button.addEventListener("click", () => { select(i); camera.reveal(i); });
  return button;
}
const MOST = 200;                          // a table of more rows tells how many more there are
function table(heading, around, sum) {
  if (!around.length) return [];
  const shown = around.slice(0, MOST), told = new Map(shown.map(([, e]) => [e, graph.carried(e)]));
  const columns = [["formula", "∂", ""], ["local", "local derivative", "number"],
    ["sent", "sends back", "number grad"]].filter(([key]) => shown.some(([, e]) => told.get(e)[key]));
  const head = make("tr", {}, make("th", { scope: "col" }, "node"),
    ...columns.map(([, title, look]) => make("th", { scope: "col", class: look.split(" ")[0] }, title)));
  const body = make("tbody", {}, ...shown.map(([i, e]) => make("tr", {}, make("td", {}, link(i)),
    ...columns.map(([key, , look]) => make("td", { class: look }, told.get(e)[key] || "")))));
  if (sum) body.append(make("tr", {}, make("td", {}, "grad"), ...columns.map(([key, , look]) =>
    make("td", { class: look }, key === "sent" ? sum : ""))));
  return [make("h3", {}, heading), make("table", {}, make("thead", {}, head), body),
    ...(around.length > MOST ? [make("p", { class: "kind" }, `and ${around.length - MOST} more`)] : [])];
}
function heading(name, kind) {
  const close = make("button", { type: "button", title: "Close (Esc)" }, "Close");
  close.addEventListener("click", () => select(-1));
  return [make("div", { class: "head" }, make("h2", {}, name), close), make("p", { class: "kind" }, kind)];
}
function describe(i) {
  const op = isOp(i) ? i : [...graph.ins(i)].map(e => graph.tail(e)).find(isOp);
  const operands = [...(op === undefined ? graph.ins(i) : graph.ins(op))].map(e => [graph.tail(e), e]);
  const uses = isOp(i) ? [] : [...graph.outs(i)].map(e => {
    const made = graph.outs(graph.head(e));
    return [made.length === 1 ? graph.head(made[0]) : graph.head(e), e];
  });
  const grad = uses.length > 1 ? graph.brief(i, "grad") : "";
  const inside = folds.inside(i);
  facts.replaceChildren(
    ...heading(graph.name(i), graph.kind(i) + (op === undefined || isOp(i) ? "" : ", made by " + graph.name(op))),
    ...(inside >= 0 ? folds.panel(inside) : []),
    make("dl", { "data-part": "rows" }), ...table("Operands", operands), ...table("Used in", uses, grad), ...paths.panel(i));
  refill(i);
  facts.scrollTop = 0;
}
function refill(i) {                       // its facts; of a fold those of the repeats that are chosen
  part("rows")?.replaceChildren(...graph.facts(i).flatMap(([key, value]) => [make("dt", {}, key),
    make("dd", key === "data" || key === "grad" ? { class: key } : {}, value)]));
}
function select(i) {
  selected = i;
  folds.selected = -1;
  paths.clear();
  const near = new Set(), by = new Set();
  if (i >= 0) {
    const around = [i, ...[...graph.ins(i)].map(e => graph.tail(e)).filter(isOp),
      ...[...graph.outs(i)].map(e => graph.head(e)).filter(j => isOp(i))];
    for (const j of around) for (const e of [...graph.ins(j), ...graph.outs(j)]) {
      near.add(e);
      by.add(graph.tail(e)).add(graph.head(e));
    }
    by.delete(i);
    describe(i);
  }
  view.mark("selected", j => j === i, () => false);
  view.mark("near", j => by.has(j), e => near.has(e));
  if (view.wide && view.current() !== i) view.focus(i);
  listed.mark(i);
  const shown = !facts.hidden;
  facts.hidden = i < 0;
  if (!shown && i >= 0 && !camera.fitted) requestAnimationFrame(() => camera.reveal(i));
}
function picked(i, event) {                // by a click
  if (i < 0 && view.wide && folds.picked(event)) return;
  if (event.shiftKey && i >= 0 && selected >= 0 && i !== selected) return paths.between(selected, i);
  select(i);
}
