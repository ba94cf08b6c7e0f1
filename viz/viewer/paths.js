// Paths: all ways from one node to another, and the derivative that they add up to.

const paths = {
  from: -1, waiting: false, shown: false,
  clear() {
    if (!this.shown) return;
    this.shown = false;
    view.mark("path", () => false, () => false);
    view.mark("faint", () => false, () => false);
  },
  panel(i) {                               // what the facts of a node offer
    const button = make("button", { type: "button", title: "Then click the other node, or Shift and click (p)" },
      "All paths to …");
    button.addEventListener("click", () => this.begin());
    return [make("h3", {}, "Paths"), button, make("p", { class: "kind", "data-part": "paths", role: "status" })];
  },
  begin() {
    if (selected < 0) return;
    this.from = selected;
    this.waiting = true;
    const said = part("paths");
    if (said) said.textContent = `Click the node where the paths from ${graph.name(selected)} end, or search for it.`;
  },
  between(a, b) {                          // in the direction there is
    this.waiting = false;
    let found = this.within(a, b);
    if (!found) { found = this.within(b, a); if (found) [a, b] = [b, a]; }
    select(a);
    const said = part("paths");
    if (!found) { said.textContent = `No path joins ${graph.name(a)} and ${graph.name(b)}.`; return; }
    const { nodes, edges } = found, told = this.total(a, b, found);
    this.shown = true;
    view.mark("faint", i => !nodes.has(i), e => !edges.has(e));
    view.mark("path", i => i === a || i === b, e => edges.has(e));
    said.textContent = `${told.count} from ${graph.name(a)} to ${graph.name(b)}, over ${nodes.size} nodes.` + told.sum;
    said.append(" ", link(b));
    said.scrollIntoView({ block: "nearest" });
  },
  reached(i, step, end) {
    const seen = new Set([i]), stack = [i];
    while (stack.length) for (const e of step(stack.pop())) {
      const j = end(e);
      if (!seen.has(j)) { seen.add(j); stack.push(j); }
    }
    return seen;
  },
  within(a, b) {                           // the nodes and edges on all paths; null where there is none
    const after = this.reached(a, graph.outs, graph.head);
    if (!after.has(b)) return null;
    const nodes = new Set(), edges = new Set(), stack = [b];
    nodes.add(b);
    while (stack.length) for (const e of graph.ins(stack.pop())) {
      const tail = graph.tail(e);
      if (!after.has(tail)) continue;
      edges.add(e);
      if (!nodes.has(tail)) { nodes.add(tail); stack.push(tail); }
    }
    return { nodes, edges };
  },
  total(a, b, { nodes, edges }) {          // how many paths, and the sum of their products: the chain rule
    const waiting = new Map(), count = new Map([[a, 1]]), slope = new Map([[a, 1]]);
    for (const e of edges) waiting.set(graph.head(e), (waiting.get(graph.head(e)) || 0) + 1);
    const ready = [a];
    while (ready.length) {
      const i = ready.pop();
      for (const e of graph.outs(i)) if (edges.has(e)) {
        const j = graph.head(e), local = graph.isOp(i) ? 1 : graph.local(e);
        count.set(j, (count.get(j) || 0) + count.get(i));
        slope.set(j, (slope.get(j) || 0) + slope.get(i) * local);
        waiting.set(j, waiting.get(j) - 1);
        if (!waiting.get(j)) ready.push(j);
      }
    }
    const n = count.get(b) || 0, sum = slope.get(b);
    return { count: n === 1 ? "One path" : `${number(n, 3)} paths`,
      sum: sum === undefined || Number.isNaN(sum) || graph.isOp(a) || graph.isOp(b) ? "" :
        ` Their products of local derivatives add up to ${number(sum)}.` };
  },
};
