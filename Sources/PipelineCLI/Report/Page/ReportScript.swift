/// What the page can do beyond being read: tips at what is pointed at or stepped to by arrow keys, and tables that sort.
/// Nothing depends on it.
enum ReportScript {
    /// Without the characters that XML reads as markup.
    static let text = """

        (function () {
          "use strict";
          // Said by screen readers when it changes.
          var bubble = document.createElement("div");
          var shown = null;
          bubble.id = "bubble";
          bubble.setAttribute("role", "status");
          document.body.appendChild(bubble);
          function hide() {
            if (shown) { shown.classList.remove("shown"); }
            shown = null;
            bubble.textContent = "";
          }
          function show(mark) {
            hide();
            shown = mark;
            mark.classList.add("shown");
            bubble.textContent = mark.getAttribute("data-tip");
            var box = mark.getBoundingClientRect();
            var left = box.left + box.width / 2 - bubble.offsetWidth / 2;
            var most = document.documentElement.clientWidth - bubble.offsetWidth - 8;
            var top = box.top - bubble.offsetHeight - 8;
            bubble.style.left = Math.max(8, Math.min(left, most)) + window.scrollX + "px";
            bubble.style.top = (top > 0 ? top : box.bottom + 8) + window.scrollY + "px";
          }
          var steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
          document.querySelectorAll("svg").forEach(function (drawing) {
            var marks = Array.prototype.slice.call(drawing.querySelectorAll("g.tip"));
            if (marks.length === 0) { return; }
            marks.forEach(function (mark) {
              var title = mark.querySelector("title");
              mark.setAttribute("data-tip", title.textContent);
              // The browser would show it beside the bubble.
              title.remove();
              mark.addEventListener("mouseenter", function () { show(mark); });
              mark.addEventListener("mouseleave", hide);
            });
            // One stop a drawing, and arrow keys within it.
            drawing.setAttribute("tabindex", "0");
            drawing.addEventListener("blur", hide);
            drawing.addEventListener("keydown", function (event) {
              var step = steps[event.key], place = marks.indexOf(shown);
              if (!step) { return; }
              event.preventDefault();
              place = 0 > place ? (step > 0 ? 0 : marks.length - 1) : (place + step + marks.length) % marks.length;
              marks[place].scrollIntoView({ block: "nearest", inline: "nearest" });
              show(marks[place]);
            });
          });
          document.addEventListener("keydown", function (event) { if (event.key === "Escape") { hide(); } });

          function number(cell) {
            var text = cell.textContent.replace(/\\u2212/g, "-").replace(/,/g, "");
            // A power of ten: "2.3\\u00B710\\u207B\\u2076" is 2.3e-6.
            text = text.replace(/\\u00B710([\\u207B\\u2070\\u00B9\\u00B2\\u00B3\\u2074-\\u2079]+)/, function (all, raised) {
              return "e" + raised.replace(/\\u207B/g, "-").replace(/[^-]/g, function (digit) {
                return "\\u2070\\u00B9\\u00B2\\u00B3\\u2074\\u2075\\u2076\\u2077\\u2078\\u2079".indexOf(digit);
              });
            });
            return parseFloat(text);
          }
          function sort(table, column, down) {
            var body = table.tBodies[0];
            var rows = Array.prototype.slice.call(body.rows);
            rows.sort(function (first, second) {
              var a = number(first.cells[column]), b = number(second.cells[column]);
              // What is no number comes last, either way.
              if (isNaN(a) !== isNaN(b)) { return isNaN(a) ? 1 : -1; }
              var order = isNaN(a)
                ? first.cells[column].textContent.localeCompare(second.cells[column].textContent) : a - b;
              return down ? -order : order;
            });
            rows.forEach(function (row) { body.appendChild(row); });
          }
          document.querySelectorAll("table").forEach(function (table) {
            if (3 > table.tBodies[0].rows.length) { return; }
            Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
              var button = document.createElement("button");
              button.type = "button";
              while (head.firstChild) { button.appendChild(head.firstChild); }
              head.appendChild(button);
              button.addEventListener("click", function () {
                var down = head.getAttribute("aria-sort") === "ascending";
                table.querySelectorAll("th[aria-sort]").forEach(function (other) { other.removeAttribute("aria-sort"); });
                head.setAttribute("aria-sort", down ? "descending" : "ascending");
                sort(table, column, down);
              });
            });
          });
        }());

        """
}
