internal import Stages

/// One rater's ballots as a page: prompts, two answers each, and the choice between them. It needs no network, and hands
/// the votes back as the CSV file that `human-votes` reads.
struct BallotPage {
    let rater: Int
    let ballots: [Ballot]

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
        script-src 'unsafe-inline'">
        <title>Rater \(rater): which answer is better?</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <header>
        <h1>Which answer is better?</h1>
        <p>You see \(ballots.count) instructions, each with two answers. Say which answer you would rather have got, or \
        that neither is better. Nobody tells you who wrote the answers, and their order was drawn by \
        lot. Your votes stay in this browser until you save them; send the saved file back. If the button does not \
        work, fill in <code>rater-\(rater).csv</code> instead.</p>
        </header>
        <form data-rater="\(rater)" data-packet="\(Self.escaped(ballots.first?.id ?? ""))">
        \(ballots.map(section).joined(separator: "\n"))
        <footer><output></output> <button type="button">Save my votes</button></footer>
        </form>
        <script>
        \(Self.script)
        </script>
        </body>
        </html>

        """
    }

    private func section(_ ballot: Ballot) -> String {
        let id = Self.escaped(ballot.id)
        let choices = [("1", "Answer 1"), ("2", "Answer 2"), ("tie", "Neither is better")].map { value, label in
            "<label><input type=\"radio\" name=\"\(id)\" value=\"\(value)\"> \(label)</label>"
        }
        return """
            <section aria-labelledby="n\(ballot.number)">
            <h2 id="n\(ballot.number)">\(ballot.number) of \(ballots.count)</h2>
            <div class="text" dir="auto">\(Self.escaped(ballot.prompt))</div>
            <div class="answers">
            <div><h3>Answer 1</h3><div class="text" dir="auto">\(Self.escaped(ballot.upper))</div></div>
            <div><h3>Answer 2</h3><div class="text" dir="auto">\(Self.escaped(ballot.lower))</div></div>
            </div>
            <fieldset data-ballot="\(id)" data-number="\(ballot.number)"><legend>Which is better?</legend>
            \(choices.joined(separator: "\n"))
            </fieldset>
            </section>
            """
    }

    /// A text that a browser shows as it stands, whatever is in it.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            // Control characters are no text, and not allowed in a page.
            case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{7F}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static let style = """
        :root { color-scheme: light dark; --line: #8888; --soft: #8882; }
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
        section { border-top: 1px solid var(--line); padding: 1rem 0 1.5rem; }
        .text { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: .75rem; border-radius: .4rem; }
        .answers { display: grid; gap: 1rem; grid-template-columns: 1fr 1fr; }
        h2, h3 { font-size: 1rem; margin: .75rem 0 .25rem; }
        fieldset { border: 1px solid var(--line); border-radius: .4rem; margin: 1rem 0 0; }
        label { display: inline-block; margin-right: 1.5rem; padding: .25rem 0; }
        footer { position: sticky; bottom: 0; background: Canvas; border-top: 1px solid var(--line); padding: .75rem 0; }
        button { font: inherit; padding: .25rem .75rem; }
        @media (max-width: 45rem) { .answers { grid-template-columns: 1fr; } }
        @media print { footer { position: static; } section { break-inside: avoid; } }
        """

    /// Keeps the votes while the page is closed, counts them, and saves them as a file.
    private static let script = """
        "use strict";
        const form = document.querySelector("form"), place = "ballots-" + form.dataset.packet;
        const ballots = [...form.querySelectorAll("fieldset")].map(field => field.dataset);
        const vote = id => form.elements[id].value;
        function count() {
          const done = ballots.filter(ballot => vote(ballot.ballot)).length;
          form.querySelector("output").value = `${done} of ${ballots.length} answered`;
        }
        try {
          const kept = JSON.parse(localStorage.getItem(place) || "{}");
          for (const { ballot } of ballots) if (kept[ballot]) form.elements[ballot].value = kept[ballot];
        } catch { /* A browser may keep nothing for pages from a file. */ }
        form.addEventListener("change", () => {
          count();
          try {
            localStorage.setItem(place, JSON.stringify(Object.fromEntries(ballots.map(b => [b.ballot, vote(b.ballot)]))));
          } catch { /* The page still counts and saves. */ }
        });
        form.querySelector("button").addEventListener("click", () => {
          const rows = ballots.map(b => `${b.ballot},${b.number},${vote(b.ballot)}\\r\\n`);
          const link = document.createElement("a");
          link.href = URL.createObjectURL(new Blob(["ballot,number,vote\\r\\n", ...rows], { type: "text/csv" }));
          link.download = `rater-${form.dataset.rater}.csv`;
          link.click();
        });
        count();
        """
}
