// Shows only what holds every word of the search, and opens what a link points to.
const search = document.querySelector("input[type=search]");
const entries = [...document.querySelectorAll("details")].map((entry) => [entry, entry.textContent.toLowerCase()]);
const groups = [...document.querySelectorAll("section")];

function filter() {
  const words = search.value.toLowerCase().split(/\s+/);
  for (const [entry, text] of entries) entry.hidden = !words.every((word) => text.includes(word));
  for (const group of groups) group.hidden = !group.querySelector("details:not([hidden])");
}

function open() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

search.addEventListener("input", filter);
addEventListener("hashchange", open);
filter();
open();
