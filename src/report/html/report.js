// Filters the findings. The page says all that it has to say without this.
"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const groups = [...document.querySelectorAll(".g")].map(element => ({
    element,
    head: element.querySelector("h3, h4").textContent.toLowerCase(),
    findings: [...element.querySelectorAll(".f")].map(item => ({
      item,
      text: item.textContent.toLowerCase(),
      count: Number(item.dataset.n || 1),
      suppressed: item.classList.contains("off"),
    })),
  }));
  const total = groups.flatMap(group => group.findings).reduce((sum, finding) => sum + finding.count, 0);
  const output = form.querySelector("output");

  const filter = () => {
    const asked = new FormData(form);
    const words = asked.get("search").toLowerCase().split(/\s+/).filter(Boolean);
    const severities = asked.getAll("severity");
    const rule = asked.get("rule");
    const file = asked.get("file") || "*";
    let shown = 0;
    for (const group of groups) {
      const { s, r, f } = group.element.dataset;
      const wanted = severities.includes(s) && (rule === "*" || rule === r) && (file === "*" || file === f);
      let some = false;
      for (const finding of group.findings) {
        const fits = wanted && (!finding.suppressed || asked.has("suppressed")) && words.every(word => finding.text.includes(word) || group.head.includes(word));
        finding.item.hidden = !fits;
        some = some || fits;
        if (fits) shown += finding.count;
      }
      group.element.hidden = !some;
    }
    output.textContent = shown === total ? `all ${total} findings` : `${shown} of ${total} findings`;
  };

  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 60);
  });
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", event => event.preventDefault());
  // A figure at the head of the page shows the findings that it counts.
  for (const link of document.querySelectorAll(".figures a")) {
    link.addEventListener("click", () => {
      const kind = link.parentElement.className;
      form.reset();
      for (const box of form.querySelectorAll("[name=severity]")) box.checked = kind === "quiet" || box.value === kind;
      if (kind === "quiet") form.elements.suppressed.checked = true;
      setTimeout(filter);
    });
  }
  // What a link leads to has to be there.
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.closest("[hidden]")) form.reset();
  });
  document.addEventListener("keydown", event => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    form.elements.search.focus();
  });
  form.hidden = false;
  filter();
})();
