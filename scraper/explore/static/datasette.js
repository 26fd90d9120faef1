/* Datasette's own forms have fields without a name: a screen reader would call all of them "edit text". */
var NAMES = {
  _filter_column: "Column",
  _filter_op: "Comparison",
  _filter_value: "Value",
  _sort: "Sort by",
};
Object.keys(NAMES).forEach(function (start) {
  document.querySelectorAll("[name^=" + start + "]").forEach(function (field) {
    if (!(field.labels && field.labels.length)) field.setAttribute("aria-label", NAMES[start]);
  });
});
addEventListener("load", function () {
  // Datasette makes the editor when all is loaded; this comes after.
  document.querySelectorAll("form.sql textarea").forEach(function (field) {
    field.setAttribute("aria-label", "SQL");
  });
});

/* What scrolls by itself can be scrolled by key. */
document.querySelectorAll("dl.column-descriptions, .table-wrapper").forEach(function (box) {
  box.tabIndex = 0;
});
