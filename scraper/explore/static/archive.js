/* Copies a citation, where the browser lets us; without this file the text is there to be selected. */
document.addEventListener("click", function (event) {
  var button = event.target.closest ? event.target.closest("button[data-copies]") : null;
  var source = button && document.getElementById(button.getAttribute("data-copies"));
  if (!source || !navigator.clipboard) return;
  navigator.clipboard.writeText(source.textContent).then(function () {
    button.textContent = "Copied";
  });
});

/* A button that can do nothing is not shown. */
if (navigator.clipboard) document.documentElement.classList.add("can-copy");

/* A link to a folded passage unfolds it. */
function unfold() {
  var target = null;
  try {
    target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  } catch (error) {
    return;
  }
  var folded = false;
  for (var node = target; node; node = node.parentElement) {
    if (node.tagName === "DETAILS" && !node.open) folded = node.open = true;
  }
  if (folded) target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
