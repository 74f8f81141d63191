import Foundation
import PipelineCLI
import Testing

@Suite("What a report is drawn with")
struct ReportPartsTests {
    @Test(
        "marks of an axis are 1, 2 or 5 times a power of ten, and hold all values",
        arguments: [
            ([0, 0.93], 0.2, [0, 0.2, 0.4, 0.6, 0.8, 1]), ([12, 47], 10, [10, 20, 30, 40, 50]),
            ([-0.03, 0.021], 0.02, [-0.04, -0.02, 0, 0.02, 0.04]), ([0, 1000], 200, [0, 200, 400, 600, 800, 1000]),
        ] as [([Double], Double, [Double])])
    func ticks(values: [Double], step: Double, ticks: [Double]) {
        let scale = LinearScale(covering: values, from: 0, to: 100)
        #expect(abs(scale.step - step) < step * 1e-9)
        #expect(scale.ticks.count == ticks.count)
        for (found, expected) in zip(scale.ticks, ticks) { #expect(abs(found - expected) < step * 1e-9) }
        #expect(scale.position(scale.lower) == 0)
        #expect(scale.position(scale.upper) == 100)
    }

    @Test(
        "whatever the values, every place on the paper is a number",
        arguments: [
            [], [0], [3, 3], [-7], [.nan], [.infinity, 1], [1e300, -1e300], [.leastNonzeroMagnitude, 0],
            [1, 1 + 1e-15],
            [1e99, -1e99],
        ] as [[Double]])
    func extremes(values: [Double]) {
        let scale = LinearScale(covering: values, from: 200, to: 10)
        #expect(scale.ticks.count > 1)
        #expect(scale.ticks.count < 20)
        for value in values + [0, .nan, -.infinity, 1e308] {
            #expect((10...200).contains(scale.position(value)), "\(value)")
        }
    }

    @Test(
        "numbers have about three digits, and what is none is a dash",
        arguments: [
            (0.53333, "0.533"), (-0.0001, "−1.0·10⁻⁴"), (0, "0.000"), (4.716, "4.716"),
            (-12.345, "−12.35"),
            (93.91, "93.91"),
            (1234.5, "1,235"), (999.96, "1,000"), (1_234_567, "1,234,567"), (2.5e-6, "2.5·10⁻⁶"), (1e20, "1.0·10²⁰"),
            (.nan, "–"), (.infinity, "–"),
        ] as [(Double, String)])
    func values(value: Double, text: String) {
        #expect(Numerals.value(value) == text)
    }

    @Test("intervals, counts and shares")
    func otherNumbers() {
        #expect(Numerals.value(nil) == "–")
        #expect(Numerals.interval(0.25, 0.5) == "[0.250, 0.500]")
        #expect(Numerals.interval(0.25, nil).isEmpty)
        #expect(Numerals.interval(.nan, 1).isEmpty)
        // What rounding leaves of 0 is 0; what is small on its own is not.
        #expect(Numerals.interval(-1.111, 5.6e-17) == "[−1.111, 0.000]")
        #expect(Numerals.interval(1e-17, 2e-17) == "[1.0·10⁻¹⁷, 2.0·10⁻¹⁷]")
        #expect(Numerals.count(-1234) == "−1,234")
        #expect(Numerals.percent(1, of: 4) == "25\u{202F}%")
        #expect(Numerals.percent(3, of: 1000) == "0.3\u{202F}%")
        #expect(Numerals.percent(999, of: 1000) == "99.9\u{202F}%")
        #expect(Numerals.percent(0, of: 0) == "–")
        #expect(Numerals.signed(0.25) == "+0.250")
        #expect(Numerals.signed(-0.25) == "−0.250")
        #expect(Numerals.tick(0.30000000000000004, step: 0.1) == "0.3")
        #expect(Numerals.tick(3e-5, step: 1e-5) == "3·10⁻⁵")
        #expect(Numerals.tick(-2000, step: 1000) == "−2,000")
    }

    @Test("what a model wrote cannot become markup, turn the writing or hide")
    func escaping() {
        let hostile =
            "</p><script>alert(\"1\")</script> & 'x'\u{202E}evil\u{0}\u{1B}[2J\u{85}\u{FEFF}\u{E0041}\u{FFFE}\r"
        let page: Markup = "<p>\(hostile)</p>"
        #expect(
            page.source
                == "<p>&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;\u{FFFD}evil\u{FFFD}\u{FFFD}[2J\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}</p>"
        )
        // Words of right-to-left languages, joined emoji and line ends are left as they are.
        let fine = "שלום 👩‍👩‍👧\n\tनमस्ते"
        #expect(Markup.escaped(fine) == fine)
        #expect(("<b>\(page)</b>" as Markup).source.hasPrefix("<b><p>&lt;"))
        #expect(
            ("\(1.006)|\(-0.5)|\(12.0)|\(Double.nan)|\(1e300)" as Markup).source == "1.01|-0.5|12|0|0")
    }

    @Test(
        "a cell is quoted where it must be, and never a formula",
        arguments: [
            ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("carriage\r\nreturn", "\"carriage\r\nreturn\""), ("=1+1", "'=1+1"), ("@cmd,x", "\"'@cmd,x\""), ("", ""),
            ("a\"\u{301},=1", "\"a\"\"\u{301},=1\""),
        ])
    func quoting(text: String, cell: String) {
        #expect(TableFile.quoted(text) == cell)
    }

    @Test("a table file has a heading, a row a fact, and nothing for what is absent")
    func tableFile() {
        let table = ReportTable(
            "t", caption: "", columns: ["name", "value", "count"],
            rows: [[.text("a,b"), .number(0.1), .count(3)], [.absent, .init(Double.nan), .init(nil as Int?)]])
        #expect(TableFile.text(table) == "name,value,count\r\n\"a,b\",0.1,3\r\n,,\r\n")
    }

    // RFC 3720, B.4, and the check value that catalogues of such codes give.
    @Test("CRC-32C agrees with published values")
    func checksum() {
        #expect(CastagnoliChecksum.value([]) == 0)
        #expect(CastagnoliChecksum.value(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CastagnoliChecksum.value([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CastagnoliChecksum.value([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CastagnoliChecksum.value(0..<32) == 0x46DD_794E)
    }

    @Test("event files read back as they were written")
    func eventFile() throws {
        let scalars = [
            EventFile.Scalar(tag: "train/loss", step: 1, value: 0.5),
            EventFile.Scalar(tag: "train/rewards/margins", step: 300, value: -0.25),
            EventFile.Scalar(tag: "eval/x", step: 0, value: 1),
        ]
        let events = try EventReader.events(EventFile(time: 1.5, scalars: scalars).bytes)
        #expect(events.map(\.time) == [1.5, 1.5, 1.5, 1.5])
        #expect(events.first?.version == "brain.Event:2")
        #expect(events.dropFirst().map(\.scalar) == scalars)
    }
}

