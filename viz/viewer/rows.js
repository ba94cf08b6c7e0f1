// The model of a small page: what is known of nodes and edges, in rows.

function rowsModel() {
  const { nodes, edges } = data, n = nodes.length;
  const tails = edges.map(edge => edge.tail), heads = edges.map(edge => edge.head);
  return {
    n, m: edges.length, tail: e => tails[e], head: e => heads[e],
    ins: grouped(heads, n), outs: grouped(tails, n),
    kind: i => nodes[i].kind, isOp: i => nodes[i].kind === "op",
    id: i => nodes[i].id, name: i => nodes[i].name,
    facts: i => nodes[i].facts, brief: (i, key) => nodes[i].brief[key] || "",
    carried: e => edges[e],
    magnitude: i => nodes[i].slope ?? NaN, local: e => edges[e].slope ?? NaN,
    words: i => [nodes[i].name, nodes[i].id, nodes[i].kind, ...nodes[i].facts.flat()].join("\n"),
  };
}
