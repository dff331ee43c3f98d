// The crowd HTML elements that a worker template may use, as far as the portal has them.
"use strict";

(() => {
  const COLORS = ["#1f5fbf", "#c2410c", "#15803d", "#a21caf", "#b45309", "#0e7490", "#be123c", "#4d7c0f"];
  // Beyond those, colors a golden angle apart: no two labels share one.
  const color = (index) => COLORS[index] || `hsl(${Math.round(index * 137.508) % 360} 65% 38%)`;
  const KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm";
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  // Attributes are JSON as people write it: 'single' quotes, bare keys and commas at the end too.
  const TOKENS = /"(?:[^"\\]|\\.)*"|'((?:[^'\\]|\\.)*)'|,(?=\s*[\]}])|[A-Za-z_$][\w$]*/g;
  const strict = (token, single) => {
    if (single !== undefined) return `"${single.replace(/\\'/g, "'").replace(/(^|[^\\])"/g, '$1\\"')}"`;
    if (token === ",") return "";
    return token.startsWith('"') || /^(true|false|null)$/.test(token) ? token : JSON.stringify(token);
  };
  const parsed = (element, name) => {
    const text = element.getAttribute(name);
    if (!text || !text.trim()) return null;
    try {
      return JSON.parse(text);
    } catch {
      return JSON.parse(text.replace(TOKENS, strict));
    }
  };
  const listed = (rows) => (rows || []).map((row) => (typeof row === "string" ? row : row.label));
  const heading = (element) => make("h2", {}, element.getAttribute("header") || "");

  // A column of labels, one or several of which are chosen; digits choose too.
  class Picker {
    constructor(labels, { several = false, colored = false, first = false } = {}) {
      this.labels = labels;
      this.several = several;
      this.chosen = new Set();
      const role = several ? "aria-checked" : "aria-pressed";
      this.buttons = labels.map((label, index) => {
        const swatch = make("span", { class: "swatch", style: `background:${color(index)}` });
        const parts = [...(colored ? [swatch] : []), make("span", {}, label), ...(KEYS[index] ? [make("kbd", {}, KEYS[index])] : [])];
        const button = make("button", { type: "button", class: "pick", "data-label": label, onclick: () => this.pick(index) }, ...parts);
        if (several) button.setAttribute("role", "checkbox");
        button.setAttribute(role, "false");
        return button;
      });
      this.role = role;
      if (first && labels.length) this.pick(0);
      document.addEventListener("keydown", (event) => {
        if (/^(INPUT|TEXTAREA)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
        const index = event.key.length === 1 ? KEYS.indexOf(event.key.toLowerCase()) : -1;
        if (index >= 0 && index < labels.length) this.pick(index);
      });
    }
    pick(index) {
      if (this.several && this.chosen.has(index)) this.chosen.delete(index);
      else {
        if (!this.several) this.chosen.clear();
        this.chosen.add(index);
      }
      this.buttons.forEach((button, at) => button.setAttribute(this.role, String(this.chosen.has(at))));
    }
    get index() { return [...this.chosen][0] ?? -1; }
    get names() { return this.labels.filter((_, index) => this.chosen.has(index)); }
  }

  class Element extends HTMLElement {
    connectedCallback() {
      if (this.ready) return;
      this.ready = true;
      this.build();
    }
    // What is missing before this can be submitted; nothing if it is complete.
    problem() { return ""; }
    layout(stage, ...side) {
      const told = instructions(this);
      this.replaceChildren(...told, make("div", { class: "work" }, make("div", { class: "stage" }, ...stage), make("div", { class: "side" }, heading(this), ...side)));
    }
  }

  // What an element's author tells workers: the short part in sight, the whole of it on demand.
  function instructions(element) {
    const [short, full] = ["short-instructions", "full-instructions"].map((name) => element.querySelector(name));
    const parts = [];
    if (short) parts.push(make("div", {}, ...short.childNodes));
    if (full) parts.push(make("details", {}, make("summary", {}, full.getAttribute("header") || "Instructions"), ...full.childNodes));
    return parts.length ? [make("div", { class: "instructions" }, ...parts)] : [];
  }

  const placed = (rows, labels) => rows
    .map(({ label, left, top, width, height }) => ({ label: labels.indexOf(label), left, top, width, height }))
    .filter((box) => box.label >= 0);
  // A box at its place in an image that is shown `scale` times smaller than it is.
  const drawn = (box, labels, scale, ...more) => {
    const place = `left:${box.left / scale}px;top:${box.top / scale}px;width:${box.width / scale}px;height:${box.height / scale}px;border-color:${color(box.label)}`;
    return make("div", { class: "box", style: place }, make("b", { style: `background:${color(box.label)}` }, labels[box.label]), ...more);
  };

  // An image with the label that was made of it before: boxes, or a mask whose colors are named.
  class Overlay {
    constructor(source, { boundingBox, semanticSegmentation: painted } = {}) {
      this.image = make("img", { src: source, alt: "The image to label", draggable: "false" });
      this.frame = make("div", { class: "frame seen" }, this.image);
      this.legend = [];
      if (boundingBox) {
        this.labels = listed(boundingBox.labels);
        this.boxes = placed(boundingBox.value || [], this.labels);
        new ResizeObserver(() => this.draw()).observe(this.image);
        this.image.addEventListener("load", () => this.draw());
      }
      if (painted) {
        this.frame.append(make("img", { src: painted.src, alt: "What was painted", class: "painted" }));
        this.legend = Object.entries(painted.labelMappings || {}).map(([label, { color: shade }]) =>
          make("p", { class: "legend" }, make("span", { class: "swatch", style: `background:${shade}` }), label));
      }
    }
    draw() {
      this.frame.querySelectorAll(".box").forEach((element) => element.remove());
      const scale = this.image.naturalWidth / this.image.clientWidth || 1;
      this.frame.append(...this.boxes.map((box) => drawn(box, this.labels, scale)));
    }
  }

  class Classifier extends Element {
    several() { return this.localName.endsWith("multi-select"); }
    build() {
      const source = this.getAttribute("src");
      const target = this.querySelector("classification-target");
      this.picker = new Picker(listed(parsed(this, "categories")), { several: this.several() });
      const overlay = source ? new Overlay(source, parsed(this, "overlay") || {}) : null;
      const asked = this.querySelector("worker-comment");
      this.remark = asked && make("textarea", { rows: "2", placeholder: asked.getAttribute("placeholder") || "" });
      const comment = asked ? [make("label", {}, asked.getAttribute("link-text") || asked.getAttribute("header") || "Add a comment", ...asked.childNodes, this.remark)] : [];
      const stage = overlay ? [overlay.frame] : [make("p", { class: "text" }, ...(target ? target.childNodes : []))];
      this.layout(stage, ...this.picker.buttons, ...comment, ...(overlay ? overlay.legend : []));
    }
    problem() { return this.picker.chosen.size || this.several() ? "" : "Choose a label."; }
    value() {
      const remark = this.remark ? this.remark.value.trim() : "";
      const chosen = this.several() ? { labels: this.picker.names } : { label: this.picker.names[0] };
      return remark ? { ...chosen, workerComment: remark } : chosen;
    }
  }

  class BoundingBox extends Element {
    build() {
      this.labels = listed(parsed(this, "labels"));
      this.picker = new Picker(this.labels, { colored: true, first: true });
      this.boxes = placed(parsed(this, "initial-value") || [], this.labels);
      this.before = JSON.stringify(this.boxes);
      this.image = make("img", { src: this.getAttribute("src"), alt: "The image to label", draggable: "false" });
      this.frame = make("div", { class: "frame" }, this.image);
      this.count = make("p", { class: "dim" }, "Drag to draw a box.");
      this.layout([this.frame], ...this.picker.buttons, this.count);
      this.frame.addEventListener("pointerdown", (event) => this.begin(event));
      new ResizeObserver(() => this.draw()).observe(this.image);
      this.image.addEventListener("load", () => this.draw());
    }
    scale() { return this.image.naturalWidth / this.image.clientWidth || 1; }
    at(event) {
      const edges = this.image.getBoundingClientRect();
      const within = (value, most) => Math.min(Math.max(value, 0), most);
      const scale = this.scale();
      return [within(event.clientX - edges.left, edges.width) * scale, within(event.clientY - edges.top, edges.height) * scale];
    }
    begin(event) {
      if (event.target.tagName === "BUTTON" || event.button !== 0 || this.picker.index < 0) return;
      event.preventDefault();
      const [x, y] = this.at(event);
      const box = { label: this.picker.index, left: x, top: y, width: 0, height: 0 };
      this.boxes.push(box);
      const move = (moved) => {
        const [right, bottom] = this.at(moved);
        Object.assign(box, { left: Math.min(x, right), top: Math.min(y, bottom), width: Math.abs(right - x), height: Math.abs(bottom - y) });
        this.draw();
      };
      const end = () => {
        window.removeEventListener("pointermove", move);
        if (Math.min(box.width, box.height) < 3) this.boxes = this.boxes.filter((one) => one !== box);
        this.draw();
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", end, { once: true });
    }
    draw() {
      this.frame.querySelectorAll(".box").forEach((element) => element.remove());
      const scale = this.scale();
      this.boxes.forEach((box, index) => {
        const remove = make("button", { type: "button", "aria-label": `Remove box ${index + 1}`, onclick: () => { this.boxes.splice(index, 1); this.draw(); } }, "×");
        this.frame.append(drawn(box, this.labels, scale, remove));
      });
      this.count.textContent = this.boxes.length ? `${this.boxes.length} drawn` : "Drag to draw a box.";
    }
    value() {
      const whole = ({ label, left, top, width, height }) => ({ label: this.labels[label], left: Math.round(left), top: Math.round(top), width: Math.round(width), height: Math.round(height) });
      const size = { width: this.image.naturalWidth, height: this.image.naturalHeight };
      const modified = this.hasAttribute("initial-value") ? { initialValueModified: JSON.stringify(this.boxes) !== this.before } : {};
      return { boundingBoxes: this.boxes.map(whole), inputImageProperties: size, ...modified };
    }
  }

  class EntityAnnotation extends Element {
    build() {
      this.labels = listed(parsed(this, "labels"));
      // Offsets count characters, as Python does, not the halves that JavaScript counts.
      this.letters = [...(this.getAttribute("text") || "")];
      this.picker = new Picker(this.labels, { colored: true, first: true });
      this.marks = (parsed(this, "initial-value") || [])
        .map(({ label, startOffset, endOffset }) => ({ start: startOffset, end: endOffset, label: this.labels.indexOf(label) }))
        .filter((mark) => mark.label >= 0);
      this.shown = make("p", { class: "text" });
      this.layout([this.shown], ...this.picker.buttons, make("p", { class: "dim" }, "Select words to mark them; click a mark to remove it."));
      this.shown.addEventListener("pointerup", () => this.take());
      this.draw();
    }
    offset(node, within) {
      let count = 0;
      const walker = document.createTreeWalker(this.shown, NodeFilter.SHOW_TEXT, (text) => (text.parentElement.tagName === "SMALL" ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
      while (walker.nextNode()) {
        if (walker.currentNode === node) return count + [...node.data.slice(0, within)].length;
        if (node.nodeType !== Node.TEXT_NODE && !(node.compareDocumentPosition(walker.currentNode) & Node.DOCUMENT_POSITION_PRECEDING) && [...node.childNodes].indexOf(walker.currentNode) >= within) return count;
        count += [...walker.currentNode.data].length;
      }
      return count;
    }
    take() {
      const selection = window.getSelection();
      if (selection.isCollapsed || this.picker.index < 0 || !this.shown.contains(selection.anchorNode)) return;
      const ends = [this.offset(selection.anchorNode, selection.anchorOffset), this.offset(selection.focusNode, selection.focusOffset)];
      let [start, end] = [Math.min(...ends), Math.max(...ends)];
      while (start < end && /\s/.test(this.letters[start])) start += 1;
      while (end > start && /\s/.test(this.letters[end - 1])) end -= 1;
      selection.removeAllRanges();
      if (end <= start || this.marks.some((mark) => mark.start < end && start < mark.end)) return;
      this.marks.push({ start, end, label: this.picker.index });
      this.marks.sort((one, other) => one.start - other.start);
      this.draw();
    }
    draw() {
      const parts = [];
      let at = 0;
      const text = (start, end) => this.letters.slice(start, end).join("");
      this.marks.forEach((mark, index) => {
        parts.push(text(at, mark.start));
        const remove = () => { if (window.getSelection().isCollapsed) { this.marks.splice(index, 1); this.draw(); } };
        parts.push(make("mark", { style: `background:color-mix(in srgb, ${color(mark.label)} 20%, transparent)`, onclick: remove }, text(mark.start, mark.end), make("small", {}, this.labels[mark.label])));
        at = mark.end;
      });
      parts.push(text(at, this.letters.length));
      this.shown.replaceChildren(...parts);
    }
    value() {
      return { entities: this.marks.map(({ start, end, label }) => ({ startOffset: start, endOffset: end, label: this.labels[label] })) };
    }
  }

  class Field extends Element {
    build() {
      const tag = this.localName === "crowd-text-area" ? "textarea" : "input";
      this.field = make(tag, { "aria-label": this.getAttribute("label") || this.getAttribute("name") || "", placeholder: this.getAttribute("placeholder") || "" });
      this.field.value = this.getAttribute("value") || "";
      this.replaceChildren(make("label", {}, this.getAttribute("label") || "", this.field));
    }
    problem() { return this.hasAttribute("required") && !this.field.value ? "Fill in every field." : ""; }
    value() { return this.field.value; }
  }

  class Check extends Element {
    build() {
      const radio = this.localName === "crowd-radio-button";
      const group = this.closest("crowd-radio-group");
      this.field = make("input", { type: radio ? "radio" : "checkbox", name: radio && group ? "radio" : this.getAttribute("name") || "" });
      this.field.checked = this.hasAttribute("checked");
      this.replaceChildren(make("label", {}, this.field, " ", ...this.childNodes));
    }
    value() { return { on: this.field.checked }; }
  }

  class Form extends Element {
    build() {
      this.note = make("span", { class: "dim", role: "alert" });
      if (!this.querySelector("crowd-button[form-action=submit], button[type=submit]")) {
        this.append(make("div", { class: "foot" }, make("button", { type: "button", class: "primary", id: "submit", onclick: () => this.send() }, "Submit"), make("span", { class: "dim" }, "Ctrl + Enter"), this.note));
      } else {
        this.append(this.note);
      }
    }
    value() {
      const answer = {};
      for (const element of this.querySelectorAll("[name]")) {
        const name = element.getAttribute("name");
        if (element instanceof Element) answer[name] = element.value();
        else if (element.closest("crowd-input, crowd-text-area, crowd-checkbox, crowd-radio-button")) continue;
        else if (element.type === "radio" || element.type === "checkbox") answer[element.value ? `${name}` : name] = { ...(answer[name] || {}), [element.value]: element.checked };
        else if ("value" in element) answer[name] = element.value;
      }
      return answer;
    }
    send() {
      const missing = [...this.querySelectorAll("*")].filter((one) => one instanceof Element).map((one) => one.problem()).find(Boolean);
      this.note.textContent = missing ? `${missing} Or skip the task.` : "";
      if (!missing) window.portal.submit(this.value());
    }
  }

  class Button extends Element {
    build() {
      const inside = [...this.childNodes];
      const submits = this.getAttribute("form-action") === "submit";
      this.replaceChildren(make("button", { type: "button", class: submits ? "primary" : "", onclick: () => submits && this.closest("crowd-form").send() }, ...inside));
    }
  }

  class Absent extends Element {
    build() { this.replaceChildren(make("p", { class: "note" }, `${this.localName} is not available in this portal.`)); }
    problem() { return `${this.localName} is not available in this portal.`; }
  }

  const ELEMENTS = {
    "crowd-classifier": Classifier, "crowd-classifier-multi-select": class extends Classifier {},
    "crowd-image-classifier": class extends Classifier {}, "crowd-image-classifier-multi-select": class extends Classifier {},
    "crowd-bounding-box": BoundingBox, "crowd-entity-annotation": EntityAnnotation,
    "crowd-input": Field, "crowd-text-area": class extends Field {},
    "crowd-checkbox": Check, "crowd-radio-button": class extends Check {},
    "crowd-button": Button,
    "crowd-polygon": Absent, "crowd-polyline": class extends Absent {}, "crowd-keypoint": class extends Absent {},
    "crowd-instance-segmentation": class extends Absent {}, "crowd-semantic-segmentation": class extends Absent {},
  };
  for (const [name, element] of Object.entries(ELEMENTS)) customElements.define(name, element);
  customElements.define("crowd-form", Form);
})();
