import Foundation
import Stages
import TestSupport
import Testing

@Suite("Rank correlation")
struct RankCorrelationTests {
    @Test("values worked by hand")
    func byHand() throws {
        // One of three pairs is turned round: (2 − 1)/3.
        #expect(abs(try #require(RankCorrelation.kendallTauB([1, 2, 3], [1, 3, 2])) - 1.0 / 3) < 1e-15)
        // One tie in y leaves 2 of 3 pairs: 2/√(3·2).
        #expect(abs(try #require(RankCorrelation.kendallTauB([1, 2, 3], [1, 1, 2])) - 2 / 6.0.squareRoot()) < 1e-15)
        // 1 − 6·2/(3·8)
        #expect(abs(try #require(RankCorrelation.spearman([1, 2, 3], [1, 3, 2])) - 0.5) < 1e-15)
        #expect(RankCorrelation.meanRanks([5, 1, 5, 3]) == [3.5, 1, 3.5, 2])
        // Deviations −1, 0, 1 and −2, −1, 3: (2 + 0 + 3)/√(2 · 14).
        #expect(
            abs(try #require(RankCorrelation.pearson([1, 2, 3], [1, 2, 6])) - 5 / 28.0.squareRoot()) < 1e-15)
        #expect(abs(try #require(RankCorrelation.pearson([0.1, 0.2, 0.3], [3, 2, 1])) + 1) < 1e-15)
    }

    @Test("undefined without variation")
    func undefined() {
        #expect(
            RankCorrelation.kendallTauB([1, 1], [1, 2]) == nil && RankCorrelation.spearman([1, 1], [1, 2]) == nil)
        #expect(RankCorrelation.kendallTauB([], []) == nil && RankCorrelation.spearman([1], [1]) == nil)
        #expect(RankCorrelation.pearson([], []) == nil && RankCorrelation.pearson([1], [1]) == nil)
        // Their mean is not a tenth in doubles.
        #expect(RankCorrelation.pearson([0.1, 0.1, 0.1], [1, 2, 3]) == nil)
    }

    @Suite("against SciPy", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
    struct AgainstSciPy {
        private struct Known: Decodable {
            struct Kendall: Decodable {
                let x: [Double], y: [Double]
                let tauB: Double
                enum CodingKeys: String, CodingKey { case x, y, tauB = "tau_b" }
            }
            struct Spearman: Decodable { let x: [Double], y: [Double], rho: Double }
            let kendall: [Kendall], spearman: [Spearman]
        }

        private struct Peer: Decodable {
            struct Case: Decodable {
                let x: [Double], y: [Double]
                let tau: Double?, rho: Double?, r: Double?
                enum CodingKeys: String, CodingKey {
                    case x, y, tau = "kendall_tau_b", rho = "spearman_rho", r = "pearson_r"
                }
            }
            let cases: [Case]
        }

        @Test("values known from its tests and from R")
        func known() throws {
            let known = try JSONDecoder().decode(
                Known.self, from: Data(contentsOf: SharedData.url("rank-correlation/known-values.json")))
            #expect(known.kendall.count == 11 && known.spearman.count == 2)
            // The file gives 11 digits.
            for one in known.kendall {
                #expect(abs(try #require(RankCorrelation.kendallTauB(one.x, one.y)) - one.tauB) < 1e-10)
            }
            for one in known.spearman {
                #expect(abs(try #require(RankCorrelation.spearman(one.x, one.y)) - one.rho) < 1e-10)
            }
        }

        @Test("240 cases with ties, undefined where SciPy says so")
        func peer() throws {
            let peer = try JSONDecoder().decode(
                Peer.self, from: Data(contentsOf: SharedData.url("rank-correlation/peer-run.json")))
            #expect(peer.cases.count == 240)
            for one in peer.cases {
                expect(RankCorrelation.kendallTauB(one.x, one.y), equals: one.tau)
                expect(RankCorrelation.spearman(one.x, one.y), equals: one.rho)
                expect(RankCorrelation.pearson(one.x, one.y), equals: one.r)
            }
        }

        /// At most twelve terms of size one, each rounded a few times.
        private func expect(_ value: Double?, equals expected: Double?) {
            if let value, let expected {
                #expect(abs(value - expected) < 64 * Double.ulpOfOne)
            } else {
                #expect(value == nil && expected == nil)
            }
        }
    }
}
