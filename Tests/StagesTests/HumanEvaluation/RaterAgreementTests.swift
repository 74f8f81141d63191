import Model
import Stages
import Testing

@Suite("Agreement of raters")
struct RaterAgreementTests {
    /// Twelve units, four observers, missing votes: the example of Krippendorff, "Computing Krippendorff's
    /// Alpha-Reliability" (2011), whose nominal α is 0.743.
    private static let published: [[Double]] = [
        [1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4], [1, 1, 2, 1],
        [2, 2, 2, 2], [5, 5, 5], [1, 1], [3],
    ]

    @Test("Krippendorff's α is that of his example, and does not see items with one vote")
    func published() throws {
        let alpha = try #require(RaterAgreement(Self.published).alpha)
        #expect(abs(alpha - 0.743421052631579) < 1e-12)
        #expect(RaterAgreement(Self.published.dropLast()).alpha == alpha)
    }

    @Test("perfect agreement is 1; raters who always differ agree less than chance")
    func ends() throws {
        #expect(RaterAgreement([[1, 1, 1], [0, 0, 0]]).alpha == 1)
        let opposed = RaterAgreement([[1, 0], [0, 1], [1, 0]])
        let alpha = try #require(opposed.alpha)
        #expect(opposed.raw == 0 && alpha < 0)
    }

    @Test("without two votes on anything, or without two classes, there is no α")
    func undefined() {
        #expect(RaterAgreement([[1], [0], []]).raw == nil && RaterAgreement([[1], [0], []]).alpha == nil)
        let unanimous = RaterAgreement([[1, 1], [1, 1]])
        #expect(unanimous.raw == 1 && unanimous.alpha == nil)
        let measured = unanimous.measurements(bootstrap: Bootstrap()) { _ in Philox(key: 1) }
        #expect(measured[1].value == nil && measured[1].lower == nil)
        let single = RaterAgreement([[1, 1, 0], [1], [0]]).measurements(bootstrap: Bootstrap()) { _ in Philox(key: 1)
        }
        #expect(single[1].value == 0 && single[1].lower == nil, "one item with two votes has no interval")
    }

    @Test("raw agreement counts pairs of votes")
    func raw() {
        // 1 of 3 pairs, and 1 of 1.
        #expect(RaterAgreement([[1, 1, 0], [0.5, 0.5]]).raw == 0.5)
    }
}
