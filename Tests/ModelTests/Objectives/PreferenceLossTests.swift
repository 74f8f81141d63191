import Foundation
import Model
import TestSupport
import Testing

@Suite("Preference losses")
struct PreferenceLossTests {
    static func pair(policyMargin: Double, referenceMargin: Double) -> PairLogProbabilities {
        PairLogProbabilities(
            policyChosen: -20 + policyMargin, policyRejected: -20, referenceChosen: -25 + referenceMargin,
            referenceRejected: -25, chosenTokens: 9, rejectedTokens: 7)
    }

    @Test("loss is ln 2 when policy and reference agree", arguments: [0.01, 0.1, 1])
    func agreement(beta: Double) {
        let found = PreferenceObjective(beta: beta).evaluate(Self.pair(policyMargin: 3, referenceMargin: 3))
        #expect(found.loss == log(2))
        #expect(found.chosenGradient == -beta / 2 && found.rejectedGradient == beta / 2)
    }

    @Test("gradients are the losses' slopes, where KTO's divergence is held", arguments: PreferenceLoss.allCases)
    func slopes(loss: PreferenceLoss) {
        let objective = PreferenceObjective(loss: loss, beta: 0.3, labelSmoothing: 0.1, likelihoodWeight: 0)
        for (margin, divergence) in [(-8.0, 0.0), (-0.5, 4), (0.7, 0.3), (6, 11)] {
            let pair = Self.pair(policyMargin: margin, referenceMargin: 0.2), step = 1e-5
            func slope(_ place: WritableKeyPath<PairLogProbabilities, Double>) -> Double {
                var above = pair, below = pair
                above[keyPath: place] += step
                below[keyPath: place] -= step
                let upper = objective.evaluate(above, divergence: divergence)
                return (upper.loss - objective.evaluate(below, divergence: divergence).loss) / (2 * step)
            }
            let found = objective.evaluate(pair, divergence: divergence)
            #expect(abs(found.chosenGradient - slope(\.policyChosen)) < 1e-8 * max(1, abs(found.chosenGradient)))
            #expect(
                abs(found.rejectedGradient - slope(\.policyRejected)) < 1e-8 * max(1, abs(found.rejectedGradient)))
        }
    }

    @Test("where policy and reference agree every loss but DiscoPOP's prefers the chosen response")
    func slopesAtAgreement() {
        let pair = Self.pair(policyMargin: 0, referenceMargin: 0)
        for loss in PreferenceLoss.allCases {
            let found = PreferenceObjective(loss: loss, beta: 0.1, labelSmoothing: loss == .exoPair ? 0.01 : 0)
                .evaluate(pair)
            // What a step along the gradient does to the margin.
            let rises = found.rejectedGradient - found.chosenGradient > 0
            #expect(rises == (loss != .discopop), "\(loss)")
        }
    }

    @Test("a loss far on either side stays finite")
    func saturation() {
        for margin in [-5_000.0, 5_000] {
            let found = PreferenceObjective(beta: 1).evaluate(Self.pair(policyMargin: margin, referenceMargin: 0))
            #expect(found.loss == max(0, -margin))
            #expect(found.chosenGradient == (margin < 0 ? -1 : 0))
        }
    }

    struct Golden: Decodable {
        struct Setting: Decodable {
            var name: String
            var loss_type: String
            var beta: Double
            var label_smoothing: Double?
            var f_divergence: String?
            var gamma: Double?
            var loss: [Double?]
            var gradient_policy_chosen: [Double?]
            var gradient_policy_rejected: [Double?]
        }
        struct Kto: Decodable {
            var beta: Double
            var z: Double
            var loss: Double
            var loss_chosen: [Double]
            var loss_rejected: [Double]
            var gradient_policy_chosen: [Double]
            var gradient_policy_rejected: [Double]
        }
        struct WholeBatch: Decodable { var kto: Kto }
        var per_pair: [Setting]
        var whole_batch: WholeBatch
    }

    struct Rows: Decodable {
        struct Row: Decodable {
            var policy_chosen: Double
            var policy_rejected: Double
            var reference_chosen: Double
            var reference_rejected: Double
            var chosen_length: Int
            var rejected_length: Int
            var kto_policy_mismatched: [Double]
            var kto_reference_mismatched: [Double]

            var pair: PairLogProbabilities {
                PairLogProbabilities(
                    policyChosen: policy_chosen, policyRejected: policy_rejected, referenceChosen: reference_chosen,
                    referenceRejected: reference_rejected, chosenTokens: chosen_length,
                    rejectedTokens: rejected_length)
            }
        }
        var rows: [Row]
    }

    @Test("agree with TRL in double precision", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func golden() throws {
        let rows = try GoldenModel.decode(Rows.self, "dpo-losses/rows.json").rows
        var compared: Set<PreferenceLoss> = []
        for setting in try GoldenModel.decode(Golden.self, "dpo-losses/losses.json").per_pair {
            // Divergences other than reverse KL are another issue's.
            if setting.f_divergence != nil { continue }
            let name = ["cdpo": "sigmoid", "orpo_odds_ratio": "orpo"][setting.name] ?? setting.loss_type
            let type = setting.loss_type == "orpo_odds_ratio" ? "orpo" : name
            let loss = try #require(PreferenceLoss(rawValue: type), "\(setting.name)")
            compared.insert(loss)
            let objective = PreferenceObjective(
                loss: loss, beta: setting.beta, labelSmoothing: setting.label_smoothing ?? 0,
                targetMargin: setting.gamma ?? 0)
            for (index, row) in rows.enumerated() {
                let found = objective.evaluate(row.pair)
                for (value, exact) in [
                    (found.loss, setting.loss[index]),
                    (found.chosenGradient, setting.gradient_policy_chosen[index]),
                    (found.rejectedGradient, setting.gradient_policy_rejected[index]),
                ] {
                    guard let exact else { continue }
                    #expect(abs(value - exact) <= 1e-10 * max(1, abs(exact)), "\(setting.name), pair \(index)")
                }
            }
        }
        // A loss of the batch: the next test's.
        #expect(compared == Set(PreferenceLoss.allCases).subtracting([.kto]))
    }

    @Test(
        "KTO agrees with TRL: a divergence from two mismatched rows a pair, loss and slopes as means over rows",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func goldenKto() throws {
        let rows = try GoldenModel.decode(Rows.self, "dpo-losses/rows.json").rows
        let golden = try GoldenModel.decode(Golden.self, "dpo-losses/losses.json").whole_batch.kto
        let differences = rows.flatMap { zip($0.kto_policy_mismatched, $0.kto_reference_mismatched).map { $0 - $1 } }
        #expect(differences.count == 2 * rows.count)
        let divergence = max(0, differences.reduce(0, +) / Double(differences.count))
        #expect(abs(divergence - golden.z) < 1e-12)
        let objective = PreferenceObjective(loss: .kto, beta: golden.beta), pairs = Double(rows.count)
        var mean = 0.0
        for (index, row) in rows.enumerated() {
            let found = objective.evaluate(row.pair, divergence: divergence)
            // TRL has a row for each response.
            let loss = (golden.loss_chosen[index] + golden.loss_rejected[index]) / 2
            #expect(abs(found.loss - loss) < 1e-10, "pair \(index)")
            let chosen = golden.gradient_policy_chosen[index], rejected = golden.gradient_policy_rejected[index]
            #expect(abs(found.chosenGradient / pairs - chosen) < 1e-12, "pair \(index)")
            #expect(abs(found.rejectedGradient / pairs - rejected) < 1e-12, "pair \(index)")
            mean += found.loss / pairs
        }
        #expect(abs(mean - golden.loss) < 1e-10)
    }

    @Test("KTO's loss is 1/2 for a response that rose by just the divergence, and falls with the chosen one")
    func ktoReferencePoint() {
        let objective = PreferenceObjective(loss: .kto, beta: 0.5)
        // r = policy − reference: 5 for both at margins 0.
        let pair = Self.pair(policyMargin: 0, referenceMargin: 0)
        let even = objective.evaluate(pair, divergence: 5)
        #expect(even.loss == 0.5 && even.chosenGradient == -0.0625 && even.rejectedGradient == 0.0625)
        let higher = objective.evaluate(Self.pair(policyMargin: 2, referenceMargin: 0), divergence: 5)
        // (1 − σ(0.5 · 2) + 1/2) / 2.
        #expect(abs(higher.loss - (1 - 1 / (1 + exp(-1)) + 0.5) / 2) < 1e-15)
        // The two responses' sum stays, since 1 − σ(x) + 1 − σ(−x) = 1, and both slopes flatten.
        let away = objective.evaluate(pair, divergence: 1)
        #expect(abs(away.loss - 0.5) < 1e-15)
        #expect(away.chosenGradient > even.chosenGradient && away.rejectedGradient < even.rejectedGradient)
    }

    @Test("a parameter that cannot be is named")
    func refusals() {
        #expect(throws: ModelError.configuration(field: "beta", problem: "is 0.0; it must be positive")) {
            try PreferenceObjective(beta: 0).validate()
        }
        #expect(throws: ModelError.self) { try PreferenceObjective(loss: .exoPair).validate() }
    }
}
