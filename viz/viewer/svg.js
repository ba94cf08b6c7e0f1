// The view of a small graph: inline SVG, which can be read without any script.

function svgView() {
  const svg = stage.querySelector("svg"), world = svg.querySelector(".world");
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const groups = data.nodes.map(() => []), lines = data.edges.map(() => []);
  for (const group of world.querySelectorAll("[data-node]")) groups[+group.dataset.node].push(group);
  for (const group of world.querySelectorAll("[data-edge]")) lines[+group.dataset.edge].push(group);
  svg.removeAttribute("viewBox");
  let camera_ = null;
  addEventListener("beforeprint", () => {          // on paper the whole picture, whatever is in sight
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    world.removeAttribute("transform");
  });
  addEventListener("afterprint", () => { svg.removeAttribute("viewBox"); if (camera_) view.show(camera_); });
  const view = {
    width, height, world, wide: false,
    show(camera) {
      camera_ = camera;
      world.setAttribute("transform", `translate(${camera.x} ${camera.y}) scale(${camera.k})`);
      if (view.after) view.after();
    },
    box(i) { return groups[i].at(-1).getBBox(); },       // after its chips and its rail
    at(target) { const group = target.closest("[data-node]"); return group ? +group.dataset.node : -1; },
    mark(name, isNode, isEdge) {
      groups.forEach((list, i) => list.forEach(g => g.classList.toggle(name, isNode(i))));
      lines.forEach((list, e) => list.forEach(g => g.classList.toggle(name, isEdge(e))));
    },
    focus(i) { groups[i]?.find(g => g.tabIndex >= 0)?.focus({ preventScroll: true }); },
    heat(bins) {
      groups.forEach((list, i) => list.forEach(group => {
        const bin = bins ? bins(i) : null;
        if (bin === null) delete group.dataset.heat;
        else group.dataset.heat = bin;
      }));
    },
    themed() {},
  };
  return view;
}
const folds = { selected: -1, inside: () => -1, panel: () => [], picked: () => false, reveal() {} };   // it has none
