// The start: the model and the view that this page is of.

let graph, view;
const packed = document.querySelector("[data-pack]") !== null;
if (packed && typeof DecompressionStream === "undefined") {
  stage.replaceChildren("This browser is too old for so large a picture: it knows no DecompressionStream.");
  return;
}
if (packed) {
  const drawing = await unpacked("drawing");
  graph = columnsModel(drawing);
  const g = drawing.rank ? stripGeometry(drawing, graph) : sheetGeometry(drawing);
  if (data.folds.length) folds.begin(g);
  view = canvasView(g, graph);
} else {
  graph = rowsModel();
  view = svgView();
}
