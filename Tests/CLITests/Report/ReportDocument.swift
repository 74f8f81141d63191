import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A report's page, read as XML.
final class ReportDocument: NSObject, XMLParserDelegate {
    private(set) var ids: [String] = []
    /// What would be fetched, or led to: every `src`, `href` and so on.
    private(set) var references: [String] = []
    private(set) var elements: [String: Int] = [:]
    /// The text of the page, without what models wrote and without style and script.
    private(set) var text = ""
    /// Of each picture: whether it has a title and a description, and is a picture to a screen reader.
    private(set) var pictures: [(hasTitle: Bool, hasDescription: Bool, role: String?)] = []
    /// Elements within pictures that take the focus, which a screen reader does not know of.
    private(set) var stopsInPictures = 0
    private(set) var tablesWithoutCaption = 0
    private(set) var headings: [String] = []
    private var open: [String] = []
    private var said = 0

    /// Ends the test where the page is not well-formed.
    init(_ page: String) throws {
        super.init()
        let parser = XMLParser(data: Data(page.utf8))
        parser.delegate = self
        let isWhole = parser.parse()
        try #require(
            isWhole,
            "line \(parser.lineNumber), column \(parser.columnNumber): \(parser.parserError.map { "\($0)" } ?? "")")
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements[name, default: 0] += 1
        text += " "
        if let id = attributes["id"] { ids.append(id) }
        for key in ["src", "href", "xlink:href", "action", "data", "srcset", "poster"] {
            if let value = attributes[key] { references.append(value) }
        }
        let isSaid = attributes["class"]?.split(separator: " ").contains("said") == true
        if isSaid || said > 0 { said += 1 }
        if said == 0 {
            for key in [
                "aria-label", "x", "y", "d", "x1", "y1", "x2", "y2", "width", "height", "cx", "cy", "transform",
            ] {
                if let value = attributes[key] { text += " " + value }
            }
        }
        if open.contains("svg"), attributes["tabindex"] != nil { stopsInPictures += 1 }
        switch (open.last, name) {
        case (_, "svg"): pictures.append((false, false, attributes["role"]))
        case ("svg", "title"): pictures[pictures.count - 1].hasTitle = true
        case ("svg", "desc"): pictures[pictures.count - 1].hasDescription = true
        case (_, "table"): tablesWithoutCaption += 1
        case ("table", "caption"): tablesWithoutCaption -= 1
        default: break
        }
        if ["h1", "h2", "h3", "h4"].contains(name) { headings.append(name) }
        open.append(name)
    }

    func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
        if said > 0 { said -= 1 }
        text += " "
        open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        // One text may come in several pieces.
        if said == 0, !open.contains("script"), !open.contains("style") { text += string }
    }
}

extension ReportDocument {
    /// What must hold of every page, whatever the run.
    static func check(_ page: String) throws -> ReportDocument {
        let document = try ReportDocument(page)
        // What the hand-made run's texts say of themselves, where they stand outside of quotations: in warnings, in names.
        let own = ["url(https", "https://e"].reduce(page) { $0.replacing($1, with: "") }
        let words = document.text.replacing("NaN nil", with: "")
        #expect(Set(document.ids).count == document.ids.count, "ids repeat")
        for reference in document.references {
            #expect(reference.hasPrefix("#") && document.ids.contains(String(reference.dropFirst())), "\(reference)")
        }
        for word in ["http://", "https://", "url(", "@import", "<iframe", "<img", "<link", "<object"] {
            #expect(!own.contains(word), "\(word)")
        }
        for word in ["NaN", "nan", "inf", "-inf", "nil", "Optional", "Infinity", "null"] {
            let isThere = words.split { !$0.isLetter && $0 != "-" }.contains { $0 == word }
            #expect(!isThere, "\(word)")
        }
        for picture in document.pictures {
            #expect(picture.hasTitle)
            #expect(picture.hasDescription)
            #expect(picture.role == "img")
        }
        #expect(document.stopsInPictures == 0)
        #expect(document.tablesWithoutCaption == 0)
        #expect(document.headings.filter { $0 == "h1" }.count == 1)
        #expect(document.elements["main"] == 1)
        #expect(document.elements["figcaption"] == document.elements["figure"])
        return document
    }
}

/// A browser without a screen, where there is one.
enum Browser {
    static let path: String? = ["chromium", "chromium-browser", "google-chrome"].lazy.compactMap { name in
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }.first

    static let isPresent = path != nil
    static let absence = "needs Chromium, which is not installed"

    /// Opens the page: what its document became, and what the browser had to say.
    static func open(_ file: URL, profile: URL) throws -> (document: String, complaints: [String]) {
        let process = Process(), output = profile.appending(path: "document"), errors = profile.appending(path: "log")
        try FileManager.default.createDirectory(at: profile, withIntermediateDirectories: true)
        for file in [output, errors] { try Data().write(to: file) }
        process.executableURL = URL(filePath: path ?? "")
        process.arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--user-data-dir=\(profile.path)", "--enable-logging=stderr", "--dump-dom", file.absoluteString,
        ]
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        let log = try String(contentsOf: errors, encoding: .utf8)
        return (
            try String(contentsOf: output, encoding: .utf8),
            log.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init)
        )
    }
}
