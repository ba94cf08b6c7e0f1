// Heat: how large each grad is, or what the graph was heated by, on a log scale; and its legend.

const heat = {
  on: false, scale: null, bins: null, by: data.heat || "grad",
  measure() {                              // as transforms/heat.py: four bins on either side of zero
    const sizes = new Float64Array(graph.n);
    let high = 0, low = Infinity;
    for (let i = 0; i < graph.n; i++) {
      const x = sizes[i] = graph.isOp(i) ? NaN : graph.magnitude(i, this.by), size = Math.abs(x);
      if (size > 0 && size < Infinity) { high = Math.max(high, size); low = Math.min(low, size); }
    }
    if (!high) high = low = 1;
    const width = Math.min(Math.max((Math.log10(high) - Math.log10(low)) / 4 + 1e-9, 0.25), 3);
    this.bins = new Int8Array(graph.n).fill(127);
    sizes.forEach((x, i) => {
      if (Number.isNaN(x)) return;
      const decades = Math.max(Math.log10(high) - Math.log10(Math.abs(x)), 0);
      const step = Math.abs(x) === Infinity ? 4 : Math.max(4 - Math.floor(decades / width), 1);
      this.bins[i] = x === 0 ? 0 : x > 0 ? step : -step;
    });
    this.scale = [0, 1, 2, 3, 4].map(k => high / 10 ** (width * k));
  },
  toggle() {
    this.on = !this.on;
    if (this.on && !this.scale) this.measure();
    view.heat(this.on ? i => this.bins[i] === 127 ? null : this.bins[i] : null);
    document.querySelector('[data-do="heat"]').setAttribute("aria-pressed", String(this.on));
    this.legend();
  },
  legend() {
    const legend = part("legend");
    legend.hidden = !this.on;
    const cells = [-4, -3, -2, -1, 0, 1, 2, 3, 4].map(bin => {
      const limit = bin ? this.scale[4 - Math.abs(bin)] : 0;
      const cell = make("li", { "data-heat": bin });
      cell.append(make("i", {}), bin ? number(bin < 0 ? -limit : limit, 2) : "0");
      return cell;
    });
    if (this.on) legend.replaceChildren(make("p", {}, `${this.by}, log scale`), make("ul", {}, ...cells));
    if (camera.fitted) camera.fit();
  },
};
