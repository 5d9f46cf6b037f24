(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var stage = document.getElementById("stage");
  var svg = stage.querySelector("svg");
  var tip = document.getElementById("tip");
  var side = document.getElementById("side");
  var find = document.getElementById("find");
  var found = document.getElementById("found");
  var words = data.words;
  var nodes = {};
  Array.from(svg.querySelectorAll(".node")).forEach(function (group) { nodes[group.dataset.node] = group; });
  var edges = Array.from(svg.querySelectorAll(".edge"));
  var told = {};
  data.edges.forEach(function (edge) { told[edge.src + ">" + edge.dst] = edge; });

  // where the picture is looked at: left, top, width, height in the picture's own units
  var whole = svg.getAttribute("viewBox").split(" ").map(Number);
  var view = whole.slice();
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  function look() { svg.setAttribute("viewBox", view.join(" ")); }
  function scale() { var box = svg.getBoundingClientRect(); return Math.max(view[2] / box.width, view[3] / box.height); }
  function zoom(by, x, y) {
    var next = Math.min(Math.max(view[2] * by, 200), whole[2] * 4);
    by = next / view[2];
    view = [x - (x - view[0]) * by, y - (y - view[1]) * by, next, view[3] * by];
    look();
  }
  function inPicture(event) {
    var at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [at.x, at.y];
  }
  function fit() { view = whole.slice(); look(); }
  function near(group) {
    var box = group.getBBox();
    var frame = svg.getBoundingClientRect();
    var width = Math.min(whole[2], 1300);
    var height = width * frame.height / Math.max(frame.width, 1);
    view = [box.x + box.width / 2 - width / 2, box.y + box.height / 2 - height / 2, width, height];
    look();
  }

  stage.addEventListener("wheel", function (event) {
    event.preventDefault();
    var at = inPicture(event);
    zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), at[0], at[1]);
  }, { passive: false });
  var pointers = {};
  var dragged = 0;
  stage.addEventListener("pointerdown", function (event) {
    pointers[event.pointerId] = [event.clientX, event.clientY];
    dragged = 0;
  });
  window.addEventListener("pointermove", function (event) {
    var before = pointers[event.pointerId];
    if (!before) { return; }
    var ids = Object.keys(pointers);
    if (ids.length === 2) {  // two fingers: zoom around their middle
      var other = pointers[ids[0] === String(event.pointerId) ? ids[1] : ids[0]];
      var was = Math.hypot(before[0] - other[0], before[1] - other[1]);
      var now = Math.hypot(event.clientX - other[0], event.clientY - other[1]);
      var at = inPicture({ clientX: (event.clientX + other[0]) / 2, clientY: (event.clientY + other[1]) / 2 });
      if (now > 1) { zoom(was / now, at[0], at[1]); }
    } else {
      var unit = scale();
      view[0] -= (event.clientX - before[0]) * unit;
      view[1] -= (event.clientY - before[1]) * unit;
      look();
    }
    dragged += Math.abs(event.clientX - before[0]) + Math.abs(event.clientY - before[1]);
    if (dragged > 4) { stage.classList.add("moving"); }
    pointers[event.pointerId] = [event.clientX, event.clientY];
  });
  function released(event) { delete pointers[event.pointerId]; stage.classList.remove("moving"); }
  window.addEventListener("pointerup", released);
  window.addEventListener("pointercancel", released);

  // everyone reached from a node along one direction, people left out when they are hidden
  function reached(start, from, to) {
    var seen = {};
    var queue = [start];
    seen[start] = true;
    for (var at = 0; at < queue.length; at += 1) {
      data.edges.forEach(function (edge) {
        if (edge[from] === queue[at] && !seen[edge[to]] && shown(edge)) { seen[edge[to]] = true; queue.push(edge[to]); }
      });
    }
    return seen;
  }
  function shown(edge) { return !svg.classList.contains("without-people") || !(data.nodes[edge.src].person || data.nodes[edge.dst].person); }
  function light(name) {
    var up = reached(name, "dst", "src");
    var down = reached(name, "src", "dst");
    svg.classList.add("lit");
    Object.keys(nodes).forEach(function (key) { nodes[key].classList.toggle("on", Boolean(up[key] || down[key])); });
    edges.forEach(function (group) {
      var a = group.dataset.src, b = group.dataset.dst;
      group.classList.toggle("on", Boolean((up[a] && up[b]) || (down[a] && down[b])));
    });
    describe(name);
  }
  function dark() {
    svg.classList.remove("lit");
    Object.keys(nodes).forEach(function (key) { nodes[key].classList.remove("on"); });
    edges.forEach(function (group) { group.classList.remove("on"); });
    side.hidden = true;
  }
  function add(parent, name, text) {
    var made = document.createElement(name);
    made.textContent = text;
    parent.appendChild(made);
    return made;
  }
  function list(parent, lines) {
    if (!lines.length) { return; }
    var made = document.createElement("ul");
    lines.forEach(function (line) { add(made, "li", line); });
    parent.appendChild(made);
  }
  function describe(name) {
    side.textContent = "";
    add(side, "h2", data.nodes[name].label);
    add(side, "p", data.nodes[name].said);
    list(side, data.nodes[name].members);
    [["dst", "src", words.above], ["src", "dst", words.below]].forEach(function (way) {
      var some = data.edges.filter(function (edge) { return edge[way[0]] === name; });
      if (!some.length) { return; }
      add(side, "h3", way[2] + " (" + some.length + ")");
      some.forEach(function (edge) {
        add(side, "p", data.nodes[edge[way[1]]].label + ": " + edge.said);
        list(side, edge.records);
      });
    });
    side.hidden = false;
  }

  function groupOf(target) { return target.closest && target.closest(".node, .edge"); }
  stage.addEventListener("click", function (event) {
    if (dragged > 4) { return; }
    var group = groupOf(event.target);
    if (group && group.dataset.node) { light(group.dataset.node); } else { dark(); }
  });
  stage.addEventListener("pointermove", function (event) {
    var group = groupOf(event.target);
    tip.hidden = !group || stage.classList.contains("moving");
    if (tip.hidden) { return; }
    if (group.dataset.node) {
      tip.textContent = data.nodes[group.dataset.node].said;
    } else {
      var edge = told[group.dataset.src + ">" + group.dataset.dst];
      var more = edge.records.length > 6 ? ["… +" + (edge.records.length - 6)] : [];
      tip.textContent = [data.nodes[edge.src].label + " → " + data.nodes[edge.dst].label, edge.said]
        .concat(edge.records.slice(0, 6), more).join("\n");
    }
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = Math.max(4, Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8)) + "px";
  });
  stage.addEventListener("pointerleave", function () { tip.hidden = true; });

  Object.keys(nodes).forEach(function (key) {
    var group = nodes[key];
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", data.nodes[key].said);
    group.classList.toggle("has-person", data.nodes[key].person);
    group.addEventListener("keydown", function (event) {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); light(key); }
    });
  });
  edges.forEach(function (group) {
    group.classList.toggle("has-person", data.nodes[group.dataset.src].person || data.nodes[group.dataset.dst].person);
  });

  var hits = [];
  var turn = -1;
  function search() {
    var text = find.value.trim().toLowerCase();
    hits = Object.keys(nodes).filter(function (key) {
      var seen = data.nodes[key];
      return text && [seen.label, seen.said].concat(seen.members).join("\n").toLowerCase().indexOf(text) >= 0;
    });
    Object.keys(nodes).forEach(function (key) { nodes[key].classList.toggle("hit", hits.indexOf(key) >= 0); });
    found.textContent = text ? hits.length + " " + words.found : "";
    turn = -1;
  }
  find.addEventListener("input", function () { search(); if (hits.length) { turn = 0; near(nodes[hits[0]]); } });
  find.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && hits.length) { turn = (turn + 1) % hits.length; near(nodes[hits[turn]]); light(hits[turn]); }
  });
  document.getElementById("people").addEventListener("change", function () {
    svg.classList.toggle("without-people", !this.checked);
  });
  document.getElementById("in").addEventListener("click", function () { zoom(0.7, view[0] + view[2] / 2, view[1] + view[3] / 2); });
  document.getElementById("out").addEventListener("click", function () { zoom(1.4, view[0] + view[2] / 2, view[1] + view[3] / 2); });
  document.getElementById("fit").addEventListener("click", fit);
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { dark(); find.value = ""; search(); fit(); }
  });
  // a large picture opens at its subject, at a size that can be read
  if (whole[2] > 2200 || whole[3] > 2200) { near(nodes[data.subject]); }
})();
