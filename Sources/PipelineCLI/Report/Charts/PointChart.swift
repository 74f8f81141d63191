/// Texts as points in a plane whose axes mean nothing but nearness.
struct PointChart {
    var map: TextMap

    static func groups(_ map: TextMap) -> [String] {
        var seen: Set<String> = []
        return map.points.map(\.group).filter { seen.insert($0).inserted }
    }

    var drawing: Drawing {
        let width = 420.0, height = 390.0, top = 34.0
        let groups = Self.groups(map)
        let number = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1, $0) })
        let horizontal = LinearScale(covering: map.points.map(\.x), from: 10, to: width - 10)
        let vertical = LinearScale(covering: map.points.map(\.y), from: height - 10, to: top + 8)
        var body = Ink2D.rectangle(x: 1, y: top, width: width - 2, height: height - top - 1, role: "paper", radius: 4)
        for point in map.points {
            let mark = Ink2D.mark(
                number[point.group] ?? 0, x: horizontal.position(point.x), y: vertical.position(point.y), size: 2.6,
                role: "dot")
            body += "<g><title>\(DisplayText.clip("\(point.group): \(point.text)", to: 90))</title>\(mark)</g>"
        }
        return Drawing(width: width, height: height, body: body + legend(groups))
    }

    private func legend(_ groups: [String]) -> Markup {
        var x = 6.0, legend: Markup = ""
        for (number, group) in groups.prefix(Palette.count).enumerated() {
            legend += Ink2D.mark(number, x: x + 5, y: 15) + Ink2D.text(group, x: x + 14, y: 19, columns: 16)
            x += 32 + Double(min(16, group.count)) * 6.6
        }
        return legend
    }
}
