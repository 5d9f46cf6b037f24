(function () {
  "use strict";
  var root = document.documentElement;
  var find = document.getElementById("find");
  var selects = ["level", "district", "change"].map(function (id) { return document.getElementById(id); });
  var order = { red: 0, orange: 1, yellow: 2, blue: 3, "new": 0, up: 1, down: 2, same: 3, cleared: 4 };
  var firms = Array.from(document.querySelectorAll("tbody.firm"));
  var texts = new Map(firms.map(function (firm) { return [firm, firm.textContent.toLowerCase()]; }));
  document.querySelector(".tools").hidden = false;

  function filter() {
    var words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    var shown = 0, listed = 0;
    document.querySelectorAll("table.firms").forEach(function (table) {
      var left = 0, all = 0;
      table.querySelectorAll("tbody.firm").forEach(function (firm) {
        var fits = words.every(function (word) { return texts.get(firm).includes(word); }) &&
          selects.every(function (select) { return !select || !select.value || firm.dataset[select.id] === select.value; });
        firm.hidden = !fits;
        all += 1;
        left += fits ? 1 : 0;
      });
      table.querySelector(".nothing").hidden = left > 0 || all === 0;
      if (table.id === "listed") { shown = left; listed = all; }
    });
    document.getElementById("count").textContent = shown + " / " + listed;
  }

  function value(firm, key) {
    var text = firm.dataset[key];
    if (key === "rank" || key === "probability") { return Number(text); }
    return key === "level" || key === "change" ? order[text] : text;
  }

  function sort(table, header) {
    var key = header.dataset.key;
    var first = key === "probability" ? "descending" : "ascending";
    var other = first === "ascending" ? "descending" : "ascending";
    var way = header.getAttribute("aria-sort") === first ? other : first;
    var sign = way === "ascending" ? 1 : -1;
    table.querySelectorAll("th[aria-sort]").forEach(function (th) { th.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", way);
    var rows = Array.from(table.querySelectorAll("tbody.firm"));
    rows.sort(function (a, b) {
      var x = value(a, key), y = value(b, key);
      var by = typeof x === "string" ? x.localeCompare(y, "zh") : x - y;
      return sign * by || Number(a.dataset.rank) - Number(b.dataset.rank);
    });
    var end = table.querySelector(".nothing");
    rows.forEach(function (row) { table.insertBefore(row, end); });
  }

  document.querySelectorAll("table.firms").forEach(function (table) {
    table.querySelectorAll("th[data-key]").forEach(function (header) {
      if (header.dataset.key === "reasons") { return; }
      // no <button>: Chromium leaves buttons out of the headers it repeats on each printed page
      var button = document.createElement("span");
      button.setAttribute("role", "button");
      button.tabIndex = 0;
      while (header.firstChild) { button.appendChild(header.firstChild); }
      header.appendChild(button);
      button.addEventListener("click", function () { sort(table, header); });
      button.addEventListener("keydown", function (event) {
        if (event.key !== "Enter" && event.key !== " ") { return; }
        event.preventDefault();
        sort(table, header);
      });
    });
  });
  find.addEventListener("input", filter);
  selects.forEach(function (select) { if (select) { select.addEventListener("change", filter); } });
  document.querySelector(".tools").addEventListener("submit", function (event) { event.preventDefault(); });
  document.getElementById("print").addEventListener("click", function () { window.print(); });
  document.getElementById("open").addEventListener("click", function () {
    var records = Array.from(document.querySelectorAll("details.records, details.lowered"));
    var open = !records.every(function (one) { return one.open; });
    records.forEach(function (one) { one.open = open; });
  });
  document.getElementById("language").addEventListener("click", function () {
    var english = root.dataset.language !== "en";
    root.dataset.language = english ? "en" : "zh";
    root.lang = english ? "en" : "zh-CN";
    this.textContent = english ? "中文" : "English";
  });
  filter();
})();