/// Reads TFRecords and the little of `Event` that is written, by the specifications and not by our writer.
enum EventReader {
    struct Event {
        var time: Double?
        var step = 0
        var version: String?
        var tag: String?
        var value: Double?

        var scalar: EventFile.Scalar? {
            guard let tag, let value else { return nil }
            return EventFile.Scalar(tag: tag, step: step, value: value)
        }
    }

    struct Malformed: Error {}

    static func events(_ bytes: [UInt8]) throws -> [Event] {
        var events: [Event] = [], rest = bytes[...]
        while !rest.isEmpty {
            let length = try take(8, from: &rest)
            let mark = try integer(take(4, from: &rest))
            guard mark == UInt64(CastagnoliChecksum.masked(length)) else { throw Malformed() }
            let content = try take(Int(integer(length)), from: &rest)
            guard try integer(take(4, from: &rest)) == UInt64(CastagnoliChecksum.masked(content)) else {
                throw Malformed()
            }
            events.append(try event(content))
        }
        return events
    }

    private static func event(_ content: [UInt8]) throws -> Event {
        var event = Event()
        for (field, value) in try fields(content) {
            switch (field, value) {
            case (1, .bits(let bits)): event.time = Double(bitPattern: bits)
            case (2, .bits(let step)): event.step = Int(step)
            case (3, .content(let text)): event.version = String(decoding: text, as: UTF8.self)
            case (5, .content(let summary)):
                for case (1, .content(let entry)) in try fields(summary) {
                    for part in try fields(entry) {
                        switch part {
                        case (1, .content(let tag)): event.tag = String(decoding: tag, as: UTF8.self)
                        case (2, .bits(let bits)): event.value = Double(Float(bitPattern: UInt32(bits)))
                        default: throw Malformed()
                        }
                    }
                }
            default: throw Malformed()
            }
        }
        return event
    }

    private enum Value { case bits(UInt64), content([UInt8]) }

    private static func fields(_ bytes: [UInt8]) throws -> [(UInt64, Value)] {
        var fields: [(UInt64, Value)] = [], rest = bytes[...]
        while !rest.isEmpty {
            let key = try variable(&rest)
            switch key & 7 {
            case 0: fields.append((key >> 3, .bits(try variable(&rest))))
            case 1: fields.append((key >> 3, .bits(integer(try take(8, from: &rest)))))
            case 2: fields.append((key >> 3, .content(try take(Int(variable(&rest)), from: &rest))))
            case 5: fields.append((key >> 3, .bits(integer(try take(4, from: &rest)))))
            default: throw Malformed()
            }
        }
        return fields
    }

    private static func variable(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<10 {
            let byte = try take(1, from: &rest)[0]
            value |= UInt64(byte & 0x7F) << UInt64(7 * place)
            if byte & 0x80 == 0 { return value }
        }
        throw Malformed()
    }

    private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) throws -> [UInt8] {
        guard rest.count >= count else { throw Malformed() }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    private static func integer(_ bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
